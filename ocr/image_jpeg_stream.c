/*
 * Rule: ITU-T T.81 Annex B (markers), JFIF 1.02, Adobe TN 5116 (APP14),
 * JEITA CP-3451 4.6 (EXIF orientation).
 */
#include "ocr/image_internal.h"

#include <string.h>

enum {
	M_SOF0 = 0xc0, M_SOF2 = 0xc2, M_DHT = 0xc4, M_RST0 = 0xd0,
	M_SOI = 0xd8, M_EOI = 0xd9, M_SOS = 0xda, M_DQT = 0xdb,
	M_DRI = 0xdd, M_APP0 = 0xe0, M_APP1 = 0xe1, M_APP14 = 0xee,
	M_APP15 = 0xef, M_COM = 0xfe, M_TEM = 0x01
};

#define JFIF_LEN	14	/* payload without a thumbnail */
#define ADOBE_LEN	12
#define SOF_MAX		(6 + 3 * 4)	/* payload for four components */
#define SOS_MAX		(1 + 2 * 4 + 3)
#define EXIF_ENTRIES_MAX	1000

struct segment {
	int marker;
	const uint8_t *data;	/* payload, behind its length */
	size_t len;
};

static int
is_frame(int marker)
{
	return (marker >= M_SOF0 && marker <= 0xcf && marker != M_DHT &&
	    marker != 0xc8 && marker != 0xcc);
}

static int
stands_alone(int marker)
{
	return (marker == M_TEM || (marker >= M_RST0 && marker <= M_EOI));
}

/* The segment at *PP, which moves behind it; 0 when there is none. */
static int
next_segment(const uint8_t **pp, const uint8_t *end, struct segment *s)
{
	const uint8_t *p = *pp;
	size_t len;

	if (end - p < 2 || *p != 0xff)
		return (0);
	while (p < end && *p == 0xff)
		p++;
	if (p == end || *p == 0)
		return (0);
	s->marker = *p++;
	s->data = p;
	s->len = 0;
	if (!stands_alone(s->marker)) {
		if (end - p < 2)
			return (0);
		len = (size_t)p[0] << 8 | p[1];
		if (len < 2 || (size_t)(end - p) < len)
			return (0);
		s->data = p + 2;
		s->len = len - 2;
		p += len;
	}
	*pp = p;
	return (1);
}

/* Where the entropy-coded data that begins at P ends: at a marker or END. */
static const uint8_t *
scan_end(const uint8_t *p, const uint8_t *end, int restarts)
{
	while (p < end) {
		if ((p = memchr(p, 0xff, (size_t)(end - p))) == NULL)
			return (end);
		if (end - p < 2)
			return (end);
		if (p[1] == 0 || (restarts && p[1] >= M_RST0 &&
		    p[1] < M_RST0 + 8))
			p += 2;
		else if (p[1] == 0xff)
			p++;
		else
			return (p);
	}
	return (end);
}

static unsigned
exif_int(const uint8_t *p, int big, unsigned n)
{
	unsigned i, v = 0;

	for (i = 0; i < n; i++)
		v = v << 8 | p[big ? i : n - 1 - i];
	return (v);
}

static int
exif_orientation(const uint8_t *p, size_t len)
{
	unsigned at, n, i, v;
	int big;

	if (len < 14 || memcmp(p, "Exif\0", 6) != 0)
		return (1);
	p += 6;
	len -= 6;
	if (memcmp(p, "MM\0*", 4) != 0 && memcmp(p, "II*\0", 4) != 0)
		return (1);
	big = p[0] == 'M';
	at = exif_int(p + 4, big, 4);
	if (at > len - 2)
		return (1);
	n = exif_int(p + at, big, 2);
	for (i = 0; i < n && i < EXIF_ENTRIES_MAX; i++) {
		const uint8_t *e = p + at + 2 + 12 * i;

		if ((size_t)(e - p) + 12 > len)
			return (1);
		/* Tag 0x0112, one SHORT. */
		if (exif_int(e, big, 2) != 0x0112 ||
		    exif_int(e + 2, big, 2) != 3)
			continue;
		v = exif_int(e + 8, big, 2);
		return (v >= 1 && v <= 8 ? (int)v : 1);
	}
	return (1);
}

