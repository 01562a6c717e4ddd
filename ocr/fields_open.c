/* A document opened: the catalogue's wordings, the rows that are its own. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TESTIMONY_ROWS	16	/* of a certification on its own sheet */

static int
add_phrases(struct sh_find *f, struct sh_phrases *p, const json_t *list)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (sh_phrases_add(p, json_string_value(s), f->err) < 0)
			return (-1);
	return (0);
}

/* Wordings of one list mean the same: the first list that has one. */
static int
set_groups(struct sh_find *f, const json_t *list, uint32_t group)
{
	const json_t *s;
	size_t i, had = f->capgroup;
	int k;

	if (sh_grow(&f->group, &f->capgroup, f->labels.n, sizeof(*f->group),
	    "labels", f->err))
		return (-1);
	if (f->capgroup > had)
		memset(f->group + had, 0, (f->capgroup - had) *
		    sizeof(*f->group));
	json_array_foreach(list, i, s) {
		k = sh_phrases_add(&f->labels, json_string_value(s), f->err);
		if (k < 0)
			return (-1);
		if (f->group[k] == 0)
			f->group[k] = group;
	}
	return (0);
}

static int
load_labels(struct sh_find *f)
{
	const json_t *rule;
	const char *key;
	uint32_t group = 0;
	json_t *v;
	size_t i, k;

	json_object_foreach(json_object_get(f->shared, "labels"), key, v) {
		if (add_phrases(f, &f->labels, v) ||
		    set_groups(f, v, ++group))
			return (-1);
	}
	for (i = 0; i < f->type->nfields; i++)
		json_array_foreach(f->type->fields[i].find, k, rule) {
			v = json_object_get(rule, "text");
			if (add_phrases(f, &f->labels, v) ||
			    set_groups(f, v, ++group))
				return (-1);
		}
	return (0);
}

int
sh_find_want(struct sh_find *f, const char *name, uint8_t *want)
{
	const json_t *s;
	size_t i;
	int k;

	json_array_foreach(json_object_get(json_object_get(f->shared,
	    "labels"), name), i, s) {
		k = sh_phrases_add(&f->labels, json_string_value(s), f->err);
		if (k < 0)
			return (-1);
		want[k] = 1;
	}
	return (0);
}

static int
in_list(const json_t *list, const char *name)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (strcmp(json_string_value(s), name) == 0)
			return (1);
	return (0);
}

/*
 * Words behind labels of all contexts, so that "Họ tên mẹ" is never the
 * main person's; headings only of the type's own.
 */
static int
load_contexts(struct sh_find *f)
{
	const json_t *list, *s;
	const char *key;
	json_t *v;
	size_t i, n = 0;
	int k;

	json_object_foreach(json_object_get(f->shared, "contexts"), key, v) {
		if (n == SH_CONTEXTS_MAX)
			break;
		f->context_name[n++] = key;
		if (add_phrases(f, &f->ofs, json_object_get(v, "of")) ||
		    add_phrases(f, &f->heads, json_object_get(v, "heads")))
			return (-1);
	}
	f->ncontexts = n;
	f->of_context = sh_alloc(f->ofs.n, sizeof(*f->of_context),
	    "contexts", f->err);
	f->head_contexts = sh_alloc(f->heads.n, sizeof(*f->head_contexts),
	    "contexts", f->err);
	if (f->of_context == NULL || f->head_contexts == NULL)
		return (-1);
	for (i = 0; i < f->ofs.n; i++)
		f->of_context[i] = -1;
	for (n = 0; n < f->ncontexts; n++) {
		int own = in_list(f->type->contexts, f->context_name[n]);

		v = json_object_get(json_object_get(f->shared, "contexts"),
		    f->context_name[n]);
		if (own)
			f->own_contexts |= 1ULL << n;
		if (json_is_true(json_object_get(v, "line")))
			f->line_contexts |= 1ULL << n;
		list = json_object_get(v, "of");
		json_array_foreach(list, i, s) {
			k = sh_phrases_add(&f->ofs, json_string_value(s),
			    f->err);
			if (k < 0)
				return (-1);
			/* The type's own meaning of a word comes first. */
			if (f->of_context[k] < 0 || own)
				f->of_context[k] = (int)n;
		}
		list = json_object_get(v, "heads");
		json_array_foreach(list, i, s) {
			k = sh_phrases_add(&f->heads, json_string_value(s),
			    f->err);
			if (k < 0)
				return (-1);
			if (own)
				f->head_contexts[k] |= 1ULL << n;
		}
	}
	return (0);
}

