/*
 * What is done to documents after their accession, for the fault tests: one
 * of four documents is held, released, superseded, joined to an older number,
 * asked for and destroyed, another is reused with a receipt and revoked, one
 * is old enough for two people to destroy it, and the person of the last is
 * erased.  All of it is backed up into DIR/backup, the backup restored into
 * DIR/restored, damaged there and repaired from the backup.  Done again it
 * ends the same.
 */
#ifndef SH_TESTS_ARCHIVE_ACTS_H
#define SH_TESTS_ARCHIVE_ACTS_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "archive/act.h"
#include "archive/backup.h"
#include "archive/erase.h"
#include "archive/fixity.h"
#include "archive/retention.h"
#include "archive/reuse.h"
#include "tests/unit/archive_fixture.h"

/* How a document is made up; a program with a shim has its own way. */
#ifndef ACTS_MAKE
#define ACTS_MAKE	fixture_make
#endif

#ifndef ACTS_OWN
#define ACTS_OWN(own)	(void)(own)
#endif

/* What stands before the engine of what is restored: "fault:" or nothing. */
static const char *acts_engine = "";

/* In the place of the C library's: years in which a term has passed. */
static int64_t acts_clock_back_s;
#define ACTS_BACK_S	((int64_t)14 * 366 * 86400)

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	if (rc == 0 && id == CLOCK_REALTIME)
		t->tv_sec -= acts_clock_back_s;
	return (rc);
}

static inline struct sh_catalogue *
acts_catalogue(void)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_catalogue *c;

	ACTS_OWN(1);
	if (sh_catalogue_load(NULL, &c, &err))
		abort();
	ACTS_OWN(0);
	return (c);
}

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
	    SH_ECONFLICT || err->code == SH_EEXISTS) &&
	    strcmp(err->key, "component.unknown") != 0 &&
	    strcmp(err->key, "procedure.unknown") != 0) {
		sh_error_clear(err);
		rc = 0;
	}
	return (rc);
}

/* Document N, of TYPE when that is not NULL. */
static inline int
acts_file_more(struct sh_archive *ar, unsigned n, unsigned person,
    const char *type, struct sh_document_id *id, struct sh_error *err)
{
	enum sh_accession_state state;
	struct fixture_doc d;
	int rc;

	ACTS_MAKE(&d, n, person, n == 1000);
	if (type != NULL)
		d.acc.type = sh_catalogue_type(ar->catalogue, type);
	rc = sh_archive_document_id(ar, &d.acc, id, err);
	if (rc == 0)
		rc = acts_or_done(sh_archive_accede(ar, &d.acc, id, &state, err),
		    err);
	fixture_free(&d);
	return (rc);
}

/* Taken into another dossier, with a receipt. */
static inline int
acts_reuse(struct sh_archive *ar, const struct sh_document_id *id,
    unsigned n, unsigned person, struct sh_error *err)
{
	struct sh_reuse u = { .document = *id, .dossier = "reused",
	    .procedure = "1.004222", .component = "04", .day = { 2026, 6, 1 }
	};
	struct sh_signer *signer;
	json_t *receipt = NULL;
	struct fixture_doc d;
	int rc = -1;

	ACTS_MAKE(&d, n, person, 0);
	u.holder = &d.holders[0];
	if ((signer = acts_signer(err)) != NULL)
		rc = acts_or_done(sh_archive_reuse(ar, &fixture_reader, &u,
		    signer, &receipt, err), err);
	json_decref(receipt);
	sh_signer_close(signer);
	fixture_free(&d);
	return (rc);
}

/* Archived long ago; proposed by one person, destroyed by another. */
static inline int
acts_two_people(struct sh_archive *ar, struct sh_error *err)
{
	char proposal[SH_DOCUMENT_ID_LEN];
	struct sh_document_id id;
	struct sh_signer *signer;
	json_t *list = NULL;
	int rc;

	acts_clock_back_s = ACTS_BACK_S;
	rc = acts_file_more(ar, 1003, 700, "lltp", &id, err);
	acts_clock_back_s = 0;
	if (rc != 0 || (signer = acts_signer(err)) == NULL)
		return (-1);
	rc = sh_archive_propose(ar, &acts_reader, &id, 1, "hết hạn", proposal,
	    err);
	if (rc == 0)
		rc = sh_archive_dispose(ar, &fixture_reader, proposal, signer,
		    &list, err);
	json_decref(list);
	sh_signer_close(signer);
	return (acts_or_done(rc, err));
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

/* ---- a restored archive, damaged and repaired ---------------------------- */

/* For the test's sake: the first blob of DIR is altered. */
static inline void
acts_damage(const char *dir)
{
	char path[600];
	uint8_t b;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/archive/blobs/00000001.seg",
	    dir);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0 ||
	    pread(fd, &b, 1, 300) != 1)
		abort();
	b ^= 1;
	if (pwrite(fd, &b, 1, 300) != 1)
		abort();
	(void)close(fd);
}

