/* The seeds of the layers' fuzzers, replayed. */
#include "tests/unit/fuzz_replay.h"

#define LLVMFuzzerTestOneInput	fuzz_jbig2
#include "tests/fuzz/fuzz_jbig2.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput	fuzz_layers
#include "tests/fuzz/fuzz_layers.c"
#undef LLVMFuzzerTestOneInput

static void
jbig2(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/jbig2", fuzz_jbig2);
}

static void
layers(void **state)
{
	(void)state;
	replay("tests/fuzz/corpus/layers", fuzz_layers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jbig2),
		cmocka_unit_test(layers),
	};

	return (cmocka_run_group_tests_name("layers/fuzz seeds", tests, NULL,
	    NULL));
}
