#include "archive/act.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/reuse_internal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define HAS_DOSSIER	0x1	/* the leader's entry in a dossier */
#define HAS_PROPOSAL	0x2	/* the leader's entry in a proposal */
#define HAS_OTHER	0x4	/* "by" is told of it too */
#define HAS_RECEIPT	0x8	/* keeps a blob */
#define IS_REMOVAL	0x10
#define TELLS		0x20	/* who relied on the document */
#define OF_REGISTER	0x40	/* about a person: in the archive's own chain */
#define IS_ERASURE	0x80

/* Letters are frozen: archive/FORMAT, "Acts". */
static const struct kind {
	const char *word;
	char letter;
	unsigned flags;
	enum sh_action action;		/* who has the right to make it */
} kinds[] = {
	{ "alias", 'a', 0, SH_DO_CORRECT },
	{ "hold", 'h', 0, SH_DO_RETAIN },
	{ "release", 'l', 0, SH_DO_RETAIN },
	{ "notice", 'n', 0, SH_DO_CORRECT },
	{ "propose", 'p', HAS_PROPOSAL, SH_DO_RETAIN },
	{ "supersede", 's', HAS_OTHER | TELLS, SH_DO_CORRECT },
	{ "repair", 'r', 0, SH_DO_RETAIN },
	{ "reuse", 'u', HAS_DOSSIER | HAS_RECEIPT, SH_DO_REUSE },
	{ "revoke", 'v', TELLS, SH_DO_CORRECT },
	{ "dispose", 0, IS_REMOVAL, SH_DO_RETAIN },
	{ "propose-erasure", SH_LETTER_ERASURE, OF_REGISTER, SH_DO_RETAIN },
	{ "erase", 'E', OF_REGISTER | IS_ERASURE, SH_DO_RETAIN },
};
#define LETTER_SUPERSEDES	'S'	/* with the newer document */

static const struct kind *
kind_of(const char *word)
{
	size_t i;

	for (i = 0; word != NULL && i < SH_COUNT(kinds); i++)
		if (strcmp(kinds[i].word, word) == 0)
			return (&kinds[i]);
	return (NULL);
}

int
sh_act_is(const char *kind)
{
	return (kind_of(kind) != NULL);
}

/* ---- making one ---------------------------------------------------------- */

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "event.damaged",
	    "an act without %s", what));
}

static int
set_text(json_t *act, const char *name, const char *s, size_t max,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (s != NULL && sh_text_clean(s, strlen(s), &b, err))
		goto out;
	if (b.len == 0 || b.len > max) {
		sh_error_param(err, "value", "%s", name);
		(void)sh_error_set(err, SH_EARG, "act.reason",
		    "\"%s\" of an act: %zu bytes, 1 to %zu", name, b.len,
		    max);
		goto out;
	}
	rc = sh_json_set_str(act, name, (char *)b.data, err);
out:
	sh_buf_free(&b);
	return (rc);
}

