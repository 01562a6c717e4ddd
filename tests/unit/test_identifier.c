/* schemas/identifier: numbers of people, organisations, dossiers. */
#include "tests/unit/test.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/identifier.h"

static void
parses(const char *s, enum sh_id_kind kind, const char *value)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_id id;

	must(sh_id_parse(s, &id, &err));
	assert_int_equal(id.kind, kind);
	assert_string_equal(id.value, value);
}

static void
numbers_have_one_form(void **state)
{
	(void)state;
	parses("027090098192", SH_ID_CITIZEN, "027090098192");
	parses(" 027 090 098 192", SH_ID_CITIZEN, "027090098192");
	parses("027.090.098.192", SH_ID_CITIZEN, "027090098192");
	parses("123 456 789", SH_ID_OLD, "123456789");
	parses("2300000011", SH_ID_TAX, "2300000011");
	parses("9999999997-001", SH_ID_TAX, "9999999997-001");
	parses("9999999997001", SH_ID_TAX, "9999999997-001");
	parses("c1234567", SH_ID_PASSPORT, "C1234567");
	parses("P 00123456", SH_ID_PASSPORT, "P00123456");
	/* Other states print two letters, six digits. */
	parses("AB123456", SH_ID_PASSPORT, "AB123456");
}

static void
other_numbers_are_refused(void **state)
{
	static const char *const bad[] = { "", " ", "1234567890123456789012345",
	    "02709009819", "0270900981922", "02709009819O", "027-090098192",
	    "CCC123456", "C12345", "C123456789", "9999999997-01",
	    "999999999-0001", "9999999997-0a1", "\xff\xff", "０２７" };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_id id;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(bad); i++) {
		must_fail(sh_id_parse(bad[i], &id, &err), SH_EARG);
		assert_int_equal(id.kind, SH_ID_NONE);
	}
	assert_int_equal(sh_id_parse("12 34", &id, &err), -1);
	assert_string_equal(err.key, "id.malformed");
	sh_error_clear(&err);
	assert_int_equal(sh_id_parse("9999999998", &id, &err), -1);
	assert_string_equal(err.key, "id.check-digit");
}

static void
a_wrong_tax_digit_is_always_seen(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_id id;
	char s[11];
	int i, d, accepted = 0;

	(void)state;
	/* Each single wrong digit; the weights are not divisible by 11. */
	for (i = 0; i < 10; i++)
		for (d = '0'; d <= '9'; d++) {
			memcpy(s, "2300000011", 11);
			s[i] = (char)d;
			accepted += sh_id_parse(s, &id, &err) == 0;
			sh_error_clear(&err);
		}
	/* The number itself, ten times. */
	assert_int_equal(accepted, 10);
	/* 0000000000: the formula gives ten, printed as 0. */
	must(sh_id_parse("0000000000", &id, &err));
	assert_int_equal(sh_id_doubts(&id, 2026), SH_ID_CHECK_TEN);
	id.value[9] = '5';
	assert_int_equal(sh_id_doubts(&id, 2026), SH_ID_CHECK_DIGIT);
}

static void
citizens_numbers_tell(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_citizen c;
	struct sh_id id;

	(void)state;
	must(sh_id_parse("027324323978", &id, &err));
	assert_int_equal(sh_id_citizen(&id, &c), 0);
	assert_int_equal(c.province, 27);
	assert_string_equal(c.province_name, "Bắc Ninh");
	assert_int_equal(c.sex, 'F');
	assert_int_equal(c.birth_year, 2024);
	assert_int_equal(sh_id_doubts(&id, 2024), 0);
	assert_int_equal(sh_id_doubts(&id, 2023), SH_ID_YEAR_FUTURE);
	must(sh_id_parse("003090098192", &id, &err));
	assert_int_equal(sh_id_citizen(&id, &c), 0);
	assert_null(c.province_name);
	assert_int_equal(c.sex, 'M');
	assert_int_equal(c.birth_year, 1990);
	assert_int_equal(sh_id_doubts(&id, 2026), SH_ID_PROVINCE_UNKNOWN);
	must(sh_id_parse("123456789", &id, &err));
	assert_int_equal(sh_id_citizen(&id, &c), -1);
	assert_int_equal(sh_id_doubts(&id, 2026), 0);
}

