#include "pipeline/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/turn.h"

#define DOCUMENTS_MAX	200
#define MEMORY_MAX	((size_t)8 << 20)	/* packed, of one holder */
#define RENDITION_MAX	((size_t)64 << 20)
#define READING_MAX	((size_t)64 << 20)
/* A capture finer by this is read: it may be the better one. */
#define FINER		1.15
/* Shares that a page's two resolutions differ by: a fax has two. */
#define OBLONG		0.01
/* What was read worse than this is read again. */
#define READ_WELL	0.80

struct held {
	struct sh_near_page where;
	uint8_t *packed;
	size_t len;
};

struct sh_near {
	struct sh_archive *ar;
	struct held *held;
	size_t n, cap;
	size_t bytes;
};

int
sh_near_append(struct sh_buf *out, const struct sh_buf *likeness,
    struct sh_error *err)
{
	if (sh_buf_put_be(out, likeness->len, 4, err))
		return (-1);
	return (likeness->len == 0 ? 0 : sh_buf_append(out, likeness->data,
	    likeness->len, err));
}

/* A rendition of a document: 1, 0 when it has none, -1. */
static int
rendition(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, const char *name, size_t limit,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_error own = SH_ERROR_INIT;
	int fd, rc = -1;

	if ((fd = sh_memfd(name, err)) < 0)
		return (-1);
	if (sh_archive_get(ar, who, id, name, fd, &own)) {
		if (own.code == SH_ENOTFOUND)
			rc = 0;
		else
			*err = own;
	} else if (lseek(fd, 0, SEEK_SET) == 0 && sh_fs_read_fd(fd, limit,
	    out, err) == 0) {
		rc = 1;
	}
	(void)close(fd);
	return (rc);
}

static int
hold(struct sh_near *n, const struct sh_document_id *id, unsigned page,
    unsigned npages, const uint8_t *p, size_t len, struct sh_error *err)
{
	struct held *h;

	if (sh_grow(&n->held, &n->cap, n->n + 1, sizeof(*n->held), "pages",
	    err))
		return (-1);
	h = &n->held[n->n];
	if ((h->packed = sh_alloc(1, len, "a likeness", err)) == NULL)
		return (-1);
	memcpy(h->packed, p, len);
	h->len = len;
	h->where = (struct sh_near_page){ *id, page, npages };
	n->n++;
	n->bytes += len;
	return (0);
}

static size_t
length_at(const uint8_t *p)
{
	return ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3]);
}

int
sh_near_rendition(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, struct sh_buf *out,
    struct sh_error *err)
{
	out->limit = RENDITION_MAX;
	return (rendition(ar, who, id, SH_NEAR_RENDITION, RENDITION_MAX, out,
	    err) < 0 ? -1 : 0);
}

int
sh_near_page(const struct sh_buf *b, size_t page, struct sh_looks **lp,
    struct sh_error *err)
{
	struct sh_error own = SH_ERROR_INIT;
	size_t at, len;

	*lp = NULL;
	for (at = 0; at + 4 <= b->len; at += len, page--) {
		len = length_at(b->data + at);
		at += 4;
		if (len > b->len - at)
			return (0);
		if (page > 0)
			continue;
		/* One that a later version made is as if there were none. */
		if (len == 0 || sh_likeness_unpack(b->data + at, len, lp,
		    &own) == 0 || own.code != SH_ENOMEM)
			return (0);
		*err = own;
		return (-1);
	}
	return (0);
}

static int
take_document(struct sh_near *n, const struct sh_reader *who,
    const struct sh_document_id *id, unsigned npages, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	unsigned page = 0;
	size_t at, len;
	int rc;

	b.limit = RENDITION_MAX;
	rc = rendition(n->ar, who, id, SH_NEAR_RENDITION, RENDITION_MAX, &b,
	    err);
	for (at = 0; rc == 1 && at + 4 <= b.len; at += len, page++) {
		len = length_at(b.data + at);
		at += 4;
		if (len > b.len - at)
			break;
		if (sh_likeness_is_whole(b.data + at, len) &&
		    n->bytes + len <= MEMORY_MAX)
			rc = hold(n, id, page, npages, b.data + at, len,
			    err) == 0 ? 1 : -1;
	}
	sh_buf_free(&b);
	return (rc < 0 ? -1 : 0);
}

