#include "pipeline/dedupe.h"

#include <string.h>
#include <unistd.h>

#include "archive/reuse.h"
#include "base/fs.h"
#include "pipeline/near.h"
#include "pipeline/sheet.h"

#define CANDIDATES_MAX	200
#define READING_MAX	((size_t)64 << 20)

static struct sh_sheet *
draft_sheet(const struct sh_job *j, const struct sh_draft *d,
    struct sh_error *err)
{
	struct sh_sheet *s;
	struct sh_page *p;
	size_t i;
	int rc = 0;

	s = sh_sheet_new(d->guess.type, d->fields.n, err);
	if (s == NULL)
		return (NULL);
	s->certified_copy = d->guess.certified_copy;
	for (i = 0; i < d->fields.n && rc == 0; i++) {
		const struct sh_field *f = &d->fields.field[i];

		rc = sh_sheet_say(s, f->def, f->value, f->confidence,
		    f->method, f->page, f->box, err);
	}
	for (i = 0; i < d->npages && rc == 0; i++) {
		if ((p = sh_job_page(j, d->pages[i], err)) == NULL)
			rc = -1;
		else
			rc = sh_sheet_add_page(s, p, err);
		sh_page_free(p);
	}
	if (rc != 0) {
		sh_sheet_free(s);
		return (NULL);
	}
	return (s);
}

/* The readings that were archived with a document. */
static json_t *
held_reading(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;
	int fd;

	if ((fd = sh_memfd("reading", err)) < 0)
		return (NULL);
	b.limit = READING_MAX;
	if (sh_archive_get(ar, who, id, "reading", fd, err) == 0 &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    sh_fs_read_fd(fd, READING_MAX, &b, err) == 0)
		v = sh_json_parse(b.data, b.len, READING_MAX, err);
	sh_buf_free(&b);
	(void)close(fd);
	return (v);
}

static struct sh_box
box_of(const json_t *v)
{
	const json_t *b = json_object_get(v, "box");
	json_int_t n[4];
	size_t i;

	/* Where it stands is not on the page: then there is nothing. */
	for (i = 0; i < 4; i++) {
		n[i] = json_integer_value(json_array_get(b, i));
		if (n[i] < 0 || n[i] > INT32_MAX)
			return ((struct sh_box){ 0, 0, 0, 0 });
	}
	return ((struct sh_box){ (int32_t)n[0], (int32_t)n[1], (int32_t)n[2],
	    (int32_t)n[3] });
}

static int
say_fields(struct sh_sheet *s, const json_t *record, struct sh_error *err)
{
	const json_t *fields = json_object_get(record, "fields"), *v;
	const char *value, *method;
	size_t i;

	/* What the catalogue calls otherwise by now is not compared. */
	for (i = 0; i < s->type->nfields; i++) {
		v = json_object_get(fields, s->type->fields[i].name);
		value = json_string_value(json_object_get(v, "value"));
		method = json_string_value(json_object_get(v, "method"));
		if (value != NULL && sh_sheet_say(s, &s->type->fields[i],
		    value, (double)json_integer_value(json_object_get(v,
		    "confidence_bp")) / 10000, method != NULL ? method : "",
		    (size_t)json_integer_value(json_object_get(v, "page")),
		    box_of(v), err))
			return (-1);
	}
	return (0);
}

static struct sh_sheet *
held_sheet(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_paper_type *type, const struct sh_document_id *id,
    struct sh_error *err)
{
	json_t *record = NULL, *reading = NULL, *v;
	struct sh_sheet *s = NULL;
	struct sh_page *p;
	const char *copy;
	size_t i;
	int rc = -1;

	if (sh_archive_show(ar, who, id, &record, err))
		return (NULL);
	if ((reading = held_reading(ar, who, id, err)) == NULL ||
	    (s = sh_sheet_new(type, type->nfields, err)) == NULL ||
	    say_fields(s, record, err))
		goto out;
	copy = json_string_value(json_object_get(record, "copy"));
	s->certified_copy = copy != NULL && strcmp(copy,
	    "certified-copy") == 0;
	json_array_foreach(reading, i, v) {
		if (sh_page_from_json(v, &p, err))
			goto out;
		rc = sh_sheet_add_page(s, p, err);
		sh_page_free(p);
		if (rc != 0)
			goto out;
	}
	rc = 0;
out:
	json_decref(record);
	json_decref(reading);
	if (rc != 0) {
		sh_sheet_free(s);
		return (NULL);
	}
	return (s);
}

/* The nearer of two kin; of equals the one that was found first. */
static int
is_nearer(const struct sh_kin *a, const struct sh_kin *b)
{
	static const int rank[] = { 0, 5, 3, 2, 1, 4, 4 };

	return (rank[a->kinship] > rank[b->kinship]);
}

/* By their pictures the draft's pages are all pages of that document. */
static int
looks_like(const struct sh_job *job, const struct sh_draft *d,
    const struct sh_document_id *id)
{
	size_t i;

	for (i = 0; i < d->npages; i++) {
		const struct sh_near_page *n = &job->fed[d->pages[i]].near;

		if (n->npages != d->npages || n->page != i ||
		    memcmp(&n->document, id, sizeof(*id)) != 0)
			return (0);
	}
	return (1);
}

