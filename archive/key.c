/* The archive key changed. */
#include "archive/archive_internal.h"

static int
writable(const struct sh_archive *ar, struct sh_error *err)
{
	if (!ar->readonly)
		return (0);
	return (sh_error_set(err, SH_EDENIED, "archive.readonly",
	    "the archive was opened for reading"));
}

int
sh_archive_rotate_key(struct sh_archive *ar, const char *keys,
    const struct sh_kek_token *token, struct sh_error *err)
{
	return (writable(ar, err) || sh_vault_rotate(ar->vault, keys, token,
	    err) ? -1 : 0);
}
