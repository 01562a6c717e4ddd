/* The stored form of a reading: schemas/reading.schema.json, frozen. */
#include "ocr/page.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

#define FORM	1		/* of the stored form */

static const char *const state_words[] = { "read", "blank", "unreadable" };
static const char *const kind_words[] = { "qr", "code128", "other" };

static int
set_numbers(json_t *obj, const char *name, const int32_t *v, size_t n,
    struct sh_error *err)
{
	json_t *a = sh_json_new_array(err);
	size_t i;

	for (i = 0; a != NULL && i < n; i++)
		if (sh_json_append(a, json_integer(v[i]), err)) {
			json_decref(a);
			return (-1);
		}
	return (a == NULL ? -1 : sh_json_set(obj, name, a, err));
}

static int
set_box(json_t *obj, struct sh_box b, struct sh_error *err)
{
	const int32_t v[4] = { b.x, b.y, b.w, b.h };

	return (set_numbers(obj, "box", v, 4, err));
}

/* Append a fresh object to the array; borrowed, or NULL. */
static json_t *
add_object(json_t *array, struct sh_error *err)
{
	json_t *v = sh_json_new_object(err);

	if (v == NULL || sh_json_append(array, v, err))
		return (NULL);
	return (v);
}

/* Give OBJ a fresh array; borrowed, or NULL. */
static json_t *
set_array(json_t *obj, const char *name, struct sh_error *err)
{
	json_t *a = sh_json_new_array(err);

	if (a == NULL || sh_json_set(obj, name, a, err))
		return (NULL);
	return (a);
}

static int
line_to_json(const struct sh_page *p, const struct sh_line *l, json_t *o,
    struct sh_error *err)
{
	json_t *words, *v;
	size_t i;

	if (set_box(o, l->box, err) ||
	    set_numbers(o, "baseline", l->baseline, 4, err) ||
	    sh_json_set_int(o, "block", l->block, err) ||
	    (words = set_array(o, "words", err)) == NULL)
		return (-1);
	for (i = l->first; i < (size_t)l->first + l->nwords; i++) {
		const struct sh_word *w = &p->words[i];

		if ((v = add_object(words, err)) == NULL ||
		    sh_json_set_str(v, "text", w->text, err) ||
		    set_box(v, w->box, err) ||
		    sh_json_set_int(v, "confidence_e3",
		    llround((double)w->confidence * 1000), err) ||
		    (w->penned && sh_json_set(v, "penned", json_true(), err)))
			return (-1);
	}
	return (0);
}

static int
head_to_json(const struct sh_page *p, json_t *o, struct sh_error *err)
{
	json_t *measures;

	if (sh_json_set_int(o, "form", FORM, err) ||
	    sh_json_set_str(o, "state", state_words[p->state], err) ||
	    sh_json_set_int(o, "width_px", p->width_px, err) ||
	    sh_json_set_int(o, "height_px", p->height_px, err) ||
	    sh_json_set_int(o, "dpi_e2", llround(p->dpi * 100), err) ||
	    sh_json_set_int(o, "dpi_y_e2", llround(p->dpi_y * 100), err) ||
	    sh_json_set(o, "dpi_known", json_boolean(p->dpi_known), err) ||
	    sh_json_set_int(o, "orientation_deg", p->orientation, err) ||
	    sh_json_set_int(o, "skew_deg_e3", llround(p->skew_deg * 1000),
	    err) ||
	    sh_json_set_int(o, "confidence_e3",
	    llround(p->confidence * 1000), err) ||
	    sh_json_set_str(o, "engine", p->engine, err) ||
	    (measures = sh_json_copy(p->measures, 0, err)) == NULL)
		return (-1);
	return (sh_json_set(o, "measures", measures, err));
}

