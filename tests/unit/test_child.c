/* base/child: what a child says comes back; its death is an error. */
#include "tests/unit/test.h"

#include <signal.h>

#include "base/child.h"

static int
answer(void *arg, struct sh_buf *out, struct sh_error *err)
{
	size_t i, n = *(size_t *)arg;

	for (i = 0; i < n; i++)
		if (sh_buf_append(out, &(uint8_t){ (uint8_t)(i * 7) }, 1,
		    err))
			return (-1);
	return (0);
}

static int
refuse(void *arg, struct sh_buf *out, struct sh_error *err)
{
	if (sh_buf_puts(out, arg, err))
		return (-1);
	sh_error_param(err, "value", "12");
	return (sh_error_set(err, SH_ECONFLICT, "act.conflict", "so not"));
}

static int
die(void *arg, struct sh_buf *out, struct sh_error *err)
{
	if (sh_buf_puts(out, "half an answer", err))
		return (-1);
	if (*(int *)arg == 0)
		_exit(0);
	(void)raise(*(int *)arg);
	return (0);
}

static void
its_answer_comes_back(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	size_t n, i;

	(void)state;
	for (n = 0; n < 400000; n = n * 9 + 1) {
		sh_buf_reset(&b);
		must(sh_child_run(answer, &n, &b, &err));
		assert_int_equal(b.len, n);
		for (i = 0; i < n; i++)
			assert_int_equal(b.data[i], (uint8_t)(i * 7));
	}
	/* More than the caller wants to hold. */
	sh_buf_free(&b);
	b.limit = 1000;
	n = 400000;
	must_fail(sh_child_run(answer, &n, &b, &err), SH_ELIMIT);
	sh_buf_free(&b);
}

static void
its_error_comes_back(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char word[] = "x";

	(void)state;
	assert_int_equal(sh_child_run(refuse, word, &b, &err), -1);
	assert_string_equal(err.key, "act.conflict");
	assert_string_equal(err.param[0].value, "12");
	sh_buf_free(&b);
}

static void
its_death_is_an_error(void **state)
{
	static int how[] = { SIGBUS, SIGSEGV, SIGABRT, SIGKILL, 0 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		assert_int_equal(sh_child_run(die, &how[i], &b, &err), -1);
		assert_int_equal(err.code, SH_EFIXITY);
		assert_string_equal(err.key, "child.died");
		sh_error_clear(&err);
	}
	sh_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_answer_comes_back),
		cmocka_unit_test(its_error_comes_back),
		cmocka_unit_test(its_death_is_an_error),
	};

	return (cmocka_run_group_tests_name("child", tests, NULL, NULL));
}
