#include "ocr/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/classify.h"
#include "ocr/fields.h"

#define PAGES_MAX	64

const char *
sh_field_kind_name(enum sh_field_kind kind)
{
	static const char *const names[] = { "text", "name", "id", "number",
	    "date", "money", "area", "place", "enum", "mrz", "qr" };

	return (names[kind]);
}

void
sh_measure_interval(size_t right, size_t n, double *lo, double *hi)
{
	const double z = 1.959964;
	double p, centre, half, d;

	*lo = 0;
	*hi = 1;
	if (n == 0)
		return;
	p = (double)right / (double)n;
	d = 1 + z * z / (double)n;
	centre = (p + z * z / (2 * (double)n)) / d;
	half = z * sqrt(p * (1 - p) / (double)n + z * z / (4.0 * (double)n *
	    (double)n)) / d;
	*lo = fmax(0, centre - half);
	*hi = fmin(1, centre + half);
}

double
sh_measure_ece(const struct sh_bin bin[SH_MEASURE_BINS])
{
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < SH_MEASURE_BINS; i++) {
		sum += fabs(bin[i].said - (double)bin[i].right);
		n += bin[i].n;
	}
	return (n == 0 ? 0 : sum / (double)n);
}

void
sh_measure_all(const struct sh_measure *m, struct sh_bin bin[SH_MEASURE_BINS])
{
	size_t k, i;

	memset(bin, 0, SH_MEASURE_BINS * sizeof(*bin));
	for (k = 0; k < SH_FIELD_KINDS; k++)
		for (i = 0; i < SH_MEASURE_BINS; i++) {
			bin[i].said += m->kind[k].bin[i].said;
			bin[i].n += m->kind[k].bin[i].n;
			bin[i].right += m->kind[k].bin[i].right;
		}
}

static void
add_bin(struct sh_bin *bin, double said, int right)
{
	int i = (int)(said * SH_MEASURE_BINS);

	i = i < 0 ? 0 : i >= SH_MEASURE_BINS ? SH_MEASURE_BINS - 1 : i;
	bin[i].said += said;
	bin[i].n++;
	bin[i].right += (size_t)(right != 0);
}

/* The form in which values are compared. */
static char *
normal(const char *s, enum sh_field_kind kind, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT, low = SH_BUF_INIT;
	char *out = NULL;
	size_t i, n = 0;

	if (sh_text_clean(s, strlen(s), &b, err) || sh_text_lower(b.data,
	    b.len, &low, err) || sh_buf_puts(&low, "", err))
		goto out;
	for (i = 0; i < low.len; i++) {
		char ch = (char)low.data[i];

		if (kind == SH_FIELD_MONEY ? ch < '0' || ch > '9' :
		    ch == ' ' && (kind == SH_FIELD_ID || kind ==
		    SH_FIELD_NUMBER || kind == SH_FIELD_MRZ))
			continue;
		if (kind == SH_FIELD_MRZ && ch == '\n')
			continue;
		low.data[n++] = (uint8_t)ch;
	}
	while (n > 0 && (kind == SH_FIELD_TEXT || kind == SH_FIELD_PLACE ||
	    kind == SH_FIELD_AREA) && strchr(".,; ", low.data[n - 1]) != NULL)
		n--;
	out = sh_strndup((const char *)low.data, n, err);
out:
	sh_buf_free(&b);
	sh_buf_free(&low);
	return (out);
}

/* 2 the same, 1 but for marks, 0 another, -1. */
static int
compare(const char *want, const char *got, enum sh_field_kind kind,
    struct sh_error *err)
{
	char *a = normal(want, kind, err), *b = normal(got, kind, err);
	char *fa = NULL, *fb = NULL;
	int r = -1;

	if (a == NULL || b == NULL)
		goto out;
	r = 2;
	if (strcmp(a, b) == 0)
		goto out;
	r = -1;
	if ((fa = sh_text_fold_dup(a, err)) == NULL ||
	    (fb = sh_text_fold_dup(b, err)) == NULL)
		goto out;
	r = strcmp(fa, fb) == 0;
out:
	free(a);
	free(b);
	free(fa);
	free(fb);
	return (r);
}

static void
note_value(const struct sh_measure *m, const char *form, const char *slug,
    const struct sh_field *f, int right)
{
	if (m->values != NULL)
		(void)fprintf(m->values, "%s\t%s\t%s\t%s\t%s\t%s\t%.4f\t%d\n",
		    form, slug, f->def->name, sh_field_kind_name(f->def->kind),
		    f->method, f->doubt == NULL ? "-" : f->doubt,
		    f->confidence, right);
}