json_t *
sh_page_to_json(const struct sh_page *p, struct sh_error *err)
{
	json_t *o, *a, *v;
	size_t i;

	if ((o = sh_json_new_object(err)) == NULL ||
	    head_to_json(p, o, err) ||
	    (a = set_array(o, "lines", err)) == NULL)
		goto fail;
	for (i = 0; i < p->nlines; i++)
		if ((v = add_object(a, err)) == NULL ||
		    line_to_json(p, &p->lines[i], v, err))
			goto fail;
	if ((a = set_array(o, "marks", err)) == NULL)
		goto fail;
	for (i = 0; i < p->nmarks; i++) {
		const struct sh_mark *m = &p->marks[i];

		if ((v = add_object(a, err)) == NULL ||
		    sh_json_set_str(v, "kind", kind_words[m->kind], err) ||
		    sh_json_set_str(v, "text", m->text, err) ||
		    set_box(v, m->box, err) ||
		    sh_json_set_str(v, "method", m->method, err))
			goto fail;
	}
	return (o);
fail:
	json_decref(o);
	return (NULL);
}

/* Exactly N integers that fit 32 bits; the page checks what they mean. */
static int
get_numbers(const json_t *obj, const char *name, int32_t *out, size_t n,
    struct sh_error *err)
{
	json_t *a;
	size_t i;

	if (sh_json_array(obj, name, 1, n, &a, err))
		return (-1);
	for (i = 0; i < n; i++) {
		const json_t *v = json_array_get(a, i);
		json_int_t k = json_integer_value(v);

		if (!json_is_integer(v) || k < INT32_MIN || k > INT32_MAX)
			return (sh_error_set(err, SH_EFORMAT, "json.member",
			    "\"%s\" must be %zu integers", name, n));
		out[i] = (int32_t)k;
	}
	return (0);
}

static int
get_box(const json_t *obj, struct sh_box *b, struct sh_error *err)
{
	int32_t v[4];

	if (get_numbers(obj, "box", v, 4, err))
		return (-1);
	*b = (struct sh_box){ v[0], v[1], v[2], v[3] };
	return (0);
}