json_t *
sh_act_new(struct sh_archive *ar, const char *kind,
    const struct sh_reader *who, struct sh_error *err)
{
	const struct kind *k = kind_of(kind);
	char at[SH_TIME_LEN];
	json_t *v;

	assert(k != NULL);
	if (sh_rights_check(ar->rights, who, k->action, err))
		return (NULL);
	sh_time_print(sh_now(), at);
	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (sh_json_set_str(v, "event", kind, err) ||
	    sh_json_set_str(v, "at", at, err) ||
	    set_text(v, "actor", who->name, 120, err) ||
	    set_text(v, "agency", who->agency, 64, err) ||
	    set_text(v, "purpose", who->purpose, 64, err) ||
	    (who->basis != NULL && set_text(v, "basis", who->basis, 120,
	    err))) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

int
sh_act_set_reason(json_t *act, const char *name, const char *s,
    struct sh_error *err)
{
	return (set_text(act, name, s, SH_REASON_MAX, err));
}

int
sh_act_set_document(json_t *act, const char *name,
    const struct sh_tag *document, struct sh_error *err)
{
	char hex[SH_TAG_HEX];

	sh_tag_print(document, hex);
	return (sh_json_set_str(act, name, hex, err));
}

json_t *
sh_act_of_event(const json_t *event, struct sh_error *err)
{
	json_t *v;

	if ((v = sh_json_copy(event, 0, err)) == NULL)
		return (NULL);
	(void)json_object_del(v, "salt");
	(void)json_object_del(v, "lead");
	return (v);
}

/* ---- what follows from an event ------------------------------------------ */

static struct sh_buf *
add_entry(struct sh_act_index *x, unsigned table, const struct sh_tag *term,
    const void *sort, size_t sortlen, const struct sh_tag *about)
{
	struct sh_entry *t = &x->entries[x->nentries];

	t->table = table;
	t->term = *term;
	memcpy(t->sort, sort, sortlen);
	t->sortlen = sortlen;
	if (about != NULL)
		x->about[x->nentries] = *about;
	return (&x->values[x->nentries++]);
}

static int
add_own(struct sh_archive *ar, struct sh_act_index *x,
    const struct sh_tag *holder, char class, const struct sh_tag *subject,
    char letter, const struct sh_tag *operation, const json_t *act,
    struct sh_error *err)
{
	uint8_t sort[SH_ACT_SORT];

	sort[0] = (uint8_t)class;
	memcpy(sort + 1, subject->b, 16);
	sort[17] = (uint8_t)letter;
	memcpy(sort + 18, operation->b, 16);
	return (sh_document_seal(ar, SH_TABLE_ACT, holder, sort,
	    sizeof(sort), act, add_entry(x, SH_TABLE_ACT, holder, sort,
	    sizeof(sort), class == 'd' ? subject : NULL), err));
}

/* The tag behind a member that tells of a holder. */
static int
holder_of(struct sh_archive *ar, const json_t *act, const char *name,
    struct sh_tag *out, struct sh_error *err)
{
	const json_t *h = json_object_get(act, name);
	const char *birth = sh_member(h, "birth");
	struct sh_date day = { 0 };
	struct sh_id id;

	if (!json_is_object(h) || (birth != NULL && sh_date_parse(birth,
	    &day)))
		return (damaged(err, "its holders"));
	if (sh_holder_id(h, &id, err))
		return (-1);
	return (sh_holder_tag(ar, &id, sh_member(h, "name"), day, out, err));
}

static int
index_alias(struct sh_archive *ar, const json_t *act,
    const struct sh_tag *operation, const struct sh_tag *holder,
    struct sh_act_index *x, struct sh_error *err)
{
	struct sh_tag a, b;

	if (holder_of(ar, act, "holder", &a, err) ||
	    holder_of(ar, act, "alias", &b, err))
		return (-1);
	return (add_own(ar, x, holder, 'h', memcmp(&a, holder, sizeof(a)) ==
	    0 ? &b : &a, 'a', operation, act, err));
}

static int
index_dossier(struct sh_archive *ar, const json_t *act,
    const struct sh_tag *operation, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_act_index *x,
    struct sh_error *err)
{
	const char *code = sh_member(act, "dossier"), *at;
	uint8_t sort[SH_IN_DOSSIER_LEN];
	struct sh_tag tag;
	int64_t when;

	at = sh_member(act, "at");
	if (code == NULL || at == NULL || sh_time_parse(at, &when))
		return (damaged(err, "its dossier"));
	if (sh_filing_dossier(ar, code, &tag, err))
		return (-1);
	sh_filing_in_dossier(when, document, operation, sort);
	return (sh_buf_append(add_entry(x, SH_TABLE_DOSSIER, &tag, sort,
	    sizeof(sort), document), holder->b, sizeof(holder->b), err));
}

static int
index_proposal(const json_t *act, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_act_index *x,
    struct sh_error *err)
{
	struct sh_tag tag;

	if (sh_tag_parse(sh_member(act, "proposal"), &tag))
		return (damaged(err, "its proposal"));
	return (sh_buf_append(add_entry(x, SH_TABLE_PROPOSAL, &tag,
	    document->b, sizeof(document->b), document), holder->b,
	    sizeof(holder->b), err));
}

static int
index_receipt(struct sh_archive *ar, const json_t *act,
    const struct sh_tag *document, struct sh_act_index *x,
    struct sh_error *err)
{
	struct sh_stored s;

	if (sh_stored_parse(json_object_get(act, "receipt"), &s, err))
		return (-1);
	x->has_reference = 1;
	x->reference.document = *document;
	return (sh_document_blob_name(ar, &s.plain, &x->reference.blob,
	    err));
}

static int
fill_index(struct sh_archive *ar, const json_t *event, const json_t *act,
    const struct sh_tag *operation, const struct sh_tag *holder,
    struct sh_act_index *x, struct sh_error *err)
{
	const struct kind *k = kind_of(sh_member(act, "event"));
	int lead = json_is_true(json_object_get(event, "lead"));
	struct sh_tag document, by;

	if (k == NULL)
		return (damaged(err, "a known kind"));
	if (k->letter == 'a')
		return (index_alias(ar, act, operation, holder, x, err));
	if ((k->flags & OF_REGISTER) != 0) {
		if (sh_tag_parse(sh_member(act, "proposal"), &by))
			return (damaged(err, "its proposal"));
		return (add_own(ar, x, holder, 'h', &by, k->letter,
		    operation, act, err));
	}
	if (sh_tag_parse(sh_member(act, "document"), &document))
		return (damaged(err, "its document"));
	if (k->letter != 0 && add_own(ar, x, holder, 'd', &document,
	    k->letter, operation, act, err))
		return (-1);
	if ((k->flags & HAS_OTHER) != 0 && (sh_tag_parse(sh_member(act,
	    "by"), &by) || add_own(ar, x, holder, 'd', &by,
	    LETTER_SUPERSEDES, operation, act, err)))
		return (damaged(err, "the newer document"));
	if ((k->flags & HAS_RECEIPT) != 0 && index_receipt(ar, act,
	    &document, x, err))
		return (-1);
	if (lead && (k->flags & HAS_DOSSIER) != 0 && index_dossier(ar, act,
	    operation, holder, &document, x, err))
		return (-1);
	if (lead && (k->flags & HAS_PROPOSAL) != 0 && index_proposal(act,
	    holder, &document, x, err))
		return (-1);
	return (0);
}

int
sh_act_index(struct sh_archive *ar, const json_t *event,
    const struct sh_tag *operation, const struct sh_tag *holder,
    struct sh_act_index *out, struct sh_error *err)
{
	json_t *act;
	size_t i;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((act = sh_act_of_event(event, err)) == NULL)
		return (-1);
	rc = fill_index(ar, event, act, operation, holder, out, err);
	json_decref(act);
	for (i = 0; i < out->nentries; i++) {
		out->entries[i].value = out->values[i].data;
		out->entries[i].len = out->values[i].len;
	}
	if (rc != 0)
		sh_act_index_clear(out);
	return (rc);
}

void
sh_act_index_clear(struct sh_act_index *x)
{
	size_t i;

	for (i = 0; i < SH_ACT_ENTRIES; i++)
		sh_buf_free(&x->values[i]);
	memset(x, 0, sizeof(*x));
}

/* ---- changes ------------------------------------------------------------- */

struct doing {
	struct sh_archive *ar;
	const json_t *act;
	const struct kind *kind;
	struct sh_buf bytes;		/* of the act, canonical */
	struct sh_tag operation;
	struct sh_tag document;
	struct sh_tag tags[SH_HOLDERS_MAX];
	size_t ntags;
};

/* The event: the act, a salt, whether the holder leads. */
static int
make_event(struct sh_archive *ar, const json_t *act, int lead,
    const struct sh_tag *holder, const struct sh_tag *operation,
    json_t **eventp, struct sh_buf *sealed, struct sh_digest *digest,
    struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	char salt[SH_TAG_HEX];
	struct sh_tag random;
	json_t *e;
	int rc = -1;

	if ((e = sh_json_copy(act, 0, err)) == NULL)
		return (-1);
	if (sh_random(random.b, sizeof(random.b), err))
		goto out;
	sh_tag_print(&random, salt);
	if (sh_json_set(e, "lead", json_boolean(lead), err) ||
	    sh_json_set_str(e, "salt", salt, err) ||
	    sh_record_bytes(e, &bytes, err) ||
	    sh_sha256(bytes.data, bytes.len, digest, err) ||
	    sh_event_seal(ar, holder, operation, &bytes, sealed, err))
		goto out;
	if (eventp != NULL)
		*eventp = json_incref(e);
	rc = 0;
out:
	json_decref(e);
	sh_buf_free(&bytes);
	return (rc);
}

int
sh_act_seal_note(struct sh_archive *ar, const json_t *note,
    const struct sh_tag *holder, const struct sh_tag *operation,
    struct sh_buf *sealed, struct sh_digest *digest, struct sh_error *err)
{
	return (make_event(ar, note, 0, holder, operation, NULL, sealed,
	    digest, err));
}

static void
job_label(const struct sh_tag *operation, struct sh_label *l)
{
	memset(l, 0, sizeof(*l));
	l->table = SH_LABEL_JOB;
	l->key = operation->b;
	l->keylen = sizeof(operation->b);
	l->version = 1;
}

static int
make_job(const struct doing *d, struct sh_engine_job *job,
    struct sh_error *err)
{
	struct sh_buf packed = SH_BUF_INIT, sealed = SH_BUF_INIT;
	struct sh_label l;
	int rc = -1;

	job_label(&d->operation, &l);
	if (sh_record_pack(d->ar->packer, d->bytes.data, d->bytes.len,
	    &packed, err) || sh_vault_seal(d->ar->vault, &l, packed.data,
	    packed.len, &sealed, err))
		goto out;
	if (sealed.len > SH_JOB_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "act.long",
		    "an act of %zu bytes", d->bytes.len);
		goto out;
	}
	job->queue = SH_QUEUE_ACT;
	job->id = d->operation;
	job->len = sealed.len;
	memcpy(job->data, sealed.data, sealed.len);
	rc = 0;
out:
	sh_buf_free(&packed);
	sh_buf_free(&sealed);
	return (rc);
}

