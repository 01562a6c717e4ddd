/* sohoa status and sohoa search. */
#include "pipeline/cmd/command.h"

#include <string.h>

#include "base/clock.h"
#include "pipeline/seal.h"

static int
is_true(const json_t *v, const char *name)
{
	return (json_is_true(json_object_get(v, name)));
}

static long long
number(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

void
sh_print_seals(const json_t *s, enum sh_lang lang)
{
	const char *at = json_string_value(json_object_get(s, "at"));
	const char *since = json_string_value(json_object_get(s,
	    "pending_since"));
	const char *witness = json_string_value(json_object_get(s,
	    "witness"));
	int vi = lang == SH_VI;

	(void)printf(vi ? "Niêm phong lô: %lld, lần cuối %s; %lld thay đổi đã "
	    "niêm phong, %lld chưa\n" : "Seals: %lld, the last at %s; %lld "
	    "changes sealed, %lld not yet\n", number(s, "last"),
	    at != NULL ? at : "-", number(s, "sealed"),
	    number(s, "unsealed"));
	if (!is_true(s, "stamps_wanted"))
		(void)printf(vi ? "Dấu thời gian: chưa cấu hình máy chủ\n" :
		    "Time stamps: no authority is configured\n");
	else if (number(s, "pending") == 0)
		(void)printf(vi ? "Dấu thời gian: đủ\n" :
		    "Time stamps: all there\n");
	else
		(void)printf(vi ? "Dấu thời gian: còn chờ %lld, từ %s%s\n" :
		    "Time stamps: %lld pending since %s%s\n",
		    number(s, "pending"), since != NULL ? since : "-",
		    !is_true(s, "refusing") ? "" : vi ?
		    "; ĐÃ NGỪNG TIẾP NHẬN" : "; NOTHING IS ARCHIVED ANY MORE");
	if (strcmp(witness, "kept") != 0)
		(void)printf("%s\n", strcmp(witness, "none") == 0 ?
		    (vi ? "Nhân chứng: chưa cấu hình" :
		    "Witness: none is configured") :
		    (vi ? "Nhân chứng: KHÔNG ĐỌC ĐƯỢC" :
		    "Witness: NOT TO BE READ"));
	if (number(s, "renewals") > 0)
		(void)printf(vi ? "Gia hạn chứng cứ: %lld lần\n" :
		    "Evidence renewed: %lld times\n", number(s, "renewals"));
}

int
sh_seals_exit(const json_t *seals)
{
	return (is_true(seals, "refusing") ? EX_TEMPFAIL : EX_OK);
}

static void
print_search(const json_t *search, enum sh_lang lang)
{
	if (!json_is_object(search))
		(void)puts(lang == SH_VI ? "Tìm kiếm: chưa có, sẽ được tạo lại"
		    : "Search: not there, will be made again");
	else
		(void)printf(lang == SH_VI ?
		    "Tìm kiếm: %lld giấy tờ, chậm %lld thay đổi\n" :
		    "Search: %lld documents, %lld changes behind\n",
		    number(search, "documents"), number(search,
		    "behind"));
}

static void
print_scrub(const json_t *s, enum sh_lang lang)
{
	const char *oldest = json_string_value(json_object_get(s, "oldest"));
	size_t found = json_array_size(json_object_get(s, "findings"));

	if (s == NULL)
		(void)puts(lang == SH_VI ? "Kiểm tra toàn vẹn: chưa lần nào" :
		    "Fixity: never proven");
	else
		(void)printf(lang == SH_VI ? "Kiểm tra toàn vẹn: %lld/%lld "
		    "đoạn, lâu nhất từ %s; %zu sai lệch\n" : "Fixity: %lld "
		    "of %lld spans proven, the oldest at %s; %zu findings\n",
		    number(s, "spans") - number(s, "never"), number(s,
		    "spans"), oldest != NULL ? oldest : "-", found);
}

static void
print_signing(const json_t *s, enum sh_lang lang)
{
	const char *since = json_string_value(json_object_get(s,
	    "waiting_since"));
	int vi = lang == SH_VI;

	(void)printf(vi ? "Chữ ký: mức %s\n" : "Signatures: level %s\n",
	    json_string_value(json_object_get(s, "level")));
	if (since != NULL)
		(void)printf(vi ? "  ĐANG CHỜ từ %s: %s không trả lời%s\n" :
		    "  WAITING since %s: no answer from %s%s\n", since,
		    json_string_value(json_object_get(s, "service")),
		    !is_true(s, "refusing") ? "" : vi ?
		    "; ĐÃ NGỪNG TIẾP NHẬN" : "; NO MORE PAPERS ARE TAKEN");
}

int
sh_cmd_status(struct sh_args *a, struct sh_error *err)
{
	struct sh_home *h;
	json_t *v;
	int rc;

	if (sh_open_home(a, 0, &h, err))
		return (-1);
	rc = sh_home_status(h, sh_now(), &v, err);
	sh_home_close(h);
	if (rc != 0)
		return (-1);
	rc = sh_seals_exit(json_object_get(v, "seals"));
	if (is_true(json_object_get(v, "signing"), "refusing"))
		rc = EX_TEMPFAIL;
	if (a->json)
		return (sh_print_json(v, err) ? -1 : rc);
	(void)printf(a->lang == SH_VI ? "Thay đổi: %lld\n" :
	    "Changes: %lld\n", number(v, "events"));
	print_search(json_object_get(v, "search"), a->lang);
	sh_print_seals(json_object_get(v, "seals"), a->lang);
	print_scrub(json_object_get(v, "scrub"), a->lang);
	print_signing(json_object_get(v, "signing"), a->lang);
	json_decref(v);
	return (rc);
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