int
sh_find_context(const struct sh_find *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->ncontexts; i++)
		if (strcmp(f->context_name[i], name) == 0)
			return ((int)i);
	return (-1);
}

uint64_t
sh_find_of(const struct sh_find *f, const json_t *of)
{
	size_t i, n = json_is_array(of) ? json_array_size(of) : 1;
	uint64_t mask = 0;
	int k;

	if (of == NULL)
		return (SH_OF_SELF);
	for (i = 0; i < n; i++) {
		const char *s = json_string_value(json_is_array(of) ?
		    json_array_get(of, i) : of);

		if (strcmp(s, "self") == 0)
			mask |= SH_OF_SELF;
		else if (strcmp(s, "any") == 0)
			mask |= SH_OF_ANY;
		else if ((k = sh_find_context(f, s)) >= 0)
			mask |= 1ULL << k;
	}
	return (mask);
}

int
sh_find_testimony(const struct sh_view *v, uint32_t row)
{
	const struct sh_seg *s = &v->seg[v->row[row].first];

	return (s->n >= 3 && sh_view_is_upper(v, v->row[row].first) &&
	    strcmp(v->atom[s->first].fold, "loi") == 0 &&
	    strcmp(v->atom[s->first + 1].fold, "chung") == 0);
}

/* What certifies the copy is not the paper's own. */
static int
cut_certification(struct sh_find *f, int certified_copy)
{
	const struct sh_view *v = &f->v;
	uint32_t page, row, end, first;

	f->row_out = sh_alloc(v->nrows, 1, "rows", f->err);
	f->out_from = SH_NONE;
	if (f->row_out == NULL)
		return (-1);
	for (page = 0; certified_copy && page < v->npages; page++) {
		row = sh_heading_certification(v, page);
		end = sh_view_page_end(v, page);
		if (row == SH_NONE)
			continue;
		first = page == 0 ? 0 : sh_view_page_end(v, page - 1);
		/* "LỜI CHỨNG CỦA …" stands above it. */
		if (row > first && sh_find_testimony(v, row - 1))
			row--;
		if (f->out_from == SH_NONE)
			f->out_from = row;
		/*
		 * A stamp at the head of the page is only its few lines; on
		 * a sheet of its own it is all there is.
		 */
		if (row < first + (end - row) / 2 && !(page > 0 && row <
		    first + 3 && end - row <= TESTIMONY_ROWS))
			end = row + 6 < end ? row + 6 : end;
		for (; row < end; row++)
			f->row_out[row] = 1;
	}
	return (0);
}

/* The first block of capitals below the head that is large or centred. */
static void
find_title_rows(struct sh_find *f)
{
	struct sh_title_block b[4];
	size_t n, i;

	sh_heading_titles(&f->v, &f->head, b, SH_COUNT(b), &n);
	for (i = 0; i < n; i++) {
		if (b[i].ordinal != 0 || !b[i].centred)
			continue;
		f->title = f->v.seg[b[i].seg[0]].row;
		f->title_end = f->v.seg[b[i].seg[b[i].nsegs - 1]].row + 1;
		return;
	}
}

int
sh_find_open(struct sh_find *f, const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_page *const *pages,
    size_t npages, int certified_copy, struct sh_error *err)
{
	memset(f, 0, sizeof(*f));
	f->labels.exact_below = 8;
	f->heads.exact_below = 9;
	f->ofs.exact_below = 7;
	f->c = c;
	f->type = type;
	f->shared = sh_catalogue_shared(c);
	f->err = err;
	if ((f->spelling = sh_spelling_new(c, err)) == NULL ||
	    (f->calibration = sh_calibration_new(err)) == NULL ||
	    sh_view_build(&f->v, pages, npages, err))
		goto fail;
	sh_heading_find(&f->v, 0, &f->head);
	find_title_rows(f);
	if (cut_certification(f, certified_copy) || load_labels(f) ||
	    load_contexts(f) || sh_find_labels(f) || sh_find_contexts(f))
		goto fail;
	return (0);
fail:
	sh_find_close(f);
	return (-1);
}

void
sh_find_close(struct sh_find *f)
{
	sh_view_free(&f->v);
	sh_spelling_free(f->spelling);
	sh_calibration_free(f->calibration);
	sh_phrases_free(&f->labels);
	sh_phrases_free(&f->ofs);
	sh_phrases_free(&f->heads);
	free(f->row_out);
	free(f->of_context);
	free(f->head_contexts);
	free(f->occ);
	free(f->occ_at);
	free(f->group);
	free(f->opener);
	free(f->columns);
	memset(f, 0, sizeof(*f));
}