int
sh_near_open(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, struct sh_near **np,
    struct sh_error *err)
{
	struct sh_query q = { .holder = &holder->id, .name = holder->name,
	    .birth = holder->birth, .limit = DOCUMENTS_MAX };
	struct sh_document_id id;
	struct sh_near *n;
	json_t *found = NULL, *v;
	size_t i;
	int rc = -1;

	*np = NULL;
	if ((n = sh_alloc(1, sizeof(*n), "pages", err)) == NULL)
		return (-1);
	n->ar = ar;
	if (sh_archive_find(ar, who, &q, &found, err))
		goto out;
	json_array_foreach(json_object_get(found, "documents"), i, v) {
		const char *status = json_string_value(json_object_get(v,
		    "status"));

		if (status == NULL || strcmp(status, "archived") != 0 ||
		    sh_document_id_parse(json_string_value(json_object_get(v,
		    "id")), &id) || n->bytes >= MEMORY_MAX)
			continue;
		if (take_document(n, who, &id, (unsigned)json_integer_value(
		    json_object_get(v, "pages")), err))
			goto out;
	}
	*np = n;
	n = NULL;
	rc = 0;
out:
	json_decref(found);
	sh_near_close(n);
	return (rc);
}

void
sh_near_close(struct sh_near *n)
{
	size_t i;

	if (n == NULL)
		return;
	for (i = 0; i < n->n; i++)
		free(n->held[i].packed);
	free(n->held);
	free(n);
}

/* ---- its reading ------------------------------------------------------------- */

/* From the held page's pixels to this one's. */
struct move {
	struct sh_shift shift;
	double from, to;	/* dpi of the two over the likeness's */
	int32_t w, h;		/* of this page */
};

static void
move_point(const struct move *m, double x, double y, double *ox, double *oy)
{
	x /= m->from;
	y /= m->from;
	*ox = m->to * (x + m->shift.a * y + m->shift.b);
	*oy = m->to * (y - m->shift.a * x + m->shift.c);
}

static int32_t
within(double v, int32_t end)
{
	return (v < 0 ? 0 : v > end ? end : (int32_t)lrint(v));
}

static void
move_box(const struct move *m, struct sh_box *b)
{
	double x, y, ex, ey;

	/* About its middle: a word stands upright on either page. */
	move_point(m, b->x + b->w / 2.0, b->y + b->h / 2.0, &x, &y);
	ex = b->w * m->to / m->from / 2;
	ey = b->h * m->to / m->from / 2;
	b->x = within(x - ex, m->w - 1);
	b->y = within(y - ey, m->h - 1);
	b->w = within(x + ex, m->w) - b->x;
	b->h = within(y + ey, m->h) - b->y;
	b->w = b->w < 1 ? 1 : b->w;
	b->h = b->h < 1 ? 1 : b->h;
}

static void
move_page(const struct move *m, const struct sh_raster *r, struct sh_page *p)
{
	double x, y;
	size_t i, k;

	p->width_px = m->w;
	p->height_px = m->h;
	p->dpi = r->dpi_x;
	p->dpi_y = r->dpi_y;
	p->dpi_known = 1;
	p->skew_deg += atan(-m->shift.a) * 180 / M_PI;
	for (i = 0; i < p->nwords; i++)
		move_box(m, &p->words[i].box);
	for (i = 0; i < p->nmarks; i++)
		move_box(m, &p->marks[i].box);
	for (i = 0; i < p->nlines; i++) {
		int32_t *b = p->lines[i].baseline;

		move_box(m, &p->lines[i].box);
		for (k = 0; k < 4; k += 2) {
			move_point(m, b[k], b[k + 1], &x, &y);
			b[k] = within(x, m->w - 1);
			b[k + 1] = within(y, m->h - 1);
		}
	}
}

