#include "pipeline/verdict_page.h"

#include <string.h>

#include "base/mem.h"

/* What is said on the page, in both languages. */
enum word {
	TITLE, FILE_NAME, DIGEST, JUDGED, PASSED, UNSURE, FAILED, SIGNATURE,
	STAMP, SIGNER, RESULT, LEVEL, CLAIMED, PROVEN, STAMPED, ALGORITHM,
	COVERS, WHOLE, PART, NOTHING, REASONS, MADE_BY, NWORDS
};

static const char *const words[NWORDS][2] = {
	[TITLE] = { "PHIẾU KIỂM TRA CHỮ KÝ SỐ", "VERIFICATION OF SIGNATURES" },
	[FILE_NAME] = { "Tệp", "File" },
	[DIGEST] = { "Mã băm SHA-256", "SHA-256" },
	[JUDGED] = { "Kiểm tra lúc", "Judged at" },
	[PASSED] = { "HỢP LỆ", "VALID" },
	[UNSURE] = { "CHƯA KẾT LUẬN ĐƯỢC", "NOT DECIDED" },
	[FAILED] = { "KHÔNG HỢP LỆ", "NOT VALID" },
	[SIGNATURE] = { "Chữ ký", "Signature" },
	[STAMP] = { "Dấu thời gian", "Time stamp" },
	[SIGNER] = { "Người ký", "Signer" },
	[RESULT] = { "Kết quả", "Result" },
	[LEVEL] = { "Mức", "Level" },
	[CLAIMED] = { "Thời gian tự khai", "Claimed time" },
	[PROVEN] = { "Thời gian được chứng minh", "Proven time" },
	[STAMPED] = { "Thời gian trên dấu", "Stamped time" },
	[ALGORITHM] = { "Thuật toán", "Algorithm" },
	[COVERS] = { "Bảo vệ", "Covers" },
	[WHOLE] = { "toàn bộ tệp", "the whole file" },
	[PART] = { "nội dung lúc ký; phần thêm sau là đúng phép",
	    "what was signed; what came later was allowed" },
	[NOTHING] = { "không có gì", "nothing" },
	[REASONS] = { "Lý do", "Reasons" },
	[MADE_BY] = { "Kết luận theo ETSI EN 319 102-1.",
	    "Statuses after ETSI EN 319 102-1." },
};

struct page {
	struct sh_buf *out;
	int lang;		/* column of the words */
	struct sh_error *err;
	int failed;
};

static void
put(struct page *p, const char *html)
{
	if (!p->failed && sh_buf_puts(p->out, html, p->err))
		p->failed = 1;
}

/* Names come out of files from anywhere. */
static void
put_text(struct page *p, const char *s)
{
	char one[2] = { 0, 0 };

	for (; s != NULL && *s != '\0'; s++)
		switch (*s) {
		case '<':
			put(p, "&lt;");
			break;
		case '>':
			put(p, "&gt;");
			break;
		case '&':
			put(p, "&amp;");
			break;
		case '"':
			put(p, "&quot;");
			break;
		default:
			one[0] = *s;
			put(p, one);
		}
}

static void
put_word(struct page *p, enum word w)
{
	put(p, words[w][p->lang]);
}

static void
put_row(struct page *p, enum word w, const char *value)
{
	if (value == NULL)
		return;
	put(p, "<tr><th>");
	put_word(p, w);
	put(p, "<td>");
	put_text(p, value);
	put(p, "\n");
}

static const char *
text_of(const json_t *o, const char *name)
{
	return (json_string_value(json_object_get(o, name)));
}

static void
put_status(struct page *p, const json_t *o, const char *tag)
{
	const char *status = text_of(o, "status"), *sub;
	enum word w = FAILED;

	if (status != NULL && strcmp(status, "TOTAL-PASSED") == 0)
		w = PASSED;
	else if (status != NULL && strcmp(status, "INDETERMINATE") == 0)
		w = UNSURE;
	put(p, "<");
	put(p, tag);
	put(p, w == PASSED ? " class=good>" : w == UNSURE ? " class=unsure>" :
	    " class=bad>");
	put_word(p, w);
	put(p, " <small>");
	put_text(p, status);
	if ((sub = text_of(o, "sub_indication")) != NULL) {
		put(p, " ");
		put_text(p, sub);
	}
	put(p, "</small></");
	put(p, tag);
	put(p, ">\n");
}

