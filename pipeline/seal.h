/*
 * Sealing a home's archive: with the home's sealing key and the time-stamp
 * authority that its configuration names.
 */
#ifndef SH_PIPELINE_SEAL_H
#define SH_PIPELINE_SEAL_H

#include "archive/seal.h"
#include "pipeline/home.h"
#include "signing/tsa.h"

/* What a home seals with; plain data, which points into itself. */
struct sh_home_sealing {
	struct sh_sealing with;
	struct sh_stamper stamper;
	struct sh_tsa tsa;
};

/* For a home opened with SH_HOME_SIGN, which it borrows. */
void sh_home_sealing(const struct sh_home *h, struct sh_home_sealing *out);

/*
 * A seal if one is due, between pieces of work.  An authority that does not
 * answer is logged and tried again next time.
 */
int sh_home_seal_due(struct sh_home *h, struct sh_error *err) SH_MUST_CHECK;

/*
 * How the home stands, its archive and its seals:
 * schemas/status.schema.json.
 */
int sh_home_status(struct sh_home *h, int64_t now, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

#endif
