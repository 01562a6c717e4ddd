/* ocr/marks: what is mended, and above all what is not. */
#include "tests/unit/test.h"

#include "base/mem.h"
#include "base/text.h"
#include "ocr/marks.h"

static struct sh_marks *marks;

static int
start(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	must(sh_marks_new(NULL, 0, &marks, &err));
	return (0);
}

static int
stop(void **state)
{
	(void)state;
	sh_marks_free(marks);
	return (0);
}

/* A page of one line; its words are parted by spaces. */
static struct sh_page *
line_of(const char *text, double sure)
{
	struct sh_error err = SH_ERROR_INIT;
	const int32_t base[4] = { 0, 20, 900, 20 };
	struct sh_page *p = sh_page_new(&err);
	char copy[400], *rest = copy, *word;
	int x = 0;

	must_ptr(p);
	(void)snprintf(copy, sizeof(copy), "%s", text);
	p->width_px = p->height_px = 4000;
	must(sh_page_add_line(p, (struct sh_box){ 0, 0, 900, 30 }, base, 0,
	    &err));
	while ((word = strsep(&rest, " ")) != NULL) {
		must(sh_page_add_word(p, word, (struct sh_box){ x, 0, 40, 30 },
		    sure, &err));
		x += 50;
	}
	return (p);
}

/* What becomes of the line; free with free(). */
static char *
mended(const char *text, double sure, unsigned *np)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = line_of(text, sure);
	struct sh_buf b = SH_BUF_INIT;
	char *s;

	must(sh_marks_mend(marks, p, np, &err));
	must(sh_page_text(p, &b, &err));
	must_ptr(s = sh_buf_steal(&b, &err));
	sh_page_free(p);
	return (s);
}

static void
becomes(const char *read, double sure, const char *right)
{
	unsigned n;
	char *s = mended(read, sure, &n);

	assert_string_equal(s, right);
	assert_int_equal(n > 0, strcmp(read, right) != 0);
	free(s);
}

static void
marks_are_mended(void **state)
{
	(void)state;
	becomes("phương Tân Dịch, thi xã Từ Sơn", 0.9,
	    "phường Tân Dịch, thị xã Từ Sơn");
	becomes("GIẦY CHỨNG NHẬN QUYÊN SỬ DỤNG ĐẤT", 0.9,
	    "GIẤY CHỨNG NHẬN QUYỀN SỬ DỤNG ĐẤT");
	becomes("Nơi thương trú / Place of residence:", 0.99,
	    "Nơi thường trú / Place of residence:");
	becomes("Ngay sinh: 25/06/1999 Giơi tính: Nam", 0.5,
	    "Ngày sinh: 25/06/1999 Giới tính: Nam");
	becomes("ở phương Hoa Gạo, xã Lam Sơn", 0.5,
	    "ở phường Hoa Gạo, xã Lam Sơn");
	becomes("(đăng kỷ khai sinh)", 0.6, "(đăng ký khai sinh)");
}

/* Surely read each time: a blurred page makes an acute of every hook. */
static void
what_a_page_does_again_and_again_is_mended(void **state)
{
	static const char *const lines[] = { "việc tố chức thực hiện",
		"cá nhân, tố chức theo", "nhiệm vụ kiếm soát",
		"quá trình kiếm soát", "để kiếm soát", "do tố chức" };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_page *p;
	unsigned n;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(lines); i++)
		becomes(lines[i], 0.97, lines[i]);
	/* The same word again is no habit. */
	becomes("tố chức, tố chức, tố chức, tố chức", 0.97,
	    "tố chức, tố chức, tố chức, tố chức");
	must_ptr(p = line_of(lines[0], 0.97));
	for (i = 1; i < SH_COUNT(lines); i++) {
		struct sh_page *next = line_of(lines[i], 0.97);

		must(sh_page_copy_line(p, next, 0, 0, 100 * (int)i, 0, &err));
		sh_page_free(next);
	}
	must(sh_marks_mend(marks, p, &n, &err));
	assert_int_equal(n, 6);
	must(sh_page_text(p, &b, &err));
	assert_string_equal(b.data, "việc tổ chức thực hiện\n"
	    "cá nhân, tổ chức theo\nnhiệm vụ kiểm soát\n"
	    "quá trình kiểm soát\nđể kiểm soát\ndo tổ chức");
	sh_buf_free(&b);
	sh_page_free(p);
}

