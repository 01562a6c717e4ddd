#include "ocr/linear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/mem.h"

SH_EMBED(sh_papers_model, "ocr/data/papers.model");

#define TYPES_MAX	1000

/* One type of the model. */
struct row {
	size_t type;		/* of the catalogue; SIZE_MAX: not there */
	double bias, scale;
};

struct sh_linear {
	size_t ntypes;		/* of the catalogue */
	size_t nrows;
	struct row *row;
	const int8_t *weight;	/* by bucket, then by row */
};

void
sh_linear_free(struct sh_linear *m)
{
	if (m == NULL)
		return;
	free(m->row);
	free(m);
}

static size_t
type_index(const struct sh_catalogue *c, const char *slug)
{
	size_t i;

	for (i = 0; i < sh_catalogue_ntypes(c); i++)
		if (strcmp(sh_catalogue_type_at(c, i)->slug, slug) == 0)
			return (i);
	return (SIZE_MAX);
}

/* The next line of the head into OUT; 0 when there is none. */
static int
head_line(const char **at, const char *end, char out[128])
{
	const char *e = memchr(*at, '\n', (size_t)(end - *at));

	if (e == NULL || e - *at >= 128)
		return (0);
	memcpy(out, *at, (size_t)(e - *at));
	out[e - *at] = '\0';
	*at = e + 1;
	return (1);
}

static int
read_model(struct sh_linear *m, const struct sh_catalogue *c,
    const char *data, size_t len, struct sh_error *err)
{
	const char *at = data, *end = data + len;
	char line[128], slug[65];
	unsigned buckets, n;
	long bias, scale;
	size_t i;

	if (!head_line(&at, end, line) || strcmp(line, "sohoa-papers 1") !=
	    0 || !head_line(&at, end, line) ||
	    sscanf(line, "buckets %u", &buckets) != 1 ||
	    buckets != SH_GRAM_BUCKETS || !head_line(&at, end, line) ||
	    sscanf(line, "types %u", &n) != 1 || n > TYPES_MAX)
		goto bad;
	if ((m->row = sh_alloc(n + 1, sizeof(*m->row), "the model", err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < n; i++) {
		if (!head_line(&at, end, line) ||
		    sscanf(line, "%64s %ld %ld", slug, &bias, &scale) != 3)
			goto bad;
		m->row[i] = (struct row){ type_index(c, slug),
		    (double)bias / 1e3, (double)scale / 1e9 };
	}
	m->nrows = n;
	if ((size_t)(end - at) != (size_t)n * SH_GRAM_BUCKETS)
		goto bad;
	m->weight = (const int8_t *)at;
	return (0);
bad:
	return (sh_error_set(err, SH_EFORMAT, "classifier.model",
	    "the model of papers has not its form"));
}

struct sh_linear *
sh_linear_new(const struct sh_catalogue *c, const void *data, size_t len,
    struct sh_error *err)
{
	struct sh_linear *m = sh_alloc(1, sizeof(*m), "the model", err);

	if (m == NULL)
		return (NULL);
	m->ntypes = sh_catalogue_ntypes(c);
	if (data == NULL) {
		data = sh_papers_model;
		len = (size_t)sh_papers_model_size;
	}
	if (read_model(m, c, data, len, err)) {
		sh_linear_free(m);
		return (NULL);
	}
	return (m);
}

void
sh_linear_score(const struct sh_linear *m, const struct sh_grams *g,
    double *score)
{
	const int8_t *w;
	int64_t sum;
	size_t i, k;

	for (i = 0; i < m->ntypes; i++)
		score[i] = SH_LINEAR_NONE;
	for (k = 0; k < m->nrows; k++) {
		if (m->row[k].type == SIZE_MAX)
			continue;
		w = m->weight + k;
		for (sum = 0, i = 0; i < g->n; i++)
			sum += w[g->gram[i].bucket * m->nrows];
		score[m->row[k].type] = m->row[k].bias + m->row[k].scale *
		    (double)sum / sqrt((double)g->n + 1);
	}
}

size_t
sh_linear_why(const struct sh_linear *m, const struct sh_grams *g,
    size_t type, size_t why[SH_LINEAR_WHY])
{
	int best[SH_LINEAR_WHY], w;
	size_t i, k, at, n = 0;

	for (k = 0; k < m->nrows && m->row[k].type != type; k++)
		;
	for (i = 0; k < m->nrows && i < g->n; i++) {
		w = m->weight[g->gram[i].bucket * m->nrows + k];
		if (w <= 0)
			continue;
		for (at = n; at > 0 && best[at - 1] < w; at--)
			if (at < SH_LINEAR_WHY) {
				best[at] = best[at - 1];
				why[at] = why[at - 1];
			}
		if (at == SH_LINEAR_WHY)
			continue;
		best[at] = w;
		why[at] = i;
		n += n < SH_LINEAR_WHY;
	}
	return (n);
}
