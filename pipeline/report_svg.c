/* The figures as one SVG page: numbers, plots by day and agency, points. */
#include "pipeline/report.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define WIDTH		1000
#define DAYS_MAX	62	/* the last ones */
#define AGENCIES_MAX	12
#define INK		"#1b2a3a"
#define FAINT		"#6b7c8c"
#define BLUE		"#2f6db5"
#define GREEN		"#3a9a6e"
#define AMBER		"#d9902f"
#define GRID		"#dfe5ea"

struct pen {
	struct sh_buf *out;
	enum sh_lang lang;
	struct sh_error *err;
	int failed;
};

static void draw(struct pen *p, const char *fmt, ...) SH_PRINTF(2, 3);

static void
draw(struct pen *p, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!p->failed && sh_buf_puts(p->out, line, p->err))
		p->failed = 1;
}

/* Text as XML; at most MAX characters of it. */
static void
write_text(struct pen *p, double x, double y, const char *style,
    const char *s, size_t max)
{
	char one[2] = { 0, 0 };
	size_t n = 0;

	draw(p, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
	for (; *s != '\0'; s++) {
		/* Characters are counted where they begin. */
		if ((*s & 0xc0) != 0x80 && n++ >= max) {
			draw(p, "…");
			break;
		}
		one[0] = *s;
		draw(p, "%s", *s == '<' ? "&lt;" : *s == '&' ? "&amp;" :
		    *s == '>' ? "&gt;" : one);
	}
	draw(p, "</text>\n");
}

static const char *
say(const struct pen *p, const char *vi, const char *en)
{
	return (p->lang == SH_VI ? vi : en);
}

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

/* 12,345 as people read it: groups of three. */
static void
group_digits(double v, char out[32])
{
	char plain[24];
	size_t n, i, k = 0;

	n = (size_t)snprintf(plain, sizeof(plain), "%.0f", v);
	for (i = 0; i < n && k + 2 < 32; i++) {
		if (i > 0 && (n - i) % 3 == 0 && plain[i - 1] != '-')
			out[k++] = ' ';
		out[k++] = plain[i];
	}
	out[k] = '\0';
}

static void
duration(double s, char out[32])
{
	if (s < 120)
		(void)snprintf(out, 32, "%.0f s", s);
	else if (s < 7200)
		(void)snprintf(out, 32, "%.0f min", s / 60);
	else
		(void)snprintf(out, 32, "%.1f h", s / 3600);
}

/* ---- the numbers at the top --------------------------------------------------- */

static void
tile(struct pen *p, int i, const char *number, const char *label)
{
	double x = 40 + (i % 4) * 232.0, y = 96 + (i / 4) * 92.0;

	draw(p, "<rect x=\"%.0f\" y=\"%.0f\" width=\"220\" height=\"80\" "
	    "rx=\"6\" fill=\"#f4f7f9\"/>\n", x, y);
	write_text(p, x + 16, y + 40, "font-size=\"28\" font-weight=\"600\" "
	    "fill=\"" INK "\"", number, 16);
	write_text(p, x + 16, y + 64, "font-size=\"13\" fill=\"" FAINT "\"",
	    label, 34);
}

static void
tiles(struct pen *p, const json_t *t, const json_t *queue)
{
	char s[32], all[96];

	group_digits(value(t, "dossiers"), s);
	tile(p, 0, s, say(p, "hồ sơ tiếp nhận", "dossiers received"));
	group_digits(value(t, "components"), s);
	(void)snprintf(all, sizeof(all), "%s + %.0f", s, value(t, "results"));
	tile(p, 1, all, say(p, "thành phần + kết quả số hóa",
	    "components + results digitised"));
	group_digits(value(t, "reused"), s);
	tile(p, 2, s, say(p, "thành phần tái sử dụng", "components reused"));
	group_digits(value(t, "certified"), s);
	tile(p, 3, s, say(p, "bản sao chứng thực", "certified copies"));
	(void)snprintf(s, sizeof(s), "%.1f %%", 100 * value(t,
	    "straight_share"));
	tile(p, 4, s, say(p, "không cần người xem", "straight through"));
	duration(value(t, "time_p50_s"), s);
	(void)snprintf(all, sizeof(all), "%s / ", s);
	duration(value(t, "time_p95_s"), s);
	(void)strcat(all, s);
	tile(p, 5, all, say(p, "thời gian hồ sơ p50 / p95",
	    "time a dossier p50 / p95"));
	(void)snprintf(s, sizeof(s), "%.3f", value(t, "corrections_a_page"));
	tile(p, 6, s, say(p, "lần sửa trên một trang",
	    "corrections a page"));
	duration(value(queue, "age_max_s"), s);
	(void)snprintf(all, sizeof(all), "%.0f · %s", value(queue,
	    "waiting"), s);
	tile(p, 7, all, say(p, "việc chờ · chờ lâu nhất",
	    "items wait · the oldest"));
}

/* ---- plots ------------------------------------------------------------------------- */

static void
title(struct pen *p, double y, const char *s)
{
	write_text(p, 40, y, "font-size=\"16\" font-weight=\"600\" fill=\""
	    INK "\"", s, 90);
}

/* A round number not below V. */
static double
ceiling(double v)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double ten = 1;
	size_t i;

	while (ten * 10 < v)
		ten *= 10;
	for (i = 0; i < SH_COUNT(steps); i++)
		if (steps[i] * ten >= v)
			return (steps[i] * ten);
	return (ten * 10);
}