/* Is there more to do than the first holder's change? */
static int
has_job(const struct doing *d)
{
	return (d->ntags > 1 || (d->kind->flags & (TELLS | IS_ERASURE)) != 0);
}

/* One holder's change. */
static int
do_one(const struct doing *d, size_t i, struct sh_error *err)
{
	struct sh_change c = { .holder = d->tags[i],
	    .operation = d->operation };
	struct sh_act_index x;
	struct sh_engine_job jobs[2];
	struct sh_removal *r = NULL;
	struct sh_buf sealed = SH_BUF_INIT;
	json_t *event = NULL;
	int rc = -1;

	memset(&x, 0, sizeof(x));
	if (make_event(d->ar, d->act, i == 0, &d->tags[i], &d->operation,
	    &event, &sealed, &c.digest, err) || sh_act_index(d->ar, event,
	    &d->operation, &d->tags[i], &x, err))
		goto out;
	c.event = sealed.data;
	c.eventlen = sealed.len;
	c.entries = x.entries;
	c.nentries = x.nentries;
	if (x.has_reference) {
		c.references = &x.reference;
		c.nreferences = 1;
	}
	if (d->kind->flags & IS_REMOVAL) {
		if ((r = sh_removal_new(d->ar, &d->tags[i], &d->document,
		    err)) == NULL)
			goto out;
		sh_removal_add(r, &c);
	}
	memset(jobs, 0, sizeof(jobs));
	c.jobs = jobs;
	if (i == 0 && has_job(d)) {
		if (make_job(d, &jobs[0], err))
			goto out;
		c.njobs = 1;
	}
	if (i == 0 && (d->kind->flags & IS_REMOVAL) != 0) {
		jobs[c.njobs].queue = SH_QUEUE_PURGE;
		jobs[c.njobs++].id = d->operation;
	}
	rc = sh_engine_commit(d->ar->engine, &c, 1, err);
	if (rc == 0 && c.outcome == SH_COMMIT_CONFLICT)
		rc = sh_error_set(err, SH_ECONFLICT, "act.conflict",
		    "the holder's chain changed meanwhile");
out:
	json_decref(event);
	sh_buf_free(&sealed);
	sh_act_index_clear(&x);
	sh_removal_free(r);
	return (rc);
}

