/* Values of each kind, read out of the words where they stand. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void
sh_proposal_free(struct sh_proposal *p)
{
	free(p->value);
	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
}

void
sh_find_place(const struct sh_view *v, const struct sh_span *s, size_t from,
    size_t to, struct sh_proposal *p)
{
	double sum = 0, least = 1;
	size_t i, n = 0, len;

	p->page = v->atom[s->atom[from]].page;
	p->box = v->atom[s->atom[from]].box;
	p->first = s->atom[from];
	for (i = from; i < to; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (a->page == p->page)
			p->box = sh_box_union(p->box, a->box);
		len = strlen(a->fold);
		sum += (double)a->confidence * (double)len;
		n += len;
		if ((double)a->confidence < least)
			least = (double)a->confidence;
	}
	/* The worst word decides most of whether all of them are right. */
	p->confidence = n == 0 ? 0 : 0.35 * sum / (double)n + 0.65 * least;
}

/* ---- known values ---- */

/* The longest known value that the span begins with. */
static int
value_known(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	const json_t *value;
	char text[96], want[96];
	size_t i, k, at, len, n, best = 0, best_to = 0, best_at = 0;
	const char *found = NULL;
	struct sh_buf b = SH_BUF_INIT;

	for (at = 0; at < s->n && at < 3 && found == NULL; at++)
		json_array_foreach(def->values, i, value) {
			sh_buf_reset(&b);
			if (sh_text_fold(json_string_value(value),
			    json_string_length(value), &b, f->err)) {
				sh_buf_free(&b);
				return (-1);
			}
			for (n = k = 0; k < b.len && n + 1 < sizeof(want);
			    k++)
				if (b.data[k] != ' ')
					want[n++] = (char)b.data[k];
			for (len = 0, k = at; k < s->n; k++) {
				const char *fold = v->atom[s->atom[k]].fold;
				size_t m = strlen(fold);

				if (len + m >= sizeof(text))
					break;
				memcpy(text + len, fold, m);
				len += m;
				if (len + 1 < n)
					continue;
				if (n > best && sh_edit_distance(text, len,
				    want, n, n > 5) <= (n > 5)) {
					best = n;
					best_to = k + 1;
					best_at = at;
					found = json_string_value(value);
				}
				if (len > n)
					break;
			}
		}
	sh_buf_free(&b);
	if (found == NULL)
		return (0);
	if ((p->value = sh_strdup(found, f->err)) == NULL)
		return (-1);
	sh_find_place(v, s, best_at, best_to, p);
	/* One of few: a weak reading that names it is still it. */
	p->confidence = 0.5 + 0.5 * p->confidence;
	return (1);
}

/* ---- all kinds ---- */

/* A correction's marks are what it is about: "exact" in one of its rules. */
static int
is_exact(const struct sh_field_def *def)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(def->find, i, rule)
		if (json_is_true(json_object_get(rule, "exact")))
			return (1);
	return (0);
}

int
sh_find_value(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, int organisation,
    struct sh_proposal *p)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
	if (s->n == 0)
		return (0);
	if (pattern != NULL)
		return (sh_value_pattern(f, def, s, pattern, p));
	switch (def->kind) {
	case SH_FIELD_NAME:
		return (organisation ? sh_value_organisation(f, s, p) :
		    sh_value_name(f, s, p));
	case SH_FIELD_ID:
		return (sh_value_id(f, s, p));
	case SH_FIELD_NUMBER:
		return (sh_value_number(f, s, p));
	case SH_FIELD_DATE:
		return (sh_value_date(f, s, p));
	case SH_FIELD_MONEY:
		return (sh_value_money(f, s, p));
	case SH_FIELD_AREA:
		return (sh_value_area(f, s, p));
	case SH_FIELD_ENUM:
		if (def->values == NULL)
			return (sh_value_text(f, s, 1, SH_MEND_USUAL, p));
		r = value_known(f, def, s, p);
		/* A value outside the list: short, in capitals. */
		if (r == 0 && json_array_size(def->values) > 6) {
			struct sh_span few = *s;

			few.n = few.n > 3 ? 3 : few.n;
			if (f->v.atom[few.atom[0]].flags & SH_ATOM_CAPITAL &&
			    (r = sh_value_text(f, &few, 1, SH_MEND_USUAL, p)) == 1)
				p->confidence *= 0.5;
		}
		return (r);
	case SH_FIELD_TEXT:
		return (sh_value_text(f, s, 1, is_exact(def) ? SH_MEND_NOT :
		    SH_MEND_USUAL, p));
	case SH_FIELD_PLACE:
		return (sh_value_place(f, s, p));
	case SH_FIELD_MRZ:
	case SH_FIELD_QR:
		return (0);
	}
	return (0);
}
