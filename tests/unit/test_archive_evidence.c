/*
 * archive/evidence.h: records of other makers come out as their manifest
 * says; our own, renewed by time and by digest, prove their bytes and
 * nothing else.
 */
#include "tests/unit/test.h"

#include <fcntl.h>

#include "archive/evidence.h"
#include "base/mem.h"
#include "tests/unit/test_tsa.h"

#define BORN	((int64_t)1795140000)
#define YEAR	((int64_t)365 * 86400)

/* ---- others' records ----------------------------------------------------- */

static char *
field(char **line)
{
	return (strsep(line, "\t"));
}

static void
foreign_records_come_out_as_they_are_known(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf manifest = SH_BUF_INIT, record = SH_BUF_INIT;
	struct sh_evidence_object objects[4];
	struct sh_evidence_found found;
	const char *shared = test_shared("corpora/signatures/er");
	char dir[512], path[800], *rest, *line, *name, *data, *want, *p;
	size_t n, i;
	int r, seen = 0;

	(void)state;
	if (shared == NULL)
		test_skip();
	(void)snprintf(dir, sizeof(dir), "%s", shared);
	(void)snprintf(path, sizeof(path), "%s/MANIFEST.tsv", dir);
	must(sh_fs_read(path, 1 << 20, &manifest, &err));
	rest = (char *)manifest.data;
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		name = field(&line);
		data = field(&line);
		want = field(&line);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
		sh_buf_reset(&record);
		must(sh_fs_read(path, 1 << 20, &record, &err));
		for (n = 0; (p = strsep(&data, " ")) != NULL; n++) {
			(void)snprintf(path, sizeof(path), "%s/%s", dir, p);
			objects[n] = (struct sh_evidence_object){
			    open(path, O_RDONLY | O_CLOEXEC), NULL, 0 };
			assert_true(objects[n].fd >= 0);
		}
		r = sh_evidence_verify(record.data, record.len, objects, n,
		    NULL, BORN, &found, &err);
		print_message("# %s: %s %s (%zu stamps, %zu chains) %s\n",
		    name, want, r == 0 ? "proves" : err.key, found.nstamps,
		    found.nchains, err.text);
		if (strcmp(want, "VALID") == 0)
			assert_int_equal(r, 0);
		if (strcmp(want, "REJECT") == 0)
			assert_int_equal(err.code, SH_ESIGNATURE);
		sh_error_clear(&err);
		for (i = 0; i < n; i++)
			(void)close(objects[i].fd);
		seen++;
	}
	assert_int_equal(seen, 10);
	sh_buf_free(&manifest);
	sh_buf_free(&record);
}

/* ---- our own ------------------------------------------------------------- */

#define DOCUMENTS	11

static struct sh_evidence_object objects[DOCUMENTS];
static char texts[DOCUMENTS][40];

/* A stamp as it goes into a record, with its own memory. */
struct part {
	struct sh_hash hashes[20];
	size_t lists[20];
	struct sh_buf token;
};

static void
make_texts(void)
{
	int i;

	for (i = 0; i < DOCUMENTS; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "giấy số %d", i);
		objects[i] = (struct sh_evidence_object){ -1, texts[i],
		    strlen(texts[i]) };
	}
}

/* Stamp the tree over LEAVES; what leads from leaf K in PART. */
static void
stamp_tree(struct test_tsa *t, enum sh_md md, const struct sh_hash *leaves,
    size_t n, size_t k, struct part *part, struct sh_evidence_stamp *s)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_hash root;
	size_t npath, i;

	memset(part, 0, sizeof(*part));
	must(sh_evidence_root(md, leaves, n, k, part->hashes + 1, &npath,
	    &root, &err));
	part->hashes[0] = leaves[k];
	for (i = 0; i <= npath; i++)
		part->lists[i] = 1;
	must(t->stamper.stamp(t, md, root.b, &part->token, &err));
	*s = (struct sh_evidence_stamp){ .md = md, .hashes = part->hashes,
	    .lists = part->lists, .nlists = npath + 1,
	    .token = part->token.data, .tokenlen = part->token.len };
}

static int
verify(const struct sh_evidence_stamp *s, size_t n, size_t k,
    const struct test_tsa *t, int64_t when, struct sh_error *why)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_evidence_found found;
	struct sh_buf b = SH_BUF_INIT;
	int r;

	sh_error_clear(why);
	must(sh_evidence_write(s, n, &b, &err));
	r = sh_evidence_verify(b.data, b.len, &objects[k], 1, t->trust, when,
	    &found, why);
	if (r == 0)
		assert_int_equal(found.nstamps, n);
	sh_buf_free(&b);
	return (r);
}