static void
axis(struct pen *p, double y, double height, double top, const char *unit)
{
	char s[32], label[64];
	int i;

	for (i = 0; i <= 2; i++) {
		double at = y + height * (2 - i) / 2;

		draw(p, "<line x1=\"90\" x2=\"960\" y1=\"%.1f\" y2=\"%.1f\" "
		    "stroke=\"" GRID "\"/>\n", at, at);
		group_digits(top * i / 2, s);
		(void)snprintf(label, sizeof(label), "%s%s", s, unit);
		write_text(p, 82, at + 4, "font-size=\"11\" text-anchor="
		    "\"end\" fill=\"" FAINT "\"", label, 20);
	}
}

/* Under the axis: so many days that they do not touch. */
static void
day_labels(struct pen *p, const json_t *days, size_t first, double y)
{
	size_t n = json_array_size(days) - first, i, step = (n + 9) / 10;
	double w = 870.0 / (double)n;

	for (i = 0; i < n; i += step)
		write_text(p, 90 + ((double)i + 0.5) * w, y, "font-size="
		    "\"11\" text-anchor=\"middle\" fill=\"" FAINT "\"",
		    text(json_array_get(days, first + i), "day") + 5, 5);
}

/* Pages by day: archived, and on top what was folded away or set aside. */
static void
plot_pages(struct pen *p, const json_t *days, size_t first, double y)
{
	size_t n = json_array_size(days), i;
	double top = 1, w = 870.0 / (double)(n - first), h = 150, a, b;

	for (i = first; i < n; i++)
		if (value(json_array_get(days, i), "pages_fed") > top)
			top = value(json_array_get(days, i), "pages_fed");
	top = ceiling(top);
	title(p, y - 16, say(p, "Trang đưa vào mỗi ngày (xanh đậm: lưu kho)",
	    "Pages fed a day (dark: archived)"));
	axis(p, y, h, top, "");
	for (i = first; i < n; i++) {
		const json_t *d = json_array_get(days, i);
		double bar = w * 0.7 < 48 ? w * 0.7 : 48;
		double x = 90 + ((double)(i - first) + 0.5) * w - bar / 2;

		a = h * value(d, "pages_fed") / top;
		b = h * value(d, "pages_archived") / top;
		draw(p, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		    "height=\"%.1f\" fill=\"#b9d0ea\"/>\n", x, y + h - a,
		    bar, a);
		draw(p, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		    "height=\"%.1f\" fill=\"" BLUE "\"/>\n", x, y + h - b,
		    bar, b);
	}
	day_labels(p, days, first, y + h + 18);
}

