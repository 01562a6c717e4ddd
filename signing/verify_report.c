/* The verdict as JSON: schemas/verdict.schema.json. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/mem.h"
#include "signing/verify_internal.h"

const char *
sh_status_word(enum sh_status s)
{
	static const char *const words[] = { "TOTAL-PASSED", "INDETERMINATE",
	    "TOTAL-FAILED" };

	return (words[s]);
}

static int
put_status(json_t *o, const struct sh_findings *f, struct sh_error *err)
{
	const char *sub;
	enum sh_status status = sh_findings_status(f, &sub);

	return (sh_json_set_str(o, "status", sh_status_word(status), err) ||
	    sh_json_set_str(o, "sub_indication", sub, err) ||
	    sh_json_set(o, "integrity",
		json_boolean(sh_findings_integrity(f)), err) ||
	    sh_json_set(o, "reasons", sh_findings_json(f, err), err) ? -1 : 0);
}

static int
put_time(json_t *o, const char *name, int64_t when, struct sh_error *err)
{
	char text[SH_TIME_LEN];

	if (when == 0)
		return (0);
	sh_time_print(when, text);
	return (sh_json_set_str(o, name, text, err));
}

/* What the signature vouches for, now. */
static const char *
covers(const struct sh_judged *j)
{
	if (!sh_findings_integrity(&j->found))
		return ("nothing");
	return (j->whole ? "document" : "revision");
}

static int
has(const struct sh_findings *f, const char *key)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->item[i].reason->key, key) == 0)
			return (1);
	return (0);
}

/*
 * The PAdES level that was reached: a stamp that counts; what is needed to
 * judge without asking anybody lies in the file; a later stamp keeps both.
 */
static const char *
level(const struct sh_verifying *v, const struct sh_judged *j)
{
	const char *sub;

	if (sh_findings_status(&j->found, &sub) != SH_TOTAL_PASSED ||
	    j->sig.sub != SH_SUB_CADES)
		return (NULL);
	if (!j->stamped_time)
		return ("B-B");
	if (v->dss.answers.n == 0 &&
	    sk_X509_num(v->dss.certificates) <= 0)
		return ("B-T");
	return (j->preserved ? "B-LTA" : "B-LT");
}

/* A way whose revocation nobody answered, for whoever may ask. */
static int
put_chain(json_t *list, const STACK_OF(X509) *chain, struct sh_error *err)
{
	json_t *way = sh_json_new_array(err);
	uint8_t *der;
	char *text;
	int i, len, rc = way != NULL ? 0 : -1;

	for (i = 0; rc == 0 && i < sk_X509_num(chain); i++) {
		der = NULL;
		rc = -1;
		if ((len = i2d_X509(sk_X509_value(chain, i), &der)) < 0) {
			(void)sh_error_nomem(err, "a certificate");
			break;
		}
		if ((text = sh_alloc((size_t)len / 3 * 4 + 8, 1,
		    "a certificate", err)) != NULL) {
			(void)EVP_EncodeBlock((uint8_t *)text, der, len);
			rc = sh_json_append(way, json_string(text), err);
		}
		free(text);
		OPENSSL_free(der);
	}
	if (rc != 0) {
		json_decref(way);
		return (-1);
	}
	return (sh_json_append(list, way, err));
}

static int
put_unanswered(json_t *o, const struct sh_judged *j, struct sh_error *err)
{
	int own = has(&j->found, "chain.unanswered");
	int stamp = has(&j->stamp.found, "chain.unanswered");
	json_t *list;

	if (!own && !stamp)
		return (0);
	if ((list = sh_json_new_array(err)) == NULL)
		return (-1);
	if ((own && put_chain(list, j->chain, err)) ||
	    (stamp && put_chain(list, j->stamp.chain, err))) {
		json_decref(list);
		return (-1);
	}
	return (sh_json_set(o, "unanswered", list, err));
}

/* The time stamp of the signature value. */
static int
put_stamp(json_t *o, const struct sh_judged *j, struct sh_error *err)
{
	json_t *stamp;

	if (!j->stamp.there)
		return (0);
	if ((stamp = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(stamp, "signer", j->stamp.signer, err) ||
	    put_time(stamp, "time", j->stamp.when, err) ||
	    put_status(stamp, &j->stamp.found, err)) {
		json_decref(stamp);
		return (-1);
	}
	return (sh_json_set(o, "timestamp", stamp, err));
}

static json_t *
report_signature(const struct sh_verifying *v, const struct sh_judged *j,
    struct sh_error *err)
{
	json_t *o = sh_json_new_object(err);

	if (o == NULL)
		return (NULL);
	if (sh_json_set_str(o, "field", j->sig.field->name, err) ||
	    sh_json_set_str(o, "kind", j->sig.sub == SH_SUB_STAMP ?
		"timestamp" : "signature", err) ||
	    sh_json_set_str(o, "signer", j->signer, err) ||
	    put_status(o, &j->found, err) ||
	    sh_json_set_str(o, "covers", covers(j), err) ||
	    sh_json_set_str(o, "level", level(v, j), err) ||
	    put_time(o, "claimed_time", j->sig.claimed, err) ||
	    put_time(o, "stamped_time", j->stamped, err) ||
	    put_time(o, "proven_time", j->stamped_time ? j->proven : 0,
	    err) || put_stamp(o, j, err) || put_unanswered(o, j, err) ||
	    (j->sig.lock.level != 0 && sh_json_set_int(o, "certifies",
	    j->sig.lock.level, err)) ||
	    (j->algorithm[0] != '\0' && sh_json_set_str(o, "algorithm",
	    j->algorithm, err))) {
		json_decref(o);
		return (NULL);
	}
	return (o);
}

/* The file's own findings and the worst of the signatures. */
int
sh_verify_report(const struct sh_verifying *v, struct sh_verdict *out,
    struct sh_error *err)
{
	const char *sub, *worst_sub;
	enum sh_status status;
	json_t *signatures = sh_json_new_array(err), *o = NULL;
	size_t i;

	if (signatures == NULL || (o = sh_json_new_object(err)) == NULL)
		goto bad;
	out->status = sh_findings_status(&v->found, &worst_sub);
	out->integrity = sh_findings_integrity(&v->found);
	out->nsignatures = (int)v->njudged;
	for (i = 0; i < v->njudged; i++) {
		status = sh_findings_status(&v->judged[i].found, &sub);
		if (status > out->status) {
			out->status = status;
			worst_sub = sub;
		}
		if (!sh_findings_integrity(&v->judged[i].found))
			out->integrity = 0;
		if (sh_json_append(signatures,
		    report_signature(v, &v->judged[i], err), err))
			goto bad;
	}
	if (sh_json_set_str(o, "format", "sohoa-verdict-1", err) ||
	    sh_json_set_str(o, "status", sh_status_word(out->status), err) ||
	    sh_json_set_str(o, "sub_indication", worst_sub, err) ||
	    sh_json_set(o, "integrity", json_boolean(out->integrity), err) ||
	    put_time(o, "judged_at", v->when, err) ||
	    sh_json_set(o, "reasons", sh_findings_json(&v->found, err), err))
		goto bad;
	if (sh_json_set(o, "signatures", signatures, err)) {
		signatures = NULL;
		goto bad;
	}
	out->report = o;
	return (0);
bad:
	json_decref(signatures);
	json_decref(o);
	return (-1);
}
