/*
 * A package of the E-ARK family: METS, EAD, PREMIS around the files.
 *
 * Rule: TT 05/2025/TT-BNV (AIP_hoso): a dossier has 18 fields, a document in
 * an archival package 19; a digitised paper is packed straight for keeping.
 * Code lists as public builders of such packages have them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/package_internal.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- XML ----------------------------------------------------------------- */

/* TEXT with what XML keeps for itself written out, cut at MAX characters. */
static int
put_text(struct sh_buf *b, const char *text, size_t max,
    struct sh_error *err)
{
	const char *p = text, *end = text + strlen(text);
	const char *as;
	uint32_t cp;
	size_t n;

	for (; p < end && max > 0 && (n = sh_utf8_get(p, end, &cp)) > 0;
	    p += n, max--) {
		as = cp == '&' ? "&amp;" : cp == '<' ? "&lt;" : cp == '>' ?
		    "&gt;" : cp == '"' ? "&quot;" : NULL;
		/* What XML 1.0 has no place for was never in a clean text. */
		if (cp < 0x20 || cp == 0xfffe || cp == 0xffff)
			as = " ";
		if (as != NULL ? sh_buf_puts(b, as, err) : sh_buf_append(b, p,
		    n, err))
			return (-1);
	}
	return (0);
}

/* <NAME>TEXT</NAME>; nothing is an empty element. */
static int
put_field(struct sh_buf *b, const char *name, const char *text, size_t max,
    struct sh_error *err)
{
	if (text == NULL)
		return (sh_buf_printf(b, err, "  <%s/>\n", name));
	if (sh_buf_printf(b, err, "  <%s>", name) ||
	    put_text(b, text, max, err))
		return (-1);
	return (sh_buf_printf(b, err, "</%s>\n", name));
}

static int
put_count(struct sh_buf *b, const char *name, size_t n, struct sh_error *err)
{
	return (sh_buf_printf(b, err, "  <%s>%zu</%s>\n", name, n, name));
}

/* dd/mm/yyyy of an RFC 3339 time or day. */
static int
put_day(struct sh_buf *b, const char *name, const char *s,
    struct sh_error *err)
{
	if (s == NULL || strlen(s) < 10)
		return (put_field(b, name, NULL, 0, err));
	return (sh_buf_printf(b, err, "  <%s>%.2s/%.2s/%.4s</%s>\n", name,
	    s + 8, s + 5, s, name));
}

#define XML	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define EAD	"http://ead3.archivists.org/schema/"

/* ---- code lists ---------------------------------------------------------- */

/* Rule: TT 05/2025 EAD: 01 permanent, 02 70 years, … 06 10 years, 07 other. */
static const char *
maintenance_of(const struct sh_package *p)
{
	static const int years[] = { 70, 50, 30, 20, 10 };
	static const char *const codes[] = { "02", "03", "04", "05", "06" };
	size_t i;

	if (p->permanent)
		return ("01");
	for (i = 0; i < SH_COUNT(years); i++)
		if (p->years == years[i])
			return (codes[i]);
	return ("07");
}

/* The administrative kinds; a civil paper is 32, other. */
static const char *
type_code(const char *slug)
{
	static const char *const codes[][2] = { { "quyet-dinh", "02" },
	    { "thong-bao", "07" }, { "giay-uy-quyen", "16" },
	    { "bien-ban", "20" }, { "hd-chuyen-nhuong", "21" },
	    { "cong-van", "22" }, { "giay-gioi-thieu", "27" },
	    { "trich-do", "30" }, { "ban-ve", "31" } };
	size_t i;

	for (i = 0; slug != NULL && i < SH_COUNT(codes); i++)
		if (strcmp(codes[i][0], slug) == 0)
			return (codes[i][1]);
	return ("32");
}

/* ---- EAD ----------------------------------------------------------------- */

static size_t
pages_of(const json_t *view)
{
	return (json_array_size(json_object_get(view, "pages")));
}

