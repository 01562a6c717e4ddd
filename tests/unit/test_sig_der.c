/* signing/der: what is refused, what is written. */
#include "tests/unit/test_sig.h"

#include "signing/der.h"

static void
write_lengths(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_der_writer w;
	struct sh_der d;
	struct sh_der_element e;
	static uint8_t body[70000];
	size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 }, i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sh_buf_reset(&b);
		sh_der_write_begin(&w, &b, &err);
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_put(&w, SH_DER_OCTETS, body, sizes[i]);
		sh_der_close(&w);
		must(sh_der_write_end(&w));
		sh_der_init(&d, b.data, b.len, SH_DER);
		must(sh_der_expect(&d, SH_DER_SEQUENCE, &e, &err));
		must(sh_der_finish(&d, &err));
		must(sh_der_enter(&e, &d, &err));
		must(sh_der_expect(&d, SH_DER_OCTETS, &e, &err));
		assert_int_equal(e.len, sizes[i]);
	}
	sh_buf_free(&b);
}

static void
write_integers_and_sets(void **state)
{
	static const uint8_t want[] = { 0x31, 0x12, 2, 1, 0, 2, 1, 127,
	    2, 2, 0, 128, 2, 2, 1, 0, 4, 0 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_der_writer w;

	(void)state;
	sh_der_write_begin(&w, &b, &err);
	sh_der_open(&w, SH_DER_SET);
	sh_der_put(&w, SH_DER_OCTETS, "", 0);
	sh_der_put_uint(&w, 256);
	sh_der_put_uint(&w, 128);
	sh_der_put_uint(&w, 127);
	sh_der_put_uint(&w, 0);
	sh_der_close_set(&w);
	must(sh_der_write_end(&w));
	/* The length was written by hand above: 2 + 16 bytes. */
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data + 2, want + 2, sizeof(want) - 2);
	sh_buf_free(&b);
}

/* Each string of bytes must be refused as DER; OK_BER as BER too, or not. */
static void
refuse_what_is_not_der(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int ok_ber;
	} cases[] = {
#define CASE(s, ok)	{ s, sizeof(s) - 1, ok }
		CASE("\x30", 0),			/* no length */
		CASE("\x30\x01", 0),			/* too short */
		CASE("\x30\x81\x01\x05", 1),		/* long form for 1 */
		CASE("\x30\x82\x00\x80", 0),		/* and cut off */
		CASE("\x30\x80\x00\x00", 1),		/* indefinite */
		CASE("\x30\x80\x04\x00", 0),		/* without its end */
		CASE("\x04\x80\x00\x00", 0),		/* a primitive */
		CASE("\x1f\x81\x01\x00", 0),		/* a long tag */
		CASE("\x00\x00", 0),			/* no tag */
		CASE("\x30\x89\1\1\1\1\1\1\1\1\1", 0),	/* beyond memory */
		CASE("\x30\x84\xff\xff\xff\xff", 0),
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_der_element e;
	struct sh_der d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sh_der_init(&d, cases[i].bytes, cases[i].len, SH_DER);
		must_fail(sh_der_next(&d, &e, &err), SH_EFORMAT);
		sh_der_init(&d, cases[i].bytes, cases[i].len, SH_BER);
		if (cases[i].ok_ber)
			must(sh_der_next(&d, &e, &err));
		else
			must_fail(sh_der_next(&d, &e, &err), SH_EFORMAT);
	}
}

static void
depth_is_limited(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t definite[120], indefinite[600];
	struct sh_der_element e;
	struct sh_der d;
	size_t i;
	int rc = 0;

	(void)state;
	for (i = 0; i < sizeof(definite); i += 2) {
		definite[i] = 0x30;
		definite[i + 1] = (uint8_t)(sizeof(definite) - i - 2);
	}
	sh_der_init(&d, definite, sizeof(definite), SH_DER);
	for (i = 0; i < 60 && rc == 0; i++)
		rc = sh_der_next(&d, &e, &err) || sh_der_enter(&e, &d, &err);
	assert_int_equal(i, SH_DER_DEPTH);
	sh_error_clear(&err);

	memset(indefinite, 0, sizeof(indefinite));
	for (i = 0; i < 300; i += 2) {
		indefinite[i] = 0x30;
		indefinite[i + 1] = 0x80;
	}
	sh_der_init(&d, indefinite, sizeof(indefinite), SH_BER);
	must_fail(sh_der_next(&d, &e, &err), SH_EFORMAT);
}

static void
times(void **state)
{
	static const struct {
		uint8_t tag;
		const char *text;
		int64_t want;	/* -1: refused */
	} cases[] = {
		{ SH_DER_UTC_TIME, "700101000000Z", 0 },
		{ SH_DER_UTC_TIME, "491231235959Z", 2524607999 },
		{ SH_DER_UTC_TIME, "500101000000Z", -631152000 },
		{ SH_DER_GENERAL_TIME, "20500101000000Z", 2524608000 },
		{ SH_DER_GENERAL_TIME, "20500101000000.5Z", 2524608000 },
		{ SH_DER_GENERAL_TIME, "20500101000000.Z", -1 },
		{ SH_DER_GENERAL_TIME, "20500101000000", -1 },
		{ SH_DER_GENERAL_TIME, "20501301000000Z", -1 },
		{ SH_DER_GENERAL_TIME, "20500101000000+0700", -1 },
		{ SH_DER_UTC_TIME, "7001010000Z", -1 },
		{ SH_DER_UTC_TIME, "7001o1000000Z", -1 },
		{ SH_DER_OCTETS, "700101000000Z", -1 },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_der_writer w;
	struct sh_der_element e;
	struct sh_der d;
	int64_t t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sh_buf_reset(&b);
		sh_der_write_begin(&w, &b, &err);
		sh_der_put(&w, cases[i].tag, cases[i].text,
		    strlen(cases[i].text));
		must(sh_der_write_end(&w));
		sh_der_init(&d, b.data, b.len, SH_DER);
		must(sh_der_next(&d, &e, &err));
		if (cases[i].want == -1) {
			must_fail(sh_der_time(&e, &t, &err), SH_EFORMAT);
			continue;
		}
		must(sh_der_time(&e, &t, &err));
		assert_true(t == cases[i].want);
	}
	sh_buf_free(&b);
}

static void
pieces_of_octets(void **state)
{
	static const uint8_t ber[] = "\x24\x80\x04\x02" "ab" "\x04\x01" "c\0";
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf out = SH_BUF_INIT;
	struct sh_der_element e;
	struct sh_der d;
	const uint8_t *p;
	size_t len;

	(void)state;
	sh_der_init(&d, ber, sizeof(ber), SH_BER);
	must(sh_der_next(&d, &e, &err));
	must(sh_der_octets(&e, &out, &p, &len, &err));
	assert_int_equal(len, 3);
	assert_memory_equal(p, "abc", 3);
	e.rules = SH_DER;
	must_fail(sh_der_octets(&e, &out, &p, &len, &err), SH_EFORMAT);
	sh_buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_lengths),
		cmocka_unit_test(write_integers_and_sets),
		cmocka_unit_test(refuse_what_is_not_der),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(times),
		cmocka_unit_test(pieces_of_octets),
	};

	return (cmocka_run_group_tests_name("signing/der", tests, NULL,
	    NULL));
}
