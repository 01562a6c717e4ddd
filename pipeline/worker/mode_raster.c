/*
 * A PDF page to a PPM, or to its words: closes a sandbox that lets one
 * program read fonts, then becomes pdftoppm or pdftotext.  What that writes
 * is as hostile as the file was.
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
find_program(int text)
{
	static const char *const places[2][2] = {
	    { "/usr/bin/pdftoppm", "/usr/local/bin/pdftoppm" },
	    { "/usr/bin/pdftotext", "/usr/local/bin/pdftotext" } };
	size_t i;

	for (i = 0; i < SH_COUNT(places[text]); i++)
		if (access(places[text][i], X_OK) == 0)
			return (places[text][i]);
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
	int text;

	if (argc != 5 || sh_parse_u64(argv[0], INT32_MAX - 1, &page) != 0 ||
	    !is_number(argv[1]) || !is_number(argv[2]) ||
	    sh_parse_u64(argv[4], UINT32_MAX, &bytes) != 0)
		return (64);
	mono = strcmp(argv[3], "mono") == 0 ? "-mono" : "-q";
	text = strcmp(argv[3], "text") == 0;
	if ((program = find_program(text)) == NULL)
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
	if (text)
		(void)execl(program, "pdftotext", "-q", "-bbox-layout", "-f",
		    number, "-l", number, "-cropbox", "fd://4", "-",
		    (char *)NULL);
	(void)execl(program, "pdftoppm", "-q", mono, "-rx", argv[1], "-ry",
	    argv[2], "-f", number, "-l", number, "-cropbox", "fd://4",
	    (char *)NULL);
	return (SH_RASTER_MISSING);
}
