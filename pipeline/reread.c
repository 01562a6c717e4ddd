#include "pipeline/reread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/fields.h"
#include "pipeline/reread_internal.h"
#include "pipeline/spool.h"
#include "pipeline/version.h"

#define READING_MAX	((size_t)256 << 20)
#define TAIL_BYTES	2048	/* of a trailer */
#define REVISIONS_MAX	64

/* One document on its way. */
struct again {
	json_t *record;
	struct sh_page **was, **now;
	size_t nwas, nnow;
	json_t *fields;		/* of the new reading, as a record has them */
	const char *differs;	/* the critical field whose value changed */
	const char *lost;	/* the field that was not found again */
};

struct run {
	const struct sh_reread *o;
	const char *engine;
	struct sh_spool *tried;
	struct sh_document_id *ids;
	size_t nids, cap;
	json_t *outcomes;
	size_t count[SH_REREAD_OUTCOMES];
};

static const char *const words[SH_REREAD_OUTCOMES] = { "current", "replaced",
    "better", "same", "differs", "failed" };

static void
free_pages(struct sh_page **pages, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sh_page_free(pages[i]);
	free(pages);
}

static void
again_clear(struct again *a)
{
	free_pages(a->was, a->nwas);
	free_pages(a->now, a->nnow);
	json_decref(a->record);
	json_decref(a->fields);
}

/* ---- the pages ------------------------------------------------------------ */

/* The last PATTERN in the N bytes, or NULL. */
static const char *
last_of(const char *data, size_t n, const char *pattern)
{
	size_t len = strlen(pattern);
	const char *p;

	if (n < len)
		return (NULL);
	for (p = data + n - len; p > data; p--)
		if (*p == *pattern && memcmp(p, pattern, len) == 0)
			return (p);
	return (NULL);
}

/*
 * The length of the file as our writer left it, before anything was added:
 * the end of the oldest cross-reference section.  0: not such a file.
 */
static size_t
unsigned_bytes(const char *data, size_t len)
{
	size_t tail = len < TAIL_BYTES ? len : TAIL_BYTES, n;
	const char *p, *end = data + len, *prev;
	unsigned long long at;
	int i;

	p = last_of(end - tail, tail, "startxref");
	if (p == NULL || sscanf(p, "startxref %llu", &at) != 1)
		return (0);
	for (i = 0; i < REVISIONS_MAX && at < len; i++) {
		p = memmem(data + at, len - (size_t)at, "%%EOF", 5);
		if (p == NULL)
			return (0);
		n = (size_t)(p - data);
		prev = memmem(data + at, n - (size_t)at, "/Prev ", 6);
		if (prev == NULL)
			return (n + 5);
		if (sscanf(prev, "/Prev %llu", &at) != 1)
			return (0);
	}
	return (0);
}

/* The archived PDF without its signatures, in a memory file; or -1. */
static int
open_pages(const struct run *r, const struct sh_document_id *id,
    struct sh_error *err)
{
	struct sh_reader who = sh_reread_reader(r->o->home);
	int fd = sh_memfd("document", err);
	off_t end;
	char *data;
	size_t n;

	if (fd < 0)
		return (-1);
	if (sh_archive_get(r->o->home->archive, &who, id, "pdf", fd, err))
		goto fail;
	end = lseek(fd, 0, SEEK_END);
	data = end > 0 ? mmap(NULL, (size_t)end, PROT_READ, MAP_SHARED, fd,
	    0) : MAP_FAILED;
	if (data == MAP_FAILED) {
		(void)sh_error_sys(err, "file.read", "a document");
		goto fail;
	}
	n = unsigned_bytes(data, (size_t)end);
	(void)munmap(data, (size_t)end);
	if (n > 0 && ftruncate(fd, (off_t)n) != 0) {
		(void)sh_error_sys(err, "file.write", "a document");
		goto fail;
	}
	return (fd);
fail:
	(void)close(fd);
	return (-1);
}

static int
read_now(const struct run *r, const struct sh_document_id *id,
    struct again *a, struct sh_error *err)
{
	struct sh_decoding *d = NULL;
	struct sh_raster raster;
	size_t cap = 0;
	uint32_t page;
	int fd, got = -1;

