/* The seeds of the signing room's fuzzers, replayed. */
#include "tests/unit/test.h"

#include <dirent.h>

#define LLVMFuzzerTestOneInput	fuzz_der
#include "tests/fuzz/fuzz_sig_der.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput	fuzz_cms
#include "tests/fuzz/fuzz_sig_cms.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput	fuzz_pdf
#include "tests/fuzz/fuzz_sig_pdf.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput	fuzz_answer
#include "tests/fuzz/fuzz_sig_answer.c"
#undef LLVMFuzzerTestOneInput

static void
replay(const char *folder, int (*target)(const uint8_t *, size_t))
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct dirent **names = NULL;
	char path[512];
	int n = scandir(folder, &names, NULL, alphasort), i, seen = 0;
	size_t cut;

	assert_true(n >= 0);
	for (i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    names[i]->d_name);
		sh_buf_reset(&b);
		if (names[i]->d_name[0] != '.') {
			must(sh_fs_read(path, (size_t)1 << 20, &b, &err));
			(void)target(b.data, b.len);
			/* Halved and with a hole, too. */
			(void)target(b.data, b.len / 2);
			for (cut = 7; cut < b.len; cut += b.len / 5 + 1)
				b.data[cut] ^= 0x55;
			(void)target(b.data, b.len);
			seen++;
		}
		free(names[i]);
	}
	free(names);
	sh_buf_free(&b);
	assert_true(seen > 0);
}

static void
der(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/sig_der", fuzz_der);
}

static void
cms(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/sig_cms", fuzz_cms);
}

static void
pdf(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/sig_pdf", fuzz_pdf);
	sh_signer_close(fuzz_signer());
}

static void
answer(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/sig_answer", fuzz_answer);
	X509_free(fuzz_certificate());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(der),
		cmocka_unit_test(cms),
		cmocka_unit_test(pdf),
		cmocka_unit_test(answer),
	};

	return (cmocka_run_group_tests_name("signing/fuzz seeds", tests,
	    NULL, NULL));
}
