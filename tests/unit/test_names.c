/* Names and places compared; confidences as probabilities. */
#include "tests/unit/test.h"

#include "ocr/calibrate.h"
#include "ocr/fields.h"
#include "ocr/syllable.h"
#include "schemas/identifier.h"

static void
names(const char *a, const char *b, enum sh_likeness want, const char *why)
{
	const char *reason, *again;

	if (sh_name_compare_why(a, b, &reason) != want ||
	    strcmp(reason, why) != 0)
		fail_msg("%s, %s: %d %s", a, b, sh_name_compare_why(a, b,
		    &reason), reason);
	assert_int_equal(sh_name_compare_why(b, a, &again), want);
	assert_string_equal(reason, again);
}

static void
one_person_is_spelt_in_many_ways(void **state)
{
	(void)state;
	names("NGUYỄN THỊ HÒA", "Nguyễn Thị Hoà", SH_SAME, "equal");
	names("Đỗ Văn Được", "DO VAN DUOC", SH_SAME, "marks-left-out");
	names("Trần Văn Hùng", "Trần Văn Hưng", SH_LIKELY, "marks");
	names("Lý Mỹ Linh", "Lí Mĩ Linh", SH_LIKELY, "i-y");
	names("Nguyễn Văn An", "AN NGUYEN VAN", SH_LIKELY, "order");
	names("Nguyễn Văn An", "N. V. An", SH_LIKELY, "initials");
	names("Nguyễn Thị Lan", "Nguyễn Lan", SH_LIKELY, "middle-name");
	names("TRAN THI PHUONG THA", "Trần Thị Phương Thảo", SH_LIKELY,
	    "cut");
	names("Trần Thị Phượng Hồng", "Trần Thị Phựơng Hồngg", SH_LIKELY,
	    "one-letter");
	names("TON NU THI HOANG PHUON", "Tôn Nữ Thị Hoàng Phương Anh",
	    SH_LIKELY, "cut");
	names("LETHI HONG", "Lê Thị Hồng", SH_LIKELY, "parted");
	names("Lê Văn An", "Lê Văn Bình", SH_DIFFERENT, "other-words");
	names("Lê Văn An", "Phạm Thị Thu Hà", SH_DIFFERENT, "other-number");
	names("", "Lê Văn An", SH_DIFFERENT, "empty");
}

static void
places(const char *a, const char *b, enum sh_likeness want, const char *why)
{
	const char *reason;

	if (sh_place_compare(a, b, &reason) != want || strcmp(reason, why) !=
	    0)
		fail_msg("%s, %s: %d %s", a, b, sh_place_compare(a, b,
		    &reason), reason);
}

static void
places_outlive_the_reform(void **state)
{
	(void)state;
	places("xã Ea Po, tỉnh Đắk Nông", "Xã Ea Po, Tỉnh Đắk Nông",
	    SH_SAME, "equal");
	places("xã Ea Po, tỉnh Đắk Nông", "xã Ea Po, tỉnh Lâm Đồng",
	    SH_SAME, "reform");
	places("xã Ea Po, huyện Cư Jút, tỉnh Đắk Nông",
	    "xã Ea Po, tỉnh Lâm Đồng", SH_LIKELY, "reform");
	places("thôn 2, xã Ea Po, tỉnh Lâm Đồng", "xã Ea Po, tỉnh Lâm Đồng",
	    SH_LIKELY, "shorter");
	places("xã Ea Po, tỉnh Lâm Đồng", "xã Ea Pô, tỉnh Lâm Đồng", SH_SAME,
	    "equal");
	places("xã Tân An, tỉnh Lâm Đồng", "xã Tân An, tỉnh Gia Lai",
	    SH_DIFFERENT, "other-province");
	places("xã Tân An, tỉnh Lâm Đồng", "xã Bình Phú, tỉnh Lâm Đồng",
	    SH_DIFFERENT, "other-place");
	places(",,", "xã Tân An", SH_DIFFERENT, "empty");
	assert_string_equal(sh_province_today("tinh long an"), "tay ninh");
	assert_string_equal(sh_province_today("ca mau"), "ca mau");
	assert_null(sh_province_today("nowhere"));
}

static void
some_syllables_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(sh_syllable_tone("tuyết"), SH_ACUTE);
	assert_int_equal(sh_syllable_tone("VỎ"), SH_HOOK);
	assert_int_equal(sh_syllable_tone("đưa"), SH_LEVEL);
	assert_false(sh_syllable_possible("tuyêt"));
	assert_false(sh_syllable_possible("bich"));
	assert_true(sh_syllable_possible("bích"));
	assert_true(sh_syllable_possible("việt"));
	assert_true(sh_syllable_possible("trân"));
	assert_true(sh_syllable_possible("anh"));
	assert_true(sh_syllable_possible(""));
}

static void
confidences_are_probabilities(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_calibration *c;
	double last = 0, p, raw;
	int k;

	(void)state;
	must_ptr(c = sh_calibration_new(&err));
	for (k = SH_FIELD_TEXT; k <= SH_FIELD_QR; k++) {
		for (last = 0, raw = 0; raw <= 1; raw += 0.125) {
			p = sh_calibration_apply(c, (enum sh_field_kind)k, 0,
			    raw);
			assert_true(p >= last && p <= 1);
			last = p;
		}
		/* Fewer errors are wanted, more sureness is needed. */
		assert_true(sh_calibration_threshold(c,
		    (enum sh_field_kind)k, 0.005) >=
		    sh_calibration_threshold(c, (enum sh_field_kind)k,
		    0.05));
		assert_true(sh_calibration_threshold(c,
		    (enum sh_field_kind)k, 0) > 0.99);
	}
	/* Measured: a date read at 0.5 was right much more often. */
	assert_true(sh_calibration_apply(c, SH_FIELD_DATE, 0, 0.5) > 0.7);
	sh_calibration_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_person_is_spelt_in_many_ways),
		cmocka_unit_test(places_outlive_the_reform),
		cmocka_unit_test(some_syllables_cannot_be),
		cmocka_unit_test(confidences_are_probabilities),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