	if ((fd = open_pages(r, id, err)) < 0)
		return (-1);
	if (sh_decode_open(r->o->pool, fd, &d, err))
		goto out;
	while ((got = sh_decode_next(d, &raster, &page, err)) == 1) {
		if (sh_grow(&a->now, &cap, a->nnow + 1, sizeof(*a->now),
		    "pages", err) || sh_read_now(r->o->pool, &raster,
		    &a->now[a->nnow], err))
			got = -1;
		else
			a->nnow++;
		sh_raster_clear(&raster);
		if (got < 0)
			break;
	}
out:
	sh_decode_close(d);
	(void)close(fd);
	return (got);
}

/* The readings that are archived. */
static int
read_was(const struct run *r, const struct sh_document_id *id,
    struct again *a, struct sh_error *err)
{
	struct sh_reader who = sh_reread_reader(r->o->home);
	int fd = sh_memfd("reading", err), rc = -1;
	json_t *all = NULL;
	void *data = MAP_FAILED;
	off_t end = 0;
	size_t i, n;

	if (fd < 0 || sh_archive_get(r->o->home->archive, &who, id,
	    "reading", fd, err))
		goto out;
	end = lseek(fd, 0, SEEK_END);
	if (end <= 0 || (data = mmap(NULL, (size_t)end, PROT_READ,
	    MAP_SHARED, fd, 0)) == MAP_FAILED) {
		(void)sh_error_sys(err, "file.read", "a reading");
		goto out;
	}
	if ((all = sh_json_parse(data, (size_t)end, READING_MAX, err)) ==
	    NULL)
		goto out;
	n = json_array_size(all);
	if ((a->was = sh_alloc(n + 1, sizeof(*a->was), "pages", err)) == NULL)
		goto out;
	for (i = 0; i < n; i++, a->nwas++)
		if (sh_page_from_json(json_array_get(all, i), &a->was[i],
		    err))
			goto out;
	rc = 0;
out:
	if (data != MAP_FAILED)
		(void)munmap(data, (size_t)end);
	json_decref(all);
	if (fd >= 0)
		(void)close(fd);
	return (rc);
}

/* ---- which is better ------------------------------------------------------ */

/* Letters expected right minus letters expected wrong. */
static double
worth(struct sh_page *const *pages, size_t n)
{
	double sum = 0;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < pages[i]->nwords; k++) {
			const struct sh_word *w = &pages[i]->words[k];

			sum += (2 * (double)w->confidence - 1) *
			    (double)sh_utf8_count(w->text, strlen(w->text));
		}
	return (sum);
}

static json_t *
field_json(const struct sh_field *f)
{
	return (json_pack("{s:s, s:i, s:i, s:[i,i,i,i], s:s, s:s*}",
	    "value", f->value, "confidence_bp", (int)(f->confidence * 10000 +
	    0.5), "page", (int)f->page, "box", f->box.x, f->box.y, f->box.w,
	    f->box.h, "method", f->method, "doubt", f->doubt));
}

/* What the new reading makes of a field that the old one had. */
static int
weigh_field(struct again *a, const char *name, json_t *was,
    const struct sh_fields *found, const struct sh_paper_type *type,
    struct sh_error *err)
{
	const struct sh_field_def *def = sh_paper_type_field(type, name);
	const struct sh_field *f = sh_fields_get(found, name);
	int same;

	if (strcmp(sh_json_text(was, "method"), "person") == 0)
		return (sh_json_set(a->fields, name, json_incref(was), err));
	if (f == NULL) {
		a->lost = def != NULL ? def->name : "field";
		return (0);
	}
	same = strcmp(f->value, sh_json_text(was, "value")) == 0;
	if (!same && f->def->critical)
		a->differs = f->def->name;
	if (!same && f->confidence * 10000 < (double)json_integer_value(
	    json_object_get(was, "confidence_bp")))
		return (sh_json_set(a->fields, name, json_incref(was), err));
	return (sh_json_set(a->fields, name, field_json(f), err));
}

static int
weigh_fields(const struct run *r, struct again *a, struct sh_error *err)
{
	const struct sh_paper_type *type = sh_catalogue_type(
	    r->o->home->catalogue, sh_json_text(a->record, "type"));
	struct sh_fields found = { NULL, 0 };
	const char *name;
	json_t *was;
	size_t i;
	int rc = -1;

	if ((a->fields = sh_json_new_object(err)) == NULL)
		return (-1);
	if (type == NULL)
		return (0);
	if (sh_fields_extract(r->o->home->catalogue, type,
	    (const struct sh_page *const *)a->now, a->nnow,
	    strcmp(sh_json_text(a->record, "copy"), "certified-copy") == 0,
	    &found, err))
		return (-1);
	json_object_foreach(json_object_get(a->record, "fields"), name, was)
		if (weigh_field(a, name, was, &found, type, err))
			goto out;
	for (i = 0; i < found.n; i++)
		if (json_object_get(a->fields, found.field[i].def->name) ==
		    NULL && sh_json_set(a->fields, found.field[i].def->name,
		    field_json(&found.field[i]), err))
			goto out;
	rc = 0;
out:
	sh_fields_clear(&found);
	return (rc);
}

