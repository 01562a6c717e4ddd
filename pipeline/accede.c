#include "pipeline/accede.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/dedupe.h"
#include "pipeline/original.h"
#include "pipeline/render.h"
#include "pipeline/version.h"

/* What one accession holds while it is made. */
struct making {
	struct sh_page **pages;
	int pdf;		/* memory file of the signed PDF/A */
	int reading;		/* memory file: JSON array of the readings */
	struct sh_buf text;
	struct sh_buf likeness;	/* of all pages; empty: of none */
	json_t *fields;
	json_t *page_list;
	json_t *made_by;
	json_t *kinship;
};

static void
making_clear(struct making *m, size_t npages)
{
	sh_job_release(m->pages, npages);
	if (m->pdf >= 0)
		(void)close(m->pdf);
	if (m->reading >= 0)
		(void)close(m->reading);
	sh_buf_free(&m->text);
	sh_buf_free(&m->likeness);
	json_decref(m->fields);
	json_decref(m->page_list);
	json_decref(m->made_by);
	json_decref(m->kinship);
}

static int
describe_fields(const struct sh_draft *d, json_t **out, struct sh_error *err)
{
	json_t *all, *v;
	size_t i;

	if ((all = sh_json_new_object(err)) == NULL)
		return (-1);
	for (i = 0; i < d->fields.n; i++) {
		const struct sh_field *f = &d->fields.field[i];

		v = json_pack("{s:s, s:i, s:i, s:[i,i,i,i], s:s, s:s*}",
		    "value", f->value,
		    "confidence_bp", (int)(f->confidence * 10000 + 0.5),
		    "page", (int)f->page,
		    "box", f->box.x, f->box.y, f->box.w, f->box.h,
		    "method", f->method, "doubt", f->doubt);
		if (sh_json_set(all, f->def->name, v, err)) {
			json_decref(all);
			return (-1);
		}
	}
	*out = all;
	return (0);
}

