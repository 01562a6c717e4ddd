/* Reading JSON when memory is wanting: all of it, or none. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t);

static long left = -1;		/* allocations until one fails; < 0: none */

void *
malloc(size_t n)
{
	return (left >= 0 && left-- == 0 ? NULL : __libc_malloc(n));
}
#endif

/* Strings of all lengths, for buffers grow at some; what is escaped, too. */
static json_t *
make_text(size_t turn, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v = json_object(), *list = json_array();
	char word[200];
	size_t i, k;

	for (i = 1; i < sizeof(word); i += 3) {
		for (k = 0; k < i; k++)
			word[k] = "\nqr"[(turn + k) % 3];
		word[i] = '\0';
		assert_int_equal(json_array_append_new(list, json_string(
		    word)), 0);
	}
	assert_int_equal(json_object_set_new(v, "words", list), 0);
	assert_int_equal(json_object_set_new(v, "n", json_integer(
	    1234567890123)), 0);
	must(sh_json_canonical(v, out, &err));
	return (v);
}

#ifndef __SANITIZE_ADDRESS__
/* Each allocation in turn fails. */
static void
starve(size_t turn)
{
	struct sh_error err;
	struct sh_buf text = SH_BUF_INIT;
	json_t *truth = make_text(turn, &text), *v;
	int refused = 0;
	long n;

	for (n = 0;; n++) {
		err = (struct sh_error)SH_ERROR_INIT;
		left = n;
		v = sh_json_parse(text.data, text.len, 1 << 20, &err);
		if (left >= 0)
			break;
		if (v == NULL) {
			assert_int_equal(err.code, SH_ENOMEM);
			refused++;
		} else {
			assert_true(json_equal(v, truth));
		}
		json_decref(v);
	}
	left = -1;
	/* The last one lacked nothing. */
	must_ptr(v);
	assert_true(json_equal(v, truth));
	assert_true(refused > 50);
	json_decref(v);
	json_decref(truth);
	sh_buf_free(&text);
}
#endif

static void
what_lacks_memory_is_not_read(void **state)
{
	size_t turn;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	(void)make_text;
	(void)turn;
	test_skip();
#else
	for (turn = 0; turn < 3; turn++)
		starve(turn);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lacks_memory_is_not_read),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
