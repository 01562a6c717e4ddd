#include "signing/policy.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/json.h"
#include "base/mem.h"

SH_EMBED(algorithms, "signing/data/algorithms.json");

#define MAX_KEYS	32
#define MAX_RSA_BITS	16384

/* Filled once, then only read.  "until" 0: the table knows it not. */
static struct {
	int64_t digest[SH_NMDS];
	struct {
		char kind[8];
		int bits;
		int64_t until;
	} key[MAX_KEYS];
	size_t nkeys;
} table;

/* The first moment after the day, or never. */
static int
read_until(const json_t *o, int64_t *untilp, struct sh_error *err)
{
	struct sh_date day;
	const char *text;

	*untilp = INT64_MAX;
	if (sh_json_str(o, "until", 0, SH_DATE_LEN, &text, err))
		return (-1);
	if (text == NULL)
		return (0);
	if (sh_date_parse(text, &day))
		return (sh_error_set(err, SH_EFORMAT, "policy.damaged",
		    "\"%s\" is no day", text));
	*untilp = sh_date_start(sh_date_add_days(day, 1));
	return (0);
}

static int
read_digests(const json_t *root, struct sh_error *err)
{
	json_t *list, *o;
	const char *name;
	size_t i;
	enum sh_md md;

	if (sh_json_array(root, "digests", 1, SH_NMDS, &list, err))
		return (-1);
	json_array_foreach(list, i, o) {
		if (sh_json_str(o, "name", 1, 16, &name, err))
			return (-1);
		for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
			if (strcmp(sh_md_name(md), name) == 0)
				break;
		if (md == SH_NMDS)
			return (sh_error_set(err, SH_EFORMAT,
			    "policy.damaged", "digest \"%s\"", name));
		if (read_until(o, &table.digest[md], err))
			return (-1);
	}
	return (0);
}

static int
read_keys(const json_t *root, struct sh_error *err)
{
	json_t *list, *o;
	const char *kind;
	int64_t bits;
	size_t i;

	if (sh_json_array(root, "keys", 1, MAX_KEYS, &list, err))
		return (-1);
	json_array_foreach(list, i, o) {
		if (sh_json_str(o, "kind", 1, sizeof(table.key[0].kind) - 1,
		    &kind, err) || sh_json_int(o, "bits", 1, 1, MAX_RSA_BITS,
		    0, &bits, err) || read_until(o, &table.key[i].until, err))
			return (-1);
		(void)snprintf(table.key[i].kind, sizeof(table.key[i].kind),
		    "%s", kind);
		table.key[i].bits = (int)bits;
		table.nkeys++;
	}
	return (0);
}

static void
load(void)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *root = sh_json_parse(algorithms, algorithms_size,
	    algorithms_size, &err);
	int ok;

	ok = root != NULL && read_digests(root, &err) == 0 &&
	    read_keys(root, &err) == 0;
	json_decref(root);
	/* The table is part of the program; a test reads it. */
	assert(ok);
}

int
sh_policy_load(struct sh_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, load) != 0)
		return (sh_error_nomem(err, "the table of algorithms"));
	return (0);
}

static void
loaded(void)
{
	struct sh_error err = SH_ERROR_INIT;
	int rc = sh_policy_load(&err);

	assert(rc == 0);
}

static void
tell_until(int64_t until, const char *what, char why[64])
{
	char day[SH_DATE_LEN];

	sh_date_print(sh_date_at(until - 1), day);
	(void)snprintf(why, 64, "%.30s, until %s", what, day);
}

int
sh_policy_digest(enum sh_md md, int64_t when, char why[64])
{
	loaded();
	if (when < table.digest[md])
		return (1);
	if (table.digest[md] == 0)
		(void)snprintf(why, 64, "%s", sh_md_name(md));
	else
		tell_until(table.digest[md], sh_md_name(md), why);
	return (0);
}

int64_t
sh_policy_digest_end(enum sh_md md)
{
	loaded();
	return (table.digest[md]);
}

int
sh_policy_key(EVP_PKEY *key, int64_t when, char why[64])
{
	const char *kind = NULL;
	char what[40];
	int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
	int64_t until = 0;
	size_t i;

	loaded();
	switch (key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		kind = "RSA";
		break;
	case EVP_PKEY_EC:
		kind = "EC";
		break;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		kind = "EdDSA";
		break;
	}
	if (kind == NULL || bits > MAX_RSA_BITS) {
		(void)snprintf(why, 64, "a key of another kind");
		return (0);
	}
	/* The longest that this one is as long as. */
	for (i = 0; i < table.nkeys; i++)
		if (strcmp(table.key[i].kind, kind) == 0 &&
		    bits >= table.key[i].bits && table.key[i].until > until)
			until = table.key[i].until;
	if (when < until)
		return (1);
	(void)snprintf(what, sizeof(what), "%s of %d bits", kind, bits);
	if (until == 0)
		(void)snprintf(why, 64, "%s", what);
	else
		tell_until(until, what, why);
	return (0);
}
