#include "pipeline/home.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/lane.h"
#include "pipeline/spool.h"

#define PASSPHRASE_BYTES	24
/* A page that bulk is at, with its worker's limit, and more. */
#define DESK_WAIT_MS	180000

const struct sh_setting sh_home_settings[] = {
	{ "engine", SH_SETTING_TEXT, "lmdb:archive", 0, 0, NULL,
	    "Where the archive lies: lmdb:PATH, below the home or absolute." },
	{ "agency-code", SH_SETTING_TEXT, "H00", 0, 0, NULL,
	    "The agency's electronic identifier, such as H05.12." },
	{ "agency-name", SH_SETTING_TEXT, "CƠ QUAN THỬ NGHIỆM", 0, 0, NULL,
	    "The agency's name as it stands in its visible signature." },
	{ "officer-key", SH_SETTING_TEXT, "keys/officer.p12", 0, 0, NULL,
	    "The scanning officer's key: FILE.p12, pkcs11:... or csc:..." },
	{ "officer-passphrase", SH_SETTING_TEXT, "keys/passphrase", 0, 0,
	    NULL, "File of mode 0600 with that key's passphrase or PIN." },
	{ "agency-key", SH_SETTING_TEXT, "keys/agency.p12", 0, 0, NULL,
	    "The agency's key: FILE.p12, pkcs11:... or csc:..." },
	{ "agency-passphrase", SH_SETTING_TEXT, "keys/passphrase", 0, 0, NULL,
	    "File of mode 0600 with that key's passphrase or PIN." },
	{ "sign-level", SH_SETTING_CHOICE, "b", 0, 0, "b|t|lt|lta",
	    "PAdES level of every signature: b, t, lt or lta." },
	{ "tsa-policy", SH_SETTING_TEXT, "", 0, 0, NULL,
	    "Policy that its time stamps must follow, an OID; empty: any." },
	{ "revocation", SH_SETTING_CHOICE, "ask", 0, 0, "ask|off",
	    "Ask issuers whether a certificate was revoked before signing." },
	{ "network-timeout-s", SH_SETTING_INT, "20", 1, 180, NULL,
	    "Seconds to wait for one answer of an authority." },
	{ "network-tries", SH_SETTING_INT, "3", 1, 10, NULL,
	    "How often an authority that is down is asked." },
	{ "outage-grace-h", SH_SETTING_INT, "4", 0, 72, NULL,
	    "Hours of an outage after which no more papers are taken." },
	{ "seal-key", SH_SETTING_TEXT, "keys/agency.p12", 0, 0, NULL,
	    "The key that seals the archive: FILE.p12, pkcs11:... or csc:..." },
	{ "seal-passphrase", SH_SETTING_TEXT, "keys/passphrase", 0, 0, NULL,
	    "File of mode 0600 with that key's passphrase." },
	{ "tsa", SH_SETTING_TEXT, "", 0, 0, NULL,
	    "Time-stamping authority (RFC 3161) of seals and signatures." },
	{ "witness", SH_SETTING_TEXT, "", 0, 0, NULL,
	    "Folder on another machine or disk for a copy of the last seal." },
	{ "roots", SH_SETTING_TEXT, "keys/roots", 0, 0, NULL,
	    "Folder of PEM files: the roots that signatures must lead to." },
	{ "officer-offset-x", SH_SETTING_INT, "28", 0, 400, NULL,
	    "Officer's text: points from the left edge of page 1." },
	{ "officer-offset-y", SH_SETTING_INT, "12", 0, 400, NULL,
	    "Officer's text: points from the top edge of page 1." },
	{ "agency-offset-x", SH_SETTING_INT, "28", 0, 400, NULL,
	    "Agency's text: points from the right edge of page 1." },
	{ "agency-offset-y", SH_SETTING_INT, "12", 0, 400, NULL,
	    "Agency's text: points from the top edge of page 1." },
	{ "pdfa", SH_SETTING_CHOICE, "2u", 0, 0, "1b|2u|3u",
	    "Flavour of the archived PDF/A: 1b, 2u or 3u." },
	{ "paper-code", SH_SETTING_TEXT, "{holder}.{type}.{id}", 0, 0, NULL,
	    "Code of a digitised paper: {holder} {type} {number} {id}." },
	{ "readers", SH_SETTING_INT, "0", 0, 256, NULL,
	    "Reading processes; 0: one per core." },
	{ "mend-marks", SH_SETTING_CHOICE, "yes", 0, 0, "yes|no",
	    "Marks on words of administration that were read wrong are mended." },
	{ "cache-mb", SH_SETTING_INT, "512", 0, 1048576, NULL,
	    "Megabytes of readings kept so that no page is read twice." },
	{ "reuse", SH_SETTING_CHOICE, "auto", 0, 0, "auto|ask|never",
	    "Held components in place of papers: required ones, asked for, none." },
	{ "review-hours", SH_SETTING_INT, "8", 1, 8760, NULL,
	    "Hours after which what waits for a person is overdue." },
	{ "bulk-review", SH_SETTING_INT, "20000", 1, 10000000, NULL,
	    "Dossiers that may wait for a person before bulk runs wait too." },
	{ "double-keying", SH_SETTING_CHOICE, "people", 0, 0,
	    "people|twice|off",
	    "Who keys a critical field again: another person, anybody, nobody." },
	{ "sample-aql", SH_SETTING_CHOICE, "1.0", 0, 0,
	    "0.40|0.65|1.0|1.5|2.5",
	    "Acceptance quality level of samples: wrong documents in a hundred." },
	{ NULL, 0, NULL, 0, 0, NULL, NULL }
};

