/*
 * sample set: many dossiers of people who come again.
 *
 * Who comes, for what and how it is scanned is chance from the seed.  What a
 * dossier repeats from an earlier one is found afterwards (seen.h), so that
 * truth cannot disagree with what was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "samples/cmd.h"
#include "samples/scenario.h"
#include "samples/seen.h"

#define COMEBACKS	40	/* families that may come again */
#define LAST_AFTER	700	/* days: nobody comes after 2028 */

struct family {
	uint64_t seed;
	int after;
	unsigned visits;
	struct sh_scenario last;
};

struct set {
	struct sh_rng rng;
	struct sh_seen seen;
	struct family family[COMEBACKS];
	unsigned nfamilies;
	uint64_t seed;
	unsigned dpi;			/* 0: 200 or 300 */
};

/* How a desk scans today. */
static int
scanning(struct set *set, struct sh_scenario *sc, struct sh_error *err)
{
	static const enum sh_feeding feeding[] = { SH_FEED_TIFF, SH_FEED_TIFF,
	    SH_FEED_TIFF, SH_FEED_JPEG, SH_FEED_JPEG, SH_FEED_PDF, SH_FEED_PDF,
	    SH_FEED_PHOTO, SH_FEED_FAX, SH_FEED_GREY, SH_FEED_VECTOR,
	    SH_FEED_MIXED };
	static const char *const wear[] = { "scan", "scan", "scan", "scan",
	    "scan,specks", "scan,punch", "scan,fold", "scan,bleed",
	    "scan,fade", "scan,skew=2", "scan,stamp", "scan,border",
	    "scan,stain" };
	struct sh_rng *r = &set->rng;
	unsigned i;

	sc->feeding = feeding[sh_rng_below(r, SH_COUNT(feeding))];
	sc->dpi = sh_rng_chance(r, 35) ? 300 : 200;
	if (set->dpi != 0)
		sc->dpi = set->dpi;
	sc->depth = sh_rng_chance(r, 20) ? SH_DEPTH_GREY : SH_DEPTH_COLOUR;
	sc->quality = sh_rng_range(r, 60, 85);
	sc->with = 0;
	for (i = 0; i < 7; i++)
		if (sh_rng_chance(r, 9))
			sc->with |= 1u << i;
	sc->wear = (struct sh_wear){ .has = 0 };
	return (sh_wear_parse(sc->feeding == SH_FEED_FAX ? "fax,skew=0.4" :
	    wear[sh_rng_below(r, SH_COUNT(wear))], &sc->wear, err));
}

static int
visit(struct set *set, unsigned number, struct sh_scenario *sc,
    struct sh_error *err)
{
	struct sh_rng *r = &set->rng;
	struct family *f;
	const struct sh_form_procedure *p;
	int again = set->nfamilies > 0 && sh_rng_chance(r, 55);

	if (again)
		f = &set->family[sh_rng_below(r, set->nfamilies)];
	else {
		f = &set->family[set->nfamilies < COMEBACKS ?
		    set->nfamilies++ : sh_rng_below(r, COMEBACKS)];
		*f = (struct family){ .seed = sh_seed_n(set->seed, "family",
		    number) };
	}
	p = sh_form_procedure_at(sh_rng_below(r,
	    (unsigned)sh_form_nprocedures()));
	*sc = (struct sh_scenario){ .seed = f->seed, .procedure = p->code,
	    .capture = number };
	if (scanning(set, sc, err) == -1)
		return (-1);
	if (again) {
		f->after += sh_rng_range(r, 12, 240);
		if (f->after > LAST_AFTER)
			f->after = LAST_AFTER;
		if (sh_rng_chance(r, 20) && f->last.procedure != NULL) {
			/* The same procedure for another parcel. */
			sc->procedure = f->last.procedure;
			sc->things = f->visits;
		}
		/* The files of last time, taken from a folder. */
		if (f->last.feeding == SH_FEED_JPEG && sh_rng_chance(r, 60)) {
			sc->feeding = f->last.feeding;
			sc->dpi = f->last.dpi;
			sc->depth = f->last.depth;
			sc->quality = f->last.quality;
			sc->wear = f->last.wear;
			sc->capture = f->last.capture;
			sc->with &= ~(unsigned)SH_WITH_TURNED;
		}
	}
	sc->after = f->after;
	f->visits++;
	f->last = *sc;
	if (sc->with & SH_WITH_TURNED)
		f->last.feeding = SH_FEED_TIFF;
	return (0);
}

int
sh_cmd_set(const struct sh_options *o, struct sh_error *err)
{
	struct set *set = sh_keep(1, sizeof(*set));
	struct sh_scenario sc;
	struct sh_staged s;
	char name[16], *dir;
	unsigned i;
	int rc = 0;

	set->seed = o->seed;
	set->dpi = o->dpi;
	sh_rng_start(&set->rng, sh_seed(o->seed, "set"));
	for (i = 1; i <= o->dossiers && rc == 0; i++) {
		(void)snprintf(name, sizeof(name), "d%04u", i);
		s = (struct sh_staged){ .dossier = { .name = name } };
		rc = visit(set, i, &sc, err);
		sc.name = name;
		if (rc == 0 && (rc = sh_scenario_stage(&sc, &s, err)) == 0) {
			sh_seen_link(&set->seen, &s.dossier, &sc);
			dir = sh_path_join(o->output, name, err);
			rc = dir == NULL || sh_fs_mkdirs(dir, 0755, err) ==
			    -1 ? -1 : sh_dossier_write(&s.dossier, dir, 1,
			    err);
			free(dir);
		}
		if (rc == -1)
			(void)sh_error_context(err, "%s", name);
		sh_staged_free(&s);
	}
	sh_seen_free(&set->seen);
	free(set);
	return (rc);
}