void
sh_jpeg_info(const uint8_t *data, size_t len, struct sh_jpeg_info *out)
{
	const uint8_t *p = data, *end = data + len;
	struct segment s;

	memset(out, 0, sizeof(*out));
	out->exif_orientation = 1;
	while (next_segment(&p, end, &s) && s.marker != M_SOS) {
		if (s.marker == M_APP0 && s.len >= JFIF_LEN &&
		    memcmp(s.data, "JFIF", 5) == 0) {
			out->has_jfif = 1;
		} else if (s.marker == M_APP14 && s.len >= ADOBE_LEN &&
		    memcmp(s.data, "Adobe", 5) == 0) {
			out->has_adobe = 1;
			out->adobe_transform = s.data[11];
		} else if (s.marker == M_APP1 && out->exif_orientation == 1) {
			out->exif_orientation = exif_orientation(s.data,
			    s.len);
		}
	}
}

static int
put_marker(struct sh_buf *out, int marker, struct sh_error *err)
{
	return (sh_buf_put_be(out, 0xff00u | (unsigned)marker, 2, err));
}

static int
put_segment(struct sh_buf *out, int marker, const uint8_t *data, size_t len,
    struct sh_error *err)
{
	if (put_marker(out, marker, err) ||
	    sh_buf_put_be(out, len + 2, 2, err))
		return (-1);
	return (sh_buf_append(out, data, len, err));
}

static int
put_adobe(struct sh_buf *out, int transform, struct sh_error *err)
{
	uint8_t adobe[ADOBE_LEN] = "Adobe\0\x64";

	adobe[11] = (uint8_t)transform;
	return (put_segment(out, M_APP14, adobe, sizeof(adobe), err));
}

/* What the metadata must keep so that colours stay what they are. */
static int
put_kept_metadata(struct sh_buf *out, const struct segment *s,
    struct sh_error *err)
{
	uint8_t jfif[JFIF_LEN];

	if (s->marker == M_APP0 && s->len >= JFIF_LEN &&
	    memcmp(s->data, "JFIF", 5) == 0) {
		memcpy(jfif, s->data, JFIF_LEN);
		jfif[12] = jfif[13] = 0;	/* no thumbnail */
		return (put_segment(out, M_APP0, jfif, JFIF_LEN, err));
	}
	if (s->marker == M_APP14 && s->len >= ADOBE_LEN &&
	    memcmp(s->data, "Adobe", 5) == 0)
		return (put_segment(out, M_APP14, s->data, ADOBE_LEN, err));
	return (0);
}

static int
is_metadata(int marker)
{
	return ((marker >= M_APP0 && marker <= M_APP15) || marker == M_COM);
}

int
sh_jpeg_strip(const uint8_t *data, size_t len, int add_adobe,
    struct sh_buf *out, struct sh_error *err)
{
	const uint8_t *p = data, *end = data + len, *stop;
	struct segment s;
	int scans = 0;

	if (put_marker(out, M_SOI, err))
		return (-1);
	if (add_adobe >= 0 && put_adobe(out, add_adobe, err))
		return (-1);
	while (next_segment(&p, end, &s) && s.marker != M_EOI) {
		if (is_metadata(s.marker)) {
			if (scans == 0 && put_kept_metadata(out, &s, err))
				return (-1);
			continue;
		}
		if (stands_alone(s.marker))
			continue;
		if (put_segment(out, s.marker, s.data, s.len, err))
			return (-1);
		if (s.marker != M_SOS)
			continue;
		scans++;
		stop = scan_end(p, end, 1);
		if (sh_buf_append(out, p, (size_t)(stop - p), err))
			return (-1);
		p = stop;
	}
	if (scans == 0)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "JPEG without a scan"));
	return (put_marker(out, M_EOI, err));
}

