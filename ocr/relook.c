#include "ocr/relook.h"

#include <allheaders.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/relook_merge.h"

#define GOOD		0.82	/* a page's words: there it is an accident */
#define PLACES_MAX	8	/* looked at on one page */
#define LETTERS_MIN	8	/* in one place: a signature has fewer */
#define WIDE_MM		10	/* at least, to be print */
#define HIGH_MM		2	/* one line; */
#define HIGH_MAX_MM	60	/* more is a table or a picture */
#define SHARE_MAX	0.2	/* of the page: more is no accident */
#define LETTER_MM	0.8	/* least height of one */
#define LETTER_MAX_MM	6
#define JOIN_MM		3	/* between letters of a line */
#define AROUND_MM	1
#define BESIDE_MM	12	/* words that it cuts are whole */

/* ---- where ---------------------------------------------------------------- */

/* A sketch of what no sure word covers. */
static int
sketch_rest(struct Pix *grey, double dpi, const struct sh_view *view,
    const struct sh_quality *q, const struct sh_page *p,
    struct sh_sketch *out, struct sh_error *err)
{
	struct Pix *rest = pixCopy(NULL, grey);
	size_t i;
	int rc;

	if (rest == NULL)
		return (sh_error_nomem(err, "a raster"));
	for (i = 0; i < p->nwords; i++)
		if ((double)p->words[i].confidence >= SH_RELOOK_SURE)
			sh_view_clear(rest, view, &p->words[i].box, 255);
	rc = sh_sketch_make(rest, dpi, q, out, err);
	pixDestroy(&rest);
	return (rc);
}

/* Of all shapes those as high as letters. */
static struct Boxa *
find_letters(const struct sh_sketch *s)
{
	struct Boxa *all = pixConnCompBB(s->pix, 8), *out = boxaCreate(0);
	double mm = s->dpi / 25.4;
	int i, x, y, w, h;

	for (i = 0; all != NULL && out != NULL && i < boxaGetCount(all);
	    i++) {
		boxaGetBoxGeometry(all, i, &x, &y, &w, &h);
		if (h >= LETTER_MM * mm && h <= LETTER_MAX_MM * mm &&
		    w <= 2 * LETTER_MAX_MM * mm)
			boxaAddBox(out, boxCreate(x, y, w, h), L_INSERT);
	}
	if (all == NULL)
		boxaDestroy(&out);
	boxaDestroy(&all);
	return (out);
}

static int
count_in(struct Boxa *letters, struct Box *place)
{
	int i, n = 0, inside;

	for (i = 0; i < boxaGetCount(letters); i++) {
		struct Box *b = boxaGetBox(letters, i, L_CLONE);

		if (boxContains(place, b, &inside) == 0)
			n += inside;
		boxDestroy(&b);
	}
	return (n);
}

/* Letters and figures that were read in the place, but not surely. */
static int
count_poor(const struct sh_page *p, const struct sh_box *place)
{
	const char *at, *end;
	uint32_t cp;
	size_t i, n;
	int count = 0;

	for (i = 0; i < p->nwords; i++) {
		if (!sh_relook_is_poor(&p->words[i], place))
			continue;
		at = p->words[i].text;
		end = at + strlen(at);
		for (; (n = sh_utf8_get(at, end, &cp)) > 0; at += n)
			count += sh_is_letter(cp) || (cp >= '0' && cp <= '9');
	}
	return (count);
}

/* Ink that lies together, where it may be print: OUT gets *NP places. */
static int
find_places(const struct sh_sketch *s, const struct sh_view *view,
    const struct sh_page *p, struct sh_box out[PLACES_MAX], size_t *np,
    struct sh_error *err)
{
	double mm = s->dpi / 25.4, share = 0, f = s->factor;
	struct Pix *joined = pixCloseSafeBrick(NULL, s->pix,
	    (int)(JOIN_MM * mm) | 1, (int)(AROUND_MM * mm) | 1);
	struct Boxa *letters = find_letters(s), *blobs = joined == NULL ?
	    NULL : pixConnCompBB(joined, 8);
	int i, x, y, w, h, rc = -1;
	struct sh_box b;