int
sh_home_reads_as_is(const struct sh_home *h)
{
	return (strcmp(sh_config_text(h->config, "mend-marks"), "no") == 0);
}

char *
sh_home_path(const struct sh_home *h, const char *path, struct sh_error *err)
{
	if (path[0] == '/')
		return (sh_strdup(path, err));
	return (sh_path_join(h->dir, path, err));
}

/* The strings live until place_clear(). */
static void
place_clear(struct sh_archive_place *place)
{
	free((void *)(uintptr_t)place->engine);
	free((void *)(uintptr_t)place->keys);
	free((void *)(uintptr_t)place->search);
	free((void *)(uintptr_t)place->access);
	free((void *)(uintptr_t)place->seals);
	free((void *)(uintptr_t)place->witness);
}

static int
place_of(const struct sh_home *h, struct sh_archive_place *place,
    struct sh_error *err)
{
	const char *uri = sh_config_text(h->config, "engine");
	const char *witness = sh_config_text(h->config, "witness");
	const char *path = strchr(uri, ':');
	char *full;

	memset(place, 0, sizeof(*place));
	if (path == NULL)
		return (sh_error_set(err, SH_EARG, "engine.unknown",
		    "engine \"%s\" names no driver", uri));
	/* Only lmdb names a folder; other drivers read their own address. */
	if (strncmp(uri, "lmdb:", 5) != 0) {
		place->engine = sh_strdup(uri, err);
	} else if ((full = sh_home_path(h, path + 1, err)) != NULL) {
		place->engine = sh_asprintf(err, "lmdb:%s", full);
		free(full);
	}
	if (place->engine == NULL ||
	    (place->keys = sh_path_join(h->dir, "keys", err)) == NULL ||
	    (place->search = sh_path_join(h->dir, "search", err)) == NULL ||
	    (place->access = sh_path_join(h->dir, "access", err)) == NULL ||
	    (place->seals = sh_path_join(h->dir, "seals", err)) == NULL ||
	    (*witness != '\0' && (place->witness = sh_home_path(h, witness,
	    err)) == NULL)) {
		place_clear(place);
		return (-1);
	}
	place->must_stamp = *sh_config_text(h->config, "tsa") != '\0';
	return (0);
}

void
sh_home_close(struct sh_home *h)
{
	if (h == NULL)
		return;
	sh_signer_close(h->officer);
	sh_signer_close(h->agency);
	sh_signer_close(h->sealer);
	sh_signing_close(&h->signing);
	sh_trust_free(h->trust);
	sh_archive_close(h->archive);
	sh_rights_free(h->rights);
	sh_catalogue_free(h->catalogue);
	sh_config_free(h->config);
	if (h->lock >= 0)
		(void)close(h->lock);
	if (h->lane >= 0)
		(void)close(h->lane);
	free(h->dir);
	free(h);
}

static struct sh_home *
new_home(const char *dir, struct sh_error *err)
{
	struct sh_home *h;

	if ((h = sh_alloc(1, sizeof(*h), "a home", err)) == NULL)
		return (NULL);
	h->lock = h->lane = -1;
	if ((h->dir = sh_strdup(dir, err)) == NULL ||
	    (h->config = sh_config_new(sh_home_settings, err)) == NULL) {
		sh_home_close(h);
		return (NULL);
	}
	return (h);
}

