/*
 * A configuration file: lines of "name = value", '#' comments.
 *
 * The program declares each setting once, in a table; a name that is not in
 * the table, a value out of range, a line without '=' and a repeated name
 * are refused with the line number (SH_EFORMAT "config.line").
 */
#ifndef SH_BASE_CONFIG_H
#define SH_BASE_CONFIG_H

#include <stdint.h>

#include "base/error.h"

enum sh_setting_kind {
	SH_SETTING_TEXT,	/* at most 1,024 bytes of UTF-8 */
	SH_SETTING_INT,
	SH_SETTING_CHOICE	/* one of CHOICES, separated by '|' */
};

struct sh_setting {
	const char *name;
	enum sh_setting_kind kind;
	const char *dflt;	/* as it would stand in the file */
	int64_t lo, hi;		/* SH_SETTING_INT */
	const char *choices;
	const char *help;	/* one line, for the written file and man page */
};

struct sh_config;

/* TABLE ends with a NULL name and must outlive the configuration. */
struct sh_config *sh_config_new(const struct sh_setting *table,
    struct sh_error *err);
void sh_config_free(struct sh_config *c);

/* Read the file over what is set; absent settings keep their value. */
int sh_config_load(struct sh_config *c, const char *path,
    struct sh_error *err) SH_MUST_CHECK;
int sh_config_set(struct sh_config *c, const char *name, const char *value,
    struct sh_error *err) SH_MUST_CHECK;
/* Durable: a file with every setting, its help and its present value. */
int sh_config_write(const struct sh_config *c, const char *path,
    struct sh_error *err) SH_MUST_CHECK;

/* A name outside the table is a programming error.  Borrowed. */
const char *sh_config_text(const struct sh_config *c, const char *name);
int64_t sh_config_int(const struct sh_config *c, const char *name);

#endif
