/* archive/stream.h: long values sealed piece by piece. */
#include "tests/unit/test.h"

#include "archive/stream.h"
#include "base/mem.h"

struct bytes {
	const uint8_t *data;
	size_t len, at, step;
};

static int
from_bytes(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct bytes *b = arg;
	size_t n = b->len - b->at;

	(void)err;
	if (n > cap)
		n = cap;
	if (n > b->step)
		n = b->step;
	memcpy(buf, b->data + b->at, n);
	b->at += n;
	*lenp = n;
	return (0);
}

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

static const uint8_t content_key[SH_KEY_LEN] = { 9 };
static const struct sh_digest blob_name = { { 8 } };

static void
seal_stream(struct sh_aead *a, const uint8_t *data, size_t len,
    struct sh_buf *sealed)
{
	struct sh_error err = SH_ERROR_INIT;
	struct bytes b = { data, len, 0, 10007 };
	struct sh_digest plain;
	struct sh_sealer *s;
	uint8_t chunk[7001];
	size_t n;

	must(sh_sha256(data, len, &plain, &err));
	must_ptr(s = sh_sealer_new(a, content_key, &blob_name, &plain, len,
	    from_bytes, &b, &err));
	do {
		must(sh_sealer_source(s, chunk, sizeof(chunk), &n, &err));
		must(sh_buf_append(sealed, chunk, n, &err));
	} while (n > 0);
	sh_sealer_free(s);
}

static int
open_stream(struct sh_aead *a, const struct sh_digest *name,
    const uint8_t *data, size_t len, const struct sh_buf *sealed,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_digest plain;
	struct sh_opener *o;
	size_t at, n;
	int rc = 0;

	if (sh_sha256(data, len, &plain, err) || (o = sh_opener_new(a,
	    content_key, name, &plain, len, to_buf, out, err)) == NULL)
		return (-1);
	for (at = 0; at < sealed->len && rc == 0; at += n) {
		n = sealed->len - at < 5003 ? sealed->len - at : 5003;
		rc = sh_opener_sink(o, sealed->data + at, n, err);
	}
	if (rc == 0)
		rc = sh_opener_finish(o, err);
	sh_opener_free(o);
	return (rc);
}

static void
streams_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 65535, 65536, 65537,
	    131072, 131073, 400000 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_aead *a;
	struct sh_buf sealed = SH_BUF_INIT, out = SH_BUF_INIT;
	uint8_t *data = calloc(1, 400000);
	size_t i, k, kind;

	(void)state;
	must_ptr(a = sh_aead_new(&err));
	/* Noise, text, and text that becomes noise behind the first chunk. */
	for (kind = 0; kind < 3; kind++) {
		must(sh_random(data, 400000, &err));
		if (kind > 0)
			for (k = 0; k < (kind == 1 ? 400000 : 65536); k++)
				data[k] = (uint8_t)("mot cua "[k % 8] +
				    (k % 1000 == 0));
		for (i = 0; i < SH_COUNT(sizes); i++) {
			sh_buf_reset(&sealed);
			sh_buf_reset(&out);
			seal_stream(a, data, sizes[i], &sealed);
			must(open_stream(a, &blob_name, data, sizes[i],
			    &sealed, &out, &err));
			assert_int_equal(out.len, sizes[i]);
			assert_true(out.len == 0 || memcmp(out.data, data,
			    out.len) == 0);
			if (kind == 1 && sizes[i] >= 65535)
				assert_true(sealed.len < sizes[i] / 10);
			if (kind == 0)
				assert_true(sealed.len >= sizes[i] + 48);
		}
	}
	free(data);
	sh_buf_free(&sealed);
	sh_buf_free(&out);
	sh_aead_free(a);
}

