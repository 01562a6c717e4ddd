/*
 * Makes the model of papers (ocr/linear.h) from papers of known type:
 *
 *	sample texts -n N --readings | train [-n NUMBER] OUT
 *
 * Each paper of the lines counts four times: whole, without its titles, its
 * upper half, its lower half; what the catalogue itself says of each type
 * counts as papers too.  One machine a type against all others
 * (L2-regularised, squared hinge loss, the dual solver: plain arithmetic and
 * a repeatable order, so that the same lines give the same bytes), its
 * weights in steps of 1/127 of the largest.  -n: only the first NUMBER types.
 */
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/grams.h"
#include "ocr/page.h"
#include "schemas/catalogue.h"

#define PAGES_MAX	16
#define LINE_MAX_BYTES	((size_t)64 << 20)
#define COST		0.5
#define PRECISION	0.1
#define WORDS_MAX	64

struct lesson {
	struct feature_node **x;
	double *y;
	size_t n, capx, capy;
};

static struct sh_error err = SH_ERROR_INIT;

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "train: %s: [%s] %s\n", what, err.key,
	    err.text);
	exit(70);
}

static int
by_bucket(const void *a, const void *b)
{
	const struct sh_gram *p = a, *q = b;

	return ((p->bucket > q->bucket) - (p->bucket < q->bucket));
}

/* One example of class LABEL; the grams are used up. */
static void
teach(struct lesson *l, struct sh_grams *g, double label)
{
	struct feature_node *x;
	double value = 1 / sqrt((double)g->n + 1);
	size_t i;

	qsort(g->gram, g->n, sizeof(*g->gram), by_bucket);
	x = sh_alloc(g->n + 2, sizeof(*x), "an example", &err);
	check(x == NULL || sh_grow(&l->x, &l->capx, l->n + 1, sizeof(*l->x),
	    "examples", &err) || sh_grow(&l->y, &l->capy, l->n + 1,
	    sizeof(*l->y), "examples", &err), "memory");
	for (i = 0; i < g->n; i++)
		x[i] = (struct feature_node){ (int)g->gram[i].bucket + 1,
		    value };
	/* The bias is a wording that every paper has. */
	x[i++] = (struct feature_node){ SH_GRAM_BUCKETS + 1, 1 };
	x[i].index = -1;
	l->x[l->n] = x;
	l->y[l->n++] = label;
	sh_grams_free(g);
}

static void
teach_part(struct lesson *l, const struct sh_view *v, double label,
    uint32_t first, uint32_t end, int no_capitals)
{
	struct sh_gram_part part = { first, end, no_capitals };
	struct sh_grams g = { .n = 0 };
	struct sh_heading h;

	sh_heading_find(v, 0, &h);
	check(sh_grams_view(&g, v, &h, &part, &err), "a paper");
	teach(l, &g, label);
}

static void
teach_paper(struct lesson *l, const json_t *sides, double label)
{
	struct sh_page *page[PAGES_MAX];
	size_t i, n = json_array_size(sides);
	struct sh_view v = { .nrows = 0 };
	uint32_t rows;

	n = n > PAGES_MAX ? PAGES_MAX : n;
	for (i = 0; i < n; i++)
		check(sh_page_from_json(json_array_get(sides, i), &page[i],
		    &err), "a page");
	check(sh_view_build(&v, (const struct sh_page *const *)page, n,
	    &err), "a paper");
	rows = (uint32_t)v.nrows;
	teach_part(l, &v, label, 0, rows, 0);
	teach_part(l, &v, label, 0, rows, 1);
	teach_part(l, &v, label, 0, rows / 2, 0);
	teach_part(l, &v, label, rows / 2, rows, 0);
	sh_view_free(&v);
	for (i = 0; i < n; i++)
		sh_page_free(page[i]);
}

/* One of the catalogue's wordings as a line. */
static void
add_text(struct sh_grams *g, const char *text)
{
	char *fold, *rest, *word;
	const char *words[WORDS_MAX];
	size_t n = 0;

	if (text == NULL)
		return;
	fold = sh_text_fold_dup(text, &err);
	check(fold == NULL ? -1 : 0, "a wording");
	for (rest = fold; (word = strsep(&rest, " ")) != NULL &&
	    n < WORDS_MAX;)
		words[n++] = word;
	check(sh_grams_add(g, words, n, &err), "a wording");
	free(fold);
}

static void
add_list(struct sh_grams *g, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		add_text(g, json_string_value(json_is_array(v) ?
		    json_array_get(v, 0) : v));
}

/* What the catalogue says of a type: with its titles, and without. */
static void
teach_type(struct lesson *l, const struct sh_paper_type *t, double label)
{
	struct sh_grams g = { .n = 0 };
	size_t i;
	int titled;

	for (titled = 1; titled >= 0; titled--) {
		if (titled) {
			add_list(&g, json_object_get(t->recognise, "titles"));
			add_list(&g, json_object_get(t->recognise, "soft"));
		}
		add_list(&g, json_object_get(t->recognise, "words"));
		for (i = 0; i < t->nfields; i++)
			add_text(&g, t->fields[i].label);
		teach(l, &g, label);
	}
}