/* Everybody concerned, the leader first. */
static int
find_holders(struct doing *d, struct sh_error *err)
{
	int64_t archived_at;

	if (d->kind->letter == 'a') {
		d->ntags = 2;
		return (holder_of(d->ar, d->act, "holder", &d->tags[0],
		    err) || holder_of(d->ar, d->act, "alias", &d->tags[1],
		    err) ? -1 : 0);
	}
	if ((d->kind->flags & OF_REGISTER) != 0) {
		d->ntags = 1;
		return (sh_erase_register(d->ar, &d->tags[0], err));
	}
	if (sh_tag_parse(sh_member(d->act, "document"), &d->document))
		return (damaged(err, "its document"));
	return (sh_document_locate(d->ar, &d->document, d->tags, &d->ntags,
	    &archived_at, err));
}

/* Holders whose key was destroyed take part in nothing. */
static int
need_keys(struct doing *d, struct sh_error *err)
{
	size_t i, n = 0;

	for (i = 0; i < d->ntags; i++) {
		if (sh_vault_need_keys(d->ar->vault, &d->tags[i], 1, err)) {
			if (err->code != SH_ENOTFOUND)
				return (-1);
			sh_error_clear(err);
			continue;
		}
		d->tags[n++] = d->tags[i];
	}
	d->ntags = n;
	return (0);
}

