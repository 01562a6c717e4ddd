#include "archive/stamp.h"

#include <string.h>

#include "signing/cms.h"
#include "signing/trust.h"

static int
judge_signer(const struct sh_cms *cms, const struct sh_trust *trust,
    int64_t when, struct sh_error *err)
{
	const char *sub;
	const struct sh_trust_help help = {
		.certificates = cms->certificates
	};
	struct sh_findings f = { .n = 0 };

	if (sh_trust_judge(trust, cms->signer, &help, when,
	    SH_PURPOSE_TIMESTAMP, &f, err))
		return (-1);
	if (sh_findings_status(&f, &sub) == SH_TOTAL_PASSED)
		return (0);
	return (sh_error_set(err, SH_ESIGNATURE, "stamp.untrusted",
	    "the time stamp's authority: %s %s", f.item[0].reason->key,
	    f.item[0].detail));
}

static int
judge(const struct sh_cms *cms, enum sh_md md, const uint8_t *digest,
    const struct sh_trust *trust, int64_t at, int64_t *whenp,
    struct sh_error *err)
{
	struct sh_timestamp stamp;
	uint8_t own[SH_MD_MAX];

	if (sh_timestamp_read(cms, &stamp, err) || sh_md_digest(cms->md,
	    cms->content.data, cms->content.len, own, err) ||
	    sh_cms_verify(cms, own, err))
		return (-1);
	*whenp = stamp.when;
	if (stamp.md != md || memcmp(stamp.imprint, digest,
	    sh_md_size(md)) != 0)
		return (sh_error_set(err, SH_ESIGNATURE, "stamp.wrong",
		    "the time stamp is of something else"));
	return (trust == NULL ? 0 : judge_signer(cms, trust, at != 0 ? at :
	    stamp.when, err));
}

int
sh_stamp_judge(const void *token, size_t len, enum sh_md md,
    const uint8_t *digest, const struct sh_trust *trust, int64_t at,
    int64_t *whenp, struct sh_error *err)
{
	struct sh_cms *cms;
	int rc;

	*whenp = 0;
	if (sh_cms_read(token, len, SH_CMS_TIMESTAMP, &cms, err))
		return (-1);
	rc = judge(cms, md, digest, trust, at, whenp, err);
	sh_cms_free(cms);
	return (rc);
}
