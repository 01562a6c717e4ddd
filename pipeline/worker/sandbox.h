/*
 * The walls around a worker.  Built in two steps: sh_sandbox_begin() at the
 * start of the process, sh_sandbox_close() before the first byte from
 * outside is looked at.  Once closed nothing opens it again.
 *
 * What holds after sh_sandbox_close():
 *   - system calls outside a short list kill the process (seccomp);
 *   - no path can be opened, made or removed (Landlock, where the kernel
 *     has it: a warning on standard error where it has not);
 *   - no network: no socket can be made, and where the system allows it the
 *     process stands in an empty network namespace;
 *   - memory, processor time, size of written files, number of descriptors
 *     are limited, no process or thread can be started, no core is dumped;
 *   - started by root, it runs as nobody;
 *   - it dies with the process that started it, and is what the system
 *     ends first when memory runs out.
 */
#ifndef SH_PIPELINE_WORKER_SANDBOX_H
#define SH_PIPELINE_WORKER_SANDBOX_H

#include <stdint.h>

#include "base/error.h"

enum sh_sandbox {
	SH_SANDBOX_DECODE,	/* makes memory files, sends them */
	SH_SANDBOX_READ,	/* gets pixels, writes a reading */
	SH_SANDBOX_VERIFY,	/* reads one file, writes a report */
	SH_SANDBOX_RASTER	/* executes one program, which reads fonts */
};

struct sh_sandbox_limits {
	uint64_t memory_bytes;	/* of address space */
	uint64_t cpu_s;
	uint64_t output_bytes;	/* of one written file */
	unsigned files;		/* highest descriptor and one */
};

int sh_sandbox_begin(struct sh_error *err) SH_MUST_CHECK;

/*
 * PROGRAM is what SH_SANDBOX_RASTER may execute, else NULL.
 * Errors: SH_ESYSTEM "sandbox.none": a wall that must stand could not be
 * built; the process must not go on.
 */
int sh_sandbox_close(enum sh_sandbox kind,
    const struct sh_sandbox_limits *limits, const char *program,
    struct sh_error *err) SH_MUST_CHECK;

#endif