static int
do_all(struct sh_archive *ar, const json_t *act, const struct sh_tag *known,
    struct sh_tag *operation, struct sh_error *err)
{
	struct doing d = { .ar = ar, .act = act };
	struct sh_engine_job job;
	struct sh_digest digest;
	size_t i;
	int rc = -1;

	if ((d.kind = kind_of(sh_member(act, "event"))) == NULL)
		return (damaged(err, "a known kind"));
	if (sh_record_bytes(act, &d.bytes, err))
		goto out;
	if (d.bytes.len > SH_ACT_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "act.long",
		    "an act of %zu bytes; limit %d", d.bytes.len,
		    SH_ACT_MAX);
		goto out;
	}
	if (known != NULL)
		d.operation = *known;
	else if (sh_vault_digest_for(ar->vault, "act", d.bytes.data,
	    d.bytes.len, &digest, err))
		goto out;
	else
		memcpy(d.operation.b, digest.b, sizeof(d.operation.b));
	if (find_holders(&d, err) || need_keys(&d, err))
		goto out;
	if (d.ntags == 0 && known == NULL) {
		(void)sh_error_set(err, SH_ENOTFOUND, "document.missing",
		    "no document to act on");
		goto out;
	}
	for (i = 0; i < d.ntags; i++)
		if (do_one(&d, i, err))
			goto out;
	if ((d.kind->flags & TELLS) != 0 && d.ntags > 0 &&
	    sh_receipt_notify(ar, act, &d.tags[0], &d.document, err))
		goto out;
	if ((d.kind->flags & IS_ERASURE) != 0 && sh_erase_do(ar, act, err))
		goto out;
	if (has_job(&d) && known == NULL) {
		memset(&job, 0, sizeof(job));
		job.queue = SH_QUEUE_ACT;
		job.id = d.operation;
		if (sh_engine_done(ar->engine, &job, 1, -1, err))
			goto out;
	}
	if (operation != NULL)
		*operation = d.operation;
	rc = 0;