/* A dossier's 18 fields. */
static int
put_dossier(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	const json_t *first = p->documents[0].view;
	const char *start = NULL, *end = NULL, *at;
	size_t i, pages = 0;
	char title[256];
	int rc = -1;

	for (i = 0; i < p->ndocuments; i++) {
		pages += pages_of(p->documents[i].view);
		at = sh_member(p->documents[i].view, "received_at");
		if (at != NULL && (start == NULL || strcmp(at, start) < 0))
			start = at;
		if (at != NULL && (end == NULL || strcmp(at, end) > 0))
			end = at;
	}
	(void)snprintf(title, sizeof(title), "Hồ sơ %s, thủ tục %s",
	    p->dossier, sh_member(first, "procedure") != NULL ?
	    sh_member(first, "procedure") : "-");
	if (sh_buf_puts(&b, XML "<ead xmlns=\"" EAD "\">\n", err) ||
	    put_field(&b, "arcFileCode", p->dossier, 100, err) ||
	    put_field(&b, "title", title, 1000, err) ||
	    put_field(&b, "maintenance", maintenance_of(p), 100, err) ||
	    put_field(&b, "mode", "02", 30, err) ||
	    put_field(&b, "language", "01", 100, err) ||
	    put_day(&b, "startDate", start, err) ||
	    put_day(&b, "endDate", end, err) ||
	    put_field(&b, "keyword", sh_member(first, "procedure"), 100,
	    err) || put_count(&b, "totalDoc", p->ndocuments, err) ||
	    put_count(&b, "numberOfPaper", pages, err) ||
	    put_count(&b, "numberOfPage", pages, err) ||
	    put_field(&b, "format", "02", 50, err) ||
	    put_field(&b, "inforSign", NULL, 30, err) ||
	    put_field(&b, "confidenceLevel", "02", 40, err) ||
	    put_field(&b, "paperFileCode", p->dossier, 100, err) ||
	    put_field(&b, "riskRecovery", "false", 5, err) ||
	    put_field(&b, "riskRecoveryStatus", NULL, 2, err) ||
	    put_field(&b, "description", NULL, 2000, err) ||
	    sh_buf_puts(&b, "</ead>\n", err))
		goto out;
	rc = sh_package_put(p, "metadata/descriptive/EAD.xml",
	    "application/xml", b.data, b.len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

/* A document's 19 fields. */
static int
put_paper(struct sh_package *p, size_t i, struct sh_error *err)
{
	const struct sh_package_document *d = &p->documents[i];
	const char *number = sh_member(d->view, "number"), *cut;
	const char *type = sh_member(d->view, "type");
	const char *name = sh_member(d->view, "type_name");
	struct sh_buf b = SH_BUF_INIT;
	char subject[1024], no[64] = "", *path = NULL;
	int rc = -1;

	cut = number != NULL ? strchr(number, '/') : NULL;
	if (number != NULL)
		(void)snprintf(no, sizeof(no), "%.*s", cut != NULL ?
		    (int)(cut - number) : (int)strlen(number), number);
	(void)snprintf(subject, sizeof(subject), "%s%s%s", name != NULL ?
	    name : "", number != NULL ? " số " : "", number != NULL ?
	    number : "");
	if (sh_buf_puts(&b, XML "<ead xmlns=\"" EAD "\">\n", err) ||
	    put_field(&b, "arcFileCode", p->dossier, 100, err) ||
	    put_field(&b, "docCode", d->code, 100, err) ||
	    put_count(&b, "docOrdinal", i + 1, err) ||
	    put_field(&b, "typeName", type_code(type), 100, err) ||
	    put_field(&b, "codeNumber", number != NULL ? no : NULL, 11,
	    err) || put_field(&b, "codeNotation", cut != NULL ? cut + 1 :
	    NULL, 30, err) ||
	    put_day(&b, "issuedDate", sh_member(d->view, "issued"), err) ||
	    put_field(&b, "organName", sh_member(d->view, "issuer"), 200,
	    err) || put_field(&b, "subject", subject, 500, err) ||
	    put_field(&b, "language", "01", 100, err) ||
	    put_count(&b, "numberOfPage", pages_of(d->view), err) ||
	    put_field(&b, "inforSign", sh_member(d->view, "actor"), 30,
	    err) || put_field(&b, "keyword", type, 100, err) ||
	    put_field(&b, "mode", "02", 20, err) ||
	    put_field(&b, "confidenceLevel", "02", 30, err) ||
	    put_field(&b, "autograph", NULL, 2000, err) ||
	    put_field(&b, "format", "02", 50, err) ||
	    put_field(&b, "process", "false", 5, err) ||
	    put_field(&b, "description", sh_member(d->view, "id"), 500,
	    err) || sh_buf_puts(&b, "</ead>\n", err) || (path = sh_asprintf(
	    err, "representations/rep1/metadata/descriptive/EAD_doc_%s.xml",
	    d->code)) == NULL)
		goto out;
	rc = sh_package_put(p, path, "application/xml", b.data, b.len, err);
out:
	free(path);
	sh_buf_free(&b);
	return (rc);
}

/* ---- PREMIS -------------------------------------------------------------- */

static int
put_object(struct sh_buf *b, const struct sh_package_file *f,
    const char *path, struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	sh_hex(f->digest.b, SH_DIGEST_LEN, hex);
	return (sh_buf_printf(b, err, "  <object xsi:type=\"file\">\n"
	    "    <objectIdentifier>\n"
	    "      <objectIdentifierType>local</objectIdentifierType>\n"
	    "      <objectIdentifierValue>%s</objectIdentifierValue>\n"
	    "    </objectIdentifier>\n    <objectCharacteristics>\n"
	    "      <fixity>\n        <messageDigestAlgorithm>SHA-256"
	    "</messageDigestAlgorithm>\n        <messageDigest>%s"
	    "</messageDigest>\n      </fixity>\n      <size>%llu</size>\n"
	    "      <format>\n        <formatDesignation>\n"
	    "          <formatName>PDF/A</formatName>\n"
	    "        </formatDesignation>\n      </format>\n"
	    "    </objectCharacteristics>\n  </object>\n", path, hex,
	    (unsigned long long)f->bytes));
}

static int
put_event(struct sh_buf *b, const char *id, const char *type,
    const char *when, const char *object, struct sh_error *err)
{
	return (sh_buf_printf(b, err, "  <event>\n    <eventIdentifier>\n"
	    "      <eventIdentifierType>local</eventIdentifierType>\n"
	    "      <eventIdentifierValue>%s</eventIdentifierValue>\n"
	    "    </eventIdentifier>\n    <eventType>%s</eventType>\n"
	    "    <eventDateTime>%s</eventDateTime>\n"
	    "    <linkingAgentIdentifier>\n"
	    "      <linkingAgentIdentifierType>local"
	    "</linkingAgentIdentifierType>\n"
	    "      <linkingAgentIdentifierValue>sohoa"
	    "</linkingAgentIdentifierValue>\n    </linkingAgentIdentifier>\n"
	    "    <linkingObjectIdentifier>\n"
	    "      <linkingObjectIdentifierType>local"
	    "</linkingObjectIdentifierType>\n"
	    "      <linkingObjectIdentifierValue>%s"
	    "</linkingObjectIdentifierValue>\n"
	    "      <linkingObjectRole>outcome</linkingObjectRole>\n"
	    "    </linkingObjectIdentifier>\n  </event>\n", id, type, when,
	    object));
}

static int
begin_premis(struct sh_buf *b, struct sh_error *err)
{
	return (sh_buf_puts(b, XML "<premis xmlns=\"http://www.loc.gov/premis"
	    "/v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "version=\"3.0\">\n", err));
}

static int
end_premis(const struct sh_package *p, struct sh_buf *b,
    struct sh_error *err)
{
	return (sh_buf_printf(b, err, "  <agent>\n    <agentIdentifier>\n"
	    "      <agentIdentifierType>local</agentIdentifierType>\n"
	    "      <agentIdentifierValue>sohoa</agentIdentifierValue>\n"
	    "    </agentIdentifier>\n    <agentName>%s</agentName>\n"
	    "    <agentType>software</agentType>\n  </agent>\n</premis>\n",
	    p->options->program));
}

static int
put_premis(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char object[64];
	int rc = -1;

	(void)snprintf(object, sizeof(object), "urn:uuid:%s", p->id);
	if (begin_premis(&b, err) == 0 && sh_buf_printf(&b, err,
	    "  <object xsi:type=\"intellectualEntity\">\n"
	    "    <objectIdentifier>\n"
	    "      <objectIdentifierType>local</objectIdentifierType>\n"
	    "      <objectIdentifierValue>%s</objectIdentifierValue>\n"
	    "    </objectIdentifier>\n  </object>\n", object) == 0 &&
	    put_event(&b, "package", "information package creation", p->at,
	    object, err) == 0 && end_premis(p, &b, err) == 0)
		rc = sh_package_put(p, "metadata/preservation/PREMIS.xml",
		    "application/xml", b.data, b.len, err);
	sh_buf_free(&b);
	return (rc);
}

#define REP	"representations/rep1/"

static int
put_premis_rep(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT, events = SH_BUF_INIT;
	size_t i, n = p->nfiles;
	char id[32];
	int rc = -1;

	if (begin_premis(&b, err))
		goto out;
	for (i = 0; i < n; i++) {
		const struct sh_package_file *f = &p->files[i];
		const char *at;

		if (f->document == 0)
			continue;
		at = sh_member(p->documents[f->document - 1].view,
		    "archived_at");
		(void)snprintf(id, sizeof(id), "transfer-%zu", f->document);
		/* Rule: a digitisation is an event of type "transfer". */
		if (put_object(&b, f, f->path + strlen(REP), err) ||
		    put_event(&events, id, "transfer", at != NULL ? at :
		    p->at, f->path + strlen(REP), err))
			goto out;
	}
	if ((events.len > 0 && sh_buf_append(&b, events.data, events.len,
	    err)) || end_premis(p, &b, err))
		goto out;
	rc = sh_package_put(p, REP "metadata/preservation/PREMIS_rep1.xml",
	    "application/xml", b.data, b.len, err);
out:
	sh_buf_free(&b);
	sh_buf_free(&events);
	return (rc);
}

/* ---- METS ---------------------------------------------------------------- */

static int
begin_mets(struct sh_package *p, struct sh_buf *b, const char *id,
    const char *profile, struct sh_error *err)
{
	if (sh_buf_printf(b, err, XML "<mets xmlns=\"http://www.loc.gov/METS/"
	    "\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns:csip="
	    "\"https://DILCIS.eu/XML/METS/CSIPExtensionMETS\" OBJID=\"%s\" "
	    "TYPE=\"AIP_hoso\" LABEL=\"", id) || put_text(b, p->dossier, 100,
	    err) || sh_buf_printf(b, err, "\" PROFILE=\"%s\">\n"
	    "  <metsHdr CREATEDATE=\"%s\" RECORDSTATUS=\"NEW\" "
	    "csip:OAISPACKAGETYPE=\"AIP\">\n"
	    "    <agent ROLE=\"CREATOR\" TYPE=\"ORGANIZATION\">\n"
	    "      <name>", profile, p->at) ||
	    put_text(b, p->options->agency_name, 200, err) ||
	    sh_buf_puts(b, "</name>\n      <note>", err) ||
	    put_text(b, p->options->agency, 100, err))
		return (-1);
	return (sh_buf_puts(b, "</note>\n    </agent>\n  </metsHdr>\n",
	    err));
}

/* Attributes of a file that is referred to. */
static int
put_fixity(struct sh_buf *b, const struct sh_package *p,
    const struct sh_package_file *f, struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	sh_hex(f->digest.b, SH_DIGEST_LEN, hex);
	return (sh_buf_printf(b, err, "MIMETYPE=\"%s\" SIZE=\"%llu\" "
	    "CREATED=\"%s\" CHECKSUM=\"%s\" CHECKSUMTYPE=\"SHA-256\"",
	    f->media, (unsigned long long)f->bytes, p->at, hex));
}

static int
has_prefix(const struct sh_package_file *f, const char *prefix)
{
	return (strncmp(f->path, prefix, strlen(prefix)) == 0);
}

/* References to the metadata right below BASE. */
static int
put_metadata(struct sh_package *p, struct sh_buf *b, const char *base,
    size_t n, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct sh_package_file *f = &p->files[i];
		const char *path = f->path + strlen(base);
		int ead;

		if (!has_prefix(f, base) || strncmp(path, "metadata/", 9) !=
		    0)
			continue;
		ead = strncmp(path, "metadata/descriptive/", 21) == 0;
		if ((ead ? sh_buf_printf(b, err, "  <dmdSec ID=\"dmd-%zu\" "
		    "CREATED=\"%s\">\n    <mdRef LOCTYPE=\"URL\" "
		    "MDTYPE=\"EAD\" xlink:type=\"simple\" xlink:href=\"%s\" ",
		    i, p->at, path) : sh_buf_printf(b, err, "  <amdSec "
		    "ID=\"amd-%zu\">\n    <digiprovMD ID=\"premis-%zu\" "
		    "CREATED=\"%s\">\n      <mdRef LOCTYPE=\"URL\" "
		    "MDTYPE=\"PREMIS\" xlink:type=\"simple\" "
		    "xlink:href=\"%s\" ", i, i, p->at, path)) ||
		    put_fixity(b, p, f, err) || sh_buf_puts(b, ead ?
		    "/>\n  </dmdSec>\n" : "/>\n    </digiprovMD>\n"
		    "  </amdSec>\n", err))
			return (-1);
	}
	return (0);
}

static int
put_files(struct sh_package *p, struct sh_buf *b, const char *use,
    const char *base, const char *below, size_t n, struct sh_error *err)
{
	size_t i;

	if (sh_buf_printf(b, err, "    <fileGrp ID=\"grp-%s\" USE=\"%s\">\n",
	    use, use))
		return (-1);
	for (i = 0; i < n; i++) {
		const struct sh_package_file *f = &p->files[i];

		if (!has_prefix(f, base) || strncmp(f->path + strlen(base),
		    below, strlen(below)) != 0)
			continue;
		if (sh_buf_printf(b, err, "      <file ID=\"file-%zu\" ",
		    i) || put_fixity(b, p, f, err) || sh_buf_printf(b, err,
		    ">\n        <FLocat LOCTYPE=\"URL\" xlink:type=\"simple\""
		    " xlink:href=\"%s\"/>\n      </file>\n", f->path +
		    strlen(base)))
			return (-1);
	}
	return (sh_buf_puts(b, "    </fileGrp>\n", err));
}

static int
put_pointers(struct sh_package *p, struct sh_buf *b, const char *base,
    const char *below, size_t n, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (has_prefix(&p->files[i], base) && strncmp(
		    p->files[i].path + strlen(base), below, strlen(below)) ==
		    0 && sh_buf_printf(b, err,
		    "        <fptr FILEID=\"file-%zu\"/>\n", i))
			return (-1);
	return (0);
}

/* The representation's own METS, its data and their metadata. */
static int
put_mets_rep(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t n = p->nfiles;
	int rc = -1;

	if (begin_mets(p, &b, "rep1",
	    "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml", err) ||
	    put_metadata(p, &b, REP, n, err) ||
	    sh_buf_puts(&b, "  <fileSec>\n", err) ||
	    put_files(p, &b, "Data", REP, "data/", n, err) ||
	    sh_buf_puts(&b, "  </fileSec>\n  <structMap TYPE=\"PHYSICAL\" "
	    "LABEL=\"CSIP\">\n    <div LABEL=\"rep1\">\n      <div "
	    "LABEL=\"Data\">\n", err) ||
	    put_pointers(p, &b, REP, "data/", n, err) ||
	    sh_buf_puts(&b, "      </div>\n    </div>\n  </structMap>\n"
	    "</mets>\n", err))
		goto out;
	rc = sh_package_put(p, REP "METS.xml", "application/xml", b.data,
	    b.len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

static int
put_mets(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t n = p->nfiles;
	char id[64];
	int rc = -1;

	(void)snprintf(id, sizeof(id), "urn:uuid:%s", p->id);
	if (begin_mets(p, &b, id, "http://www.ra.ee/METS/v01/IP.xml", err) ||
	    put_metadata(p, &b, "", n, err) ||
	    sh_buf_puts(&b, "  <fileSec>\n", err) ||
	    put_files(p, &b, "Documentation", "", "documentation/", n,
	    err) || put_files(p, &b, "Representations", "", REP "METS.xml",
	    n, err) ||
	    sh_buf_puts(&b, "  </fileSec>\n  <structMap TYPE=\"PHYSICAL\" "
	    "LABEL=\"CSIP\">\n    <div LABEL=\"package\">\n      <div "
	    "LABEL=\"Documentation\">\n", err) ||
	    put_pointers(p, &b, "", "documentation/", n, err) ||
	    sh_buf_puts(&b, "      </div>\n      <div LABEL=\"Representations"
	    "/rep1\">\n        <mptr LOCTYPE=\"URL\" xlink:type=\"simple\" "
	    "xlink:href=\"" REP "METS.xml\"/>\n      </div>\n    </div>\n"
	    "  </structMap>\n</mets>\n", err))
		goto out;
	rc = sh_package_put(p, "METS.xml", "application/xml", b.data, b.len,
	    err);
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_package_eark(struct sh_package *p, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < p->ndocuments; i++)
		if (put_paper(p, i, err))
			return (-1);
	return (put_premis_rep(p, err) || put_mets_rep(p, err) ||
	    put_dossier(p, err) || put_premis(p, err) || put_mets(p, err) ?
	    -1 : 0);
}
