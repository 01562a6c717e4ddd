#include "pipeline/seal.h"

#include <stdlib.h>

#include "archive/fixity.h"
#include "base/clock.h"
#include "base/fs.h"

/* One try: what is pending is asked for again with the next seal. */
#define TIMEOUT_MS	30000

static int
stamp(void *arg, enum sh_md md, const uint8_t *digest, struct sh_buf *token,
    struct sh_error *err)
{
	int64_t when;

	return (sh_tsa_stamp(arg, md, digest, token, &when, err));
}

void
sh_home_sealing(const struct sh_home *h, struct sh_home_sealing *out)
{
	const char *policy = sh_config_text(h->config, "tsa-policy");

	out->tsa = (struct sh_tsa){
		.policy = *policy != '\0' ? policy : NULL,
		.url = sh_config_text(h->config, "tsa"), .trust = h->trust,
		.timeout_ms = TIMEOUT_MS, .tries = 1
	};
	out->stamper = (struct sh_stamper){ stamp, &out->tsa };
	out->with = (struct sh_sealing){
		.signer = h->sealer, .trust = h->trust, .now = sh_now(),
		.stamper = *out->tsa.url != '\0' ? &out->stamper : NULL
	};
}

int
sh_home_seal_due(struct sh_home *h, struct sh_error *err)
{
	struct sh_home_sealing s;

	sh_home_sealing(h, &s);
	return (sh_seals_due(h->archive, &s.with, NULL, err));
}

/* When what is kept was last proven; nothing when it never was. */
static int
add_scrub(const struct sh_home *h, json_t *v, struct sh_error *err)
{
	json_t *scrub;
	char *dir;
	int rc;

	if ((dir = sh_path_join(h->dir, "scrub", err)) == NULL)
		return (-1);
	rc = sh_fixity_status(dir, &scrub, err);
	free(dir);
	if (rc == 0)
		return (sh_json_set(v, "scrub", scrub, err));
	if (err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	return (0);
}

int
sh_home_status(struct sh_home *h, int64_t now, json_t **answer,
    struct sh_error *err)
{
	json_t *v, *seals = NULL, *signing = NULL;

	*answer = NULL;
	if (sh_archive_status(h->archive, &v, err))
		return (-1);
	if (sh_seals_status(h->archive, now, &seals, err) ||
	    sh_json_set_str(v, "format", "sohoa-status-1", err) ||
	    sh_json_set(v, "seals", seals, err) || add_scrub(h, v, err) ||
	    sh_signing_status(h, now, &signing, err) ||
	    sh_json_set(v, "signing", signing, err)) {
		json_decref(v);
		return (-1);
	}
	*answer = v;
	return (0);
}
