/*
 * Signatures in PDF files, by appending only: bytes that are there are
 * never touched.  Reads classic, stream, hybrid and object-stream files,
 * strictly: what needs repair is refused.
 *
 * Source: ISO 32000-2 12.8, ETSI EN 319 142-1 (PAdES baseline).
 */
#ifndef SH_SIGNING_PDFSIG_H
#define SH_SIGNING_PDFSIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "signing/signer.h"
#include "signing/tsa.h"

/* Where the visible text stands on the first page. */
enum sh_sig_place {
	SH_SIG_INVISIBLE,
	SH_SIG_TOP_LEFT,	/* officer.  Rule: TT 01/2023/TT-VPCP Art. 8 */
	SH_SIG_TOP_RIGHT	/* agency.  Rule: NĐ 30/2020/NĐ-CP App. I */
};

struct sh_pdf_signature {
	const char *field;	/* "officer", "agency": the field's name,
				   1 to 64 bytes, no full stop */
	enum sh_sig_place place;
	double offset_x_pt;	/* from that corner of the page */
	double offset_y_pt;
	double width_pt;	/* of the widest line; 0: what is left of that
				   corner's half of the page */
	const char *lines[6];	/* visible text, NFC, up to the first NULL */
	const char *reason;	/* may be NULL */
	const char *location;	/* may be NULL */
	int64_t when;		/* claimed time, the /M entry */
	int certify;		/* the first signature may say what may still
				   change: 1 nothing, 2 filling in forms, 3
				   comments too; 0: it says nothing */
	const struct sh_tsa *tsa;	/* stamp the signature; NULL: not */
};

/*
 * Sign the PDF in FD (open for reading and writing): appends one incremental
 * update, PAdES B-B (B-T with a time stamp), and syncs nothing.  On failure the file is cut back to
 * what it was.  Several signatures follow one another, each under a field
 * name of its own.  Long lines are broken within their half of the page;
 * text that passes 24 lines is refused.
 *
 * Errors: SH_EFORMAT "pdf.damaged"; SH_EUNSUPPORTED "pdf.encrypted",
 * "pdf.xfa", "pdf.locked" (certified against any change), "sign.certify"
 * (it is signed already, or gives permissions of its own), "font.letter"
 * (a character that cannot be printed), "font.letters"; SH_ENOTFOUND
 * "font.missing"; SH_EEXISTS "sign.field", a field of that name is there;
 * SH_ELIMIT "pdf.limit", "sign.text"; SH_EARG "sign.field-name",
 * "sign.text" (nothing visible); SH_ESIGNATURE from the certificate's check
 * at the moment what->when; what the signer and the authority say.
 */
int sh_pdf_sign(int fd, struct sh_signer *signer,
    const struct sh_pdf_signature *what, struct sh_error *err) SH_MUST_CHECK;

/*
 * Append a document time stamp over everything that is there.  Errors: those
 * of the file above, and tsa.h's.
 */
int sh_pdf_stamp(int fd, const struct sh_tsa *tsa, struct sh_error *err)
    SH_MUST_CHECK;

#endif
