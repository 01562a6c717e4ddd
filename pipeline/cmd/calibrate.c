/* sohoa calibrate: are the confidences true, and do they drift? */
#include "pipeline/calibrate.h"

#include <string.h>

#include "base/fs.h"
#include "pipeline/cmd/command.h"

static double
value(const json_t *v, const char *name)
{
	return (json_number_value(json_object_get(v, name)));
}

static void
print_rows(const json_t *list, const char *member)
{
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (value(v, "values") > 0)
			(void)printf("  %-10s %7.0f  %6.2f %%  %6.2f %%  "
			    "(%.2f – %.2f)\n", json_string_value(
			    json_object_get(v, member)), value(v, "values"),
			    100 * value(v, "confidence"), 100 * value(v,
			    "rate"), 100 * value(v, "low"), 100 * value(v,
			    "high"));
}

static void
print_answer(const json_t *v, enum sh_lang lang)
{
	const json_t *drift = json_object_get(v, "drift");

	(void)fputs(lang == SH_VI ?
	    "               giá trị  tin cậy    đúng\n" :
	    "                values  confid.    right\n", stdout);
	print_rows(json_object_get(v, "bins"), "percent");
	(void)fputc('\n', stdout);
	print_rows(json_object_get(v, "methods"), "method");
	(void)fputc('\n', stdout);
	print_rows(json_object_get(v, "months"), "month");
	(void)printf(lang == SH_VI ?
	    "\n%.0f giấy tờ; sai lệch hiệu chuẩn %.4f; %.0f giá trị máy "
	    "không đọc được\n" : "\n%.0f documents; calibration error %.4f; "
	    "%.0f values that the machine missed\n", value(v, "documents"),
	    value(v, "error"), value(v, "missed"));
	if (json_is_object(drift))
		(void)printf(lang == SH_VI ?
		    "tháng %s: đúng hơn tin cậy %+.4f, trước đó %+.4f%s\n" :
		    "%s: right above confidence %+.4f, before %+.4f%s\n",
		    json_string_value(json_object_get(drift, "month")),
		    value(drift, "gap"), value(drift, "before"), json_is_true(
		    json_object_get(drift, "significant")) ? lang == SH_VI ?
		    "  ĐÃ LỆCH" : "  DRIFT" : "");
}

/* 1 when it drifts: a script can ask. */
int
sh_cmd_calibrate(struct sh_args *a, struct sh_error *err)
{
	const char *from = sh_args_get(a, "from"), *to = sh_args_get(a, "to");
	const char *path = sh_args_get(a, "pairs");
	struct sh_date last = sh_date_at(sh_now());
	struct sh_date first = sh_date_add_months(last, -12);
	struct sh_buf pairs = SH_BUF_INIT;
	struct sh_home *h;
	json_t *v = NULL;
	int rc = -1, drifts;

	if ((from != NULL && sh_date_parse(from, &first)) ||
	    (to != NULL && sh_date_parse(to, &last)))
		return (sh_args_usage(a, "a day is yyyy-mm-dd"));
	if (sh_open_home(a, 0, &h, err))
		return (-1);
	if (sh_calibrate(h, first, last, path != NULL ? &pairs : NULL, &v,
	    err) || (path != NULL && sh_fs_replace(path, pairs.data,
	    pairs.len, 0600, err)))
		goto out;
	drifts = json_is_true(json_object_get(json_object_get(v, "drift"),
	    "significant"));
	if (a->json) {
		rc = sh_print_json(v, err);
		v = NULL;
	} else {
		print_answer(v, a->lang);
		rc = EX_OK;
	}
	if (rc == EX_OK && drifts)
		rc = 1;
out:
	json_decref(v);
	sh_buf_free(&pairs);
	sh_home_close(h);
	return (rc);
}