/* A passphrase nobody has to remember: it protects copies of the key. */
static int
make_passphrase(const char *path, struct sh_secret *out, struct sh_error *err)
{
	struct sh_secret raw;
	int rc = -1;

	if (sh_secret_random(&raw, PASSPHRASE_BYTES, err))
		return (-1);
	if (sh_secret_new(out, 2 * PASSPHRASE_BYTES + 1, err) == 0) {
		sh_hex(raw.data, raw.len, (char *)out->data);
		out->len--;
		rc = sh_fs_replace(path, out->data, out->len, 0600, err);
		if (rc != 0)
			sh_secret_free(out);
	}
	sh_secret_free(&raw);
	return (rc);
}

static int
make_keys(const char *keys, struct sh_error *err)
{
	struct sh_secret pass = SH_SECRET_INIT;
	char *path = NULL, *roots = NULL, *from = NULL, *to = NULL;
	int rc = -1;

	if (sh_fs_mkdirs(keys, 0700, err) ||
	    (path = sh_path_join(keys, "passphrase", err)) == NULL ||
	    (roots = sh_path_join(keys, "roots", err)) == NULL ||
	    (from = sh_path_join(keys, "root.pem", err)) == NULL ||
	    (to = sh_path_join(roots, "test-root.pem", err)) == NULL ||
	    sh_fs_mkdirs(roots, 0700, err) ||
	    make_passphrase(path, &pass, err) ||
	    sh_signer_make_test_keys(keys, &pass, sh_now(), err))
		goto out;
	if (rename(from, to) != 0) {
		(void)sh_error_sys(err, "file.create", "%s", to);
		goto out;
	}
	rc = sh_fs_sync_dir(roots, err);
out:
	sh_secret_free(&pass);
	free(path);
	free(roots);
	free(from);
	free(to);
	return (rc);
}

static int
fill(struct sh_home *h, struct sh_error *err)
{
	struct sh_archive_place place;
	char *path = NULL;
	int rc = -1;

	if ((path = sh_path_join(h->dir, "catalogue", err)) == NULL ||
	    sh_fs_mkdirs(path, 0755, err) || sh_catalogue_install(path, err))
		goto out;
	free(path);
	if ((path = sh_path_join(h->dir, "keys", err)) == NULL ||
	    make_keys(path, err))
		goto out;
	free(path);
	if ((path = sh_path_join(h->dir, "sohoa.conf", err)) == NULL ||
	    sh_config_write(h->config, path, err))
		goto out;
	if (place_of(h, &place, err))
		goto out;
	rc = sh_archive_create(&place, err);
	place_clear(&place);
out:
	free(path);
	return (rc);
}

int
sh_home_create(const char *dir, struct sh_error *err)
{
	struct sh_home *h = NULL;
	struct sh_error ignored = SH_ERROR_INIT;
	char *tmp = NULL;
	size_t len = strlen(dir);
	int rc = -1;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if ((tmp = sh_asprintf(err, "%.*s.new-XXXXXX", (int)len, dir)) == NULL)
		return (-1);
	/* rmdir leaves anything that is not an empty folder alone. */
	if (rmdir(dir) != 0 && errno != ENOENT) {
		sh_error_param(err, "file", "%s", dir);
		(void)sh_error_set(err, SH_EEXISTS, "home.exists",
		    "%s is there already", dir);
		goto out;
	}
	if (mkdtemp(tmp) == NULL) {
		(void)sh_error_sys(err, "file.create", "%s", dir);
		goto out;
	}
	if ((h = new_home(tmp, err)) == NULL || fill(h, err) ||
	    sh_fs_sync_dir(tmp, err))
		goto remove;
	if (rename(tmp, dir) != 0) {
		(void)sh_error_sys(err, "file.create", "%s", dir);
		goto remove;
	}
	rc = sh_fs_sync_parent(dir, err);
	goto out;
remove:
	(void)!sh_fs_remove_tree(tmp, &ignored);
out:
	sh_home_close(h);
	free(tmp);
	return (rc);
}

static int
open_signer(const struct sh_home *h, const char *key, const char *pass,
    struct sh_signer **sp, struct sh_error *err)
{
	struct sh_secret passphrase = SH_SECRET_INIT;
	char *path = NULL;
	int rc = -1;

	if ((path = sh_home_path(h, sh_config_text(h->config, pass), err)) ==
	    NULL || sh_signing_secret(path, &passphrase, err) ||
	    sh_signing_key(h, sh_config_text(h->config, key), &passphrase, sp,
	    err))
		(void)sh_error_context(err, "%s", key);
	else
		rc = 0;
	sh_secret_free(&passphrase);
	free(path);
	return (rc);
}

