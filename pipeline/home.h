/*
 * An archive home: one folder with everything an installation owns.
 *
 *   sohoa.conf          settings (sohoa.conf(5))
 *   catalogue/          paper types and procedures, the agency's to change
 *   keys/               archive.key, holders/, signing keys, roots/
 *   archive/            the engine's files
 *   search/             full-text projection, can be rebuilt
 *   access/             journal of reads until a writer takes it in, sealed
 *   rights.json         who may read what; absent: whoever can open it
 *   seals/              seals of the archive's changes, their stamps
 *   spool/              what was fed and is not archived yet, sealed
 *   reread/             which documents an engine was tried on, sealed
 *   cache/              readings that need not be made twice, sealed; answers
 *                       about revocation
 *   bulk/               bulk runs: rows and results, sealed
 *   outage.json         there while an authority does not answer (sign.h)
 */
#ifndef SH_PIPELINE_HOME_H
#define SH_PIPELINE_HOME_H

#include "archive/access.h"
#include "archive/archive.h"
#include "base/config.h"
#include "base/error.h"
#include "pipeline/sign.h"
#include "schemas/catalogue.h"
#include "signing/signer.h"
#include "signing/verify.h"

/* The table of sohoa.conf, for the man page and the written file. */
extern const struct sh_setting sh_home_settings[];

/* What the main process does for a draft, in this order. */
enum sh_stage {
	SH_STAGE_DIVIDE,	/* boundaries, types, fields, right person */
	SH_STAGE_DEDUPE,	/* against what the holder has */
	SH_STAGE_RENDER,	/* readings and images to PDF/A */
	SH_STAGE_SIGN,
	SH_STAGE_PROVE,		/* our verifier on the finished bytes */
	SH_STAGE_ARCHIVE,	/* commit and reading back */
	SH_STAGES
};

struct sh_spool;

struct sh_home {
	char *dir;
	struct sh_config *config;
	struct sh_catalogue *catalogue;
	struct sh_archive *archive;
	struct sh_rights *rights;	/* NULL: there is none */
	struct sh_signer *officer;	/* SH_HOME_SIGN */
	struct sh_signer *agency;
	struct sh_signer *sealer;
	struct sh_trust *trust;		/* keys/roots */
	struct sh_signing signing;
	int lock;
	int lane;			/* SH_HOME_DESK */
	double stage_cpu_s[SH_STAGES];	/* since it was opened */
};

#define SH_HOME_WRITE	0x1	/* the only writer: holds the home's lock */
#define SH_HOME_SIGN	0x2	/* opens the signing keys; refused when an
				   outage passed its grace period */
#define SH_HOME_DESK	0x4	/* before bulk runs, which give way (lane.h) */

/*
 * Make a home that does not exist, with a test key for officer and agency.
 * A crash leaves nothing under DIR, or all of it.
 * Errors: SH_EEXISTS "home.exists".
 */
int sh_home_create(const char *dir, struct sh_error *err) SH_MUST_CHECK;

/*
 * Errors: SH_ENOTFOUND "home.missing"; SH_EAGAIN "lock.held"; what the
 * configuration, catalogue, keys and archive say.
 */
int sh_home_open(const char *dir, unsigned flags, struct sh_home **hp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_home_close(struct sh_home *h);

/*
 * The CPU time since *AT, which becomes now, went into STAGE.
 * *AT comes from sh_cpu_seconds().
 */
void sh_home_spent(struct sh_home *h, enum sh_stage stage, double *at);

/* What was read, by the bytes of its pages (spool.h); the caller closes it. */
int sh_home_readings(const struct sh_home *h, struct sh_spool **sp,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * Forget all of them: who destroys a document destroys what was read of it,
 * and a reading does not tell whose it is.
 */
int sh_home_forget_readings(const struct sh_home *h, struct sh_error *err)
    SH_MUST_CHECK;

/* 1 if the words of pages stay as the engine read them. */
int sh_home_reads_as_is(const struct sh_home *h);

/* PATH when it is absolute, else below the home; fresh memory. */
char *sh_home_path(const struct sh_home *h, const char *path,
    struct sh_error *err);

#endif