static void
what_is_right_or_not_known_stays(void **state)
{
	static const char *const lines[] = {
		"Trần Thị Thúy Lan", "Nguyễn Trịnh Quang Bình",
		"NGUYỄN THỊ HẠ", "Đinh Khánh Hà",
		"dự án qua ba giai đoạn", "quyền lợi của công dân",
		"Số: 051158332214 ngày 09/07/1958", "QĐ-UBND Mã: 12a-THI",
		"Full name Place of origin", "hoà giải ở cơ sở",
		"thi hành án dân sự", "iPHONE thI xÃ", "thi",
	};
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(lines); i++) {
		becomes(lines[i], 0.99, lines[i]);
		if (i < 4)
			becomes(lines[i], 0.3, lines[i]);
	}
}

/* Signs and figures between two words part them. */
static void
signs_part_words(void **state)
{
	(void)state;
	becomes("thi, xã", 0.6, "thi, xã");
	becomes("thi 5 xã", 0.6, "thi 5 xã");
	becomes("thi (xã", 0.6, "thi (xã");
	becomes("thi xã", 0.6, "thị xã");
}

/* Any words in any order: letters, figures and signs are never changed. */
static void
only_marks_change(void **state)
{
	static const char *const words[] = { "thi", "thị", "xã", "XA", "tinh",
	    "tỉnh", "phương", "QUYEN", "sử", "dung", "dụng", "dat", "đất,",
	    "Giay", "(giấy", "chung", "nhận", "12/3", "A1", "ho", "họ", "va",
	    "tên:", "sinh", "Ngay", "-", "ky", "dang", "uy", "ban", "nhan",
	    "dân.", "cong", "an", "Ha", "noi", "so" };
	struct sh_error err = SH_ERROR_INIT;
	unsigned seed = 9, n, all = 0;
	int round, i;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct sh_page *p, *q;
		char text[400];
		size_t len = 0;

		for (i = 0; i < 20; i++) {
			seed = seed * 1664525 + 1013904223;
			len += (size_t)snprintf(text + len, sizeof(text) -
			    len, "%s%s", i > 0 ? " " : "",
			    words[(seed >> 8) % SH_COUNT(words)]);
		}
		p = line_of(text, (round % 10) / 10.0);
		q = line_of(text, 0);
		must(sh_marks_mend(marks, p, &n, &err));
		assert_int_equal(p->nwords, q->nwords);
		all += n;
		for (i = 0; i < (int)p->nwords; i++) {
			char *a = sh_text_fold_dup(p->words[i].text, &err);
			char *b = sh_text_fold_dup(q->words[i].text, &err);

			assert_string_equal(a, b);
			assert_int_equal(sh_utf8_count(p->words[i].text,
			    strlen(p->words[i].text)),
			    sh_utf8_count(q->words[i].text,
			    strlen(q->words[i].text)));
			free(a);
			free(b);
		}
		sh_page_free(p);
		sh_page_free(q);
	}
	assert_true(all > 300);
}

static void
a_mended_word_is_less_sure(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = line_of("Nơi thương trú:", 0.99);
	unsigned n;

	(void)state;
	must(sh_marks_mend(marks, p, &n, &err));
	assert_int_equal(n, 1);
	assert_string_equal(p->words[1].text, "thường");
	assert_float_equal((double)p->words[1].confidence, SH_MARKS_SURE,
	    1e-6);
	assert_float_equal((double)p->words[0].confidence, 0.99, 1e-6);
	sh_page_free(p);
}

static void
damaged_models_are_refused(void **state)
{
	static const char *const models[] = { "", "sohoa-marks 2\n",
	    "sohoa-marks 1\n0 0\n", "sohoa-marks 1\n1 0\n", "sohoa-marks 1\n"
	    "1 0\n5 xã\nmore", "sohoa-marks 1\n1 1\n5 xã\n3 0 1\n",
	    "sohoa-marks 1\n1 1\n5 xã\n-3 0 0\n", "sohoa-marks 1\n99999 0\n",
	    "sohoa-marks 1\n1 0\n5 .\n" };
	static const char good[] = "sohoa-marks 1\n2 1\n5 thị\n5 xã\n4 0 1\n";
	struct sh_error err = SH_ERROR_INIT;
	struct sh_marks *m;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(models); i++) {
		assert_int_equal(sh_marks_new(models[i], strlen(models[i]),
		    &m, &err), -1);
		assert_string_equal(err.key, "model.damaged");
		assert_null(m);
		sh_error_clear(&err);
	}
	must(sh_marks_new(good, strlen(good), &m, &err));
	assert_int_equal(strlen(sh_marks_version(m)), 8);
	sh_marks_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_mended),
		cmocka_unit_test(what_a_page_does_again_and_again_is_mended),
		cmocka_unit_test(what_is_right_or_not_known_stays),
		cmocka_unit_test(signs_part_words),
		cmocka_unit_test(only_marks_change),
		cmocka_unit_test(a_mended_word_is_less_sure),
		cmocka_unit_test(damaged_models_are_refused),
	};

	return (cmocka_run_group_tests_name("marks", tests, start, stop));
}
