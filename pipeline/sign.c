#include "pipeline/sign.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/home.h"

/* After a failure the next documents do not wait for the same silence. */
#define REST_MS		30000
/* A batch does not ask about the same two certificates for each paper. */
#define FRESH_S		600

/* ---- settings ---- */

/* A setting, NULL when it is empty. */
static const char *
text_or_null(const struct sh_home *h, const char *name)
{
	const char *s = sh_config_text(h->config, name);

	return (s[0] != '\0' ? s : NULL);
}

int
sh_signing_open(struct sh_home *h, struct sh_error *err)
{
	struct sh_signing *s = &h->signing;
	int timeout_ms = (int)sh_config_int(h->config, "network-timeout-s") *
	    1000;
	int tries = (int)sh_config_int(h->config, "network-tries");
	int known;

	if ((s->cache = sh_path_join(h->dir, "cache/revocation", err)) ==
	    NULL || (s->outage = sh_path_join(h->dir, "outage.json", err)) ==
	    NULL)
		return (-1);
	s->grace_s = sh_config_int(h->config, "outage-grace-h") * 3600;
	s->tsa = (struct sh_tsa){ .url = text_or_null(h, "tsa"),
	    .policy = text_or_null(h, "tsa-policy"), .trust = h->trust,
	    .timeout_ms = timeout_ms, .tries = tries };
	s->fetch = (struct sh_fetch){ .timeout_ms = timeout_ms,
	    .tries = tries, .cache = s->cache, .fresh_s = FRESH_S,
	    .grace_s = s->grace_s };
	s->pades.tsa = s->tsa.url != NULL ? &s->tsa : NULL;
	s->pades.trust = h->trust;
	s->pades.fetch = strcmp(sh_config_text(h->config, "revocation"),
	    "ask") == 0 ? &s->fetch : NULL;
	/* The table of settings allows no other word. */
	known = sh_pades_parse(sh_config_text(h->config, "sign-level"),
	    &s->pades.level);
	assert(known == 0);
	return (0);
}

void
sh_signing_close(struct sh_signing *s)
{
	free(s->cache);
	free(s->outage);
	s->cache = s->outage = NULL;
}

/* ---- keys ---- */

#define SPEC_MAX	1024

static int
bad_spec(const char *spec, struct sh_error *err)
{
	sh_error_param(err, "value", "%s", spec);
	return (sh_error_set(err, SH_EARG, "key.spec",
	    "%s names no signing key", spec));
}

/*
 * "HEAD?name=value&name=value" cut into its pieces in place: the values of
 * the N names; one that is not known is refused.
 */
static int
cut(char *spec, const char *const *names, const char **values, size_t n)
{
	char *rest = strchr(spec, '?'), *item, *value;
	size_t i;

	if (rest != NULL)
		*rest++ = '\0';
	while ((item = strsep(&rest, "&")) != NULL) {
		if ((value = strchr(item, '=')) == NULL)
			return (-1);
		*value++ = '\0';
		for (i = 0; i < n && strcmp(names[i], item) != 0;)
			i++;
		if (i == n)
			return (-1);
		values[i] = value;
	}
	return (spec[0] != '\0' ? 0 : -1);
}

static int
open_token(const char *spec, char *copy, const struct sh_secret *pin,
    struct sh_signer **sp, struct sh_error *err)
{
	static const char *const names[] = { "token", "object" };
	const char *values[2] = { NULL, NULL };

	if (cut(copy, names, values, 2) || values[0] == NULL)
		return (bad_spec(spec, err));
	return (sh_signer_open_pkcs11(copy, values[0], values[1], pin, sp,
	    err));
}

static char *
path_of(const struct sh_home *h, const char *path, struct sh_error *err)
{
	return (h != NULL ? sh_home_path(h, path, err) :
	    sh_strdup(path, err));
}

int
sh_signing_secret(const char *path, struct sh_secret *s, struct sh_error *err)
{
	if (sh_secret_load(s, path, 16384, err))
		return (-1);
	while (s->len > 1 && (s->data[s->len - 1] == '\n' ||
	    s->data[s->len - 1] == '\r'))
		s->data[--s->len] = '\0';
	return (0);
}

