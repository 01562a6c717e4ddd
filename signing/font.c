#include "signing/font.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <harfbuzz/hb-ot.h>
#include <harfbuzz/hb-subset.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define MAX_FILE	((size_t)16 << 20)
#define MAX_LETTERS	1024

struct sh_font {
	struct sh_buf file;
	hb_face_t *face;	/* immutable: threads may share it */
	hb_font_t *font;
	unsigned upem;
};

int
sh_font_open(const char *path, struct sh_font **fp, struct sh_error *err)
{
	struct sh_font *f;
	hb_codepoint_t gid;
	hb_blob_t *blob;

	*fp = NULL;
	if ((f = sh_alloc(1, sizeof(*f), "a font", err)) == NULL)
		return (-1);
	if (access(path, R_OK) != 0 && errno == ENOENT) {
		(void)sh_error_set(err, SH_ENOTFOUND, "font.missing",
		    "the font %s is not there", path);
		goto bad;
	}
	if (sh_fs_read(path, MAX_FILE, &f->file, err))
		goto bad;
	blob = hb_blob_create((const char *)f->file.data,
	    (unsigned)f->file.len, HB_MEMORY_MODE_READONLY, NULL, NULL);
	f->face = hb_face_create(blob, 0);
	hb_blob_destroy(blob);
	f->font = hb_font_create(f->face);
	hb_face_make_immutable(f->face);
	hb_font_make_immutable(f->font);
	f->upem = hb_face_get_upem(f->face);
	/* A letter with two marks tells Liberation 2 from 1. */
	if (hb_face_get_glyph_count(f->face) == 0 ||
	    !hb_font_get_nominal_glyph(f->font, 0x1ebf, &gid)) {
		(void)sh_error_set(err, SH_EUNSUPPORTED, "font.letters",
		    "the font %s has no Vietnamese letters", path);
		goto bad;
	}
	*fp = f;
	return (0);
bad:
	sh_error_param(err, "file", "%s", path);
	sh_font_close(f);
	return (-1);
}

void
sh_font_close(struct sh_font *f)
{
	if (f == NULL)
		return;
	hb_font_destroy(f->font);
	hb_face_destroy(f->face);
	sh_buf_free(&f->file);
	free(f);
}

const struct sh_font *
sh_font_default(struct sh_error *err)
{
	static const char *const paths[] = {
		"/usr/share/fonts/truetype/liberation2/"
		    "LiberationSerif-Regular.ttf",
		"/usr/share/fonts/truetype/liberation/"
		    "LiberationSerif-Regular.ttf"
	};
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct sh_font *font;
	struct sh_error second = SH_ERROR_INIT;

	(void)pthread_mutex_lock(&lock);
	if (font == NULL && sh_font_open(paths[0], &font, err) != 0 &&
	    err->code == SH_ENOTFOUND &&
	    sh_font_open(paths[1], &font, &second) == 0)
		sh_error_clear(err);
	(void)pthread_mutex_unlock(&lock);
	return (font);
}

static unsigned
thousandths(const struct sh_font *f, int64_t v)
{
	return ((unsigned)((v * 1000 + f->upem / 2) / f->upem));
}

unsigned
sh_font_width(const struct sh_font *f, uint32_t cp)
{
	hb_codepoint_t gid;

	if (!hb_font_get_nominal_glyph(f->font, cp, &gid))
		return (0);
	return (thousandths(f, hb_font_get_glyph_h_advance(f->font, gid)));
}

