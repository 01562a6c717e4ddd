/* sohoa report: the figures as lines, JSON, CSV or an SVG page. */
#include "pipeline/report.h"

#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/cmd/command.h"

static double
value(const json_t *v, const char *name)
{
	return (json_number_value(json_object_get(v, name)));
}

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

/* Pad to WIDTH characters, not bytes. */
static void
print_padded(const char *s, size_t width)
{
	size_t n = sh_utf8_count(s, strlen(s));

	(void)printf("%s%*s", s, n < width ? (int)(width - n) : 0, "");
}

static void
print_total(const json_t *t, const json_t *q, enum sh_lang lang)
{
	static const struct {
		const char *name, *vi, *en;
		char kind;	/* count, percent, rate, seconds */
	} lines[] = {
		{ "dossiers", "hồ sơ tiếp nhận", "dossiers received", 'c' },
		{ "finished", "đã xong", "finished", 'c' },
		{ "components", "thành phần số hóa", "components digitised",
		    'c' },
		{ "results", "kết quả số hóa", "results digitised", 'c' },
		{ "reused", "thành phần tái sử dụng", "components reused",
		    'c' },
		{ "certified", "bản sao chứng thực", "certified copies",
		    'c' },
		{ "pages_fed", "trang đưa vào", "pages fed", 'c' },
		{ "pages_archived", "trang lưu kho", "pages archived", 'c' },
		{ "linked", "giấy tờ đã có sẵn", "documents held already",
		    'c' },
		{ "straight_share", "không cần người xem",
		    "straight through", 'p' },
		{ "corrections_a_page", "lần sửa trên một trang",
		    "corrections a page", 'r' },
		{ "bytes_a_page", "byte trên một trang", "bytes a page",
		    'c' },
		{ "time_p50_s", "thời gian hồ sơ p50", "time a dossier p50",
		    's' },
		{ "time_p95_s", "thời gian hồ sơ p95", "time a dossier p95",
		    's' },
	};
	double n;
	size_t i;

	for (i = 0; i < SH_COUNT(lines); i++) {
		n = value(t, lines[i].name);
		(void)fputs("  ", stdout);
		print_padded(lang == SH_VI ? lines[i].vi : lines[i].en, 28);
		if (!json_is_number(json_object_get(t, lines[i].name)))
			(void)fputs(" –\n", stdout);
		else if (lines[i].kind == 'p')
			(void)printf(" %.1f %%\n", 100 * n);
		else if (lines[i].kind == 'r')
			(void)printf(" %.3f\n", n);
		else
			(void)printf(" %.0f%s\n", n, lines[i].kind == 's' ?
			    " s" : "");
	}
	(void)printf(lang == SH_VI ?
	    "  việc chờ người               %.0f, quá hạn %.0f, lâu nhất "
	    "%.0f phút\n" :
	    "  items wait                   %.0f, overdue %.0f, the oldest "
	    "%.0f min\n", value(q, "waiting"), value(q, "overdue"),
	    value(q, "age_max_s") / 60);
}

static void
print_report(const json_t *r, enum sh_lang lang)
{
	const json_t *v, *list, *x;
	size_t i, k;

	(void)printf("%s – %s\n", text(r, "from"), text(r, "to"));
	v = json_object_get(r, "received");
	if (v != NULL && value(json_object_get(r, "total"), "dossiers") == 0)
		(void)printf(lang == SH_VI ?
		    "không có hồ sơ tiếp nhận trong khoảng này; có từ %s đến "
		    "%s (--from, --to)\n" :
		    "no dossier was received in this period; there are some "
		    "from %s to %s (--from, --to)\n", text(v, "first"),
		    text(v, "last"));
	print_total(json_object_get(r, "total"), json_object_get(r, "queue"),
	    lang);
	(void)fputs(lang == SH_VI ?
	    "\ncơ quan              cấp            hồ sơ  th.phần  kết quả"
	    "  tái s.d.  tự động\n" :
	    "\nagency               level       dossiers    comp.  results"
	    "    reused straight\n", stdout);
	json_array_foreach(json_object_get(r, "agencies"), i, v)
		(void)printf("%-20s %-11s %8.0f %8.0f %8.0f %9.0f %7.1f%%\n",
		    text(v, "agency"), text(v, "level"), value(v,
		    "dossiers"), value(v, "components"), value(v, "results"),
		    value(v, "reused"), 100 * value(v, "straight_share"));
	(void)fputs("\nQĐ 766\n", stdout);
	json_array_foreach(json_object_get(r, "indicators"), i, v) {
		(void)printf("  %-34s ", text(v, "code"));
		if (json_is_number(json_object_get(v, "ratio")))
			(void)printf("%6.0f / %-6.0f %6.2f%%  %5.2f / %.0f\n",
			    value(v, "numerator"), value(v, "denominator"),
			    100 * value(v, "ratio"), value(v, "points"),
			    value(v, "max"));
		else
			(void)printf("%s\n", json_is_true(json_object_get(v,
			    "known")) ? "–" : lang == SH_VI ?
			    "không đo ở đây" : "not measured here");
		list = json_object_get(v, "counted");
		json_array_foreach(list, k, x)
			(void)printf("    + %s\n", json_string_value(x));
		list = json_object_get(v, "not_counted");
		json_array_foreach(list, k, x)
			(void)printf("    - %s\n", json_string_value(x));
	}
}

static int
print_csv(const json_t *r, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	if ((rc = sh_report_csv(r, &b, err)) == 0)
		(void)fwrite(b.data, 1, b.len, stdout);
	sh_buf_free(&b);
	return (rc);
}

static int
write_svg(const char *path, const json_t *r, enum sh_lang lang,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_report_svg(r, lang, &b, err) == 0)
		rc = sh_fs_replace(path, b.data, b.len, 0644, err);
	sh_buf_free(&b);
	return (rc);
}

int
sh_cmd_report(struct sh_args *a, struct sh_error *err)
{
	const char *from = sh_args_get(a, "from"), *to = sh_args_get(a, "to");
	const char *svg = sh_args_get(a, "svg");
	struct sh_date last = sh_date_at(sh_now()), first = last;
	struct sh_home *h;
	json_t *r = NULL;
	int rc = -1;

	first.day = 1;
	if ((from != NULL && sh_date_parse(from, &first)) ||
	    (to != NULL && sh_date_parse(to, &last)))
		return (sh_args_usage(a, "a day is yyyy-mm-dd"));
	if (sh_date_compare(first, last) > 0)
		return (sh_args_usage(a, "--from lies behind --to"));
	if (sh_open_home(a, 0, &h, err))
		return (-1);
	if (sh_report(h, first, last, sh_args_get(a, "drill"), &r, err) ||
	    (svg != NULL && write_svg(svg, r, a->lang, err)))
		goto out;
	rc = EX_OK;
	if (a->json) {
		rc = sh_print_json(r, err);
		r = NULL;
	} else if (sh_args_get(a, "csv") != NULL) {
		rc = print_csv(r, err);
	} else {
		print_report(r, a->lang);
	}
out:
	json_decref(r);
	sh_home_close(h);
	return (rc);
}