/* An access token goes through no wire in the clear. */
static int
is_private(const char *url)
{
	static const char *const here[] = { "http://127.0.0.1",
	    "http://localhost", "http://[::1]" };
	size_t i, len;

	if (strncmp(url, "https://", 8) == 0)
		return (1);
	for (i = 0; i < SH_COUNT(here); i++) {
		len = strlen(here[i]);
		if (strncmp(url, here[i], len) == 0 && (url[len] == ':' ||
		    url[len] == '/'))
			return (1);
	}
	return (0);
}

static int
open_service(const struct sh_home *h, const char *spec, char *copy,
    const struct sh_secret *pin, struct sh_signer **sp, struct sh_error *err)
{
	static const char *const names[] = { "credential", "token-file" };
	const char *values[2] = { NULL, "keys/csc-token" };
	struct sh_secret bearer = SH_SECRET_INIT;
	struct sh_remote r = { .timeout_ms = 20000, .tries = 3, .pin = pin,
	    .bearer = &bearer };
	char *path;
	int rc = -1;

	if (cut(copy, names, values, 2) || values[0] == NULL ||
	    !is_private(copy))
		return (bad_spec(spec, err));
	if (h != NULL) {
		r.timeout_ms = h->signing.tsa.timeout_ms;
		r.tries = h->signing.tsa.tries;
	}
	r.url = copy;
	r.credential = values[0];
	if ((path = path_of(h, values[1], err)) != NULL &&
	    sh_signing_secret(path, &bearer, err) == 0)
		rc = sh_signer_open_remote(&r, sp, err);
	sh_secret_free(&bearer);
	free(path);
	return (rc);
}

int
sh_signing_key(const struct sh_home *h, const char *spec,
    const struct sh_secret *secret, struct sh_signer **sp,
    struct sh_error *err)
{
	char copy[SPEC_MAX];
	char *path;
	int rc;

	*sp = NULL;
	if (strlen(spec) >= sizeof(copy))
		return (bad_spec(spec, err));
	if (strncmp(spec, "pkcs11:", 7) == 0) {
		(void)snprintf(copy, sizeof(copy), "%s", spec + 7);
		return (open_token(spec, copy, secret, sp, err));
	}
	if (strncmp(spec, "csc:", 4) == 0) {
		(void)snprintf(copy, sizeof(copy), "%s", spec + 4);
		return (open_service(h, spec, copy, secret, sp, err));
	}
	if ((path = path_of(h, spec, err)) == NULL)
		return (-1);
	rc = sh_signer_open_p12(path, secret, sp, err);
	free(path);
	return (rc);
}

/* ---- outages ---- */

/* Since when; 0: all is well. */
static int64_t
outage_since(const struct sh_signing *s, char who[256])
{
	struct sh_error ignored = SH_ERROR_INIT;
	const char *text, *file;
	int64_t since = 0;
	json_t *v;

	who[0] = '\0';
	if (access(s->outage, F_OK) != 0 ||
	    (v = sh_json_load(s->outage, 65536, &ignored)) == NULL)
		return (0);
	if (sh_json_str(v, "since", 1, SH_TIME_LEN, &text, &ignored) == 0 &&
	    sh_json_str(v, "service", 1, 255, &file, &ignored) == 0 &&
	    sh_time_parse(text, &since) == 0)
		(void)snprintf(who, 256, "%s", file);
	json_decref(v);
	return (since);
}

static const char *
service_of(const struct sh_error *e)
{
	unsigned i;

	for (i = 0; i < e->nparam; i++)
		if (strcmp(e->param[i].name, "file") == 0)
			return (e->param[i].value);
	return (e->key);
}