void
sh_font_metrics(const struct sh_font *f, struct sh_font_metrics *out)
{
	hb_blob_t *head = hb_face_reference_table(f->face,
	    HB_TAG('h', 'e', 'a', 'd'));
	hb_position_t v;
	unsigned len, i;
	const char *p = hb_blob_get_data(head, &len);
	int16_t unit;

	memset(out, 0, sizeof(*out));
	if (hb_ot_metrics_get_position(f->font,
	    HB_OT_METRICS_TAG_HORIZONTAL_ASCENDER, &v))
		out->ascent = v * 1000 / (int)f->upem;
	if (hb_ot_metrics_get_position(f->font,
	    HB_OT_METRICS_TAG_HORIZONTAL_DESCENDER, &v))
		out->descent = v * 1000 / (int)f->upem;
	if (hb_ot_metrics_get_position(f->font, HB_OT_METRICS_TAG_CAP_HEIGHT,
	    &v))
		out->cap_height = v * 1000 / (int)f->upem;
	/* xMin, yMin, xMax, yMax stand at byte 36 of the table. */
	for (i = 0; i < 4 && len >= 44; i++) {
		unit = (int16_t)sh_get_be((const uint8_t *)p + 36 + 2 * i, 2);
		out->bbox[i] = unit * 1000 / (int)f->upem;
	}
	hb_blob_destroy(head);
}

/* The code points of the texts, each once, in order. */
static int
collect(const char *const *texts, size_t n, hb_set_t *set,
    struct sh_error *err)
{
	const char *p, *end;
	uint32_t cp;
	size_t i, len;

	for (i = 0; i < n; i++) {
		end = texts[i] + strlen(texts[i]);
		for (p = texts[i]; p < end; p += len) {
			if ((len = sh_utf8_get(p, end, &cp)) == 0)
				return (sh_error_set(err, SH_EFORMAT,
				    "text.utf8", "a visible line is no "
				    "UTF-8"));
			hb_set_add(set, cp);
		}
	}
	if (hb_set_get_population(set) > MAX_LETTERS)
		return (sh_error_set(err, SH_ELIMIT, "sign.text",
		    "more than %d different characters", MAX_LETTERS));
	return (0);
}

/*
 * Only what a PDF reader needs of a TrueType font embedded by glyph number:
 * no hints, no layout, no names.
 */
static hb_subset_input_t *
make_input(const hb_set_t *glyphs)
{
	static const hb_tag_t drop[] = {
		HB_TAG('G', 'S', 'U', 'B'), HB_TAG('G', 'P', 'O', 'S'),
		HB_TAG('G', 'D', 'E', 'F'), HB_TAG('n', 'a', 'm', 'e'),
		HB_TAG('O', 'S', '/', '2'), HB_TAG('p', 'o', 's', 't'),
		HB_TAG('c', 'm', 'a', 'p'), HB_TAG('g', 'a', 's', 'p'),
		HB_TAG('k', 'e', 'r', 'n'), HB_TAG('m', 'e', 't', 'a'),
		HB_TAG('F', 'F', 'T', 'M')
	};
	hb_subset_input_t *in = hb_subset_input_create_or_fail();
	hb_set_t *tables;
	size_t i;

	if (in == NULL)
		return (NULL);
	hb_set_set(hb_subset_input_glyph_set(in), glyphs);
	hb_subset_input_set_flags(in, HB_SUBSET_FLAGS_NO_HINTING);
	tables = hb_subset_input_set(in, HB_SUBSET_SETS_DROP_TABLE_TAG);
	for (i = 0; i < SH_COUNT(drop); i++)
		hb_set_add(tables, drop[i]);
	return (in);
}

/* "ABCDEF+" from the content, so that the same text gives the same bytes. */
static int
name_subset(struct sh_font_subset *s, struct sh_error *err)
{
	static const char base[] = "LiberationSerif";
	struct sh_digest d;
	size_t i;

	if (sh_sha256(s->file.data, s->file.len, &d, err))
		return (-1);
	for (i = 0; i < 6; i++)
		s->name[i] = (char)('A' + d.b[i] % 26);
	s->name[6] = '+';
	memcpy(s->name + 7, base, sizeof(base));
	return (0);
}