/* The page's reading as it was archived: 1, 0, -1. */
static int
held_page(const struct sh_near *n, const struct sh_reader *who,
    const struct sh_near_page *where, struct sh_page **pagep, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL, *page;
	int rc;

	b.limit = READING_MAX;
	rc = rendition(n->ar, who, &where->document, "reading", READING_MAX,
	    &b, err);
	if (rc == 1 && (v = sh_json_parse(b.data, b.len, READING_MAX, err)) ==
	    NULL)
		rc = -1;
	if (rc == 1 && (page = json_array_get(v, where->page)) == NULL)
		rc = 0;
	if (rc == 1 && sh_page_from_json(page, pagep, err))
		rc = -1;
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

/* Of another page boxes would be moved to where nothing stands. */
static int
is_square(double dpi_x, double dpi_y)
{
	return (fabs(dpi_x - dpi_y) <= OBLONG * dpi_x);
}

static int
can_be_taken(const struct sh_page *p, const struct sh_raster *r,
    const char *engine)
{
	return (p->state == SH_PAGE_READ && p->orientation == 0 &&
	    p->engine != NULL && strcmp(p->engine, engine) == 0 &&
	    p->confidence >= READ_WELL && p->dpi > 0 &&
	    r->dpi_x <= FINER * p->dpi && is_square(p->dpi, p->dpi_y) &&
	    is_square(r->dpi_x, r->dpi_y));
}

static int
take_reading(const struct sh_near *n, const struct sh_reader *who,
    const struct held *h, const struct sh_shift *shift, const struct sh_raster *r,
    const char *engine, struct sh_page **pagep, struct sh_error *err)
{
	/* Readings lie on the upright page. */
	int aside = (sh_turn_of(r->exif_orientation, 0) & SH_TURN_SWAP) != 0;
	struct move m = { .shift = *shift,
	    .w = aside ? r->height_px : r->width_px,
	    .h = aside ? r->width_px : r->height_px };
	int rc;

	if ((rc = held_page(n, who, &h->where, pagep, err)) != 1)
		return (rc);
	if (!can_be_taken(*pagep, r, engine)) {
		sh_page_free(*pagep);
		*pagep = NULL;
		return (0);
	}
	m.from = (*pagep)->dpi / SH_LIKENESS_DPI;
	m.to = r->dpi_x / SH_LIKENESS_DPI;
	move_page(&m, r, *pagep);
	return (1);
}

int
sh_near_find(const struct sh_near *n, const struct sh_reader *who,
    const struct sh_raster *r, const char *engine, struct sh_page **pagep,
    struct sh_near_page *where, struct sh_error *err)
{
	struct sh_looks *l = NULL, *held = NULL;
	struct sh_error own;
	struct sh_shift shift;
	size_t i;
	int rc = 0, found;

	*pagep = NULL;
	if (n->n == 0 || !sh_likeness_is_whole(r->likeness.data,
	    r->likeness.len))
		return (0);
	if (sh_likeness_unpack(r->likeness.data, r->likeness.len, &l, err))
		return (-1);
	for (i = 0; i < n->n && rc == 0; i++) {
		sh_error_clear(&own);
		/* One that a later version made is one less to compare. */
		if (sh_likeness_unpack(n->held[i].packed, n->held[i].len,
		    &held, &own))
			continue;
		found = sh_likeness_compare(l, held, 1, &shift, err);
		sh_likeness_free(held);
		if (found < 0)
			rc = -1;
		else if (found == 0)
			rc = take_reading(n, who, &n->held[i], &shift, r,
			    engine, pagep, err);
		if (rc == 1)
			*where = n->held[i].where;
	}
	sh_likeness_free(l);
	return (rc);
}