/* Remember that somebody does not answer; what cannot be written is not. */
static int64_t
note_outage(struct sh_signing *s, const struct sh_error *e, int64_t now)
{
	struct sh_error ignored = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char text[SH_TIME_LEN], who[256];
	int64_t since = outage_since(s, who);
	json_t *v;

	s->down_until_ms = sh_monotonic_ms() + REST_MS;
	if (since != 0 && since <= now)
		return (since);
	sh_time_print(now, text);
	v = json_pack("{s:s, s:s, s:s, s:s}", "format", "sohoa-outage-1",
	    "since", text, "service", service_of(e), "cause", e->key);
	if (v != NULL && sh_json_print(v, 1, &b, &ignored) == 0)
		(void)!sh_fs_replace(s->outage, b.data, b.len, 0644,
		    &ignored);
	json_decref(v);
	sh_buf_free(&b);
	return (now);
}

static int
refuse(const struct sh_signing *s, int64_t since, const char *who,
    const char *key, struct sh_error *err)
{
	char text[SH_TIME_LEN], cause[sizeof(err->text)];

	memcpy(cause, err->text, sizeof(cause));
	sh_error_clear(err);
	sh_time_print(since, text);
	sh_error_param(err, "value", "%s", text);
	sh_error_param(err, "file", "%s", who);
	sh_error_param(err, "limit", "%lld", (long long)s->grace_s / 3600);
	return (sh_error_set(err, SH_EAGAIN, key,
	    "no answer since %s from %s%s%s", text, who,
	    cause[0] != '\0' ? ": " : "", cause));
}

/* An answer that failed for now becomes a wait with a beginning. */
static int
wait_or_refuse(struct sh_signing *s, struct sh_error *err)
{
	char who[256];
	int64_t now = sh_now(), since;

	if (err->code != SH_EAGAIN)
		return (-1);
	(void)snprintf(who, sizeof(who), "%s", service_of(err));
	since = note_outage(s, err, now);
	return (refuse(s, since, who, now - since > s->grace_s ?
	    "sign.outage" : "sign.pending", err));
}

static void
end_outage(struct sh_signing *s)
{
	s->down_until_ms = 0;
	(void)unlink(s->outage);
}

int
sh_signing_ready(struct sh_home *h, struct sh_error *err)
{
	static const uint8_t zeros[SH_MD_MAX];
	struct sh_signing *s = &h->signing;
	struct sh_buf token = SH_BUF_INIT;
	char who[256];
	int64_t since = outage_since(s, who), when;
	int rc = 0;

	if (s->pades.level >= SH_PADES_T && s->pades.tsa == NULL)
		return (sh_error_set(err, SH_EARG, "tsa.missing",
		    "level %s needs a time-stamping authority",
		    sh_pades_name(s->pades.level)));
	if (since == 0 || sh_now() - since <= s->grace_s)
		return (0);
	if (s->pades.level >= SH_PADES_T)
		rc = sh_tsa_stamp(&s->tsa, SH_MD_SHA256, zeros, &token, &when,
		    err);
	sh_buf_free(&token);
	if (rc == 0)
		rc = sh_pades_check(&s->pades, h->officer, sh_now(), err);
	if (rc == 0)
		rc = sh_pades_check(&s->pades, h->agency, sh_now(), err);
	if (rc == 0)
		end_outage(s);
	else if (err->code == SH_EAGAIN)
		(void)refuse(s, since, who, "sign.outage", err);
	return (rc);
}

int
sh_signing_status(const struct sh_home *h, int64_t now, json_t **answer,
    struct sh_error *err)
{
	const struct sh_signing *s = &h->signing;
	char who[256], text[SH_TIME_LEN];
	int64_t since = outage_since(s, who);
	json_t *v;

	*answer = NULL;
	sh_time_print(since, text);
	v = json_pack("{s:s, s:s*, s:s*, s:b}", "level",
	    sh_pades_name(s->pades.level), "waiting_since",
	    since != 0 ? text : NULL, "service", since != 0 ? who : NULL,
	    "refusing", since != 0 && now - since > s->grace_s);
	if (v == NULL)
		return (sh_error_nomem(err, "JSON"));
	*answer = v;
	return (0);
}

/* ---- documents ---- */

