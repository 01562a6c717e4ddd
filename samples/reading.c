#include "samples/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "samples/font.h"
#include "samples/rng.h"

#define PX		(300.0 / 72)
#define GLUE		0.13	/* of the size: closer parts are one word */
#define COLUMN		2.2	/* of the size: farther words are other lines */
#define WORD_BYTES	240

struct part {
	double x, end, y, size;
	char s[WORD_BYTES];
	int hand;
};

struct parts {
	struct part *v;
	size_t n, cap;
};

/* Letters that print is taken for, both ways; marks come first. */
static const char *const alike[] = {
	"aáàảãạâấầẩẫậăắằẳẵặ", "eéèẻẽẹêếềểễệ", "iíìỉĩị", "oóòỏõọôốồổỗộơớờởỡợ",
	"uúùủũụưứừửữự", "yýỳỷỹỵ", "AÁÀẢÃẠÂẤẦẨẪẬĂẮẰẲẴẶ", "EÉÈẺẼẸÊẾỀỂỄỆ", "IÍÌỈĨỊ",
	"OÓÒỎÕỌÔỐỒỔỖỘƠỚỜỞỠỢ", "UÚÙỦŨỤƯỨỪỬỮỰ", "YÝỲỶỸỴ", "dđ", "DĐ"
};
static const char *const digits[] = { "17I", "38", "56S", "0O6", "49", "2Z" };
static const char *const shapes[] = { "nu", "ce", "li", "tf", "hb", "mn",
	"rt", "NH", "CG", "BR" };

static void
add_part(struct parts *a, const struct sh_item *it, double x, double end,
    const char *s, size_t len)
{
	struct part *p;

	a->v = sh_keep_grow(a->v, &a->cap, a->n + 1, sizeof(*a->v));
	p = &a->v[a->n++];
	if (len >= WORD_BYTES)
		len = WORD_BYTES - 1;
	*p = (struct part){ .x = x, .end = end, .y = it->y, .size = it->size,
	    .hand = it->hand };
	memcpy(p->s, s, len);
}

static void
split_item(struct parts *a, const struct sh_item *it)
{
	const char *s = it->text, *end = s + it->len, *e;
	double x = it->x, w;

	while (s < end) {
		if (*s == ' ') {
			x += sh_font_width(it->face, it->size, s, 1) +
			    it->space;
			s++;
			continue;
		}
		for (e = s; e < end && *e != ' '; e++)
			;
		w = sh_font_width(it->face, it->size, s, (size_t)(e - s));
		add_part(a, it, x, x + w, s, (size_t)(e - s));
		x += w;
		s = e;
	}
}

static int
by_row(const void *a, const void *b)
{
	const struct part *p = a, *q = b;

	return (p->y < q->y ? -1 : p->y > q->y ? 1 : p->x < q->x ? -1 :
	    p->x > q->x);
}

static int
by_column(const void *a, const void *b)
{
	const struct part *p = a, *q = b;

	return (p->x < q->x ? -1 : p->x > q->x);
}

/* Rows from the top, parts of a row from the left, touching ones as one. */
static void
lay_rows(struct parts *a)
{
	size_t i, k, n = 0;

	qsort(a->v, a->n, sizeof(*a->v), by_row);
	for (i = 0; i < a->n; i = k) {
		for (k = i; k < a->n && a->v[k].y - a->v[i].y <
		    0.35 * a->v[i].size; k++)
			a->v[k].y = a->v[i].y;
		qsort(a->v + i, k - i, sizeof(*a->v), by_column);
	}
	for (i = 0; i < a->n; i++) {
		struct part *p = n > 0 ? &a->v[n - 1] : NULL;
		const struct part *q = &a->v[i];

		if (p != NULL && p->y == q->y && q->x >= p->x &&
		    q->x - p->end < GLUE * q->size &&
		    strlen(p->s) + strlen(q->s) < WORD_BYTES) {
			memmove(p->s + strlen(p->s), q->s, strlen(q->s) + 1);
			p->end = q->end;
			p->hand |= q->hand;
		} else {
			a->v[n++] = *q;
		}
	}
	a->n = n;
}

/* Another letter of the set that holds the LEN bytes at S, or 0. */
static size_t
other_of(struct sh_rng *r, const char *const *sets, size_t nsets,
    const char *s, size_t len, const char **outp)
{
	const char *p, *end;
	uint32_t cp;
	size_t i, n, k, pick;

	for (i = 0; i < nsets; i++) {
		for (n = k = 0, pick = SIZE_MAX, p = sets[i], end = p +
		    strlen(p); (k = sh_utf8_get(p, end, &cp)) > 0; p += k, n++)
			if (k == len && memcmp(p, s, len) == 0)
				pick = n;
		if (pick == SIZE_MAX)
			continue;
		/* Neighbours are likelier than anything: a step of 1 to 3. */
		pick = (pick + 1 + sh_rng_below(r, n > 3 ? 3 : (unsigned)n -
		    1)) % n;
		for (p = sets[i]; pick > 0; pick--)
			p += sh_utf8_get(p, end, &cp);
		*outp = p;
		return (sh_utf8_get(p, end, &cp));
	}
	return (0);
}

