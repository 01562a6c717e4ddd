/*
 * Fax data as PDF carries it, with a TIFF's head put in front.
 *
 * Rule: TIFF 6.0 sections 2, 10, 11; ITU-T T.4, T.6.
 */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ENTRIES		11
#define HEAD		(8 + 2 + ENTRIES * 12 + 4)

enum { RLE_ALIGNED = 2, T4 = 3, T6 = 4 };	/* Compression */

static void
put_le(uint8_t *p, uint32_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		*p++ = (uint8_t)v;
}

/* One LONG. */
static void
put_entry(uint8_t **pp, uint16_t tag, uint32_t value)
{
	put_le(*pp, tag, 2);
	put_le(*pp + 2, 4, 2);
	put_le(*pp + 4, 1, 4);
	put_le(*pp + 8, value, 4);
	*pp += 12;
}

int
sh_fax_page(const struct sh_fax *fax, const uint8_t *data, size_t len,
    struct sh_image_page *out, struct sh_error *err)
{
	uint32_t width = (uint32_t)fax->width_px,
	    height = (uint32_t)fax->height_px;
	uint8_t *file, *p;
	int rc;

	if (sh_image_check_size(fax->width_px, fax->height_px, err))
		return (-1);
	if (len > UINT32_MAX - HEAD)
		return (sh_error_set(err, SH_ELIMIT, "file.too-large",
		    "fax data of %zu bytes", len));
	if ((file = sh_alloc(HEAD + len, 1, "fax data", err)) == NULL)
		return (-1);
	memcpy(file, "II*\0\x08\0\0\0", 8);
	put_le(file + 8, ENTRIES, 2);
	p = file + 10;
	put_entry(&p, 256, width);
	put_entry(&p, 257, height);
	put_entry(&p, 258, 1);			/* bits a sample */
	put_entry(&p, 259, fax->k < 0 ? T6 : fax->byte_align ? RLE_ALIGNED :
	    T4);
	put_entry(&p, 262, fax->inverted);	/* 0: white is zero */
	put_entry(&p, 266, 1);			/* high bit first */
	put_entry(&p, 273, HEAD);		/* the strip */
	put_entry(&p, 277, 1);			/* samples a pixel */
	put_entry(&p, 278, height);
	put_entry(&p, 279, (uint32_t)len);
	put_entry(&p, 292, fax->k > 0);		/* T4Options: 2-D */
	memcpy(file + HEAD, data, len);
	rc = sh_tiff_page(file, HEAD + len, out, err);
	free(file);
	return (rc);
}