/* One figure of every day as a line with its points. */
static void
line(struct pen *p, const json_t *days, size_t first, double y, double h,
    const char *name, double top, const char *colour)
{
	size_t n = json_array_size(days), i;
	double w = 870.0 / (double)(n - first);

	draw(p, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
	    "points=\"", colour);
	for (i = first; i < n; i++)
		if (json_is_number(json_object_get(json_array_get(days, i),
		    name)))
			draw(p, "%.1f,%.1f ", 90 + ((double)(i - first) + 0.5)
			    * w, y + h - h * value(json_array_get(days, i),
			    name) / top);
	draw(p, "\"/>\n");
	for (i = first; i < n; i++)
		if (json_is_number(json_object_get(json_array_get(days, i),
		    name)))
			draw(p, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" "
			    "fill=\"%s\"/>\n", 90 + ((double)(i - first) +
			    0.5) * w, y + h - h * value(json_array_get(days,
			    i), name) / top, colour);
}

static void
plot_lines(struct pen *p, const json_t *days, size_t first, double y)
{
	size_t n = json_array_size(days), i;
	double top = 1, h = 130, v;

	title(p, y - 16, say(p, "Không cần người xem, phần trăm giấy tờ",
	    "Straight through, percent of documents"));
	axis(p, y, h, 100, "%");
	line(p, days, first, y, h, "straight_share", 1, GREEN);
	day_labels(p, days, first, y + h + 18);
	y += 210;
	for (i = first; i < n; i++)
		if ((v = value(json_array_get(days, i), "time_p95_s")) > top)
			top = v;
	top = ceiling(top);
	title(p, y - 16, say(p,
	    "Thời gian một hồ sơ, giây (xanh: p50, cam: p95)",
	    "Time a dossier, seconds (blue: p50, amber: p95)"));
	axis(p, y, h, top, " s");
	line(p, days, first, y, h, "time_p50_s", top, BLUE);
	line(p, days, first, y, h, "time_p95_s", top, AMBER);
	day_labels(p, days, first, y + h + 18);
}

static double
plot_agencies(struct pen *p, const json_t *agencies, double y)
{
	static const struct {
		const char *name, *colour;
	} parts[] = { { "components", BLUE }, { "results", GREEN },
	    { "reused", AMBER } };
	size_t n = json_array_size(agencies), i, k;
	double top = 1, sum, x, w;
	char s[32];

	title(p, y - 16, say(p, "Theo cơ quan: thành phần (xanh dương), "
	    "kết quả (xanh lá), tái sử dụng (cam)",
	    "By agency: components (blue), results (green), reused (amber)"));
	n = n < AGENCIES_MAX ? n : AGENCIES_MAX;
	for (i = 0; i < n; i++) {
		for (sum = 0, k = 0; k < SH_COUNT(parts); k++)
			sum += value(json_array_get(agencies, i),
			    parts[k].name);
		top = sum > top ? sum : top;
	}
	for (i = 0; i < n; i++, y += 26) {
		const json_t *a = json_array_get(agencies, i);

		write_text(p, 190, y + 14, "font-size=\"12\" text-anchor="
		    "\"end\" fill=\"" INK "\"", text(a, "agency"), 22);
		for (sum = 0, x = 200, k = 0; k < SH_COUNT(parts); k++) {
			w = 660 * value(a, parts[k].name) / top;
			draw(p, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			    "height=\"18\" fill=\"%s\"/>\n", x, y, w,
			    parts[k].colour);
			x += w;
			sum += value(a, parts[k].name);
		}
		group_digits(sum, s);
		write_text(p, x + 8, y + 14, "font-size=\"12\" fill=\"" FAINT
		    "\"", s, 20);
	}
	return (y + 50);
}

