/* What the shim writes down and the power-cut test plays again. */
#ifndef SH_TESTS_SHIM_RECORD_H
#define SH_TESTS_SHIM_RECORD_H

#include <stdint.h>

/* One thing that happened: this head, then its bytes and paths. */
struct shim_record {
	uint8_t op;	/* w write, W written through, s sync, t truncate,
			   c create, m mkdir, r rename, u unlink, d sync of
			   a folder, a acknowledged */
	uint64_t ino;
	uint64_t at;
	uint32_t len, len2;
};

#endif