/* The index of the member's word in WORDS. */
static int
get_word(const json_t *obj, const char *name, const char *const *words,
    int n, struct sh_error *err)
{
	const char *s;
	int i;

	if (sh_json_str(obj, name, 1, 32, &s, err))
		return (-1);
	for (i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return (i);
	return (sh_error_set(err, SH_EFORMAT, "json.member",
	    "\"%s\" is \"%s\"", name, s));
}

static int
line_from_json(struct sh_page *p, const json_t *o, struct sh_error *err)
{
	struct sh_box box;
	int32_t baseline[4];
	int64_t block, confidence;
	const char *text;
	json_t *words, *v;
	int penned;
	size_t i;

	if (get_box(o, &box, err) ||
	    get_numbers(o, "baseline", baseline, 4, err) ||
	    sh_json_int(o, "block", 1, 0, SH_PAGE_LINES_MAX - 1, 0, &block,
	    err) ||
	    sh_json_array(o, "words", 1, SH_PAGE_WORDS_MAX, &words, err) ||
	    sh_page_add_line(p, box, baseline, (uint32_t)block, err))
		return (-1);
	json_array_foreach(words, i, v) {
		if (sh_json_str(v, "text", 1, SH_PAGE_WORD_BYTES, &text,
		    err) || get_box(v, &box, err) ||
		    sh_json_int(v, "confidence_e3", 1, 0, 1000, 0,
		    &confidence, err) ||
		    sh_json_bool(v, "penned", 0, &penned, err) ||
		    sh_page_add_word(p, text, box,
		    (double)confidence / 1000, err))
			return (sh_error_context(err, "word %zu", i + 1));
		p->words[p->nwords - 1].penned = penned;
	}
	return (0);
}

static int
mark_from_json(struct sh_page *p, const json_t *o, struct sh_error *err)
{
	const char *text, *method;
	struct sh_box box;
	int kind;

	kind = get_word(o, "kind", kind_words, SH_BARCODE_OTHER + 1, err);
	if (kind < 0 || get_box(o, &box, err) ||
	    sh_json_str(o, "text", 1, SH_PAGE_CODE_BYTES, &text, err) ||
	    sh_json_str(o, "method", 1, SH_PAGE_NAME_BYTES, &method, err))
		return (-1);
	return (sh_page_add_mark(p, (enum sh_barcode)kind, text, box, method,
	    err));
}

static int
head_from_json(struct sh_page *p, const json_t *o, struct sh_error *err)
{
	int64_t form, width, height, dpi, dpi_y, orientation, skew;
	int64_t confidence;
	const char *engine, *name;
	json_t *measures, *v;
	int state;

	if (sh_json_int(o, "form", 1, FORM, FORM, 0, &form, err) ||
	    sh_json_int(o, "width_px", 1, 1, SH_PAGE_SIDE_MAX, 0, &width,
	    err) ||
	    sh_json_int(o, "height_px", 1, 1, SH_PAGE_SIDE_MAX, 0, &height,
	    err) ||
	    sh_json_int(o, "dpi_e2", 1, 0, 1000000, 0, &dpi, err) ||
	    sh_json_int(o, "dpi_y_e2", 1, 0, 1000000, 0, &dpi_y, err) ||
	    sh_json_bool(o, "dpi_known", 0, &p->dpi_known, err) ||
	    sh_json_int(o, "orientation_deg", 1, 0, 270, 0, &orientation,
	    err) ||
	    sh_json_int(o, "skew_deg_e3", 1, -90000, 90000, 0, &skew, err) ||
	    sh_json_int(o, "confidence_e3", 1, 0, 1000, 0, &confidence,
	    err) ||
	    sh_json_str(o, "engine", 1, SH_PAGE_NAME_BYTES, &engine, err) ||
	    sh_page_set_engine(p, engine, err) ||
	    sh_json_object(o, "measures", 1, &measures, err))
		return (-1);
	state = get_word(o, "state", state_words, SH_PAGE_UNREADABLE + 1,
	    err);
	if (state < 0)
		return (-1);
	if (orientation % 90 != 0)
		return (sh_error_set(err, SH_EFORMAT, "json.member",
		    "\"orientation_deg\" is %d", (int)orientation));
	p->state = (enum sh_page_state)state;
	p->width_px = (int32_t)width;
	p->height_px = (int32_t)height;
	p->dpi = (double)dpi / 100;
	p->dpi_y = (double)dpi_y / 100;
	p->orientation = (int)orientation;
	p->skew_deg = (double)skew / 1000;
	p->confidence = (double)confidence / 1000;
	json_object_foreach(measures, name, v) {
		if (!json_is_integer(v) ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		    strlen(name))
			return (sh_error_set(err, SH_EFORMAT, "json.member",
			    "a measure is misnamed or no integer"));
		if (sh_page_set_measure(p, name, json_integer_value(v), err))
			return (-1);
	}
	return (0);
}

int
sh_page_from_json(const json_t *v, struct sh_page **pp, struct sh_error *err)
{
	struct sh_page *p;
	json_t *lines, *marks, *item;
	size_t i;

	*pp = NULL;
	if ((p = sh_page_new(err)) == NULL)
		return (-1);
	if (head_from_json(p, v, err) ||
	    sh_json_array(v, "lines", 1, SH_PAGE_LINES_MAX, &lines, err) ||
	    sh_json_array(v, "marks", 1, SH_PAGE_CODES_MAX, &marks, err))
		goto fail;
	json_array_foreach(lines, i, item)
		if (line_from_json(p, item, err)) {
			(void)sh_error_context(err, "line %zu", i + 1);
			goto fail;
		}
	json_array_foreach(marks, i, item)
		if (mark_from_json(p, item, err)) {
			(void)sh_error_context(err, "mark %zu", i + 1);
			goto fail;
		}
	*pp = p;
	return (0);
fail:
	sh_page_free(p);
	return (sh_error_context(err, "reading"));
}