/* ---- one document --------------------------------------------------------- */

/* Read it, compare, and say so in OUTCOME. */
static int
compare(const struct run *r, const struct sh_document_id *id,
    struct again *a, json_t *outcome, enum sh_reread_outcome *what,
    struct sh_error *err)
{
	double was, now;

	if (read_was(r, id, a, err) || read_now(r, id, a, err))
		return (-1);
	if (a->nwas != a->nnow)
		return (sh_error_set(err, SH_EFIXITY, "reread.pages",
		    "%zu pages were read, %zu are there", a->nwas, a->nnow));
	if (weigh_fields(r, a, err))
		return (-1);
	was = worth(a->was, a->nwas);
	now = worth(a->now, a->nnow);
	*what = now <= was + fmax(1, 0.005 * was) || a->lost != NULL ?
	    SH_REREAD_SAME : a->differs != NULL ? SH_REREAD_DIFFERS :
	    SH_REREAD_BETTER;
	if (sh_json_set_int(outcome, "pages", (int64_t)a->nnow, err) ||
	    sh_json_set_int(outcome, "worth_before", llround(was), err) ||
	    sh_json_set_int(outcome, "worth_now", llround(now), err) ||
	    (a->lost != NULL && sh_json_set_str(outcome, "lost", a->lost,
	    err)) || (a->differs != NULL && sh_json_set_str(outcome,
	    "differs", a->differs, err)))
		return (-1);
	return (0);
}

/* The name under which it is kept that this engine tried this document. */
static void
tried_name(const struct run *r, const char *id, char out[80])
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d;
	char hex[SH_HEX_LEN] = "0";

	if (sh_sha256(r->engine, strlen(r->engine), &d, &err) == 0)
		sh_hex(d.b, 8, hex);
	(void)snprintf(out, 80, "%s.%.16s", id, hex);
}

static int
replace(const struct run *r, const struct again *a, json_t *outcome,
    struct sh_error *err)
{
	char name[SH_DOCUMENT_ID_LEN];
	struct sh_document_id id;

	if (sh_reread_replace(r->o->home, &r->o->who, a->record,
	    (const struct sh_page *const *)a->now, a->nnow, a->fields,
	    r->engine, &id, err))
		return (-1);
	sh_document_id_print(&id, name);
	return (sh_json_set_str(outcome, "by", name, err));
}

/* A failure of the document's own ends only its own turn. */
static int
is_own(const struct sh_error *e)
{
	return (e->code != SH_ESYSTEM && e->code != SH_ENOMEM && e->code !=
	    SH_EDENIED && e->code != SH_EAGAIN);
}

static int
try_document(struct run *r, const struct sh_document_id *id,
    struct again *a, json_t *outcome, struct sh_error *err)
{
	enum sh_reread_outcome what = SH_REREAD_FAILED;
	struct sh_error own = SH_ERROR_INIT;
	const char *name = sh_json_text(outcome, "document");
	char tried[80];
	int rc;

	rc = compare(r, id, a, outcome, &what, &own);
	if (rc == 0 && what == SH_REREAD_BETTER && !r->o->dry) {
		rc = replace(r, a, outcome, &own);
		what = SH_REREAD_REPLACED;
	}
	if (rc != 0) {
		if (!is_own(&own)) {
			*err = own;
			return (-1);
		}
		what = SH_REREAD_FAILED;
		if (sh_json_set_str(outcome, "error", own.key, err))
			return (-1);
	}
	r->count[what]++;
	if (sh_json_set_str(outcome, "outcome", words[what], err))
		return (-1);
	tried_name(r, name, tried);
	return (r->o->dry ? 0 : sh_spool_put(r->tried, tried, words[what],
	    strlen(words[what]), 0, err));
}

