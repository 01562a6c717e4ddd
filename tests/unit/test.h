/*
 * What every cmocka test needs: its headers in their order, errors that
 * print themselves, a scratch folder that goes away.
 */
#ifndef SH_TESTS_TEST_H
#define SH_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/fs.h"

/* The call must return 0. */
#define must(call)							\
	do {								\
		if ((call) != 0)					\
			fail_msg("%s: %s [%s] %s", #call,		\
			    sh_code_word(err.code), err.key, err.text);	\
	} while (0)

/* The call must fail with that code; the error is cleared for the next. */
#define must_fail(call, want)						\
	do {								\
		if ((call) == 0)					\
			fail_msg("%s succeeded", #call);		\
		if (err.code != (want))					\
			fail_msg("%s: %s [%s] %s, expected %s", #call,	\
			    sh_code_word(err.code), err.key, err.text,	\
			    sh_code_word(want));			\
		sh_error_clear(&err);					\
	} while (0)

#define must_ptr(expr)							\
	do {								\
		if ((expr) == NULL)					\
			fail_msg("%s: %s [%s] %s", #expr,		\
			    sh_code_word(err.code), err.key, err.text);	\
	} while (0)

/* A fresh folder; test_rmdir frees the path too. */
static inline char *
test_mkdir(void)
{
	char tmpl[] = "/tmp/sohoa-test-XXXXXX";

	assert_non_null(mkdtemp(tmpl));
	return (strdup(tmpl));
}

static inline void
test_rmdir(char *path)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_fs_remove_tree(path, &err));
	free(path);
}

/*
 * A folder of material beside the checkout, or NULL: the environment
 * variable SOHOA_SHARED names it, else ../shared.  A test that needs it
 * calls skip() with a line that says so.
 */
static inline const char *
test_shared(const char *below)
{
	static char path[512];
	const char *root = getenv("SOHOA_SHARED");

	(void)snprintf(path, sizeof(path), "%s/%s",
	    root != NULL ? root : "../shared", below);
	if (access(path, R_OK) == 0)
		return (path);
	print_message("# %s is not here: skipped\n", path);
	return (NULL);
}

/* cmocka's own skip() counts as a failure under TAP. */
#define test_skip() \
	do { \
		print_message("# %s: skipped\n", __func__); \
		return; \
	} while (0)

#endif
