/* A package as a BagIt bag.  Rule: RFC 8493. */
#include <string.h>

#include "archive/package_internal.h"
#include "base/mem.h"

static int
put_manifest(struct sh_package *p, const char *name, int payload, size_t n,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char hex[SH_HEX_LEN];
	size_t i;
	int rc = -1;

	for (i = 0; i < n; i++) {
		if ((strncmp(p->files[i].path, "data/", 5) == 0) != payload)
			continue;
		sh_hex(p->files[i].digest.b, SH_DIGEST_LEN, hex);
		if (sh_buf_printf(&b, err, "%s  %s\n", hex,
		    p->files[i].path))
			goto out;
	}
	rc = sh_package_put(p, name, "text/plain", b.data, b.len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

static int
put_info(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint64_t bytes = 0;
	size_t i, n = 0;
	int rc = -1;

	for (i = 0; i < p->nfiles; i++) {
		if (strncmp(p->files[i].path, "data/", 5) != 0)
			continue;
		bytes += p->files[i].bytes;
		n++;
	}
	if (sh_buf_printf(&b, err, "Source-Organization: %s\n"
	    "Organization-Address: %s\nExternal-Identifier: %s\n"
	    "Internal-Sender-Identifier: urn:uuid:%s\nBagging-Date: %.10s\n"
	    "Payload-Oxum: %llu.%zu\nBag-Software-Agent: %s\n",
	    p->options->agency_name, p->options->agency, p->dossier, p->id,
	    p->at, (unsigned long long)bytes, n, p->options->program) == 0)
		rc = sh_package_put(p, "bag-info.txt", "text/plain", b.data,
		    b.len, err);
	sh_buf_free(&b);
	return (rc);
}

int
sh_package_bag(struct sh_package *p, struct sh_error *err)
{
	static const char bagit[] = "BagIt-Version: 1.0\n"
	    "Tag-File-Character-Encoding: UTF-8\n";
	size_t payload = p->nfiles;

	if (sh_package_put(p, "bagit.txt", "text/plain", bagit,
	    sizeof(bagit) - 1, err) || put_info(p, err) ||
	    put_manifest(p, "manifest-sha256.txt", 1, payload, err))
		return (-1);
	return (put_manifest(p, "tagmanifest-sha256.txt", 0, p->nfiles,
	    err));
}