/*
 * One page of either: looked at where one of the two says what it is, if text
 * says that they may be one; SAMEP: compared as a whole.
 */
static int
look_at_page(struct sh_sheet *s, struct sh_sheet *h, size_t page,
    struct sh_looks *l, struct sh_looks *held, int open,
    int *samep, struct sh_error *err)
{
	struct sh_shift shift;
	int differ = 1;

	if (l != NULL && held != NULL && *samep &&
	    (differ = sh_likeness_compare(l, held, 1, &shift, err)) < 0)
		return (-1);
	*samep &= differ == 0;
	if (l == NULL || held == NULL || !open)
		return (0);
	return (sh_sheet_look(s, page, l, held, err) ||
	    sh_sheet_look(h, page, held, l, err) ? -1 : 0);
}

/* What the pictures of the two say of what their texts do. */
static int
look(struct sh_archive *ar, const struct sh_reader *who, struct sh_sheet *s,
    const struct sh_buf *looks, struct sh_sheet *h,
    const struct sh_document_id *id, struct sh_kin *kin, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_looks *l = NULL, *held = NULL;
	int same = s->npages == h->npages, open = sh_kin_is_open(kin), rc;
	size_t i;

	for (i = 0; i < s->nplaces; i++)
		s->places[i].at.look = SH_LOOK_NOTHING;
	rc = sh_near_rendition(ar, who, id, &b, err);
	for (i = 0; rc == 0 && (open || same) && i < s->npages &&
	    i < h->npages; i++) {
		if (sh_near_page(looks, i, &l, err) ||
		    sh_near_page(&b, i, &held, err) || look_at_page(s, h, i,
		    l, held, open, &same, err))
			rc = -1;
		sh_likeness_free(l);
		sh_likeness_free(held);
		l = held = NULL;
	}
	sh_buf_free(&b);
	if (rc == 0 && same)
		sh_kin_picture(s, h, kin);
	else if (rc == 0)
		sh_kin_look(s, h, kin);
	return (rc);
}

int
sh_dedupe(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_job *job, const struct sh_draft *d,
    const struct sh_buf *looks, struct sh_kin *out, struct sh_error *err)
{
	struct sh_query q = { .holder = &d->holders[0].id,
	    .name = d->holders[0].name, .birth = d->holders[0].birth,
	    .type = d->guess.type->slug, .limit = CANDIDATES_MAX };
	struct sh_sheet *s = NULL, *h;
	json_t *found = NULL, *v;
	struct sh_kin kin;
	size_t i;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (sh_archive_find(ar, who, &q, &found, err))
		return (-1);
	json_array_foreach(json_object_get(found, "documents"), i, v) {
		struct sh_document_id id;

		if (sh_document_id_parse(json_string_value(
		    json_object_get(v, "id")), &id))
			continue;
		if (looks_like(job, d, &id)) {
			*out = (struct sh_kin){ .kinship = SH_KIN_RESCAN,
			    .pictured = 1,
			    .agreeing = (unsigned)d->fields.n,
			    .words_bp = 10000, .id = id };
			break;
		}
		if ((s == NULL && (s = draft_sheet(job, d, err)) == NULL) ||
		    (h = held_sheet(ar, who, d->guess.type, &id, err)) ==
		    NULL)
			goto out;
		rc = sh_kin_compare(s, h, &kin, err);
		if (rc == 0 && looks->len > 0)
			rc = look(ar, who, s, looks, h, &id, &kin, err);
		sh_sheet_free(h);
		if (rc != 0)
			goto out;
		kin.id = id;
		if (is_nearer(&kin, out))
			*out = kin;
		rc = -1;
	}
	rc = 0;
out:
	sh_sheet_free(s);
	json_decref(found);
	return (rc);
}

/* Does a document of this kinship stand for the one that it is kin to? */
static int
takes_place(const struct sh_paper_type *type, const json_t *kinship)
{
	const char *kind = json_string_value(json_object_get(kinship,
	    "kind"));

	if (kind == NULL)
		return (0);
	if (strcmp(kind, sh_kinship_word(SH_KIN_RESCAN)) == 0)
		return (type->duplicate != SH_DUP_KEEP &&
		    json_is_true(json_object_get(kinship, "better")));
	return (type->duplicate == SH_DUP_REPLACE &&
	    strcmp(kind, sh_kinship_word(SH_KIN_NEWER)) == 0);
}

int
sh_dedupe_replace(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_paper_type *type, const struct sh_document_id *document,
    struct sh_error *err)
{
	json_t *record, *old = NULL, *kinship;
	struct sh_document_id of;
	const char *status;
	int rc = -1;

	if (sh_archive_show(ar, who, document, &record, err))
		return (-1);
	kinship = json_object_get(record, "kinship");
	if (!takes_place(type, kinship) || sh_document_id_parse(
	    json_string_value(json_object_get(kinship, "of")), &of)) {
		rc = 0;
		goto out;
	}
	if (sh_archive_show(ar, who, &of, &old, err))
		goto out;
	status = json_string_value(json_object_get(old, "status"));
	rc = status == NULL || strcmp(status, "archived") != 0 ? 0 :
	    sh_archive_supersede(ar, who, &of, document,
	    json_string_value(json_object_get(kinship, "kind")), err);
out:
	json_decref(record);
	json_decref(old);
	return (rc);
}