static int
sign_both(struct sh_home *h, int pdf, struct sh_error *err)
{
	int64_t now = sh_now();
	struct sh_pdf_signature officer = {
		.field = "officer",
		.place = SH_SIG_TOP_LEFT,
		.offset_x_pt = (double)sh_config_int(h->config,
		    "officer-offset-x"),
		.offset_y_pt = (double)sh_config_int(h->config,
		    "officer-offset-y"),
		.reason = "Số hóa từ bản giấy",
		.when = now,
	};
	struct sh_pdf_signature agency = officer;
	char when[SH_TIME_LEN], who[256], at[64];

	sh_time_print(now, when);
	(void)snprintf(who, sizeof(who), "Người số hóa: %.200s",
	    sh_signer_name(h->officer));
	(void)snprintf(at, sizeof(at), "Thời gian ký: %s", when);
	officer.lines[0] = who;
	officer.lines[1] = at;
	/* Rule: TT 01/2023/TT-VPCP Art. 8(1): the person signs first. */
	if (sh_pades_sign(&h->signing.pades, pdf, h->officer, &officer, err))
		return (sh_error_context(err, "officer's signature"));
	agency.field = "agency";
	agency.place = SH_SIG_TOP_RIGHT;
	agency.offset_x_pt = (double)sh_config_int(h->config,
	    "agency-offset-x");
	agency.offset_y_pt = (double)sh_config_int(h->config,
	    "agency-offset-y");
	agency.lines[0] = "BẢN SỐ HÓA";
	agency.lines[1] = sh_config_text(h->config, "agency-name");
	agency.lines[2] = at;
	if (sh_pades_sign(&h->signing.pades, pdf, h->agency, &agency, err))
		return (sh_error_context(err, "agency's signature"));
	return (sh_pades_finish(&h->signing.pades, pdf, sh_now(), err));
}

int
sh_sign_document(struct sh_home *h, int pdf, struct sh_error *err)
{
	struct sh_signing *s = &h->signing;
	char who[256];
	int64_t since;

	if (s->down_until_ms > sh_monotonic_ms() &&
	    (since = outage_since(s, who)) != 0)
		return (refuse(s, since, who, sh_now() - since > s->grace_s ?
		    "sign.outage" : "sign.pending", err));
	if (sign_both(h, pdf, err))
		return (wait_or_refuse(s, err));
	end_outage(s);
	return (0);
}

static int
check_level(const json_t *report, const char *field,
    enum sh_pades_level want, struct sh_error *err)
{
	enum sh_pades_level level;
	const json_t *sig;
	const char *text;
	size_t i;

	json_array_foreach(json_object_get(report, "signatures"), i, sig) {
		text = json_string_value(json_object_get(sig, "level"));
		if (text == NULL || (field != NULL && strcmp(field,
		    json_string_value(json_object_get(sig, "field"))) != 0))
			continue;	/* a time stamp, or somebody else's */
		if (sh_pades_parse(text + 2, &level) == 0 && level >= want)
			continue;
		sh_error_param(err, "value", "%s", text);
		sh_error_param(err, "limit", "%s", sh_pades_name(want));
		return (sh_error_set(err, SH_ESIGNATURE, "sign.level",
		    "level %s, %s was asked for", text, sh_pades_name(want)));
	}
	return (0);
}

int
sh_sign_prove(const struct sh_pades *p, int pdf, int nsignatures,
    const char *field, struct sh_error *err)
{
	struct sh_verdict v;
	const char *sub;
	int rc = 0;

	/* A time stamp tells a time that may be some seconds ahead of ours. */
	if (sh_verify_pdf(pdf, p->trust, sh_now() + 1, &v, err))
		return (-1);
	sub = json_string_value(json_object_get(v.report, "sub_indication"));
	if (v.integrity && v.nsignatures >= nsignatures && sub != NULL &&
	    strcmp(sub, "TRY_LATER") == 0 && p->fetch == NULL &&
	    p->level <= SH_PADES_T)
		;	/* the operator lets nobody be asked */
	else if (!v.integrity || v.nsignatures < nsignatures ||
	    v.status != SH_TOTAL_PASSED)
		rc = sh_error_set(err, SH_ESIGNATURE, "document.unverified",
		    "the signed document verifies as %s",
		    sh_status_word(v.status));
	else
		rc = check_level(v.report, field, p->level, err);
	sh_verdict_clear(&v);
	return (rc);
}
