/* sohoa search. */
#include "pipeline/cmd/command.h"

static long long
count_of(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

void
sh_print_search(const json_t *search, enum sh_lang lang)
{
	if (!json_is_object(search))
		(void)puts(lang == SH_VI ? "tìm kiếm   chưa có, sẽ được tạo lại"
		    : "search     not there, will be made again");
	else
		(void)printf(lang == SH_VI ?
		    "tìm kiếm   %lld giấy tờ, chậm %lld thay đổi\n" :
		    "search     %lld documents, %lld changes behind\n",
		    count_of(search, "documents"), count_of(search,
		    "behind"));
}

int
sh_cmd_search(struct sh_args *a, struct sh_error *err)
{
	int rebuild = sh_args_get(a, "rebuild") != NULL, rc;
	struct sh_home *h;

	if (rebuild == (sh_args_get(a, "follow") != NULL))
		return (sh_args_usage(a, "--follow or --rebuild"));
	if (sh_open_home(a, SH_HOME_WRITE, &h, err))
		return (-1);
	rc = rebuild ? sh_archive_search_rebuild(h->archive, err) :
	    sh_archive_search_follow(h->archive, err);
	sh_home_close(h);
	return (rc);
}