/* One letter is taken for another; 1 if there was one to take. */
static int
misread(struct sh_rng *r, char *s)
{
	char out[WORD_BYTES + 8];
	const char *at[WORD_BYTES], *p, *end = s + strlen(s), *is;
	size_t len[WORD_BYTES], n = 0, k, i, pick;
	unsigned how = sh_rng_below(r, 100), tries;
	uint32_t cp;

	for (p = s; (k = sh_utf8_get(p, end, &cp)) > 0; p += k) {
		at[n] = p;
		len[n++] = k;
	}
	for (tries = 0; n > 0 && tries < 6; tries++) {
		i = sh_rng_below(r, (unsigned)n);
		pick = other_of(r, digits, SH_COUNT(digits), at[i], len[i],
		    &is);
		if (pick == 0)
			pick = how < 75 ? other_of(r, alike, SH_COUNT(alike),
			    at[i], len[i], &is) : other_of(r, shapes,
			    SH_COUNT(shapes), at[i], len[i], &is);
		if (pick == 0 && how >= 95 && n > 2 && i == n - 1 &&
		    strchr(".,;:", *at[i]) != NULL) {
			s[at[i] - s] = '\0';
			return (1);
		}
		if (pick == 0)
			continue;
		k = (size_t)(at[i] - s);
		memcpy(out, s, k);
		memcpy(out + k, is, pick);
		strcpy(out + k + pick, at[i] + len[i]);
		if (strlen(out) < WORD_BYTES)
			strcpy(s, out);
		return (1);
	}
	return (0);
}

/* Read the word as NOISE allows; how sure of it, in thousandths. */
static int
read_word(struct sh_rng *r, struct part *p, unsigned noise)
{
	double n = noise * (0.4 + (double)strlen(p->s) / 8) *
	    (p->hand ? 4 : 1);
	int bad = sh_rng_below(r, 100000) < n * 100 && misread(r, p->s);
	int sure = bad ? 960 - (int)sh_rng_below(r, 20) * (int)sh_rng_below(r,
	    30) : 970 - (int)sh_rng_below(r, 7) * (int)sh_rng_below(r, 7);

	if (p->hand)
		sure -= 60 + (int)sh_rng_below(r, 200);
	if (!bad && sh_rng_below(r, 1000) < 20 + noise)
		sure -= (int)sh_rng_below(r, 300);
	return (sure < 100 ? 100 : sure);
}

static json_t *
box_of(double x, double y, double w, double h)
{
	return (json_pack("[i,i,i,i]", (int)(x > 0 ? x : 0), (int)(y > 0 ? y :
	    0), (int)w + 1, (int)h + 1));
}

/* The parts [I, K) of one row as a line. */
static json_t *
line_of(struct sh_rng *r, struct part *v, size_t i, size_t k, unsigned noise,
    size_t block)
{
	json_t *words = json_array();
	double size = v[i].size, top = v[i].y - 0.75 * size;
	size_t n;
	int sure;

	for (n = i; n < k; n++) {
		sure = read_word(r, &v[n], noise);
		if (json_array_append_new(words, json_pack("{s:s,s:o,s:i}",
		    "text", v[n].s, "box", box_of(v[n].x * PX, (v[n].y - 0.75 *
		    v[n].size) * PX, (v[n].end - v[n].x) * PX, v[n].size *
		    PX), "confidence_e3", sure)) == -1)
			sh_keep_die();
	}
	return (json_pack("{s:o,s:[i,i,i,i],s:i,s:o}", "box", box_of(v[i].x *
	    PX, top * PX, (v[k - 1].end - v[i].x) * PX, size * PX),
	    "baseline", (int)(v[i].x * PX), (int)(v[i].y * PX), (int)(v[k -
	    1].end * PX), (int)(v[i].y * PX), "block", (int)block, "words",
	    words));
}

static json_t *
marks_of(const struct sh_side *s, struct sh_rng *r, unsigned noise)
{
	json_t *marks = json_array();
	const struct sh_item *it;
	size_t i;

	for (i = 0; i < s->nitems; i++) {
		it = &s->items[i];
		if (it->kind != SH_ITEM_ART || strcmp(it->text, "qr") != 0 ||
		    it->arg == NULL || sh_rng_below(r, 300) < noise)
			continue;
		if (json_array_append_new(marks, json_pack("{s:s,s:s,s:o,s:s}",
		    "kind", "qr", "text", it->arg, "box", box_of(it->x * PX,
		    it->y * PX, it->w * PX, it->h * PX), "method", "whole")) ==
		    -1)
			sh_keep_die();
	}
	return (marks);
}

json_t *
sh_reading_of(const struct sh_paper *p, size_t side, unsigned noise,
    uint64_t seed)
{
	const struct sh_side *s = &p->sides[side];
	struct parts a = { .v = NULL };
	json_t *lines = json_array(), *v;
	struct sh_rng r;
	size_t i, k, block = 0;

	sh_rng_start(&r, seed);
	for (i = 0; i < s->nitems; i++)
		if (s->items[i].kind == SH_ITEM_TEXT)
			split_item(&a, &s->items[i]);
	lay_rows(&a);
	for (i = 0; i < a.n; i = k) {
		for (k = i + 1; k < a.n && a.v[k].y == a.v[i].y &&
		    a.v[k].x - a.v[k - 1].end < COLUMN * a.v[k].size; k++)
			;
		if (json_array_append_new(lines, line_of(&r, a.v, i, k, noise,
		    block++)) == -1)
			sh_keep_die();
	}
	free(a.v);
	v = json_pack("{s:i,s:s,s:i,s:i,s:i,s:i,s:b,s:i,s:i,s:i,s:s,s:{},s:o,"
	    "s:o}", "form", 1, "state", "read", "width_px", (int)(s->w * PX),
	    "height_px", (int)(s->h * PX), "dpi_e2", 30000, "dpi_y_e2", 30000,
	    "dpi_known", 1, "orientation_deg", 0, "skew_deg_e3", 0,
	    "confidence_e3", 900, "engine", "sample", "measures", "lines",
	    lines, "marks", marks_of(s, &r, noise));
	if (v == NULL)
		sh_keep_die();
	return (v);
}
