#include "pipeline/seal.h"

#include "base/clock.h"

void
sh_home_sealing(const struct sh_home *h, struct sh_stamper *stamper,
    struct sh_sealing *out)
{
	const char *url = sh_config_text(h->config, "tsa");

	stamper->stamp = sh_stamp_http;
	stamper->arg = (void *)(uintptr_t)url;
	*out = (struct sh_sealing){ .signer = h->sealer,
	    .stamper = *url != '\0' ? stamper : NULL, .trust = h->trust,
	    .now = sh_now() };
}

int
sh_home_seal_due(struct sh_home *h, struct sh_error *err)
{
	struct sh_stamper stamper;
	struct sh_sealing with;

	sh_home_sealing(h, &stamper, &with);
	return (sh_seals_due(h->archive, &with, NULL, err));
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
	    sh_json_set(v, "seals", seals, err) ||
	    sh_signing_status(h, now, &signing, err) ||
	    sh_json_set(v, "signing", signing, err)) {
		json_decref(v);
		return (-1);
	}
	*answer = v;
	return (0);
}