/* ---- joining the strips of a TIFF ----------------------------------- */

struct strip {
	struct segment frame, scan;
	struct sh_buf tables;	/* DQT and DHT, whole segments */
	int adobe;		/* transform, or -1 */
	int restarts;		/* DRI in the strip */
	const uint8_t *data;	/* entropy-coded */
	size_t len;
};

/* Tables, frame and scan of one strip: 1, 0 when it is not that simple. */
static int
read_strip(struct sh_span piece, int single, struct strip *st,
    struct sh_error *err)
{
	const uint8_t *p = piece.data, *end = p + piece.len, *stop;
	struct segment s;

	memset(st, 0, sizeof(*st));
	st->adobe = -1;
	if (!next_segment(&p, end, &s) || s.marker != M_SOI)
		return (0);
	while (next_segment(&p, end, &s)) {
		if (s.marker == M_DQT || s.marker == M_DHT) {
			if (put_segment(&st->tables, s.marker, s.data, s.len,
			    err))
				return (-1);
		} else if (s.marker == M_APP14 && s.len >= ADOBE_LEN &&
		    memcmp(s.data, "Adobe", 5) == 0) {
			st->adobe = s.data[11];
		} else if (s.marker == M_DRI && s.len == 2) {
			st->restarts = s.data[0] << 8 | s.data[1];
		} else if (is_frame(s.marker)) {
			if (st->frame.data != NULL || s.marker > M_SOF2 ||
			    s.len < 9 || s.len > SOF_MAX)
				return (0);
			st->frame = s;
		} else if (s.marker == M_SOS) {
			break;
		} else if (!is_metadata(s.marker)) {
			return (0);
		}
	}
	if (s.marker != M_SOS || st->frame.data == NULL ||
	    s.len > SOS_MAX || s.len < 4 ||
	    s.data[0] != st->frame.data[5] ||
	    st->frame.len != 6 + 3u * st->frame.data[5])
		return (0);
	st->scan = s;
	stop = scan_end(p, end, st->restarts != 0);
	st->data = p;
	st->len = (size_t)(stop - p);
	if (single)		/* all there is goes in, whatever scans */
		st->len = (size_t)(end - p);
	else if (stop < end && stop[1] != M_EOI)
		return (0);
	return (1);
}

/* Same components, tables and kind of scan as the first strip. */
static int
same_coding(const struct strip *a, const struct strip *b)
{
	return (a->frame.marker == b->frame.marker &&
	    a->frame.len == b->frame.len &&
	    a->frame.data[0] == b->frame.data[0] &&
	    memcmp(a->frame.data + 3, b->frame.data + 3,
	    a->frame.len - 3) == 0 && a->scan.len == b->scan.len &&
	    memcmp(a->scan.data, b->scan.data, a->scan.len) == 0 &&
	    a->adobe == b->adobe && a->tables.len == b->tables.len &&
	    (a->tables.len == 0 || memcmp(a->tables.data, b->tables.data,
	    a->tables.len) == 0));
}

/* Units of entropy coding in a row of them, and their height in rows. */
static void
unit_geometry(const struct segment *frame, uint32_t width, uint32_t *acrossp,
    uint32_t *rowsp)
{
	unsigned n = frame->data[5], i, h = 1, v = 1;

	/* A single component is never interleaved: its unit is one block. */
	for (i = 0; n > 1 && i < n; i++) {
		unsigned hv = frame->data[7 + 3 * i];

		if (hv >> 4 > h)
			h = hv >> 4;
		if ((hv & 15) > v)
			v = hv & 15;
	}
	*acrossp = (width + 8 * h - 1) / (8 * h);
	*rowsp = 8 * v;
}