/* Rights that cannot be read lets nobody in. */
static int
open_rights(struct sh_home *h, struct sh_error *err)
{
	char *path;
	int rc = 0;

	if ((path = sh_path_join(h->dir, "rights.json", err)) == NULL)
		return (-1);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		rc = sh_rights_load(path, &h->rights, err);
	free(path);
	sh_archive_use_rights(h->archive, h->rights);
	return (rc);
}

static int
open_rooms(struct sh_home *h, unsigned flags, struct sh_error *err)
{
	struct sh_archive_place place;
	char *path;
	int rc;

	if ((path = sh_path_join(h->dir, "catalogue", err)) == NULL)
		return (-1);
	rc = sh_catalogue_load(path, &h->catalogue, err);
	free(path);
	if (rc != 0)
		return (-1);
	if ((path = sh_home_path(h, sh_config_text(h->config, "roots"),
	    err)) == NULL)
		return (-1);
	rc = sh_trust_load(path, &h->trust, err);
	free(path);
	if (rc != 0 || sh_signing_open(h, err))
		return (-1);
	if ((flags & SH_HOME_SIGN) != 0 &&
	    (open_signer(h, "officer-key", "officer-passphrase", &h->officer,
	    err) || open_signer(h, "agency-key", "agency-passphrase",
	    &h->agency, err) || open_signer(h, "seal-key", "seal-passphrase",
	    &h->sealer, err) || sh_signing_ready(h, err)))
		return (-1);
	if (place_of(h, &place, err))
		return (-1);
	rc = sh_archive_open(&place, h->catalogue,
	    (flags & SH_HOME_WRITE) == 0, &h->archive, err);
	place_clear(&place);
	return (rc != 0 ? -1 : open_rights(h, err));
}

/* The only writer; a bulk run that has the home is waited for. */
static int
take_lock(struct sh_home *h, const char *lock, unsigned flags,
    struct sh_error *err)
{
	int64_t until = sh_monotonic_ms() + DESK_WAIT_MS;
	struct sh_error ignored = SH_ERROR_INIT;

	if ((flags & SH_HOME_DESK) != 0 &&
	    (h->lane = sh_lane_ask(h->dir, err)) < 0)
		return (-1);
	while ((h->lock = sh_fs_lock(lock, err)) < 0) {
		if (err->code != SH_EAGAIN || h->lane < 0 ||
		    sh_monotonic_ms() >= until ||
		    sh_lane_bulk(h->dir, &ignored) != 1)
			return (-1);
		sh_error_clear(err);
		(void)poll(NULL, 0, 20);
	}
	return (0);
}

int
sh_home_open(const char *dir, unsigned flags, struct sh_home **hp,
    struct sh_error *err)
{
	struct sh_home *h;
	char *conf = NULL, *lock = NULL;
	int rc = -1;

	*hp = NULL;
	if ((h = new_home(dir, err)) == NULL)
		return (-1);
	if ((conf = sh_path_join(dir, "sohoa.conf", err)) == NULL ||
	    (lock = sh_path_join(dir, "lock", err)) == NULL)
		goto out;
	if (access(conf, F_OK) != 0) {
		sh_error_param(err, "file", "%s", dir);
		(void)sh_error_set(err, SH_ENOTFOUND, "home.missing",
		    "%s is no archive home", dir);
		goto out;
	}
	if (sh_config_load(h->config, conf, err))
		goto out;
	if ((flags & SH_HOME_WRITE) != 0 && take_lock(h, lock, flags, err))
		goto out;
	if (open_rooms(h, flags, err))
		goto out;
	*hp = h;
	h = NULL;
	rc = 0;
out:
	free(conf);
	free(lock);
	sh_home_close(h);
	return (rc);
}

void
sh_home_spent(struct sh_home *h, enum sh_stage stage, double *at)
{
	double now = sh_cpu_seconds();

	h->stage_cpu_s[stage] += now - *at;
	*at = now;
}

int
sh_home_readings(const struct sh_home *h, struct sh_spool **sp,
    struct sh_error *err)
{
	char *dir = sh_path_join(h->dir, "cache", err);
	int rc = dir == NULL ? -1 : sh_spool_open(dir, h->archive, sp, err);

	free(dir);
	return (rc);
}

int
sh_home_forget_readings(const struct sh_home *h, struct sh_error *err)
{
	struct sh_spool *s;
	int rc;

	if (sh_home_readings(h, &s, err))
		return (-1);
	rc = sh_spool_trim(s, 0, err);
	sh_spool_close(s);
	return (rc);
}
