/*
 * What went wrong, told once.
 *
 * Every fallible function returns 0 or -1 (questions: 1, 0 or -1), takes a
 * struct sh_error as its last parameter and fills it exactly when it returns
 * -1.  The struct belongs to the caller, normally on its stack and zeroed
 * (SH_ERROR_INIT); setting it never allocates.  The first cause wins: a
 * second sh_error_set() on a filled error changes nothing, so a layer that
 * recovers from an error clears it.  Upper layers only put the name of the
 * thing that they were working on in front (sh_error_context).
 *
 * An error carries three things: the code (who must act, see the table in
 * error.c), the key (the stable, dotted name of the cause, such as
 * "image.too-wide", under which schemas/messages.json holds the sentence for
 * the person at the desk) and the text (one technical line in English).
 *
 * Not thread-safe per object; objects are never shared.
 */
#ifndef SH_BASE_ERROR_H
#define SH_BASE_ERROR_H

#include <stdarg.h>

#define SH_MUST_CHECK	__attribute__((warn_unused_result))
#define SH_PRINTF(f, a)	__attribute__((format(printf, f, a)))

enum sh_code {
	SH_OK = 0,
	SH_EARG,		/* the caller's argument is not well formed */
	SH_EFORMAT,		/* input is damaged or not what it claims */
	SH_EUNSUPPORTED,	/* valid input of a kind not taken */
	SH_ELIMIT,		/* a limit on size, count, depth or time */
	SH_ENOTFOUND,
	SH_EEXISTS,
	SH_ECONFLICT,		/* somebody else changed it first */
	SH_EDENIED,
	SH_ENOMEM,
	SH_ESYSTEM,		/* the operating system refused; see sys */
	SH_EAGAIN,		/* not now; the same call may succeed later */
	SH_ELIBRARY,		/* a foreign library or a worker failed */
	SH_EFIXITY,		/* stored bytes are not what was stored */
	SH_ESIGNATURE,		/* a signature, seal or time stamp is wrong */
	SH_NCODES
};

/* What a batch does with an item that failed with a code. */
enum sh_retry {
	SH_RETRY_PARK,		/* set the item aside for a person */
	SH_RETRY_RECORD,	/* note it and go on */
	SH_RETRY_DELAY,		/* again after a delay, then stop */
	SH_RETRY_FRESH,		/* once more in a fresh worker, then park */
	SH_RETRY_STOP,		/* stop the batch */
	SH_RETRY_ALERT		/* stop the dossier and alert */
};

#define SH_ERROR_PARAMS	6

struct sh_error {
	enum sh_code code;
	int sys;			/* errno, or 0 */
	char key[48];			/* frozen once published */
	unsigned nparam;
	struct {
		char name[12];
		char value[116];
	} param[SH_ERROR_PARAMS];	/* named values for the sentence */
	char text[512];
};

#define SH_ERROR_INIT	{ .code = SH_OK }

/* Fill an empty error; returns -1 so that a caller can return it. */
int sh_error_set(struct sh_error *err, enum sh_code code, const char *key,
    const char *fmt, ...) SH_PRINTF(4, 5);

/*
 * The same from errno: ENOMEM becomes SH_ENOMEM, ENOSPC and EDQUOT take the
 * key "disk.full", anything else SH_ESYSTEM under KEY; strerror is appended.
 */
int sh_error_sys(struct sh_error *err, const char *key, const char *fmt, ...)
    SH_PRINTF(3, 4);

/* No memory for WHAT; returns -1. */
int sh_error_nomem(struct sh_error *err, const char *what);

/*
 * For whoever takes an empty error for success: a failure that nobody told
 * the cause of is a failure all the same.  Returns -1.
 */
int sh_error_told(struct sh_error *err);

/* Put "FMT: " in front of the text; returns -1. */
int sh_error_context(struct sh_error *err, const char *fmt, ...)
    SH_PRINTF(2, 3);

/*
 * Give the sentence a named value ("page", "file", "value", "limit").  The
 * first value under a name wins.  Control characters become '?'.
 */
void sh_error_param(struct sh_error *err, const char *name, const char *fmt,
    ...) SH_PRINTF(3, 4);

void sh_error_clear(struct sh_error *err);

/* The code's outward faces, from one table. */
const char *sh_code_word(enum sh_code code);	/* "limit" */
int sh_code_exit(enum sh_code code);		/* sysexits */
int sh_code_http(enum sh_code code);
enum sh_retry sh_code_retry(enum sh_code code);

/* The code with that word, or SH_NCODES. */
enum sh_code sh_code_from_word(const char *word);

#endif