static inline int
acts_exists(const char *dir, const char *name)
{
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (access(path, F_OK) == 0);
}

/* The keys of FROM in an empty folder; what was begun before goes. */
static inline void
acts_bring_keys(const char *from, const char *dir)
{
	char command[2400];

	(void)snprintf(command, sizeof(command), "rm -rf '%s' && mkdir -p "
	    "'%s' && cp -a '%s/keys' '%s/keys' && rm -f '%s/keys/last.seal'",
	    dir, dir, from, dir, dir);
	if (system(command) != 0)
		abort();
}

/* What a scrub of the archive finds, or -1. */
static inline int
acts_scrub(struct sh_archive *ar, const char *scrub, int64_t now,
    struct sh_error *err)
{
	struct sh_scrub how = { .dir = scrub, .bytes = UINT64_MAX,
	    .now = now };
	json_t *answer = NULL;
	int n;

	if (sh_fixity_scrub(ar, &how, &answer, err))
		return (-1);
	n = (int)json_array_size(json_object_get(answer, "findings"));
	json_decref(answer);
	return (n);
}

static inline int
acts_repair(const struct sh_archive_place *place, const char *dir,
    const char *backup, struct sh_error *err)
{
	struct sh_archive *ar;
	json_t *answer = NULL;
	char scrub[320];
	int n, rc = -1;

	(void)snprintf(scrub, sizeof(scrub), "%s/scrub", dir);
	if (sh_archive_open(place, NULL, 0, &ar, err))
		return (-1);
	if ((n = acts_scrub(ar, scrub, sh_now(), err)) < 0)
		goto out;
	if (n > 0 && sh_fixity_repair(ar, &acts_reader, scrub, backup,
	    &answer, err))
		goto out;
	/* A day later all of it is read again. */
	if ((n = acts_scrub(ar, scrub, sh_now() + 86400, err)) < 0)
		goto out;
	if (n > 0)
		rc = sh_error_set(err, SH_EFIXITY, "acts.repair",
		    "%d findings are left", n);
	else
		rc = 0;
out:
	json_decref(answer);
	sh_archive_close(ar);
	return (rc);
}

static inline int
acts_restore(const char *home, const char *backup, struct sh_error *err)
{
	struct fixture_place p;
	char dir[300], damaged[320], lmdb[360];
	json_t *answer = NULL;
	int fd, begun;

	(void)snprintf(dir, sizeof(dir), "%.280s/restored", home);
	fixture_place(&p, dir, "");
	(void)snprintf(lmdb, sizeof(lmdb), "%.350s", p.engine);
	(void)snprintf(p.engine, sizeof(p.engine), "%s%s", acts_engine,
	    lmdb);
	ACTS_OWN(1);
	begun = acts_exists(dir, "damaged");
	if (!begun)
		acts_bring_keys(home, dir);
	ACTS_OWN(0);
	if (!begun) {
		if (sh_backup_restore(backup, &p.place, NULL, UINT64_MAX,
		    NULL, NULL, &answer, err))
			return (-1);
		json_decref(answer);
		ACTS_OWN(1);
		acts_damage(dir);
		(void)snprintf(damaged, sizeof(damaged), "%s/damaged", dir);
		if ((fd = open(damaged, O_WRONLY | O_CREAT | O_CLOEXEC,
		    0600)) < 0)
			abort();
		(void)close(fd);
		ACTS_OWN(0);
	}
	return (acts_repair(&p.place, dir, backup, err));
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
	if ((rc = acts_file_more(ar, 1000, 500, NULL, &a, err)) == 0 &&
	    (rc = acts_file_more(ar, 1001, 500, "gcn-qsdd", &b, err)) == 0 &&
	    (rc = acts_file_more(ar, 1002, 600, NULL, &c, err)) == 0 &&
	    (rc = acts_reuse(ar, &b, 1001, 500, err)) == 0 &&
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
	    (rc = acts_two_people(ar, err)) == 0 &&
	    (rc = acts_erase_person(ar, 1002, 600, err)) == 0)
		rc = sh_archive_backup(ar, backup, NULL, 0, &made, err);
	if (rc == 0)
		rc = acts_restore(dir, backup, err);
	fixture_free(&d);
	return (rc);
}

#endif