static double
plot_indicators(struct pen *p, const json_t *list, double y)
{
	const json_t *v;
	char s[96];
	double ratio, target;
	size_t i;

	title(p, y - 16, say(p, "Nhóm số hóa hồ sơ, QĐ 766 (vạch: chỉ tiêu)",
	    "Digitisation group of QĐ 766 (mark: target)"));
	json_array_foreach(list, i, v) {
		write_text(p, 40, y + 14, "font-size=\"12\" fill=\"" INK "\"",
		    text(v, p->lang == SH_VI ? "label" : "label_en"), 52);
		draw(p, "<rect x=\"400\" y=\"%.1f\" width=\"400\" "
		    "height=\"18\" fill=\"#eef2f5\"/>\n", y);
		if (json_is_number(json_object_get(v, "ratio"))) {
			ratio = value(v, "ratio");
			draw(p, "<rect x=\"400\" y=\"%.1f\" width=\"%.1f\" "
			    "height=\"18\" fill=\"" GREEN "\"/>\n", y,
			    400 * ratio);
			(void)snprintf(s, sizeof(s), "%.1f %%   %.2f / %.0f",
			    100 * ratio, value(v, "points"), value(v,
			    "max"));
		} else {
			(void)snprintf(s, sizeof(s), "%s", json_is_true(
			    json_object_get(v, "known")) ? "–" : say(p,
			    "không đo ở đây", "not measured here"));
		}
		target = value(v, "target_bp") / 10000;
		draw(p, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
		    "y2=\"%.1f\" stroke=\"" INK "\" stroke-width=\"2\"/>\n",
		    400 + 400 * target, 400 + 400 * target, y - 3, y + 21);
		write_text(p, 815, y + 14, "font-size=\"12\" fill=\"" INK
		    "\"", s, 30);
		y += 28;
	}
	return (y + 24);
}

int
sh_report_svg(const json_t *report, enum sh_lang lang, struct sh_buf *out,
    struct sh_error *err)
{
	struct pen p = { out, lang, err, 0 };
	const json_t *days = json_object_get(report, "days");
	const json_t *agencies = json_object_get(report, "agencies");
	const json_t *indicators = json_object_get(report, "indicators");
	size_t n = json_array_size(days), na = json_array_size(agencies);
	size_t first = n > DAYS_MAX ? n - DAYS_MAX : 0;
	double y = 330, height;
	char s[96];

	na = na < AGENCIES_MAX ? na : AGENCIES_MAX;
	height = y + (n > 0 ? 640 : 0) + 26.0 * (double)na + 90 +
	    28.0 * (double)json_array_size(indicators) + 40;
	draw(&p, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%.0f\" viewBox=\"0 0 %d %.0f\" font-family=\"system-ui,"
	    "'Liberation Sans',sans-serif\">\n<rect width=\"100%%\" "
	    "height=\"100%%\" fill=\"#fff\"/>\n", WIDTH, height, WIDTH,
	    height);
	write_text(&p, 40, 48, "font-size=\"24\" font-weight=\"600\" fill=\""
	    INK "\"", say(&p, "Số liệu số hóa hồ sơ",
	    "Figures of digitising"), 60);
	(void)snprintf(s, sizeof(s), "%s – %s", text(report, "from"),
	    text(report, "to"));
	write_text(&p, 40, 74, "font-size=\"14\" fill=\"" FAINT "\"", s, 40);
	tiles(&p, json_object_get(report, "total"), json_object_get(report,
	    "queue"));
	if (n > 0) {
		plot_pages(&p, days, first, y);
		plot_lines(&p, days, first, y + 230);
		y += 640;
	}
	y = plot_agencies(&p, agencies, y);
	(void)plot_indicators(&p, indicators, y);
	draw(&p, "</svg>\n");
	return (p.failed ? -1 : 0);
}
