/*
 * A PDF page to a PPM: closes a sandbox that lets one program read fonts,
 * then becomes pdftoppm.  What it writes is decoded like any other file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

#define MEMORY_BYTES	((uint64_t)1 << 30)
#define CPU_S		60
#define FILES		64

static const char *
find_program(void)
{
	static const char *const places[] = { "/usr/bin/pdftoppm",
	    "/usr/local/bin/pdftoppm" };
	size_t i;

	for (i = 0; i < SH_COUNT(places); i++)
		if (access(places[i], X_OK) == 0)
			return (places[i]);
	return (NULL);
}

static int
is_number(const char *s)
{
	return (*s != '\0' && s[strspn(s, "0123456789.")] == '\0');
}

int
sh_worker_raster(int argc, char **argv)
{
	struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S, 0, FILES };
	struct sh_error err = SH_ERROR_INIT;
	uint64_t page, bytes;
	const char *program, *mono;
	char number[16];

	if (argc != 5 || sh_parse_u64(argv[0], INT32_MAX - 1, &page) != 0 ||
	    !is_number(argv[1]) || !is_number(argv[2]) ||
	    sh_parse_u64(argv[4], UINT32_MAX, &bytes) != 0)
		return (64);
	mono = strcmp(argv[3], "mono") == 0 ? "-mono" : "-q";
	if ((program = find_program()) == NULL)
		return (SH_RASTER_MISSING);
	limits.output_bytes = bytes;
	(void)snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)page + 1);
	if (dup2(SH_WORKER_OUTPUT, STDOUT_FILENO) < 0 ||
	    close(SH_WORKER_OUTPUT) != 0 || close(SH_WORKER_CONTROL) != 0 ||
	    sh_sandbox_close(SH_SANDBOX_RASTER, &limits, program, &err)) {
		(void)fprintf(stderr, "sohoa-worker: %s\n", err.text);
		return (SH_RASTER_NO_SANDBOX);
	}
	(void)execl(program, "pdftoppm", "-q", mono, "-rx", argv[1], "-ry",
	    argv[2], "-f", number, "-l", number, "-cropbox", "fd://4",
	    (char *)NULL);
	return (SH_RASTER_MISSING);
}
