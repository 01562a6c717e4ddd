/*
 * What is done to documents after their accession, for the fault tests: one
 * of three documents is held, released, superseded, revoked, joined to an
 * older number, asked for and destroyed, the person of another is erased, and
 * all of it is backed up into DIR/backup.  Done again it ends the same.
 */
#ifndef SH_TESTS_ARCHIVE_ACTS_H
#define SH_TESTS_ARCHIVE_ACTS_H

#include "archive/act.h"
#include "archive/backup.h"
#include "archive/erase.h"
#include "archive/retention.h"
#include "archive/reuse.h"
#include "tests/unit/archive_fixture.h"

/* How a document is made up; a program with a shim has its own way. */
#ifndef ACTS_MAKE
#define ACTS_MAKE	fixture_make
#endif

/* The key that SOHOA_SEALS names. */
static inline struct sh_signer *
acts_signer(struct sh_error *err)
{
	struct sh_signer *signer = NULL;
	struct sh_secret pass;

	if (sh_secret_new(&pass, 8, err))
		return (NULL);
	memcpy(pass.data, "geheimni", 8);
	if (sh_signer_open_p12(getenv("SOHOA_SEALS"), &pass, &signer, err))
		signer = NULL;
	sh_secret_free(&pass);
	return (signer);
}

static const struct sh_reader acts_reader = { .name = "Lưu trữ viên",
	.agency = "H05.12", .purpose = "1.001193", .basis = "Law 91/2025" };

/* What an earlier run did already is no failure. */
static inline int
acts_or_done(int rc, struct sh_error *err)
{
	if (rc != 0 && (err->code == SH_ENOTFOUND || err->code ==
	    SH_ECONFLICT || err->code == SH_EEXISTS)) {
		sh_error_clear(err);
		rc = 0;
	}
	return (rc);
}

static inline int
acts_file_more(struct sh_archive *ar, unsigned n, unsigned person,
    struct sh_document_id *id, struct sh_error *err)
{
	enum sh_accession_state state;
	struct fixture_doc d;
	int rc;

	ACTS_MAKE(&d, n, person, n == 1000);
	rc = sh_archive_document_id(ar, &d.acc, id, err);
	if (rc == 0)
		rc = acts_or_done(sh_archive_accede(ar, &d.acc, id, &state, err),
		    err);
	fixture_free(&d);
	return (rc);
}

static inline int
acts_erase_person(struct sh_archive *ar, unsigned n, unsigned person,
    struct sh_error *err)
{
	char proposal[SH_DOCUMENT_ID_LEN];
	struct sh_signer *signer;
	struct fixture_doc d;
	json_t *list = NULL;
	int rc = -1;

	ACTS_MAKE(&d, n, person, 0);
	if ((signer = acts_signer(err)) != NULL &&
	    (rc = sh_archive_propose_erasure(ar, &acts_reader,
	    &d.holders[0], "yêu cầu", proposal, err)) == 0)
		rc = sh_archive_erase(ar, &fixture_reader, proposal, signer,
		    &list, err);
	json_decref(list);
	sh_signer_close(signer);
	fixture_free(&d);
	return (acts_or_done(rc, err));
}

static inline int
acts_destroy(struct sh_archive *ar, const struct sh_document_id *id,
    struct sh_error *err)
{
	struct sh_tag document;
	json_t *act;
	int rc = -1;

	memcpy(document.b, id->b, sizeof(document.b));
	if ((act = sh_act_new(ar, "dispose", &fixture_reader, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", &document, err) == 0)
		rc = acts_or_done(sh_act_make(ar, act, NULL, err), err);
	json_decref(act);
	return (rc != 0 || sh_purge(ar, err) ? -1 : 0);
}

static inline int
acts_ask(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_query q = { .limit = 5, .number = "1001/2020/TLKS-BS" };
	json_t *answer = NULL;
	int rc;

	rc = sh_archive_find(ar, &fixture_reader, &q, &answer, err);
	json_decref(answer);
	return (rc);
}

static inline int
acts_do(struct sh_archive *ar, const char *dir, struct sh_error *err)
{
	static const struct sh_id older = { SH_ID_OLD, "125012345" };
	struct sh_holder old = { .id = older };
	char hold[SH_DOCUMENT_ID_LEN] = "", backup[400];
	struct sh_document_id a, b, c;
	struct sh_backup_made made;
	struct fixture_doc d;
	int rc;

	(void)snprintf(backup, sizeof(backup), "%s/backup", dir);
	ACTS_MAKE(&d, 1001, 500, 0);
	if ((rc = acts_file_more(ar, 1000, 500, &a, err)) == 0 &&
	    (rc = acts_file_more(ar, 1001, 500, &b, err)) == 0 &&
	    (rc = acts_file_more(ar, 1002, 600, &c, err)) == 0 &&
	    (rc = acts_ask(ar, err)) == 0 &&
	    (rc = acts_or_done(sh_archive_hold(ar, &fixture_reader, &a, "án",
	    (struct sh_date){ 0 }, hold, err), err)) == 0 &&
	    (rc = acts_or_done(sh_archive_release(ar, &fixture_reader, &a, hold,
	    "xong", err), err)) == 0 &&
	    (rc = acts_or_done(sh_archive_supersede(ar, &fixture_reader, &a, &b,
	    "cấp đổi", err), err)) == 0 &&
	    (rc = acts_or_done(sh_archive_revoke(ar, &fixture_reader, &b,
	    "thu hồi", err), err)) == 0 &&
	    (rc = acts_or_done(sh_archive_alias(ar, &fixture_reader,
	    &d.holders[0], &old, "xác nhận", err), err)) == 0 &&
	    (rc = sh_archive_backup(ar, backup, NULL, 0, &made, err)) == 0 &&
	    (rc = acts_destroy(ar, &a, err)) == 0 &&
	    (rc = acts_erase_person(ar, 1002, 600, err)) == 0)
		rc = sh_archive_backup(ar, backup, NULL, 0, &made, err);
	fixture_free(&d);
	return (rc);
}

#endif