static void
a_record_outlives_keys_and_digests(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_hash leaves[DOCUMENTS], sequence;
	struct sh_evidence_stamp s[3];
	struct part part[3];
	struct test_tsa t, later;
	struct sh_buf b = SH_BUF_INIT;
	size_t k, i;

	(void)state;
	test_tsa_open(&t, BORN);
	test_tsa_open(&later, BORN + 40 * YEAR);
	for (k = 0; k < DOCUMENTS; k++) {
		memset(leaves, 0, sizeof(leaves));
		for (i = 0; i < DOCUMENTS; i++)
			must(sh_md_digest(SH_MD_SHA256, objects[i].data,
			    objects[i].len, leaves[i].b, &err));
		t.now = BORN;
		stamp_tree(&t, SH_MD_SHA256, leaves, DOCUMENTS, k, &part[0],
		    &s[0]);
		must(verify(s, 1, k, &t, BORN + YEAR, &err));
		/* Another document, another time, nobody's trust. */
		assert_int_equal(verify(s, 1, (k + 1) % DOCUMENTS, &t, BORN,
		    &err), -1);
		assert_string_equal(err.key, "evidence.broken");
		assert_int_equal(verify(s, 1, k, &t, BORN + 31 * YEAR, &err),
		    -1);
		assert_string_equal(err.key, "stamp.untrusted");
		assert_int_equal(verify(s, 1, k, &later, BORN, &err), -1);
		assert_string_equal(err.key, "stamp.untrusted");

		/* Twenty years on, stamped again, among others. */
		t.now = BORN + 20 * YEAR;
		memset(leaves, 0, sizeof(leaves));
		for (i = 0; i < 5; i++)
			must(sh_md_digest(SH_MD_SHA256, part[0].token.data,
			    part[0].token.len - (i != 3), leaves[i].b, &err));
		stamp_tree(&t, SH_MD_SHA256, leaves, 5, 3, &part[1], &s[1]);
		must(verify(s, 2, k, &t, BORN + 25 * YEAR, &err));

		/* Then hashed anew with a longer digest. */
		t.now = BORN + 25 * YEAR;
		sh_buf_reset(&b);
		must(sh_evidence_sequence(s, 2, &b, &err));
		memset(&sequence, 0, sizeof(sequence));
		memset(leaves, 0, sizeof(leaves));
		must(sh_md_digest(SH_MD_SHA512, b.data, b.len, sequence.b,
		    &err));
		for (i = 0; i < DOCUMENTS; i++) {
			must(sh_md_digest(SH_MD_SHA512, objects[i].data,
			    objects[i].len, leaves[i].b, &err));
			must(sh_evidence_rehash(SH_MD_SHA512, &leaves[i],
			    &sequence, &leaves[i], &err));
		}
		stamp_tree(&t, SH_MD_SHA512, leaves, DOCUMENTS, k, &part[2],
		    &s[2]);
		s[2].rehashed = 1;
		must(verify(s, 3, k, &t, BORN + 26 * YEAR, &err));
		assert_int_equal(verify(s, 3, (k + 1) % DOCUMENTS, &t, BORN +
		    26 * YEAR, &err), -1);
		/* It cannot do without what came before. */
		assert_int_equal(verify(s + 1, 2, k, &t, BORN + 26 * YEAR,
		    &err), -1);
		s[2].rehashed = 0;
		assert_int_equal(verify(s, 3, k, &t, BORN + 26 * YEAR, &err),
		    -1);
		for (i = 0; i < 3; i++)
			sh_buf_free(&part[i].token);
	}
	sh_buf_free(&b);
	test_tsa_close(&t);
	test_tsa_close(&later);
}

/* Each byte of a record counts, or changing it changes nothing proven. */
static void
damaged_records_are_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_evidence_found found;
	struct sh_evidence_stamp s;
	struct sh_hash leaves[2] = { { { 0 } } };
	struct sh_buf b = SH_BUF_INIT;
	struct part part;
	struct test_tsa t;
	size_t i, proven = 0;

	(void)state;
	test_tsa_open(&t, BORN);
	for (i = 0; i < 2; i++)
		must(sh_md_digest(SH_MD_SHA256, objects[i].data,
		    objects[i].len, leaves[i].b, &err));
	stamp_tree(&t, SH_MD_SHA256, leaves, 2, 0, &part, &s);
	must(sh_evidence_write(&s, 1, &b, &err));
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 0x10;
		proven += sh_evidence_verify(b.data, b.len, objects, 1,
		    t.trust, BORN, &found, &err) == 0;
		sh_error_clear(&err);
		b.data[i] ^= 0x10;
		must_fail(sh_evidence_verify(b.data, i, objects, 1, t.trust,
		    BORN, &found, &err), err.code);
	}
	print_message("# %zu bytes, %zu of them prove the same when changed\n",
	    b.len, proven);
	/* The list of digests, which nothing needs; ESS's issuer; padding. */
	assert_true(proven < b.len / 8);
	sh_buf_free(&b);
	sh_buf_free(&part.token);
	test_tsa_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_records_come_out_as_they_are_known),
		cmocka_unit_test(a_record_outlives_keys_and_digests),
		cmocka_unit_test(damaged_records_are_refused),
	};

	make_texts();
	return (cmocka_run_group_tests_name("evidence", tests, NULL, NULL));
}
