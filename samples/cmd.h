/*
 * The commands of sample: options in, files out.  Each returns 0 or -1 with
 * ERR; a wrong option is SH_EARG "sample.usage".
 */
#ifndef SH_SAMPLES_CMD_H
#define SH_SAMPLES_CMD_H

#include <stdint.h>

#include "base/error.h"
#include "samples/compose.h"
#include "samples/carrier.h"

/* What options say; main.c fills in the defaults. */
struct sh_options {
	const char *type;	/* NULL: not given */
	const char *procedure, *output;
	const char *degrade, *more, *carrier, *with, *me;
	const char *earlier;	/* folders, parted by commas; NULL: none */
	uint64_t seed;
	int variant;		/* -1: by chance */
	unsigned dpi, quality, n, dossiers, per_file, things;
	int after;
	unsigned capture;
	unsigned same, rescan, blank, broken;	/* per cent */
	enum sh_depth depth;
	enum sh_copy copy;
	int vector;
	int readings;		/* texts: words in place */
	unsigned noise;		/* … misread, per thousand */
};

int sh_cmd_page(const struct sh_options *o, struct sh_error *err);
int sh_cmd_dossier(const struct sh_options *o, struct sh_error *err);
int sh_cmd_set(const struct sh_options *o, struct sh_error *err);
int sh_cmd_catalogue(const struct sh_options *o, struct sh_error *err);
int sh_cmd_texts(const struct sh_options *o, struct sh_error *err);
int sh_cmd_hostile(const struct sh_options *o, struct sh_error *err);
int sh_cmd_types(const struct sh_options *o, struct sh_error *err);
int sh_cmd_procedures(const struct sh_options *o, struct sh_error *err);

#endif
