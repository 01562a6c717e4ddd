/* The seeds of the signing room's fuzzers, replayed. */
#include "tests/unit/fuzz_replay.h"

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
