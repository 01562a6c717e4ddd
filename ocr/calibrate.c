#include "ocr/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/mem.h"
#include "ocr/measure.h"

SH_EMBED(sh_calibration_json, "ocr/data/calibration.json");

#define RATES_MAX	16
#define EDGE		0.002	/* what is nearer to 0 or 1 is not told apart */

struct terms {
	int known;
	double base, slope;
	size_t naccept;
	double rate[RATES_MAX], least[RATES_MAX];
};

struct sh_calibration {
	double doubt;
	struct terms kind[SH_FIELD_KINDS];
};

static void
read_terms(const json_t *v, struct terms *t)
{
	const json_t *pair;
	size_t i;

	if (!json_is_object(v))
		return;
	t->known = 1;
	t->base = json_number_value(json_object_get(v, "base"));
	t->slope = json_number_value(json_object_get(v, "slope"));
	json_array_foreach(json_object_get(v, "accept"), i, pair) {
		if (t->naccept == RATES_MAX)
			break;
		t->rate[t->naccept] = json_number_value(json_array_get(pair,
		    0));
		t->least[t->naccept++] = json_number_value(json_array_get(
		    pair, 1));
	}
}

struct sh_calibration *
sh_calibration_new(struct sh_error *err)
{
	struct sh_calibration *c = sh_alloc(1, sizeof(*c), "calibration",
	    err);
	const json_t *kinds;
	json_t *v = NULL;
	unsigned k;

	if (c == NULL || (v = sh_json_parse(sh_calibration_json,
	    (size_t)sh_calibration_json_size, 1 << 20, err)) == NULL) {
		free(c);
		return (NULL);
	}
	c->doubt = json_number_value(json_object_get(v, "doubt"));
	kinds = json_object_get(v, "kinds");
	for (k = 0; k < SH_FIELD_KINDS; k++)
		read_terms(json_object_get(kinds, sh_field_kind_name(
		    (enum sh_field_kind)k)), &c->kind[k]);
	json_decref(v);
	return (c);
}

void
sh_calibration_free(struct sh_calibration *c)
{
	free(c);
}

double
sh_calibration_apply(const struct sh_calibration *c, enum sh_field_kind kind,
    int doubt, double raw)
{
	const struct terms *t = &c->kind[kind];
	double p = fmin(fmax(raw, EDGE), 1 - EDGE);

	if (!t->known)
		return (raw);
	return (1 / (1 + exp(-(t->base + t->slope * log(p / (1 - p)) +
	    (doubt ? c->doubt : 0)))));
}

double
sh_calibration_threshold(const struct sh_calibration *c,
    enum sh_field_kind kind, double error_rate)
{
	const struct terms *t = &c->kind[kind];
	double least = 1 - EDGE;
	size_t i;

	for (i = 0; i < t->naccept && t->rate[i] <= error_rate; i++)
		least = t->least[i];
	return (least);
}
