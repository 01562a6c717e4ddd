#include "signing/http.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"

#define FIRST_PAUSE_MS	200
#define MAX_PAUSE_MS	5000

/* Where the answer goes, and what stopped it. */
struct answer {
	struct sh_buf *out;
	size_t before, limit;
	struct sh_error *err;
};

static void
start(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
on_bytes(char *data, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;
	size_t len = size * n;

	if (a->out->len - a->before > a->limit ||
	    len > a->limit - (a->out->len - a->before)) {
		(void)sh_error_set(a->err, SH_ELIMIT, "http.size",
		    "an answer of more than %zu bytes", a->limit);
		return (0);
	}
	return (sh_buf_append(a->out, data, len, a->err) == 0 ? len : 0);
}

static int
add_header(struct curl_slist **list, struct sh_error *err, const char *name,
    const char *value)
{
	struct curl_slist *longer = NULL;
	char *line = sh_asprintf(err, "%s%s", name, value);

	if (line == NULL)
		return (-1);
	if ((longer = curl_slist_append(*list, line)) != NULL)
		*list = longer;
	sh_wipe(line, strlen(line));
	free(line);
	return (longer != NULL ? 0 : sh_error_nomem(err, "a request"));
}

/* libcurl wants every option told in a call of its own. */
static int
prepare(CURL *c, const struct sh_http *q, struct answer *a,
    struct curl_slist **headers, struct sh_error *err)
{
	int ok;

	/* No "Expect: 100-continue": small authorities do not know it. */
	if (add_header(headers, err, "Expect:", "") ||
	    (q->type != NULL && add_header(headers, err, "Content-Type: ",
	    q->type)) || (q->bearer != NULL && add_header(headers, err,
	    "Authorization: Bearer ", q->bearer)))
		return (-1);
	ok = curl_easy_setopt(c, CURLOPT_URL, q->url) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_USERAGENT, "sohoa") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes) ==
	    CURLE_OK && curl_easy_setopt(c, CURLOPT_WRITEDATA, a) == CURLE_OK;
	if (ok && q->type != NULL)
		ok = curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
		    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)q->len)
		    == CURLE_OK && curl_easy_setopt(c, CURLOPT_POSTFIELDS,
		    q->body) == CURLE_OK;
	return (ok ? 0 : sh_error_set(err, SH_ELIBRARY, "library.curl",
	    "libcurl takes no request"));
}

static int
down(struct sh_error *err, const char *url, const char *why)
{
	sh_error_param(err, "file", "%s", url);
	return (sh_error_set(err, SH_EAGAIN, "http.down", "%s: %s", url,
	    why));
}

static int
judge_status(const char *url, long status, struct sh_error *err)
{
	char why[32];

	if (status == 200)
		return (0);
	(void)snprintf(why, sizeof(why), "status %ld", status);
	if (status == 429 || status >= 500)
		return (down(err, url, why));
	sh_error_param(err, "file", "%s", url);
	if (status == 401 || status == 403)
		return (sh_error_set(err, SH_EDENIED, "http.denied",
		    "%s: %s", url, why));
	return (sh_error_set(err, SH_EFORMAT, "http.answer", "%s: %s", url,
	    why));
}

static int
ask_once(const struct sh_http *q, struct sh_buf *out, struct sh_error *err)
{
	struct answer a = { out, out->len, q->limit, err };
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	CURLcode code;
	long status = 0;
	int rc = -1;

	if (c == NULL)
		return (sh_error_nomem(err, "a request"));
	if (prepare(c, q, &a, &headers, err))
		goto out;
	code = curl_easy_perform(c);
	if (err->code != SH_OK)
		goto out;	/* from on_bytes */
	switch (code) {
	case CURLE_OK:
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		rc = judge_status(q->url, status, err);
		break;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		sh_error_param(err, "value", "%s", q->url);
		rc = sh_error_set(err, SH_EARG, "http.url",
		    "%s is no address of a web service", q->url);
		break;
	case CURLE_OUT_OF_MEMORY:
		rc = sh_error_nomem(err, "a request");
		break;
	default:
		rc = down(err, q->url, curl_easy_strerror(code));
	}
out:
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	if (rc != 0)
		out->len = a.before;
	return (rc);
}

/* Twice as long each time, and not all desks at the same moment. */
static void
wait_before(int try)
{
	struct sh_error ignored = SH_ERROR_INIT;
	struct timespec ts;
	uint8_t random = 0;
	long ms = FIRST_PAUSE_MS;

	while (--try > 0 && ms < MAX_PAUSE_MS)
		ms *= 2;
	(void)!sh_random(&random, 1, &ignored);
	ms += ms * random / 512;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	(void)nanosleep(&ts, NULL);
}

int
sh_http(const struct sh_http *q, struct sh_buf *out, struct sh_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int try, rc;

	(void)pthread_once(&once, start);
	for (try = 1;; try++) {
		rc = ask_once(q, out, err);
		if (rc == 0 || err->code != SH_EAGAIN || try >= q->tries)
			return (rc);
		sh_error_clear(err);
		wait_before(try);
	}
}
