/* ocr/tidy: what goes from a reading, what stays, and in which order. */
#include "tests/unit/test.h"

#include <math.h>

#include "base/mem.h"
#include "ocr/tidy.h"

static struct sh_error err = SH_ERROR_INIT;

static struct sh_page *
new_page(double skew)
{
	struct sh_page *p = sh_page_new(&err);

	must_ptr(p);
	p->width_px = 2000;
	p->height_px = 3000;
	p->skew_deg = skew;
	return (p);
}

/* A line of 20 px a letter from X; its words are parted by spaces. */
static void
add(struct sh_page *p, int x, int y, const char *text, double sure)
{
	const int32_t base[4] = { x, y + 40, x + 100, y + 40 };
	char copy[200], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	must(sh_page_add_line(p, (struct sh_box){ x, y,
	    20 * (int)strlen(text), 40 }, base, (uint32_t)p->nlines, &err));
	while ((word = strsep(&rest, " ")) != NULL) {
		must(sh_page_add_word(p, word, (struct sh_box){ x, y, 20 *
		    (int)strlen(word), 40 }, sure, &err));
		x += 20 * (int)strlen(word) + 20;
	}
}

/* P is freed; the lines of the tidied page, parted by '\n'. */
static char *
tidied_cards(struct sh_page *p, const struct sh_box *card, size_t n)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_page *q;
	char *s;

	must_ptr(q = sh_page_tidy(p, card, n, NULL, &err));
	must(sh_page_text(q, &b, &err));
	must_ptr(s = sh_buf_steal(&b, &err));
	sh_page_free(p);
	sh_page_free(q);
	return (s);
}

static char *
tidied(struct sh_page *p)
{
	return (tidied_cards(p, NULL, 0));
}

static void
line_becomes(const char *read, double sure, const char *right)
{
	struct sh_page *p = new_page(0);
	char *s;

	add(p, 100, 1500, read, sure);
	s = tidied(p);
	assert_string_equal(s, right);
	free(s);
}

static void
rules_and_strokes_go(void **state)
{
	(void)state;
	line_becomes("STT | Tên |Địa chỉ |", 0.99, "STT Tên Địa chỉ");
	line_becomes("Nguyễn Văn An _ |", 0.6, "Nguyễn Văn An");
	line_becomes("“ Nguyễn Văn An {", 0.3, "Nguyễn Văn An");
	line_becomes("=— âvZ: =", 0.4, "");
	line_becomes("/#⁄c`*\\", 0.3, "");
	line_becomes("— ¬ ˆ", 0.2, "");
	line_becomes("j-", 0.2, "");
}

static void
an_eth_is_a_d_with_a_stroke(void **state)
{
	(void)state;
	line_becomes("C\u00d0 608893 \u00f0\u00d0\u1ea5t", 0.9,
	    "C\u0110 608893 \u0111\u0110\u1ea5t");
	line_becomes("Ã \u00f1 Ý", 0.9, "Ã \u00f1 Ý");
}

static void
labels_end_with_their_colon(void **state)
{
	(void)state;
	line_becomes("Ngày sinh:16/08/1990", 0.9, "Ngày sinh: 16/08/1990");
	line_becomes("Sex:Nữ", 0.9, "Sex: Nữ");
	line_becomes("No.027090098192", 0.9, "No. 027090098192");
	line_becomes("lúc 14:30 tại https://vi.vn TT.12", 0.9,
	    "lúc 14:30 tại https://vi.vn TT.12");
}