static void
put_reasons(struct page *p, const json_t *o)
{
	const json_t *list = json_object_get(o, "reasons"), *r;
	const char *detail;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	put(p, "<tr><th>");
	put_word(p, REASONS);
	put(p, "<td><ul>\n");
	json_array_foreach(list, i, r) {
		put(p, "<li>");
		put_text(p, text_of(r, p->lang == 0 ? "vi" : "en"));
		if ((detail = text_of(r, "detail")) != NULL) {
			put(p, " <small>");
			put_text(p, detail);
			put(p, "</small>");
		}
		put(p, "\n");
	}
	put(p, "</ul>\n");
}

static void
put_signature(struct page *p, const json_t *sig)
{
	const json_t *stamp = json_object_get(sig, "timestamp");
	const char *kind = text_of(sig, "kind"), *covers;
	int is_stamp = kind != NULL && strcmp(kind, "timestamp") == 0;

	put(p, "<section><h2>");
	put_word(p, is_stamp ? STAMP : SIGNATURE);
	put(p, " ");
	put_text(p, text_of(sig, "field"));
	put(p, "</h2><table>\n<tr><th>");
	put_word(p, RESULT);
	put(p, "<td>");
	put_status(p, sig, "b");
	put_row(p, SIGNER, text_of(sig, "signer"));
	put_row(p, LEVEL, text_of(sig, "level"));
	put_row(p, PROVEN, text_of(sig, "proven_time"));
	put_row(p, STAMPED, text_of(sig, "stamped_time"));
	put_row(p, CLAIMED, text_of(sig, "claimed_time"));
	if (stamp != NULL)
		put_row(p, STAMP, text_of(stamp, "signer"));
	put_row(p, ALGORITHM, text_of(sig, "algorithm"));
	covers = text_of(sig, "covers");
	put_row(p, COVERS, words[covers == NULL || strcmp(covers, "nothing")
	    == 0 ? NOTHING : strcmp(covers, "document") == 0 ? WHOLE :
	    PART][p->lang]);
	put_reasons(p, sig);
	put(p, "</table></section>\n");
}

static void
put_report(struct page *p, const json_t *report)
{
	const json_t *sig;
	size_t i;

	put(p, "<article><h1>");
	put_word(p, TITLE);
	put(p, "</h1>\n");
	put_status(p, report, "p");
	put(p, "<table>\n");
	put_row(p, FILE_NAME, text_of(report, "name"));
	put_row(p, DIGEST, text_of(report, "digest"));
	put_row(p, JUDGED, text_of(report, "judged_at"));
	put_reasons(p, report);
	put(p, "</table>\n");
	json_array_foreach(json_object_get(report, "signatures"), i, sig)
		put_signature(p, sig);
	put(p, "<footer>");
	put_word(p, MADE_BY);
	put(p, "</footer></article>\n");
}

int
sh_verdict_page(const json_t *reports, enum sh_lang lang, struct sh_buf *out,
    struct sh_error *err)
{
	struct page p = { .out = out, .lang = lang == SH_VI ? 0 : 1,
	    .err = err };
	const json_t *report;
	size_t i;

	put(&p, "<!DOCTYPE html>\n<html lang=");
	put(&p, p.lang == 0 ? "vi" : "en");
	put(&p, "><meta charset=utf-8>\n"
	    "<meta http-equiv=Content-Security-Policy content=\""
	    "default-src 'none'; style-src 'unsafe-inline'\">\n<title>");
	put_word(&p, TITLE);
	put(&p, "</title>\n<style>\n"
	    "@page{size:A4;margin:20mm}\n"
	    "body{font:12pt/1.4 'Times New Roman','Liberation Serif',serif;"
	    "max-width:170mm;margin:auto;color:#000}\n"
	    "article{break-after:page}h1{font-size:16pt;text-align:center}\n"
	    "h2{font-size:13pt;margin:1em 0 .3em}table{border-collapse:"
	    "collapse;width:100%}\n"
	    "th,td{border:1px solid #888;padding:.2em .5em;text-align:left;"
	    "vertical-align:top;overflow-wrap:anywhere}\n"
	    "th{width:32%;font-weight:normal;background:#f3f3f3}\n"
	    "p{font-size:15pt;text-align:center;border:2px solid;padding:.3em}"
	    "\nsmall{font-size:9pt;color:#444}ul{margin:0;padding-left:1.2em}"
	    "\n.good{color:#064}.unsure{color:#850}.bad{color:#a00}\n"
	    "section{break-inside:avoid}footer{margin-top:1em;font-size:9pt}\n"
	    "</style>\n");
	json_array_foreach(reports, i, report)
		put_report(&p, report);
	put(&p, "</html>\n");
	return (p.failed ? -1 : 0);
}
