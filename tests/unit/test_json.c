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

/* Strings of all lengths, for buffers grow at some of them. */
static json_t *
make_text(struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v = json_object(), *list = json_array();
	char word[200];
	size_t i;

	for (i = 1; i < sizeof(word); i += 3) {
		memset(word, 'a' + (int)(i % 26), i);
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

static void
what_lacks_memory_is_not_read(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	(void)state;
	(void)make_text;
	test_skip();
#else
	struct sh_error err;
	struct sh_buf text = SH_BUF_INIT;
	json_t *truth = make_text(&text), *v;
	long n;
	int refused = 0;

	(void)state;
	for (n = 0;; n++) {
		err = (struct sh_error)SH_ERROR_INIT;
		left = n;
		v = sh_json_parse(text.data, text.len, 1 << 20, &err);
		if (left >= 0) {
			left = -1;
			break;
		}
		if (v == NULL) {
			assert_int_equal(err.code, SH_ENOMEM);
			refused++;
		} else {
			assert_true(json_equal(v, truth));
		}
		json_decref(v);
	}
	/* The last one lacked nothing. */
	must_ptr(v);
	assert_true(json_equal(v, truth));
	assert_true(refused > 50);
	json_decref(v);
	json_decref(truth);
	sh_buf_free(&text);
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