	*np = 0;
	if (letters == NULL || blobs == NULL) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	for (i = 0; i < boxaGetCount(blobs) && *np < PLACES_MAX; i++) {
		struct Box *box = boxaGetBox(blobs, i, L_CLONE);

		boxGetGeometry(box, &x, &y, &w, &h);
		b = sh_view_box(view, p, (x - BESIDE_MM * mm) * f, (y -
		    AROUND_MM * mm) * f, (w + 2 * BESIDE_MM * mm) * f, (h +
		    2 * AROUND_MM * mm) * f);
		if (w >= WIDE_MM * mm && h >= HIGH_MM * mm &&
		    h <= HIGH_MAX_MM * mm && count_in(letters, box) +
		    count_poor(p, &b) >= LETTERS_MIN) {
			out[(*np)++] = b;
			share += (double)b.w * b.h;
		}
		boxDestroy(&box);
	}
	if (share > SHARE_MAX * p->width_px * p->height_px)
		*np = 0;
	rc = 0;
out:
	pixDestroy(&joined);
	boxaDestroy(&letters);
	boxaDestroy(&blobs);
	return (rc);
}

/* ---- looking ---------------------------------------------------------------- */

/* Its darkest ink stays dark, all that is paler becomes paper. */
static struct Pix *
keep_dark(struct Pix *grey, double share)
{
	struct Numa *levels = pixGetGrayHistogram(grey, 1);
	double all = (double)pixGetWidth(grey) * pixGetHeight(grey), sum = 0;
	int i, n, ink = -1, paper = -1;

	for (i = 0; levels != NULL && i < 256 && paper < 0; i++) {
		numaGetIValue(levels, i, &n);
		sum += n;
		if (ink < 0 && sum >= all / 100)
			ink = i;
		if (sum >= all / 2)
			paper = i;
	}
	numaDestroy(&levels);
	if (paper - ink < 10)
		return (NULL);
	return (pixGammaTRC(NULL, grey, 1, ink, ink + (int)(share *
	    (paper - ink))));
}

/* Where nothing paler than this share of the way to paper stays; 0: all. */
static const double sights[] = { 0, 0.3, 0.45 };

/* A reading of the cut; *OUT stays NULL where it shows nothing else. */
static int
look(struct sh_engine *e, struct Pix *cut, double dpi, double dark,
    const struct sh_view *view, const struct sh_page *p,
    struct sh_page **out, struct sh_error *err)
{
	struct Pix *seen = dark > 0 ? keep_dark(cut, dark) : pixClone(cut);
	int upended, rc = -1;

	if (seen == NULL)
		return (0);
	if ((*out = sh_page_new(err)) != NULL) {
		(*out)->width_px = p->width_px;
		(*out)->height_px = p->height_px;
		rc = sh_engine_run(e, seen, dpi, SH_LAYOUT_BLOCK, view, *out,
		    &upended, err);
	}
	pixDestroy(&seen);
	return (rc);
}

static int
look_at(struct sh_engine *e, struct Pix *grey, double dpi,
    const struct sh_view *view, int two_level, const struct sh_box *place,
    struct sh_page **pp, struct sh_error *err)
{
	struct sh_page *seen[SH_COUNT(sights)] = { NULL };
	size_t n = two_level ? 1 : SH_COUNT(sights), i;
	struct sh_view at;
	struct Pix *cut = sh_view_cut(grey, view, place, &at, err);
	int rc = cut == NULL ? -1 : 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = look(e, cut, dpi, sights[i], &at, *pp, &seen[i], err);
	for (i = 0; i < n && rc == 0; i++)
		if (seen[i] == NULL)
			break;
	if (rc == 0)
		rc = sh_relook_merge(pp, place, seen, i, err);
	for (i = 0; i < n; i++)
		sh_page_free(seen[i]);
	pixDestroy(&cut);
	return (rc);
}

int
sh_relook(struct sh_engine *e, struct Pix *grey, double dpi,
    const struct sh_view *view, const struct sh_quality *q,
    struct sh_page **pp, struct sh_error *err)
{
	struct sh_sketch rest = { .pix = NULL };
	struct sh_box place[PLACES_MAX];
	size_t n, i;
	int rc = -1;

	/* Bad all over: it gains nothing, and has many such places. */
	if (sh_page_sureness(*pp) < GOOD)
		return (0);
	if (sketch_rest(grey, dpi, view, q, *pp, &rest, err) ||
	    find_places(&rest, view, *pp, place, &n, err))
		goto out;
	for (i = 0; i < n; i++)
		if (look_at(e, grey, dpi, view, q->two_level, &place[i], pp,
		    err))
			goto out;
	rc = 0;
out:
	sh_sketch_clear(&rest);
	return (rc);
}