/* One page's reading behind the others, so that only one is in memory. */
static int
write_reading(int fd, const struct sh_page *p, int first,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	if ((v = sh_page_to_json(p, err)) != NULL &&
	    sh_buf_puts(&b, first ? "[" : ",", err) == 0 &&
	    sh_json_print(v, 0, &b, err) == 0)
		rc = sh_write_all(fd, b.data, b.len, err);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static int
describe_pages(const struct sh_job *job, const struct sh_draft *d,
    struct making *m, struct sh_error *err)
{
	char hex[SH_HEX_LEN];
	json_t *v;
	size_t i;

	if ((m->page_list = sh_json_new_array(err)) == NULL ||
	    (m->reading = sh_memfd("reading", err)) < 0)
		return (-1);
	for (i = 0; i < d->npages; i++) {
		const struct sh_fed_page *f = &job->fed[d->pages[i]];
		const struct sh_page *p = m->pages[i];

		sh_hex(f->digest.b, sizeof(f->digest.b), hex);
		v = json_pack("{s:i, s:i, s:s, s:i, s:i, s:i}",
		    "scan", (int)f->scan, "page", (int)f->page,
		    "digest", hex, "dpi", (int)(p->dpi + 0.5),
		    "orientation", p->orientation,
		    "confidence_bp", (int)(p->confidence * 10000 + 0.5));
		if (sh_json_append(m->page_list, v, err) ||
		    write_reading(m->reading, p, i == 0, err) ||
		    (i > 0 && sh_buf_puts(&m->text, "\f", err)) ||
		    sh_page_text(p, &m->text, err))
			return (-1);
	}
	return (sh_write_all(m->reading, "]", 1, err));
}

/* What the pages look like, where that is known of one at least. */
static int
describe_looks(struct sh_spool *spool, const struct sh_draft *d,
    const struct sh_job *job, struct making *m, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char name[SH_IMAGE_NAME];
	size_t i;
	int got, any = 0, rc = 0;

	for (i = 0; i < d->npages && rc == 0; i++) {
		(void)snprintf(name, sizeof(name), SH_SPOOL_LIKENESS,
		    d->pages[i]);
		sh_buf_reset(&b);
		/* Scanned again by a person, it looks otherwise now. */
		got = job->fed[d->pages[i]].rescan != 0 ? 0 :
		    sh_spool_get(spool, name, &b, err);
		any |= got;
		rc = got < 0 ? -1 : sh_near_append(&m->likeness, &b, err);
	}
	if (!any)
		sh_buf_reset(&m->likeness);
	sh_buf_free(&b);
	return (rc);
}

static int
describe(const struct sh_job *job, const struct sh_draft *d,
    const char *engine, struct making *m, struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	if (describe_fields(d, &m->fields, err) ||
	    describe_pages(job, d, m, err))
		return (-1);
	sh_hex(sh_catalogue_digest(job->catalogue)->b, SH_DIGEST_LEN, hex);
	m->made_by = json_pack("{s:s, s:s, s:s}", "sohoa", SH_VERSION,
	    "engine", engine, "catalogue", hex);
	if (m->made_by == NULL)
		return (sh_error_nomem(err, "JSON"));
	/* What people decided: who, when, old and new. */
	if (d->review == NULL)
		return (0);
	return (sh_json_set(m->made_by, "review", json_incref(
	    json_object_get(d->review, "decisions")), err));
}

static const char *
field_value(const struct sh_draft *d, const char *name)
{
	const struct sh_field *f = name == NULL ? NULL :
	    sh_fields_get(&d->fields, name);

	return (f != NULL ? f->value : NULL);
}

static void
field_date(const struct sh_draft *d, const char *name, struct sh_date *out)
{
	const char *s = field_value(d, name);

	if (s == NULL || sh_date_parse(s, out))
		memset(out, 0, sizeof(*out));
}

/* What is about to be signed, as a line of the record and so of the chain. */
static int
bind_signed(int pdf, json_t *made_by, struct sh_error *err)
{
	struct sh_digest d;
	char hex[SH_HEX_LEN];
	uint64_t bytes;

	if (sh_sha256_fd(pdf, &d, &bytes, err))
		return (-1);
	sh_hex(d.b, sizeof(d.b), hex);
	return (sh_json_set(made_by, "signed_over", json_string(hex), err));
}

static void
fill_accession(const struct sh_home *home, const struct sh_job *job,
    const struct sh_draft *d, const struct making *m,
    struct sh_accession *acc)
{
	const struct sh_paper_type *type = d->guess.type;

	memset(acc, 0, sizeof(*acc));
	acc->holders = d->holders;
	acc->nholders = d->nholders;
	acc->dossier = job->dossier->code;
	acc->procedure = job->dossier->procedure_code;
	acc->component = d->component != NULL ? d->component->code : NULL;
	acc->type = type;
	acc->confidence_bp = (int)(d->guess.confidence * 10000 + 0.5);
	acc->copy = d->guess.certified_copy ? "certified-copy" : "original";
	acc->number = field_value(d, type->number_field);
	acc->issuer = field_value(d, type->issuer_field);
	field_date(d, type->issued_field, &acc->issued);
	field_date(d, type->validity_field, &acc->valid_until);
	acc->fields = m->fields;
	acc->pages = m->page_list;
	acc->made_by = m->made_by;
	acc->content = d->content;
	acc->provenance = job->dossier->result ? "issued" : "seen";
	acc->station = job->dossier->station;
	acc->actor = sh_signer_name(home->officer);
	acc->received_at = job->dossier->received_at != 0 ?
	    job->dossier->received_at : sh_now();
	acc->text = m->text.data != NULL ? (const char *)m->text.data : "";
}

/*
 * Does the holder have it already, in another capture?  By the policy of its
 * type the draft becomes a link, a document of its own, or waits: 1.
 */
static int
recognise(struct sh_home *home, const struct sh_reader *who,
    const struct sh_job *job, struct sh_draft *d, struct making *m,
    struct sh_accession *acc, struct sh_error *err)
{
	enum sh_duplicate policy = d->guess.type->duplicate;

	if (d->decided == SH_KIN_LINKED)
		acc->held = &d->kin.id;
	if (d->decided != SH_KIN_UNDECIDED)
		return (0);
	if (sh_dedupe(home->archive, who, job, d, &m->likeness, &d->kin, err))
		return (-1);
	if (d->kin.kinship == SH_KIN_OTHER)
		return (0);
	if (d->kin.kinship == SH_KIN_CONFLICT)
		sh_draft_wait(d, "duplicate.conflict");
	else if (d->kin.kinship == SH_KIN_UNSURE && policy != SH_DUP_KEEP)
		sh_draft_wait(d, "duplicate.unsure");
	else if (policy == SH_DUP_ASK)
		sh_draft_wait(d, "duplicate.ask");
	if (d->state == SH_DRAFT_WAITS)
		return (1);
	if ((m->kinship = sh_kin_json(&d->kin, err)) == NULL)
		return (-1);
	acc->kinship = m->kinship;
	/* Of two captures of a sheet the better one is kept as well. */
	if (d->kin.kinship == SH_KIN_RESCAN && policy != SH_DUP_KEEP &&
	    !d->kin.better)
		acc->held = &d->kin.id;
	return (0);
}

int
sh_accede(struct sh_home *home, struct sh_pool *pool, struct sh_spool *spool,
    struct sh_job *job, struct sh_draft *d, const char *engine,
    struct sh_error *err)
{
	struct making m = { .pdf = -1, .reading = -1 };
	struct sh_accession acc;
	struct sh_originals originals = { .n = 0 };
	struct sh_rendition renditions[4 + SH_ORIGINALS_MAX];
	struct sh_reader who = { .machine = 1,
	    .name = sh_signer_name(home->officer),
	    .agency = sh_config_text(home->config, "agency-code"),
	    .purpose = job->dossier->code };
	enum sh_accession_state state;
	struct sh_document_id own;
	char identifier[SH_DOCUMENT_ID_LEN];
	int64_t now = sh_now();
	double at = sh_cpu_seconds();
	off_t end;
	int held, rc = -1;

	if (sh_job_pages(job, d, &m.pages, err) ||
	    describe(job, d, engine, &m, err))
		goto out;
	fill_accession(home, job, d, &m, &acc);
	if (sh_archive_document_id(home->archive, &acc, &d->id, err))
		goto out;
	own = d->id;
	sh_document_id_print(&own, identifier);
	/* Held already: nothing to render or to sign, only to link. */
	held = sh_archive_holds(home->archive, &d->holders[0], &d->content,
	    &d->id, err);
	if (held < 0)
		goto out;
	if (!held) {
		if (describe_looks(spool, d, job, &m, err))
			goto out;
		held = recognise(home, &who, job, d, &m, &acc, err);
		sh_home_spent(home, SH_STAGE_DEDUPE, &at);
		if (held != 0) {
			rc = held > 0 ? 0 : -1;
			goto out;
		}
		held = acc.held != NULL;
	}
	if (!held) {
		if ((m.pdf = sh_memfd("document", err)) < 0 ||
		    sh_originals_find(home, pool, spool, job, d, &originals,
		    m.made_by, err) ||
		    sh_render(home, pool, spool, job, d, m.pages, identifier,
		    now, m.pdf, m.made_by, err))
			goto out;
		sh_home_spent(home, SH_STAGE_RENDER, &at);
		if (bind_signed(m.pdf, m.made_by, err) ||
		    sh_sign_document(home, m.pdf, err))
			goto out;
		sh_home_spent(home, SH_STAGE_SIGN, &at);
		if (sh_sign_prove(&home->signing.pades, m.pdf, 2, NULL, err))
			goto out;
		sh_home_spent(home, SH_STAGE_PROVE, &at);
		end = lseek(m.pdf, 0, SEEK_END);
		d->bytes = end > 0 ? (uint64_t)end : 0;
		renditions[0] = (struct sh_rendition){ "pdf",
		    "application/pdf", m.pdf, NULL, 0 };
		renditions[1] = (struct sh_rendition){ "text",
		    "text/plain; charset=utf-8", -1, m.text.data,
		    m.text.len };
		renditions[2] = (struct sh_rendition){ "reading",
		    "application/json", m.reading, NULL, 0 };
		acc.renditions = renditions;
		acc.nrenditions = 3 + originals.n;
		memcpy(renditions + 3, originals.rendition,
		    originals.n * sizeof(renditions[0]));
		if (m.likeness.len > 0)
			renditions[acc.nrenditions++] = (struct sh_rendition){
			    SH_NEAR_RENDITION, "application/octet-stream", -1,
			    m.likeness.data, m.likeness.len };
	}
	if (sh_archive_accede(home->archive, &acc, &d->id, &state, err))
		goto out;
	sh_home_spent(home, SH_STAGE_ARCHIVE, &at);
	/* Now or before: a link has another document's id than its own. */
	d->state = memcmp(&d->id, &own, sizeof(own)) != 0 ? SH_DRAFT_LINKED :
	    SH_DRAFT_ARCHIVED;
	/* Also when an earlier run came just as far as the accession. */
	rc = d->state == SH_DRAFT_ARCHIVED && (d->kin.kinship !=
	    SH_KIN_OTHER || state == SH_ACCEDED_BEFORE) ?
	    sh_dedupe_replace(home->archive, &who, d->guess.type, &own, err) :
	    0;
out:
	sh_originals_clear(&originals);
	making_clear(&m, d->npages);
	return (rc);
}
