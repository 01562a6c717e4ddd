#include "samples/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"

#define TRUTH_MAX	((size_t)16 << 20)

struct sh_seen_paper {
	uint64_t paper;		/* the same sheet */
	uint64_t form;		/* of type and holder: the same kind */
	uint64_t bytes;		/* of sheet and scanning; 0: not known */
	const char *dossier;
	size_t document;
};

static uint64_t
form_key(const char *slug, const char *id)
{
	return (sh_seed(sh_seed(0, slug), id));
}

/* Files are the same when the same paper was scanned the same way. */
static uint64_t
bytes_key(const struct sh_document *x, const struct sh_scenario *sc)
{
	return (sc->feeding != SH_FEED_JPEG ? 0 : sh_seed_n(sh_seed_n(
	    sh_seed_n(x->order.seed, "capture", sc->capture), "dpi", sc->dpi),
	    "quality", (uint64_t)sc->quality * 4 + sc->depth));
}

/* Applications are written anew each time; what is issued is renewed. */
static int
is_application(const char *slug)
{
	static const char *const own[] = { "to-khai", "don-de-nghi", "ct01",
	    "giay-uy-quyen", "bien-lai" };
	size_t i;

	for (i = 0; i < SH_COUNT(own); i++)
		if (strcmp(own[i], slug) == 0)
			return (1);
	return (0);
}

static void
remember(struct sh_seen *seen, struct sh_seen_paper p)
{
	p.dossier = sh_arena_dup(&seen->arena, p.dossier);
	seen->papers = sh_keep_grow(seen->papers, &seen->cap, seen->n + 1,
	    sizeof(p));
	seen->papers[seen->n++] = p;
}

/* What of the first N papers X repeats; NULL: nothing. */
static const struct sh_seen_paper *
repeats(const struct sh_seen *seen, size_t n, const struct sh_seen_paper *p,
    const struct sh_document *x, int things, const char **kindp)
{
	const struct sh_seen_paper *same = NULL, *kind = NULL, *q;
	size_t i;

	for (i = 0; i < n; i++) {
		q = &seen->papers[i];
		if (q->paper == p->paper && (same == NULL || (p->bytes != 0 &&
		    q->bytes == p->bytes)))
			same = q;
		if (kind == NULL && p->form != 0 && q->form == p->form)
			kind = q;
	}
	if (same != NULL) {
		*kindp = p->bytes != 0 && same->bytes == p->bytes ?
		    "same-bytes" : "rescan";
		return (same);
	}
	*kindp = things || is_application(x->paper.slug) ?
	    "same-form-other-numbers" : "newer-issue";
	return (kind);
}

void
sh_seen_link(struct sh_seen *seen, struct sh_dossier *d,
    const struct sh_scenario *sc)
{
	const struct sh_seen_paper *of;
	struct sh_seen_paper p;
	struct sh_document *x;
	size_t i, n = seen->n;

	for (i = 0; i < d->ndocuments; i++) {
		x = &d->documents[i];
		/* A copy is a version of its original, not a duplicate. */
		if (x->order.copy != SH_COPY_ORIGINAL)
			continue;
		p = (struct sh_seen_paper){ .paper = x->order.seed,
		    .bytes = bytes_key(x, sc), .dossier = d->name,
		    .document = i };
		if (x->paper.nholders > 0)
			p.form = form_key(x->paper.slug,
			    x->paper.holders[0].id);
		of = repeats(seen, n, &p, x, sc->things > 0, &x->dup_kind);
		if (of != NULL) {
			x->dup_dossier = sh_arena_dup(&d->arena, of->dossier);
			x->dup_document = of->document;
		}
		remember(seen, p);
	}
}

static int
load_document(struct sh_seen *seen, const json_t *doc, const char *dossier,
    size_t i, struct sh_error *err)
{
	struct sh_seen_paper p = { .dossier = dossier, .document = i };
	const char *paper, *slug, *copy, *id;
	json_t *holders;

	if (sh_json_str(doc, "paper", 1, 16, &paper, err) == -1 ||
	    sh_json_str(doc, "type", 1, 64, &slug, err) == -1 ||
	    sh_json_str(doc, "copy", 1, 32, &copy, err) == -1 ||
	    sh_json_array(doc, "holders", 1, 64, &holders, err) == -1)
		return (-1);
	if (strcmp(copy, "original") != 0)
		return (0);
	p.paper = strtoull(paper, NULL, 16);
	if (json_array_size(holders) > 0) {
		if (sh_json_str(json_array_get(holders, 0), "id", 1, 32, &id,
		    err) == -1)
			return (-1);
		p.form = form_key(slug, id);
	}
	remember(seen, p);
	return (0);
}

int
sh_seen_load(struct sh_seen *seen, const char *dir, struct sh_error *err)
{
	const char *slash = strrchr(dir, '/');
	char *path = sh_path_join(dir, "truth.json", err);
	json_t *truth = NULL, *docs;
	size_t i;
	int rc = -1;

	if (path == NULL || (truth = sh_json_load(path, TRUTH_MAX, err)) ==
	    NULL || sh_json_array(truth, "documents", 1, 1000, &docs, err) ==
	    -1)
		goto out;
	for (i = 0; i < json_array_size(docs); i++)
		if (load_document(seen, json_array_get(docs, i), slash == NULL ?
		    dir : slash + 1, i, err) == -1)
			goto out;
	rc = 0;
out:
	json_decref(truth);
	free(path);
	return (rc);
}

void
sh_seen_free(struct sh_seen *seen)
{
	free(seen->papers);
	sh_arena_free(&seen->arena);
}