static int
fill(const struct sh_font *f, hb_subset_plan_t *plan, const hb_set_t *cps,
    struct sh_font_subset *out, struct sh_error *err)
{
	const hb_map_t *old_of = hb_subset_plan_new_to_old_glyph_mapping(plan);
	const hb_map_t *new_of = hb_subset_plan_old_to_new_glyph_mapping(plan);
	hb_codepoint_t cp = HB_SET_VALUE_INVALID, gid;
	hb_glyph_extents_t reach;
	int upem = (int)f->upem, v;
	size_t i;

	out->nglyphs = hb_map_get_population(old_of);
	out->widths = sh_alloc(out->nglyphs, sizeof(*out->widths), "a font",
	    err);
	out->letters = sh_alloc(hb_set_get_population(cps),
	    sizeof(*out->letters), "a font", err);
	if (out->widths == NULL || out->letters == NULL)
		return (-1);
	for (i = 0; i < out->nglyphs; i++)
		out->widths[i] = (uint16_t)thousandths(f,
		    hb_font_get_glyph_h_advance(f->font,
		    hb_map_get(old_of, (hb_codepoint_t)i)));
	while (hb_set_next(cps, &cp)) {
		(void)hb_font_get_nominal_glyph(f->font, cp, &gid);
		if (hb_font_get_glyph_extents(f->font, gid, &reach)) {
			v = (reach.y_bearing * 1000 + upem - 1) / upem;
			out->top = v > out->top ? v : out->top;
			v = (reach.y_bearing + reach.height) * 1000 / upem - 1;
			out->bottom = v < out->bottom ? v : out->bottom;
		}
		out->letters[out->nletters].cp = cp;
		out->letters[out->nletters++].glyph =
		    (uint16_t)hb_map_get(new_of, gid);
	}
	return (name_subset(out, err));
}

int
sh_font_subset(const struct sh_font *f, const char *const *texts, size_t n,
    struct sh_font_subset *out, struct sh_error *err)
{
	hb_set_t *cps = hb_set_create(), *glyphs = hb_set_create();
	hb_codepoint_t cp = HB_SET_VALUE_INVALID, gid;
	hb_subset_input_t *in = NULL;
	hb_subset_plan_t *plan = NULL;
	hb_face_t *face = NULL;
	hb_blob_t *blob;
	const char *data;
	unsigned len;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (collect(texts, n, cps, err))
		goto out;
	while (hb_set_next(cps, &cp)) {
		if (!hb_font_get_nominal_glyph(f->font, cp, &gid)) {
			(void)sh_error_set(err, SH_EUNSUPPORTED,
			    "font.letter", "the font has no glyph for U+%04X",
			    cp);
			sh_error_param(err, "value", "U+%04X", cp);
			goto out;
		}
		hb_set_add(glyphs, gid);
	}
	if ((in = make_input(glyphs)) == NULL ||
	    (plan = hb_subset_plan_create_or_fail(f->face, in)) == NULL ||
	    (face = hb_subset_plan_execute_or_fail(plan)) == NULL) {
		(void)sh_error_set(err, SH_ELIBRARY, "font.subset",
		    "the font cannot be cut down");
		goto out;
	}
	blob = hb_face_reference_blob(face);
	data = hb_blob_get_data(blob, &len);
	rc = sh_buf_append(&out->file, data, len, err);
	hb_blob_destroy(blob);
	if (rc == 0)
		rc = fill(f, plan, cps, out, err);
out:
	hb_face_destroy(face);
	hb_subset_plan_destroy(plan);
	hb_subset_input_destroy(in);
	hb_set_destroy(glyphs);
	hb_set_destroy(cps);
	if (rc != 0)
		sh_font_subset_clear(out);
	return (rc);
}

void
sh_font_subset_clear(struct sh_font_subset *s)
{
	sh_buf_free(&s->file);
	free(s->widths);
	free(s->letters);
	memset(s, 0, sizeof(*s));
}

uint16_t
sh_font_glyph(const struct sh_font_subset *s, uint32_t cp)
{
	size_t lo = 0, hi = s->nletters, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->letters[mid].cp < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	assert(lo < s->nletters && s->letters[lo].cp == cp);
	return (s->letters[lo].glyph);
}
