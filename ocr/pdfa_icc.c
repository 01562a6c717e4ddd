/* sRGB as an ICC profile: three primaries, one tone curve. */
#include "ocr/pdfa_internal.h"

#include <math.h>
#include <string.h>

#define CURVE	1024		/* points of the tone curve */
#define NTAGS	9

static int
put(struct sh_buf *out, uint32_t v, struct sh_error *err)
{
	return (sh_buf_put_be(out, v, 4, err));
}

/* Four letters and four zero bytes: the head of a tag's data. */
static int
put_type(struct sh_buf *out, const char *type, struct sh_error *err)
{
	return (sh_buf_append(out, type, 4, err) || put(out, 0, err) ? -1 :
	    0);
}

static int
put_zeros(struct sh_buf *out, size_t n, struct sh_error *err)
{
	uint8_t *p = sh_buf_reserve(out, n, err);

	if (p == NULL)
		return (-1);
	memset(p, 0, n);
	out->len += n;
	return (0);
}

static int
put_xyz(struct sh_buf *out, const double xyz[3], struct sh_error *err)
{
	int i;

	for (i = 0; i < 3; i++)
		if (put(out, (uint32_t)lround(xyz[i] * 65536), err))
			return (-1);
	return (0);
}

/* Rule: ICC.1:2001-04 6.5.17 textDescriptionType. */
static int
put_description(struct sh_buf *out, struct sh_error *err)
{
	static const char name[] = "sRGB";

	return (put_type(out, "desc", err) || put(out, sizeof(name), err) ||
	    sh_buf_append(out, name, sizeof(name), err) ||
	    put_zeros(out, 4 + 4 + 2 + 1 + 67, err) ? -1 : 0);
}

/* Rule: IEC 61966-2-1, the transfer function. */
static int
put_curve(struct sh_buf *out, struct sh_error *err)
{
	int i;

	if (put_type(out, "curv", err) || put(out, CURVE, err))
		return (-1);
	for (i = 0; i < CURVE; i++) {
		double v = (double)i / (CURVE - 1);

		v = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
		if (sh_buf_put_be(out, (uint64_t)lround(v * 65535), 2, err))
			return (-1);
	}
	return (0);
}

/* Rule: ICC.1:2001-04 6.1, the header. */
static int
put_header(struct sh_buf *out, struct sh_error *err)
{
	static const double d50[3] = { 0.9642, 1, 0.8249 };
	static const uint16_t made[6] = { 2026, 1, 1, 0, 0, 0 };
	int i;

	if (put(out, 0, err) ||		/* size: known at the end */
	    put(out, 0, err) || put(out, 0x02100000, err) ||
	    sh_buf_puts(out, "mntrRGB XYZ ", err))
		return (-1);
	for (i = 0; i < 6; i++)
		if (sh_buf_put_be(out, made[i], 2, err))
			return (-1);
	return (sh_buf_puts(out, "acsp", err) || put_zeros(out, 28, err) ||
	    put_xyz(out, d50, err) || put_zeros(out, 48, err) ? -1 : 0);
}

int
sh_pdfa_icc(struct sh_buf *out, struct sh_error *err)
{
	/* The primaries as seen under D50, and D50 itself. */
	static const struct {
		const char *tag;
		double xyz[3];
	} points[4] = {
		{ "wtpt", { 0.9642, 1, 0.8249 } },
		{ "rXYZ", { 0.4360747, 0.2225045, 0.0139322 } },
		{ "gXYZ", { 0.3850649, 0.7168786, 0.0971045 } },
		{ "bXYZ", { 0.1430804, 0.0606169, 0.7141733 } },
	};
	static const char *const names[NTAGS] = { "desc", "cprt", "wtpt",
	    "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC" };
	static const char owner[] = "Free for any use";
	size_t at[NTAGS], size[NTAGS], start = out->len, table;
	int i;

	if (put_header(out, err) || put(out, NTAGS, err))
		return (-1);
	table = out->len;
	if (put_zeros(out, NTAGS * 12, err))
		return (-1);
	for (i = 0; i < NTAGS; i++) {
		if (i > 6) {		/* one curve for all */
			at[i] = at[6];
			size[i] = size[6];
			continue;
		}
		if (put_zeros(out, -(out->len - start) & 3, err))
			return (-1);
		at[i] = out->len - start;
		if ((i == 0 && put_description(out, err)) ||
		    (i == 1 && (put_type(out, "text", err) ||
		    sh_buf_append(out, owner, sizeof(owner), err))) ||
		    (i >= 2 && i < 6 && (put_type(out, "XYZ ", err) ||
		    put_xyz(out, points[i - 2].xyz, err))) ||
		    (i == 6 && put_curve(out, err)))
			return (-1);
		size[i] = out->len - start - at[i];
	}
	for (i = 0; i < NTAGS; i++) {
		uint8_t *e = out->data + table + (size_t)i * 12;

		memcpy(e, names[i], 4);
		sh_put_be(e + 4, at[i], 4);
		sh_put_be(e + 8, size[i], 4);
	}
	sh_put_be(out->data + start, out->len - start, 4);
	return (0);
}
