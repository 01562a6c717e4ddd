/* What signing says when OpenSSL gets no memory: that, and nothing else. */
#include <openssl/crypto.h>

#include "base/clock.h"
#include "signing/signer.h"
#include "tests/unit/test.h"

static unsigned left = UINT32_MAX;	/* allocations that succeed */
static int for_good;			/* and no other after them */

static int
is_refused(void)
{
	if (left == 0)
		return (1);
	if (--left > 0)
		return (0);
	left = for_good ? 0 : UINT32_MAX;
	return (1);
}

static void *
scarce_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return (is_refused() ? NULL : malloc(len));
}

static void *
scarce_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return (is_refused() ? NULL : realloc(p, len));
}

static void
scarce_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void
a_key_file_without_memory_is_no_wrong_one(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret word;
	struct sh_signer *s;
	char *dir = test_mkdir(), path[128];
	unsigned n, step, all, failures = 0;
	int rc;

	(void)state;
	must(sh_secret_new(&word, 6, &err));
	memcpy(word.data, "secret", 6);
	must(sh_signer_make_test_keys(dir, &word, sh_now(), &err));
	(void)snprintf(path, sizeof(path), "%s/officer.p12", dir);
	must(sh_signer_open_p12(path, &word, &s, &err));
	sh_signer_close(s);
	left = 1000000;
	must(sh_signer_open_p12(path, &word, &s, &err));
	all = 1000000 - left;
	left = UINT32_MAX;
	sh_signer_close(s);
	step = all > 150 ? all / 150 : 1;
	for (for_good = 0; for_good < 2; for_good++) {
		for (n = 1; n <= all; n += step) {
			left = n;
			rc = sh_signer_open_p12(path, &word, &s, &err);
			left = UINT32_MAX;
			if (rc == 0) {
				sh_signer_close(s);
				continue;
			}
			if (err.code != SH_ENOMEM)
				fail_msg("%u of %u: %s %s", n, all, err.key,
				    err.text);
			sh_error_clear(&err);
			failures++;
		}
	}
	assert_true(failures > 100);
	word.data[0] ^= 1;
	must_fail(sh_signer_open_p12(path, &word, &s, &err), SH_EDENIED);
	sh_secret_free(&word);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_file_without_memory_is_no_wrong_one),
	};

	/* Before OpenSSL has any memory. */
	if (CRYPTO_set_mem_functions(scarce_malloc, scarce_realloc,
	    scarce_free) != 1)
		return (1);
	return (cmocka_run_group_tests_name("signing/memory", tests, NULL,
	    NULL));
}