static void
altered_streams_do_not_open(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_aead *a;
	struct sh_buf sealed = SH_BUF_INIT, out = SH_BUF_INIT;
	struct sh_buf bad = SH_BUF_INIT;
	struct sh_digest other = { { 7 } };
	const size_t chunk = 65536 + 16, len = 3 * 65536 + 100;
	uint8_t *data = calloc(1, len);
	size_t i;

	(void)state;
	must_ptr(a = sh_aead_new(&err));
	must(sh_random(data, len, &err));
	seal_stream(a, data, len, &sealed);
	assert_int_equal(sealed.len, 32 + len + 4 * 16);
	for (i = 0; i < 8; i++) {
		sh_buf_reset(&bad);
		sh_buf_reset(&out);
		must(sh_buf_append(&bad, sealed.data, sealed.len, &err));
		switch (i) {
		case 0:		/* cut in the middle of a chunk */
			bad.len -= 50;
			break;
		case 1:		/* cut at a chunk's end */
			bad.len = 32 + 3 * chunk;
			break;
		case 2:		/* two chunks change places */
			memcpy(bad.data + 32, sealed.data + 32 + chunk, chunk);
			memcpy(bad.data + 32 + chunk, sealed.data + 32, chunk);
			break;
		case 3:		/* one comes twice */
			memcpy(bad.data + 32 + chunk, sealed.data + 32, chunk);
			break;
		case 4:		/* one is left out */
			memmove(bad.data + 32, bad.data + 32 + chunk,
			    bad.len - 32 - chunk);
			bad.len -= chunk;
			break;
		case 5:		/* something follows */
			must(sh_buf_append(&bad, "x", 1, &err));
			break;
		case 6:		/* nothing but the head */
			bad.len = 32;
			break;
		default:	/* less than it */
			bad.len = 31;
			break;
		}
		if (open_stream(a, &blob_name, data, len, &bad, &out, &err) ==
		    0)
			fail_msg("alteration %zu was not seen", i);
		assert_int_equal(err.code, SH_EFIXITY);
		sh_error_clear(&err);
		/* What came out before was genuine. */
		assert_true(out.len < len);
		assert_true(out.len == 0 || memcmp(out.data, data, out.len) ==
		    0);
	}
	must_fail(open_stream(a, &other, data, len, &sealed, &out, &err),
	    SH_EFIXITY);
	/* Cut where a chunk ends, by one who knows the digest of the rest. */
	sh_buf_reset(&bad);
	must(sh_buf_append(&bad, sealed.data, 32 + 3 * chunk, &err));
	must_fail(open_stream(a, &blob_name, data, 3 * 65536, &bad, &out,
	    &err), SH_EFIXITY);
	for (i = 0; i < sealed.len; i += 997) {
		sh_buf_reset(&out);
		sealed.data[i] ^= 4;
		must_fail(open_stream(a, &blob_name, data, len, &sealed, &out,
		    &err), SH_EFIXITY);
		sealed.data[i] ^= 4;
	}
	free(data);
	sh_buf_free(&sealed);
	sh_buf_free(&bad);
	sh_buf_free(&out);
	sh_aead_free(a);
}

static void
a_changing_file_is_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_aead *a;
	struct sh_digest plain;
	struct sh_sealer *s;
	uint8_t data[1000] = { 0 }, out[4096];
	size_t i, n;

	(void)state;
	must_ptr(a = sh_aead_new(&err));
	must(sh_sha256(data, sizeof(data), &plain, &err));
	for (i = 0; i < 3; i++) {
		struct bytes b = { data, sizeof(data) - (i == 0), 0, 100 };
		int rc;

		if (i == 1)
			data[999] = 1;
		must_ptr(s = sh_sealer_new(a, content_key, &blob_name, &plain,
		    i == 2 ? 999 : 1000, from_bytes, &b, &err));
		do
			rc = sh_sealer_source(s, out, sizeof(out), &n, &err);
		while (rc == 0 && n > 0);
		assert_int_equal(rc, -1);
		assert_string_equal(err.key, "rendition.changed");
		sh_error_clear(&err);
		sh_sealer_free(s);
		data[999] = 0;
	}
	sh_aead_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_come_back),
		cmocka_unit_test(altered_streams_do_not_open),
		cmocka_unit_test(a_changing_file_is_refused),
	};

	return (cmocka_run_group_tests_name("stream", tests, NULL, NULL));
}
