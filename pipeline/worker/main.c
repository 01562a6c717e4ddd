/*
 * sohoa-worker: what touches bytes from outside.  Started by sohoa with
 * its descriptors in place (protocol.h); of no use to a person.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

#define EXIT_USAGE	64

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} modes[] = {
	{ "decode", sh_worker_decode },
	{ "read", sh_worker_read },
	{ "raster", sh_worker_raster },
	{ "crop", sh_worker_crop },
	{ "verify", sh_worker_verify },
	{ "layers", sh_worker_layers },
};

/* What libraries open at their first use, opened before the walls close. */
static int
warm_up(struct sh_error *err)
{
	struct sh_digest ignored;

	json_object_seed(0);		/* a random device */
	tzset();			/* /etc/localtime */
	return (sh_sha256("", 0, &ignored, err));	/* openssl.cnf */
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name) != 0)
			continue;
		if (sh_sandbox_begin(&err) || warm_up(&err))
			return (sh_worker_fail(&err));
		/* Not exit(): what libraries do at the end is not allowed. */
		_exit(modes[i].run(argc - 2, argv + 2));
	}
	(void)fprintf(stderr, "sohoa-worker is started by sohoa\n");
	return (EXIT_USAGE);
}