static void
kinds_have_words(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_id a, b;
	int k;

	(void)state;
	for (k = SH_ID_NONE; k <= SH_ID_PASSPORT; k++)
		assert_int_equal(sh_id_kind_from_word(sh_id_kind_word(
		    (enum sh_id_kind)k)), k);
	assert_int_equal(sh_id_kind_from_word("x"), SH_ID_NONE);
	must(sh_id_parse("027090098192", &a, &err));
	must(sh_id_parse("027 090 098 192", &b, &err));
	assert_true(sh_id_equal(&a, &b));
	b.value[11] = '3';
	assert_false(sh_id_equal(&a, &b));
}

static void
provinces_old_and_new(void **state)
{
	unsigned code, n = 0;

	(void)state;
	for (code = 0; code < 1000; code++)
		n += sh_province_name(code) != NULL;
	assert_int_equal(n, 63);
	assert_true(sh_province_known("bac ninh"));
	assert_true(sh_province_known("tinh dak lak"));
	assert_true(sh_province_known("thanh pho hue"));
	assert_true(sh_province_known("tp ho chi minh"));
	assert_true(sh_province_known("ba ria vung tau"));
	assert_true(sh_province_known("ha tay"));
	assert_false(sh_province_known("bac nin"));
	assert_false(sh_province_known("bac ninhh"));
	assert_false(sh_province_known(""));
	assert_false(sh_province_known("tinh"));
}

static void
dossier_and_procedure_codes(void **state)
{
	static const char *const good[] = { "000.00.16.H05-210616-0007",
	    "H05.111.22-250909-0604", "H02.014.14-250811-081595",
	    "G12.18.112-251231-0001", "H49.64.33-240229-12345" };
	static const char *const bad[] = { "", "000.00.16.H05-210616-007",
	    "000.00.16.H05-210632-0007", "000.00.16-210616-0007",
	    "H05-210616-0007", "H05.1.22-250909-0604",
	    "H05.111.22-250909-0604x", "H05.111.22-230229-0604",
	    "h05.111.22-250909-0604", "H05.111.22-250909-01234567890",
	    "H05.111.22-2509090604", "H05.111.22-25" };
	static const char *const procedures[] = { "1.001193", "2.000635",
	    "1.000894.01", "1.008377.000.00.00.H13" };
	static const char *const others[] = { "", "1", "1.00119", "1.0011933",
	    "1.001193.", "1.001193.x", "x.001193", "1.001193.0000",
	    "1.001193.00.00.00.00.00.00.00" };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(good); i++)
		assert_true(sh_dossier_code_valid(good[i]));
	for (i = 0; i < SH_COUNT(bad); i++)
		assert_false(sh_dossier_code_valid(bad[i]));
	for (i = 0; i < SH_COUNT(procedures); i++)
		assert_true(sh_procedure_code_valid(procedures[i]));
	for (i = 0; i < SH_COUNT(others); i++)
		assert_false(sh_procedure_code_valid(others[i]));
}

static void
mrz_check_digits(void **state)
{
	(void)state;
	assert_int_equal(sh_mrz_check("099000123", 9), 2);
	assert_int_equal(sh_mrz_check("027099000123<<", 14), 5);
	assert_int_equal(sh_mrz_check("990412", 6), 3);
	assert_int_equal(sh_mrz_check("D23145890734", 12), 9);
	assert_int_equal(sh_mrz_check("", 0), 0);
	assert_int_equal(sh_mrz_check("09900012a", 9), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_one_form),
		cmocka_unit_test(other_numbers_are_refused),
		cmocka_unit_test(a_wrong_tax_digit_is_always_seen),
		cmocka_unit_test(citizens_numbers_tell),
		cmocka_unit_test(kinds_have_words),
		cmocka_unit_test(provinces_old_and_new),
		cmocka_unit_test(dossier_and_procedure_codes),
		cmocka_unit_test(mrz_check_digits),
	};

	return (cmocka_run_group_tests_name("identifier", tests, NULL, NULL));
}