out:
	sh_buf_free(&d.bytes);
	return (rc);
}

int
sh_act_make(struct sh_archive *ar, const json_t *act,
    struct sh_tag *operation, struct sh_error *err)
{
	if (ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened for reading"));
	return (do_all(ar, act, NULL, operation, err));
}

int
sh_act_remake(struct sh_archive *ar, const json_t *act,
    const struct sh_tag *operation, struct sh_error *err)
{
	struct sh_engine_job job;

	if (do_all(ar, act, operation, NULL, err))
		return (-1);
	memset(&job, 0, sizeof(job));
	job.queue = SH_QUEUE_ACT;
	job.id = *operation;
	return (sh_engine_done(ar->engine, &job, 1, -1, err));
}

/* ---- after a crash ------------------------------------------------------- */

static int
complete(struct sh_archive *ar, const struct sh_engine_job *job,
    struct sh_error *err)
{
	struct sh_buf packed = SH_BUF_INIT, bytes = SH_BUF_INIT;
	struct sh_label l;
	json_t *act = NULL;
	int rc = -1;

	job_label(&job->id, &l);
	if (sh_vault_unseal(ar->vault, &l, job->data, job->len, &packed,
	    err) == 0 && sh_record_unpack(ar->packer, packed.data,
	    packed.len, &bytes, err) == 0 && (act = sh_json_parse(bytes.data,
	    bytes.len, SH_RECORD_MAX, err)) != NULL)
		rc = do_all(ar, act, &job->id, NULL, err);
	json_decref(act);
	sh_buf_free(&packed);
	sh_buf_free(&bytes);
	return (rc);
}

int
sh_act_sweep(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_engine_job *jobs;
	size_t n, i, failed = 0;
	int rc = -1;

	jobs = sh_alloc(SH_LEASE_MAX, sizeof(*jobs), "jobs", err);
	if (jobs == NULL)
		return (-1);
	do {
		/* As in sh_sweep(): whoever held a lease is dead. */
		if (sh_engine_lease(ar->engine, SH_QUEUE_ACT, SH_LEASE_MAX,
		    sh_now(), 0, jobs, &n, err))
			goto out;
		for (i = 0; i < n; i++) {
			if (complete(ar, &jobs[i], err)) {
				if (err->code != SH_EFIXITY)
					goto out;
				sh_log(SH_ERR, "act: %s", err->text);
				sh_error_clear(err);
				failed++;
				continue;
			}
			if (sh_engine_done(ar->engine, &jobs[i], 1, -1, err))
				goto out;
		}
	} while (n == SH_LEASE_MAX && failed == 0);
	rc = 0;
out:
	free(jobs);
	return (rc);
}

/* ---- reading them -------------------------------------------------------- */

struct each {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	int (*fn)(void *arg, const struct sh_act_seen *seen,
	    struct sh_error *err);
	void *arg;
};

static int
on_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct each *e = arg;
	struct sh_act_seen seen;
	json_t *act;
	int r;

	if (t->sortlen != SH_ACT_SORT)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of an act"));
	if ((act = sh_document_entry(e->ar, e->holder, t, err)) == NULL)
		return (-1);
	seen.kind = (char)t->sort[17];
	memcpy(seen.operation.b, t->sort + 18, 16);
	seen.act = act;
	r = e->fn(e->arg, &seen, err);
	json_decref(act);
	return (r);
}

int
sh_act_each(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, char kind, int (*fn)(void *,
    const struct sh_act_seen *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct each e = { ar, holder, fn, arg };
	uint8_t prefix[18];
	struct sh_range r = { .table = SH_TABLE_ACT, .term = *holder,
	    .prefix = prefix, .prefixlen = kind != 0 ? 18 : 17 };

	prefix[0] = 'd';
	memcpy(prefix + 1, document->b, 16);
	prefix[17] = (uint8_t)kind;
	return (sh_engine_scan(ar->engine, &r, on_entry, &e, err));
}