static int
one(struct run *r, const struct sh_document_id *id, struct sh_error *err)
{
	struct sh_reader who = sh_reread_reader(r->o->home);
	struct sh_buf before = SH_BUF_INIT;
	struct again a = { .record = NULL };
	char name[SH_DOCUMENT_ID_LEN], tried[80];
	json_t *outcome = NULL;
	int got, rc = -1;

	sh_document_id_print(id, name);
	tried_name(r, name, tried);
	if (sh_archive_show(r->o->home->archive, &who, id, &a.record, err))
		return (-1);
	got = strcmp(sh_json_text(a.record, "status"), "archived") != 0 ? 1 :
	    sh_spool_get(r->tried, tried, &before, err);
	if (got != 0) {
		r->count[SH_REREAD_CURRENT] += got > 0;
		rc = got > 0 ? 0 : -1;
		goto out;
	}
	outcome = json_pack("{s:s,s:s,s:s}", "document", name, "type",
	    sh_json_text(a.record, "type"), "engine", sh_json_text(
	    json_object_get(a.record, "made_by"), "engine"));
	if (outcome == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (try_document(r, id, &a, outcome, err) ||
	    sh_json_append(r->outcomes, json_incref(outcome), err))
		goto out;
	if (r->o->told != NULL)
		r->o->told(r->o->arg, outcome);
	rc = 0;
out:
	sh_buf_free(&before);
	json_decref(outcome);
	again_clear(&a);
	return (rc);
}

/* ---- which documents -------------------------------------------------------- */

static int
choose(void *arg, const struct sh_document_id *id, const json_t *record,
    struct sh_error *err)
{
	struct run *r = arg;
	int fits;

	if (r->o->document != NULL && memcmp(r->o->document, id,
	    sizeof(*id)) != 0)
		return (0);
	if (r->o->type != NULL && strcmp(r->o->type, sh_json_text(record,
	    "type")) != 0)
		return (0);
	fits = sh_reread_fits(r->o->where, record, r->engine, err);
	if (fits <= 0)
		return (fits);
	if (sh_grow(&r->ids, &r->cap, r->nids + 1, sizeof(*r->ids),
	    "documents", err))
		return (-1);
	r->ids[r->nids++] = *id;
	return (0);
}

static int
answer(const struct run *r, json_t **out, struct sh_error *err)
{
	json_t *v = json_pack("{s:s,s:s,s:b,s:I,s:O}", "format",
	    "sohoa-reread-1", "engine", r->engine, "dry_run", r->o->dry,
	    "documents", (json_int_t)r->nids, "outcomes", r->outcomes);
	size_t i;

	if (v == NULL)
		return (sh_error_nomem(err, "JSON"));
	for (i = 0; i < SH_REREAD_OUTCOMES; i++)
		if (sh_json_set_int(v, words[i], (int64_t)r->count[i],
		    err)) {
			json_decref(v);
			return (-1);
		}
	*out = v;
	return (0);
}

int
sh_reread(const struct sh_reread *o, json_t **answerp, struct sh_error *err)
{
	struct run r = { .o = o };
	json_t *none = NULL;
	char *dir = NULL;
	size_t i;
	int rc = -1;

	*answerp = NULL;
	if ((r.engine = sh_pool_engine(o->pool, err)) == NULL ||
	    (r.outcomes = sh_json_new_array(err)) == NULL ||
	    (dir = sh_path_join(o->home->dir, "reread", err)) == NULL ||
	    (none = sh_json_new_object(err)) == NULL ||
	    sh_reread_fits(o->where, none, r.engine, err) < 0 ||
	    sh_spool_open(dir, o->home->archive, &r.tried, err) ||
	    sh_archive_each(o->home->archive, choose, &r, err))
		goto out;
	for (i = 0; i < r.nids; i++) {
		if (o->stop != NULL && *o->stop) {
			(void)sh_error_set(err, SH_EAGAIN, "run.stopped",
			    "stopped; the same command goes on from here");
			goto out;
		}
		if (one(&r, &r.ids[i], err))
			goto out;
		if (o->progress != NULL)
			o->progress(o->arg, i + 1, r.nids);
	}
	if (r.count[SH_REREAD_REPLACED] > 0 &&
	    sh_archive_search_follow(o->home->archive, err))
		goto out;
	rc = answer(&r, answerp, err);
out:
	sh_spool_close(r.tried);
	json_decref(r.outcomes);
	json_decref(none);
	free(r.ids);
	free(dir);
	return (rc);
}