static int
put_tables(struct sh_span tables, struct sh_buf *out, struct sh_error *err)
{
	const uint8_t *p = tables.data, *end;
	struct segment s;

	if (tables.len == 0)
		return (0);
	end = p + tables.len;
	while (next_segment(&p, end, &s))
		if ((s.marker == M_DQT || s.marker == M_DHT) &&
		    put_segment(out, s.marker, s.data, s.len, err))
			return (-1);
	return (0);
}

static int
put_head(const struct strip *first, int adobe, struct sh_span tables,
    uint32_t width, uint32_t height, uint32_t interval, struct sh_buf *out,
    struct sh_error *err)
{
	uint8_t frame[SOF_MAX];

	if (put_marker(out, M_SOI, err) ||
	    (adobe >= 0 && put_adobe(out, adobe, err)) ||
	    put_tables(tables, out, err) ||
	    sh_buf_append(out, first->tables.data, first->tables.len, err))
		return (-1);
	memcpy(frame, first->frame.data, first->frame.len);
	sh_put_be(frame + 1, height, 2);
	sh_put_be(frame + 3, width, 2);
	if (put_segment(out, first->frame.marker, frame, first->frame.len,
	    err))
		return (-1);
	if (interval != 0 && (put_marker(out, M_DRI, err) ||
	    sh_buf_put_be(out, 4, 2, err) ||
	    sh_buf_put_be(out, interval, 2, err)))
		return (-1);
	return (put_segment(out, M_SOS, first->scan.data, first->scan.len,
	    err));
}

int
sh_jpeg_join(struct sh_span tables, const struct sh_span *strips,
    size_t nstrips, uint32_t width_px, uint32_t height_px, uint32_t rows,
    int adobe, struct sh_buf *out, struct sh_error *err)
{
	struct strip first, st;
	uint32_t across, unit, interval = 0, coded, want;
	size_t i;
	int rc;

	memset(&st, 0, sizeof(st));
	if (nstrips == 0 || width_px > 65535 || height_px > 65535)
		return (0);
	if ((rc = read_strip(strips[0], nstrips == 1, &first, err)) != 1)
		goto out;
	rc = 0;
	/* A TIFF reader believes the TIFF; where they differ, so do we. */
	if (first.adobe >= 0 && first.adobe != adobe)
		goto out;
	unit_geometry(&first.frame, width_px, &across, &unit);
	if (nstrips > 1) {
		interval = across * (rows / unit);
		if (rows % unit != 0 || interval > 65535 ||
		    first.restarts != 0 || first.frame.marker == M_SOF2)
			goto out;
	}
	if (nstrips == 1)
		interval = (uint32_t)first.restarts;
	if (put_head(&first, adobe, tables, width_px, height_px, interval,
	    out, err)) {
		rc = -1;
		goto out;
	}
	for (i = 0; i < nstrips; i++) {
		sh_buf_free(&st.tables);
		if ((rc = read_strip(strips[i], nstrips == 1, &st,
		    err)) != 1)
			goto out;
		rc = 0;
		/* As many units as the decoder will look for, no more. */
		coded = (uint32_t)st.frame.data[1] << 8 | st.frame.data[2];
		want = i + 1 < nstrips ? rows : height_px - (uint32_t)i * rows;
		if (!same_coding(&first, &st) ||
		    ((uint32_t)st.frame.data[3] << 8 | st.frame.data[4]) !=
		    width_px || (coded + unit - 1) / unit !=
		    (want + unit - 1) / unit)
			goto out;
		if ((i > 0 && put_marker(out, M_RST0 + (int)((i - 1) % 8),
		    err)) || sh_buf_append(out, st.data, st.len, err)) {
			rc = -1;
			goto out;
		}
	}
	rc = nstrips == 1 ? 1 : put_marker(out, M_EOI, err) == 0 ? 1 : -1;
out:
	sh_buf_free(&first.tables);
	sh_buf_free(&st.tables);
	return (rc);
}
