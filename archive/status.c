/* How the archive stands, room by room. */
#include "archive/archive.h"

#include "archive/archive_internal.h"
#include "archive/search.h"

static int
tell_search(struct sh_archive *ar, json_t *out, struct sh_error *err)
{
	struct sh_search_lag lag;
	json_t *v;

	if (sh_search_lag(ar->search, ar, &lag, err)) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		/* A reader found no file: the next writer makes it. */
		sh_error_clear(err);
		return (sh_json_set(out, "search", json_null(), err));
	}
	v = json_pack("{s:I,s:I,s:I}", "documents", (json_int_t)lag.documents,
	    "position", (json_int_t)lag.position, "behind",
	    (json_int_t)lag.behind);
	if (sh_json_set(out, "search", v, err))
		return (-1);
	return (sh_json_set_int(out, "events", (int64_t)(lag.position +
	    lag.behind), err));
}

int
sh_archive_status(struct sh_archive *ar, json_t **answerp,
    struct sh_error *err)
{
	json_t *out;

	*answerp = NULL;
	if ((out = sh_json_new_object(err)) == NULL)
		return (-1);
	if (tell_search(ar, out, err)) {
		json_decref(out);
		return (-1);
	}
	*answerp = out;
	return (0);
}