static void
what_is_printed_stays(void **state)
{
	static const struct { const char *text; double sure; } c[] = {
		{ "- Như trên;", 0.3 }, { "Số: 12/QĐ-UBND", 0.1 },
		{ "2", 0.1 }, { "12 / 05 / 2024", 0.2 }, { "A", 0.95 },
		{ "“Giấy phép”", 0.2 }, { "* * *", 0.97 },
		{ "---------------", 0.95 }, { "Ký tên", 0.1 },
		{ "P<VNMNGUYEN<<VAN<AN<<<<<<<<<<<<<<", 0.2 },
		{ "IDVNM<<<<<<<<<", 0.2 }, { "<<<< <<<", 0.1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++)
		line_becomes(c[i].text, c[i].sure, c[i].text);
}

/* Strokes of a pen are read as words, but as high ones, and never surely. */
static void
signatures_go(void **state)
{
	static const struct {
		const char *text;
		int height;
		double sure;
		int stays;
	} c[] = {
		{ "UP 2V, D92", 100, 0.4, 0 }, { "UP 2V, D92", 100, 0.6, 1 },
		{ "UP 2V, D92", 80, 0.4, 1 }, { "QUYẾT ĐỊNH", 110, 0.9, 1 },
		{ "IDVNM<<<<<<<<<", 110, 0.2, 1 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		struct sh_page *p = new_page(0);
		struct sh_line *l;
		char right[600] = "", *s;

		for (k = 0; k < 5; k++) {
			add(p, 100, 500 + 60 * (int)k,
			    "Tôi cam đoan những", 0.9);
			(void)strcat(right, "Tôi cam đoan những\n");
		}
		add(p, 1200, 1500, c[i].text, c[i].sure);
		l = &p->lines[p->nlines - 1];
		for (k = l->first; k < p->nwords; k++)
			p->words[k].box.h = c[i].height;
		if (c[i].stays)
			(void)strcat(right, c[i].text);
		else
			right[strlen(right) - 1] = '\0';
		s = tidied(p);
		assert_string_equal(s, right);
		free(s);
	}
}

/* The engine gives the columns of a head, and a line far too late. */
static void
lines_come_as_they_are_read(void **state)
{
	static const double leans[] = { 0, 2.5, -2.5 };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(leans); i++) {
		struct sh_page *p = new_page(leans[i]);
		double t = tan(leans[i] * 3.14159265 / 180);
		char *s;

#define ADD(x, y, text)	add(p, x, (int)((y) + t * (x)) + 100, text, 0.9)
		ADD(100, 100, "SỞ");
		ADD(100, 160, "PHÒNG");
		ADD(1000, 100, "CỘNG HÒA");
		ADD(1000, 160, "Độc lập");
		ADD(500, 300, "GIẤY");
		ADD(100, 1100, "Điều 2.");
		ADD(100, 1000, "Điều 1.");
		/* Columns of their own below the head stay columns. */
		ADD(100, 1500, "trái");
		ADD(100, 1560, "trái hai");
		ADD(1200, 1500, "phải");
		ADD(1200, 1560, "phải hai");
#undef ADD
		s = tidied(p);
		assert_string_equal(s, "SỞ\nCỘNG HÒA\nPHÒNG\nĐộc lập\nGIẤY\n"
		    "Điều 1.\nĐiều 2.\ntrái\ntrái hai\nphải\nphải hai");
		free(s);
	}
}

/*
 * Two sides of a card beside each other, a line above them and one below:
 * side by side, column by column, without what a portrait was read as.
 */
static void
cards_come_one_after_the_other(void **state)
{
	static const struct sh_box card[2] = { { 100, 500, 800, 500 },
	    { 1000, 500, 800, 500 } };
	struct sh_page *p = new_page(0);
	char *s;

	(void)state;
	add(p, 1020, 520, "Đặc điểm", 0.9);
	add(p, 1500, 525, "Ngón trỏ", 0.9);
	add(p, 120, 900, "Có giá trị", 0.9);
	add(p, 400, 520, "CĂN CƯỚC", 0.9);
	add(p, 400, 600, "Họ và tên", 0.9);
	add(p, 250, 608, "r|", 0.4);
	add(p, 1020, 600, "Nốt ruồi", 0.9);
	add(p, 1020, 900, "IDVNM0902431966075090243196<<2", 0.9);
	add(p, 400, 700, "VÕ THẾ PHÚC", 0.9);
	add(p, 100, 1200, "Bản sao", 0.9);
	add(p, 100, 450, "Thẻ của ông", 0.9);
	s = tidied_cards(p, card, 2);
	assert_string_equal(s, "Thẻ của ông\nCĂN CƯỚC\nHọ và tên\n"
	    "VÕ THẾ PHÚC\nCó giá trị\nĐặc điểm\nNốt ruồi\n"
	    "Ngón trỏ\nIDVNM0902431966075090243196<<2\nBản sao");
	free(s);
}

static void
all_else_is_kept(void **state)
{
	struct sh_page *p = new_page(1.5), *q;
	struct sh_box box = { 10, 20, 30, 40 };

	(void)state;
	add(p, 100, 1500, "một", 0.5);
	add(p, 100, 1600, "hai", 0.5);
	p->dpi = p->dpi_y = 300;
	p->dpi_known = 1;
	p->orientation = 90;
	p->confidence = 0.5;
	must(sh_page_set_engine(p, "engine", &err));
	must(sh_page_set_measure(p, "word_shapes", 7, &err));
	must(sh_page_add_mark(p, SH_BARCODE_QR, "code", box, "how", &err));
	must_ptr(q = sh_page_tidy(p, NULL, 0, NULL, &err));
	assert_int_equal(q->nmarks, 1);
	assert_string_equal(q->marks[0].text, "code");
	assert_string_equal(q->engine, "engine");
	assert_true(json_equal(p->measures, q->measures));
	assert_int_equal(q->orientation, 90);
	assert_float_equal(q->skew_deg, 1.5, 0);
	assert_float_equal(q->dpi, 300, 0);
	assert_int_equal(q->lines[1].block, 1);
	assert_int_equal(q->words[1].line, 1);
	assert_memory_equal(&q->lines[0].box, &p->lines[0].box, sizeof(box));
	sh_page_free(p);
	sh_page_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_and_strokes_go),
		cmocka_unit_test(what_is_printed_stays),
		cmocka_unit_test(an_eth_is_a_d_with_a_stroke),
		cmocka_unit_test(labels_end_with_their_colon),
		cmocka_unit_test(cards_come_one_after_the_other),
		cmocka_unit_test(signatures_go),
		cmocka_unit_test(lines_come_as_they_are_read),
		cmocka_unit_test(all_else_is_kept),
	};

	return (cmocka_run_group_tests_name("tidy", tests, NULL, NULL));
}
