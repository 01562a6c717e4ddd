/* A CMS from anywhere, read as both kinds and verified. */
#include "signing/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t digest[SH_MD_MAX];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_timestamp stamp;
	struct sh_cms *cms;
	int kind;

	for (kind = SH_CMS_DETACHED; kind <= SH_CMS_TIMESTAMP; kind++) {
		if (sh_cms_read(data, len, (enum sh_cms_kind)kind, &cms,
		    &err) == 0) {
			if (sh_cms_verify(cms, cms->digest, &err) != 0 ||
			    sh_cms_verify(cms, digest, &err) != 0 ||
			    (kind == SH_CMS_TIMESTAMP &&
			    sh_timestamp_read(cms, &stamp, &err) != 0))
				sh_error_clear(&err);
			sh_cms_free(cms);
		}
		sh_error_clear(&err);
	}
	return (0);
}
