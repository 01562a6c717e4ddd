/* The archive key changed, a holder's key destroyed. */
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

int
sh_archive_erase(struct sh_archive *ar, const struct sh_holder *holder,
    struct sh_error *err)
{
	struct sh_tag tag;

	if (writable(ar, err) || sh_holder_tag(ar, &holder->id, holder->name,
	    holder->birth, &tag, err) ||
	    sh_vault_destroy_key(ar->vault, &tag, err))
		return (-1);
	/* Pseudonyms of the holder's words go with the projection. */
	return (sh_archive_search_rebuild(ar, err));
}