/* The titles of papers outside the catalogue, as one paper each. */
static void
teach_others(struct lesson *l, const struct sh_catalogue *c, double label)
{
	struct sh_grams g = { .n = 0 };
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(sh_catalogue_shared(c), "others"),
	    i, v) {
		add_text(&g, json_string_value(json_is_array(v) ?
		    json_array_get(v, 0) : v));
		teach(l, &g, label);
	}
}

static size_t
type_index(const struct sh_catalogue *c, const char *slug)
{
	const struct sh_paper_type *t = sh_catalogue_type(c, slug);

	return (t == NULL ? sh_catalogue_ntypes(c) : t->index);
}

static void
read_lines(struct lesson *l, const struct sh_catalogue *c, size_t limit)
{
	char *line = NULL;
	size_t cap = 0, type;
	ssize_t len;
	json_t *v;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		v = sh_json_parse(line, (size_t)len, LINE_MAX_BYTES, &err);
		check(v == NULL ? -1 : 0, "a line");
		type = type_index(c, json_string_value(json_object_get(v,
		    "type")));
		if (type < limit || type == sh_catalogue_ntypes(c))
			teach_paper(l, json_object_get(v, "sides"),
			    (double)type);
		json_decref(v);
	}
	free(line);
}

/* The class of the trained model that is LABEL, or -1. */
static int
class_of(const struct model *m, size_t label)
{
	int i;

	for (i = 0; i < m->nr_class; i++)
		if (m->label[i] == (int)label)
			return (i);
	return (-1);
}

static void
write_model(const struct model *m, const struct sh_catalogue *c,
    size_t ntypes, const char *path)
{
	struct sh_buf out = SH_BUF_INIT;
	uint8_t *weight;
	double most, w;
	size_t i, k;
	int class;

	check(sh_buf_printf(&out, &err, "sohoa-papers 1\nbuckets %u\n"
	    "types %zu\n", SH_GRAM_BUCKETS, ntypes), path);
	weight = sh_alloc(ntypes * SH_GRAM_BUCKETS, 1, "weights", &err);
	check(weight == NULL ? -1 : 0, path);
	for (i = 0; i < ntypes; i++) {
		class = class_of(m, i);
		check(class < 0 ? sh_error_set(&err, SH_EARG, "train",
		    "no paper is a %s", sh_catalogue_type_at(c, i)->slug) :
		    0, path);
		for (most = 0, k = 0; k < SH_GRAM_BUCKETS; k++)
			most = fmax(most, fabs(m->w[k * (size_t)m->nr_class +
			    (size_t)class]));
		for (k = 0; k < SH_GRAM_BUCKETS; k++) {
			w = m->w[k * (size_t)m->nr_class + (size_t)class];
			weight[k * ntypes + i] = (uint8_t)(int8_t)lround(w /
			    most * 127);
		}
		w = m->w[SH_GRAM_BUCKETS * (size_t)m->nr_class +
		    (size_t)class];
		check(sh_buf_printf(&out, &err, "%s %ld %ld\n",
		    sh_catalogue_type_at(c, i)->slug, lround(w * 1e3),
		    lround(most / 127 * 1e9)), path);
	}
	check(sh_buf_append(&out, weight, ntypes * SH_GRAM_BUCKETS, &err) ||
	    sh_fs_replace(path, out.data, out.len, 0644, &err), path);
	free(weight);
	sh_buf_free(&out);
}

static void
say_nothing(const char *text)
{
	(void)text;
}

int
main(int argc, char **argv)
{
	struct parameter how = { .solver_type = L2R_L2LOSS_SVC_DUAL,
	    .eps = PRECISION, .C = COST };
	struct lesson l = { .n = 0 };
	struct sh_catalogue *c;
	struct problem p;
	struct model *m;
	size_t i, n = SIZE_MAX;
	int opt;

	while ((opt = getopt(argc, argv, "n:")) != -1)
		if (opt == 'n')
			n = strtoul(optarg, NULL, 10);
	if (optind + 1 != argc) {
		(void)fprintf(stderr, "usage: train [-n NUMBER] OUT\n");
		return (64);
	}
	check(sh_catalogue_load(NULL, &c, &err), "the catalogue");
	n = n < sh_catalogue_ntypes(c) ? n : sh_catalogue_ntypes(c);
	read_lines(&l, c, n);
	for (i = 0; i < n; i++)
		teach_type(&l, sh_catalogue_type_at(c, i), (double)i);
	teach_others(&l, c, (double)sh_catalogue_ntypes(c));
	p = (struct problem){ .l = (int)l.n, .n = SH_GRAM_BUCKETS + 1,
	    .y = l.y, .x = l.x, .bias = -1 };
	set_print_string_function(say_nothing);
	srand(1);
	m = train(&p, &how);
	write_model(m, c, n, argv[optind]);
	free_and_destroy_model(&m);
	for (i = 0; i < l.n; i++)
		free(l.x[i]);
	free(l.x);
	free(l.y);
	sh_catalogue_free(c);
	return (0);
}
