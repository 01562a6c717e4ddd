/* Seeds of fuzzers as tests: each whole, halved, and with holes. */
#ifndef SH_TESTS_FUZZ_REPLAY_H
#define SH_TESTS_FUZZ_REPLAY_H

#include "tests/unit/test.h"

#include <dirent.h>

static inline void
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

#endif