/* One true value against what was found. */
static int
weigh(struct sh_measure *m, const char *form, const struct sh_paper_type *type,
    const char *name, const char *want, const struct sh_fields *found,
    struct sh_error *err)
{
	const struct sh_field_def *def = type == NULL ? NULL :
	    sh_paper_type_field(type, name);
	const struct sh_field *f = sh_fields_get(found, name);
	struct sh_tally *t = &m->kind[def == NULL ? SH_FIELD_TEXT :
	    def->kind];
	int r;

	t->truth++;
	if (f == NULL) {
		t->missing++;
		if (m->errors != NULL)
			(void)fprintf(m->errors, "%s\t%s\tmissing\t%s\n", form,
			    name, want);
		return (0);
	}
	if ((r = compare(want, f->value, def->kind, err)) < 0)
		return (-1);
	t->exact += (size_t)(r == 2);
	t->folded += (size_t)(r > 0);
	add_bin(t->bin, f->confidence, r == 2);
	note_value(m, form, type->slug, f, r == 2);
	if (r != 2 && m->errors != NULL)
		(void)fprintf(m->errors, "%s\t%s\twrong %.2f %s\t%s\t%s\n",
		    form, name, f->confidence, f->method, want, f->value);
	return (0);
}

static int
weigh_fields(struct sh_measure *m, const char *form,
    const struct sh_paper_type *type, const json_t *want,
    const struct sh_paper_type *is, const struct sh_fields *found,
    struct sh_error *err)
{
	const char *name;
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)want, name, v)
		if (json_is_string(v) && weigh(m, form, is, name,
		    json_string_value(v), found, err))
			return (-1);
	for (i = 0; i < found->n; i++) {
		const struct sh_field *f = &found->field[i];

		if (json_object_get(want, f->def->name) != NULL)
			continue;
		m->kind[f->def->kind].invented++;
		add_bin(m->kind[f->def->kind].bin, f->confidence, 0);
		note_value(m, form, type->slug, f, 0);
		if (m->errors != NULL)
			(void)fprintf(m->errors, "%s\t%s\tinvented %.2f %s\t"
			    "\t%s\n", form, f->def->name, f->confidence,
			    f->method, f->value);
	}
	return (0);
}

static void
weigh_type(struct sh_measure *m, const char *form,
    const struct sh_paper_type *is, const struct sh_guess *g)
{
	int right = g->type == is;

	m->papers++;
	*(is == NULL ? &m->foreign : &m->known) += 1;
	*(is == NULL ? &m->foreign_right : &m->type_right) += (size_t)right;
	add_bin(m->type_bin, g->confidence, right);
	if (!right && m->errors != NULL)
		(void)fprintf(m->errors, "%s\ttype\t%.2f\t%s\t%s\n", form,
		    g->confidence, is == NULL ? "unknown" : is->slug,
		    g->type == NULL ? "unknown" : g->type->slug);
}

int
sh_measure_paper(struct sh_measure *m, const struct sh_catalogue *c,
    const json_t *truth, struct sh_error *err)
{
	struct sh_page *page[PAGES_MAX] = { NULL };
	const struct sh_page *const *pages =
	    (const struct sh_page *const *)page;
	const struct sh_procedure *p = NULL;
	const struct sh_paper_type *is;
	const char *slug, *form, *code;
	struct sh_guess g = { NULL };
	struct sh_fields f = { NULL };
	json_t *sides, *fields;
	size_t i, n;
	int rc = -1;

	if (sh_json_str(truth, "type", 1, 100, &slug, err) ||
	    sh_json_str(truth, "form", 0, 200, &form, err) ||
	    sh_json_str(truth, "procedure", 0, 100, &code, err) ||
	    sh_json_object(truth, "fields", 1, &fields, err) ||
	    sh_json_array(truth, "sides", 1, PAGES_MAX, &sides, err))
		return (-1);
	form = form == NULL ? slug : form;
	if (code != NULL)
		p = sh_catalogue_procedure(c, code);
	is = sh_catalogue_type(c, slug);
	for (i = 0, n = json_array_size(sides); i < n; i++)
		if (sh_page_from_json(json_array_get(sides, i), &page[i], err))
			goto out;
	if (sh_classify(c, pages, n, p, &g, err))
		goto out;
	weigh_type(m, form, is, &g);
	if (g.type != NULL && sh_fields_extract(c, g.type, pages, n,
	    g.certified_copy, &f, err))
		goto out;
	if (is != NULL && weigh_fields(m, form, g.type != NULL ? g.type : is,
	    fields, g.type, &f, err))
		goto out;
	rc = 0;
out:
	sh_fields_clear(&f);
	sh_guess_clear(&g);
	for (i = 0; i < PAGES_MAX; i++)
		sh_page_free(page[i]);
	return (rc);
}
