/* sohoa bench: how well papers are read, against papers of known truth. */
#include "pipeline/cmd/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/measure.h"

#define LINE_MAX_BYTES	((size_t)64 << 20)

static int
add_file(struct sh_measure *m, const struct sh_catalogue *c,
    const char *path, struct sh_error *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, n = 0;
	ssize_t len;
	json_t *v;
	int rc = -1;

	if (in == NULL)
		return (sh_error_sys(err, "file.read", "%s", path));
	while ((len = getline(&line, &cap, in)) > 0) {
		n++;
		v = sh_json_parse(line, (size_t)len, LINE_MAX_BYTES, err);
		rc = v == NULL ? -1 : sh_measure_paper(m, c, v, err);
		json_decref(v);
		if (rc != 0) {
			(void)sh_error_context(err, "%s: line %zu", path, n);
			goto out;
		}
	}
	rc = 0;
out:
	free(line);
	if (in != stdin)
		(void)fclose(in);
	return (rc);
}

static json_t *
rate(size_t right, size_t n)
{
	double lo, hi;

	sh_measure_interval(right, n, &lo, &hi);
	return (json_pack("{s:I,s:I,s:f,s:f,s:f}", "n", (json_int_t)n,
	    "right", (json_int_t)right, "rate", n == 0 ? 1 : (double)right /
	    (double)n, "low", lo, "high", hi));
}

static json_t *
bins(const struct sh_bin *bin)
{
	json_t *a = json_array(), *v;
	size_t i;

	for (i = 0; i < SH_MEASURE_BINS; i++) {
		if (bin[i].n == 0)
			continue;
		v = rate(bin[i].right, bin[i].n);
		(void)json_object_set_new(v, "said", json_real(bin[i].said /
		    (double)bin[i].n));
		(void)json_array_append_new(a, v);
	}
	return (a);
}

static json_t *
answer(const struct sh_measure *m)
{
	struct sh_bin all[SH_MEASURE_BINS];
	json_t *kinds = json_object(), *v;
	size_t k;

	for (k = 0; k < SH_FIELD_KINDS; k++) {
		const struct sh_tally *t = &m->kind[k];

		if (t->truth + t->invented == 0)
			continue;
		v = rate(t->exact, t->truth);
		(void)json_object_update_missing_new(v, json_pack(
		    "{s:I,s:I,s:I,s:f,s:o}", "folded", (json_int_t)t->folded,
		    "missing", (json_int_t)t->missing, "invented",
		    (json_int_t)t->invented, "ece", sh_measure_ece(t->bin),
		    "reliability", bins(t->bin)));
		(void)json_object_set_new(kinds, sh_field_kind_name(
		    (enum sh_field_kind)k), v);
	}
	sh_measure_all(m, all);
	return (json_pack("{s:I,s:o,s:o,s:f,s:o,s:o,s:f,s:o}", "papers",
	    (json_int_t)m->papers, "types", rate(m->type_right, m->known),
	    "unknown", rate(m->foreign_right, m->foreign), "types_ece",
	    sh_measure_ece(m->type_bin), "types_reliability",
	    bins(m->type_bin), "fields", kinds, "fields_ece",
	    sh_measure_ece(all), "fields_reliability", bins(all)));
}

static double
num(const json_t *v, const char *name)
{
	return (json_number_value(json_object_get(v, name)));
}

static void
print_rate(const char *name, const json_t *v)
{
	(void)printf("%-10s %7.0f %8.2f  %6.2f-%6.2f", name, num(v, "n"),
	    100 * num(v, "rate"), 100 * num(v, "low"), 100 * num(v, "high"));
}

static void
print_bins(const json_t *a)
{
	const json_t *v;
	size_t i;

	json_array_foreach(a, i, v)
		(void)printf("  said %.3f  right %.3f (%.3f-%.3f)  n %.0f\n",
		    num(v, "said"), num(v, "rate"), num(v, "low"),
		    num(v, "high"), num(v, "n"));
}

static void
print_answer(const json_t *v)
{
	const char *kind;
	json_t *k;

	(void)printf("%-10s %7s %8s  %13s %7s %7s %8s %6s\n", "", "n",
	    "exact %", "95 %", "folded", "missing", "invented", "ECE");
	print_rate("type", json_object_get(v, "types"));
	(void)printf(" %32.4f\n", num(v, "types_ece"));
	print_rate("unknown", json_object_get(v, "unknown"));
	(void)fputc('\n', stdout);
	json_object_foreach(json_object_get(v, "fields"), kind, k) {
		print_rate(kind, k);
		(void)printf(" %7.0f %7.0f %8.0f %6.4f\n", num(k, "folded"),
		    num(k, "missing"), num(k, "invented"), num(k, "ece"));
	}
	(void)printf("\nreliability of fields, ECE %.4f\n",
	    num(v, "fields_ece"));
	print_bins(json_object_get(v, "fields_reliability"));
	(void)printf("reliability of types, ECE %.4f\n", num(v,
	    "types_ece"));
	print_bins(json_object_get(v, "types_reliability"));
}

int
sh_cmd_bench(struct sh_args *a, struct sh_error *err)
{
	const char *values = sh_args_get(a, "values");
	struct sh_measure m = { .papers = 0 };
	struct sh_catalogue *c = NULL;
	json_t *v = NULL;
	int i, rc = -1;

	if (strcmp(a->operands[0], "reading") != 0)
		return (sh_args_usage(a, "only \"reading\" can be measured"));
	m.errors = sh_args_get(a, "errors") != NULL ? stderr : NULL;
	if (values != NULL && (m.values = fopen(values, "we")) == NULL) {
		(void)sh_error_sys(err, "file.read", "%s", values);
		goto out;
	}
	if (sh_catalogue_load(sh_args_get(a, "catalogue"), &c, err))
		goto out;
	for (i = 1; i < a->noperands; i++)
		if (add_file(&m, c, a->operands[i], err))
			goto out;
	if ((v = answer(&m)) == NULL) {
		(void)sh_error_nomem(err, "figures");
		goto out;
	}
	if (a->json) {
		rc = sh_print_json(v, err);
		v = NULL;
	} else {
		print_answer(v);
		rc = EX_OK;
	}
out:
	json_decref(v);
	sh_catalogue_free(c);
	if (m.values != NULL)
		(void)fclose(m.values);
	return (rc);
}
