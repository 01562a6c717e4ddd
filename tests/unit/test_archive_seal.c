/*
 * archive/seal.h: seals, proofs, evidence, the authority that is down, and
 * archives that are not what was sealed.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "archive/seal_internal.h"
#include "signing/cms.h"
#include "tests/unit/archive_fixture.h"
#include "tests/unit/test_tsa.h"

#define HOUR	3600
#define YEAR	((int64_t)365 * 86400)

struct scene {
	char *dir;
	struct fixture_place p;
	char seals[400], witness[400];
	struct sh_archive *ar;
	struct sh_signer *signer;
	struct test_tsa tsa;
	struct sh_sealing with;
};

static void
open_scene(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
}

static void
close_scene(struct scene *s)
{
	sh_archive_close(s->ar);
	s->ar = NULL;
}

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret pass;
	struct scene *s = calloc(1, sizeof(*s));
	char path[400];

	s->dir = test_mkdir();
	fixture_place(&s->p, s->dir, "");
	(void)snprintf(s->seals, sizeof(s->seals), "%s/seals", s->dir);
	(void)snprintf(s->witness, sizeof(s->witness), "%s/witness", s->dir);
	must(sh_fs_mkdirs(s->witness, 0700, &err));
	s->p.place.seals = s->seals;
	s->p.place.witness = s->witness;
	s->p.place.must_stamp = 1;
	must(sh_archive_create(&s->p.place, &err));
	must(sh_secret_new(&pass, 8, &err));
	memcpy(pass.data, "geheimni", 8);
	must(sh_signer_make_test_keys(s->dir, &pass, sh_now(), &err));
	(void)snprintf(path, sizeof(path), "%s/agency.p12", s->dir);
	must(sh_signer_open_p12(path, &pass, &s->signer, &err));
	sh_secret_free(&pass);
	test_tsa_open(&s->tsa, sh_now());
	s->with = (struct sh_sealing){ s->signer, &s->tsa.stamper,
	    s->tsa.trust, sh_now() };
	open_scene(s);
	*state = s;
	return (0);
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	close_scene(s);
	sh_signer_close(s->signer);
	test_tsa_close(&s->tsa);
	test_rmdir(s->dir);
	free(s);
	return (0);
}

static struct sh_document_id
accede(struct scene *s, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	enum sh_accession_state state;
	struct sh_document_id id;
	struct fixture_doc d;

	fixture_make(&d, n, n / 3, n % 4 == 0);
	must(sh_archive_accede(s->ar, &d.acc, &id, &state, &err));
	fixture_free(&d);
	return (id);
}

static unsigned
seal(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;
	unsigned n;

	must(sh_seals_make(s->ar, &s->with, &n, NULL, &err));
	return (n);
}

static int
count(void *arg, const char *key, const char *text, struct sh_error *err)
{
	(void)err;
	print_message("# %s: %s\n", key, text);
	++*(int *)arg;
	return (0);
}

static int
findings(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;
	int n = 0;

	must(sh_seals_check(s->ar, NULL, count, &n, &err));
	return (n);
}

static int64_t
status(struct scene *s, const char *member, int64_t now)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v, *m;
	int64_t n;

	must(sh_seals_status(s->ar, now, &v, &err));
	m = json_object_get(v, member);
	n = json_is_boolean(m) ? json_is_true(m) : json_integer_value(m);
	json_decref(v);
	return (n);
}

/* ---- proofs -------------------------------------------------------------- */

/* The path of a proof, from base64. */
static size_t
path_of(const json_t *v, struct sh_digest *path)
{
	const char *s = sh_member(v, "path");
	uint8_t b[SH_MERKLE_PROOF_MAX * SH_DIGEST_LEN + 4];
	int n = EVP_DecodeBlock(b, (const unsigned char *)s, (int)strlen(s));

	assert_true(n >= 0);
	memcpy(path, b, (size_t)n / SH_DIGEST_LEN * SH_DIGEST_LEN);
	return ((size_t)n / SH_DIGEST_LEN);
}

static void
check_proof(struct scene *s, const struct sh_document_id *id, uint64_t want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest path[SH_MERKLE_PROOF_MAX], leaf;
	struct sh_fed item = { .position = 0 };
	struct sh_buf text = SH_BUF_INIT;
	struct sh_seal seal;
	json_t *v;
	size_t n;

	must(sh_seals_prove(s->ar, id, &v, &err));
	must(sh_json_canonical(v, &text, &err));
	assert_in_range(text.len, 100, 1500);
	assert_int_equal(json_integer_value(json_object_get(v, "seal")),
	    want);
	must(sh_seal_load(s->ar, want, &seal, &err));
	assert_int_equal(sh_tag_parse(sh_member(v, "holder"), &item.holder),
	    0);
	item.sequence = (uint64_t)json_integer_value(json_object_get(v,
	    "sequence"));
	assert_int_equal(sh_unhex(sh_member(v, "event"), item.digest.b, 32),
	    0);
	assert_int_equal(sh_unhex(sh_member(v, "head"), item.head.b, 32), 0);
	must(sh_log_leaf(&item, &leaf, &err));
	n = path_of(v, path);
	assert_int_equal(sh_merkle_included(&leaf, (uint64_t)
	    json_integer_value(json_object_get(v, "index")),
	    seal.trees[0].size, path, n, &seal.trees[0].root, &err), 1);
	sh_seal_clear(&seal);
	sh_buf_free(&text);
	json_decref(v);
}

static void
every_document_is_proven_under_its_seal(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest path[SH_MERKLE_PROOF_MAX];
	struct sh_document_id id[9], late;
	struct scene *s = *state;
	struct sh_seal a, b;
	json_t *v, *t;
	unsigned n;
	size_t k;

	for (n = 0; n < 9; n++) {
		id[n] = accede(s, n);
		if (n % 3 == 2)
			assert_int_equal(seal(s), 1);
	}
	assert_int_equal(seal(s), 0);
	late = accede(s, 9);
	must_fail(sh_seals_prove(s->ar, &late, &v, &err), SH_EAGAIN);
	for (n = 0; n < 9; n++)
		check_proof(s, &id[n], n / 3 + 1);
	must(sh_seal_load(s->ar, 1, &a, &err));
	must(sh_seal_load(s->ar, 3, &b, &err));
	must(sh_seals_consistency(s->ar, 1, 3, &v, &err));
	t = json_array_get(json_object_get(v, "trees"), 0);
	k = path_of(t, path);
	assert_int_equal(sh_merkle_consistent(a.trees[0].size,
	    b.trees[0].size, path, k, &a.trees[0].root, &b.trees[0].root,
	    &err), 1);
	json_decref(v);
	sh_seal_clear(&a);
	sh_seal_clear(&b);
	assert_int_equal(findings(s), 0);
	assert_int_equal(status(s, "last", s->with.now), 3);
	assert_int_equal(status(s, "unsealed", s->with.now), 1);
	assert_int_equal(status(s, "pending", s->with.now), 0);
}

/* Blocks of leaves, whole and broken, are as good as the leaves. */
static void
many_changes_make_whole_blocks(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id[40];
	struct scene *s = *state;
	struct fixture_doc *d = calloc(600, sizeof(*d));
	struct sh_accession *acc = calloc(600, sizeof(*acc));
	static struct sh_accession_result r[600];
	char path[500];
	unsigned n;
	int fd;

	for (n = 0; n < 600; n++) {
		fixture_make(&d[n], n, n / 3, 0);
		acc[n] = d[n].acc;
	}
	for (n = 0; n < 600; n += 200)
		must(sh_archive_accede_many(s->ar, acc + n, 200, r + n,
		    &err));
	assert_int_equal(seal(s), 1);
	for (n = 0; n < 40; n++) {
		id[n] = r[n * 15].id;
		check_proof(s, &id[n], 1);
	}
	/* What is kept of them may be lost, or lie. */
	close_scene(s);
	(void)snprintf(path, sizeof(path), "%s/blocks-0", s->seals);
	assert_true((fd = open(path, O_WRONLY)) >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 50), 1);
	(void)close(fd);
	open_scene(s);
	check_proof(s, &id[39], 1);
	(void)accede(s, 1000);
	assert_int_equal(seal(s), 1);
	assert_int_equal(findings(s), 0);
	for (n = 0; n < 600; n++)
		fixture_free(&d[n]);
	free(d);
	free(acc);
}

/* ---- evidence ------------------------------------------------------------ */

static int
prove_rendition(struct scene *s, const struct sh_document_id *id,
    const char *name, const struct sh_buf *record, int64_t when,
    size_t stamps)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_evidence_object o = { .data = NULL };
	struct sh_evidence_found found;
	int r;

	o.fd = sh_memfd("rendition", &err);
	must(sh_archive_get(s->ar, &fixture_reader, id, name, o.fd, &err));
	r = sh_evidence_verify(record->data, record->len, &o, 1,
	    s->tsa.trust, when, &found, &err);
	(void)close(o.fd);
	if (r == 0)
		assert_int_equal(found.nstamps, stamps);
	return (r);
}

static void
check_evidence(struct scene *s, const struct sh_document_id *id, unsigned n,
    int64_t when, const size_t *stamps)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf record = SH_BUF_INIT;
	unsigned i;

	for (i = 0; i < n; i++) {
		sh_buf_reset(&record);
		must(sh_seals_evidence(s->ar, &id[i], &record, &err));
		assert_int_equal(prove_rendition(s, &id[i], "pdf", &record,
		    when, stamps[i]), 0);
		assert_int_equal(prove_rendition(s, &id[i], "original",
		    &record, when, stamps[i]), 0);
		assert_int_equal(prove_rendition(s, &id[(i + 1) % n], "pdf",
		    &record, when, stamps[i]), -1);
	}
	sh_buf_free(&record);
}

static void
evidence_is_renewed_by_time_and_by_digest(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	const int64_t born = s->with.now;
	struct sh_document_id id[6];
	size_t stamps[6] = { 1, 1, 1, 1, 1, 1 };
	unsigned n;

	for (n = 0; n < 4; n++)
		id[n] = accede(s, n);
	(void)seal(s);
	id[4] = accede(s, 4);
	(void)seal(s);
	check_evidence(s, id, 5, born + YEAR, stamps);

	s->tsa.now = s->with.now = born + 10 * YEAR;
	must(sh_seals_renew(s->ar, &s->with, SH_MD_SHA256, &err));
	for (n = 0; n < 5; n++)
		stamps[n]++;
	id[5] = accede(s, 5);
	(void)seal(s);
	check_evidence(s, id, 6, born + 11 * YEAR, stamps);

	s->tsa.now = s->with.now = born + 15 * YEAR;
	must(sh_seals_renew(s->ar, &s->with, SH_MD_SHA512, &err));
	for (n = 0; n < 6; n++)
		stamps[n]++;
	check_evidence(s, id, 6, born + 16 * YEAR, stamps);

	s->tsa.now = s->with.now = born + 20 * YEAR;
	must(sh_seals_renew(s->ar, &s->with, SH_MD_SHA512, &err));
	for (n = 0; n < 6; n++)
		stamps[n]++;
	check_evidence(s, id, 6, born + 21 * YEAR, stamps);
	close_scene(s);
	open_scene(s);
	check_evidence(s, id, 6, born + 21 * YEAR, stamps);
	assert_int_equal(findings(s), 0);
	assert_int_equal(status(s, "renewals", s->with.now), 3);
}

/* ---- the authority ------------------------------------------------------- */

static void
an_authority_that_is_down_is_waited_for(void **state)
{
	struct sh_error err = SH_ERROR_INIT, why = SH_ERROR_INIT;
	enum sh_accession_state st;
	struct sh_document_id id;
	struct scene *s = *state;
	const int64_t now = s->with.now;
	struct sh_buf record = SH_BUF_INIT;
	struct fixture_doc d;
	unsigned n;

	s->tsa.down = 1;
	id = accede(s, 0);
	/* Sealed five hours ago, and no stamp ever since. */
	s->with.now = now - 5 * HOUR;
	must(sh_seals_make(s->ar, &s->with, &n, &why, &err));
	assert_int_equal(n, 1);
	assert_string_equal(why.key, "stamp.unreachable");
	assert_int_equal(status(s, "pending", now), 1);
	assert_int_equal(status(s, "refusing", now - 5 * HOUR +
	    SH_SEAL_GRACE_S), 0);
	assert_int_equal(status(s, "refusing", now), 1);
	must_fail(sh_seals_evidence(s->ar, &id, &record, &err), SH_EAGAIN);

	fixture_make(&d, 1, 0, 0);
	assert_int_equal(sh_archive_accede(s->ar, &d.acc, &id, &st, &err),
	    -1);
	assert_string_equal(err.key, "seal.overdue");
	sh_error_clear(&err);
	close_scene(s);
	open_scene(s);
	assert_int_equal(sh_archive_accede(s->ar, &d.acc, &id, &st, &err),
	    -1);
	assert_string_equal(err.key, "seal.overdue");
	sh_error_clear(&err);

	/* It answers again: the archive goes on. */
	s->tsa.down = 0;
	s->with.now = now;
	assert_int_equal(seal(s), 0);
	assert_int_equal(status(s, "pending", now), 0);
	must(sh_archive_accede(s->ar, &d.acc, &id, &st, &err));
	assert_int_equal(seal(s), 1);
	assert_int_equal(findings(s), 0);
	fixture_free(&d);
	sh_buf_free(&record);
}

static int
stamp_something_else(void *arg, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, struct sh_error *err)
{
	uint8_t other[SH_MD_MAX] = { 0 };

	(void)digest;
	return (test_tsa_stamp(arg, md, other, token, err));
}

static int
stamp_with_rubbish(void *arg, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, struct sh_error *err)
{
	(void)arg;
	(void)md;
	(void)digest;
	return (sh_buf_puts(token, "0\x03\x02\x01\x05", err));
}

static void
an_authority_that_lies_is_not_believed(void **state)
{
	struct sh_error err = SH_ERROR_INIT, why = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_stamper liars[] = { { stamp_something_else, &s->tsa },
	    { stamp_with_rubbish, NULL } };
	struct test_tsa other;
	unsigned n, i;

	(void)accede(s, 0);
	for (i = 0; i < 4; i++) {
		s->with.stamper = i < 2 ? &liars[i] : &s->tsa.stamper;
		test_tsa_open(&other, s->with.now);
		if (i == 2)
			s->with.stamper = &other.stamper;
		s->tsa.now = s->with.now + (i == 3 ? HOUR : 0);
		sh_error_clear(&why);
		must(sh_seals_make(s->ar, &s->with, &n, &why, &err));
		print_message("# %s\n", why.text);
		assert_true(why.code != SH_OK);
		assert_int_equal(status(s, "pending", s->with.now), 1);
		test_tsa_close(&other);
	}
	s->tsa.now = s->with.now;
	s->with.stamper = &s->tsa.stamper;
	(void)seal(s);
	assert_int_equal(status(s, "pending", s->with.now), 0);
}

static void
a_clock_that_went_back_seals_nothing(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	unsigned n;

	(void)accede(s, 0);
	(void)seal(s);
	(void)accede(s, 1);
	s->with.now -= 86400;
	must_fail(sh_seals_make(s->ar, &s->with, &n, NULL, &err), SH_EAGAIN);
}

/* ---- archives that are not what was sealed ------------------------------- */

static void
copy(const char *from, const char *to)
{
	char command[1600];

	(void)snprintf(command, sizeof(command), "rm -rf '%s' && cp -a '%s' "
	    "'%s'", to, from, to);
	assert_int_equal(system(command), 0);
}

static const char *
opening_says(struct scene *s)
{
	static char key[48];
	struct sh_error err = SH_ERROR_INIT;

	close_scene(s);
	key[0] = '\0';
	if (sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err))
		(void)snprintf(key, sizeof(key), "%s", err.key);
	return (key);
}

static void
rolled_back_and_forked_archives_are_refused(void **state)
{
	static const char *const parts[] = { "archive", "seals", "keys",
	    "search" };
	struct scene *s = *state;
	char from[500], old[500];
	unsigned n;
	size_t i;

	for (n = 0; n < 3; n++)
		(void)accede(s, n);
	(void)seal(s);
	close_scene(s);
	for (i = 0; i < SH_COUNT(parts); i++) {
		(void)snprintf(from, sizeof(from), "%s/%s", s->dir, parts[i]);
		(void)snprintf(old, sizeof(old), "%s/old-%s", s->dir,
		    parts[i]);
		copy(from, old);
	}
	open_scene(s);
	for (; n < 6; n++)
		(void)accede(s, n);
	(void)seal(s);
	close_scene(s);
#define PUT_BACK(part)							\
	do {								\
		char f[500], t[500];					\
		(void)snprintf(f, sizeof(f), "%s/old-%s", s->dir, part);\
		(void)snprintf(t, sizeof(t), "%s/%s", s->dir, part);	\
		copy(f, t);						\
	} while (0)
	/* Last week's index and blobs. */
	PUT_BACK("archive");
	assert_string_equal(opening_says(s), "seal.rolled-back");
	/* The seals with them; the keys know of a later one. */
	PUT_BACK("seals");
	PUT_BACK("search");
	assert_string_equal(opening_says(s), "seal.rolled-back");
	/* The whole home; only the witness knows. */
	PUT_BACK("keys");
	assert_string_equal(opening_says(s), "seal.rolled-back");
	/* Without one, it goes on: a fork that the witness will not take. */
	s->p.place.witness = NULL;
	assert_string_equal(opening_says(s), "");
	for (n = 6; n < 9; n++)
		(void)accede(s, n);
	(void)seal(s);
	(void)seal(s);
	s->p.place.witness = s->witness;
	assert_string_equal(opening_says(s), "seal.forked");
	s->p.place.witness = NULL;
	open_scene(s);
}

static void
an_index_of_another_history_is_a_fork(void **state)
{
	struct scene *s = *state;
	char a[500], b[500];
	unsigned n;

	(void)accede(s, 0);
	close_scene(s);
	(void)snprintf(a, sizeof(a), "%s/archive", s->dir);
	(void)snprintf(b, sizeof(b), "%s/beside", s->dir);
	copy(a, b);
	open_scene(s);
	for (n = 1; n < 4; n++)
		(void)accede(s, n);
	(void)seal(s);
	close_scene(s);
	/* As many changes and more, but others. */
	copy(b, a);
	s->p.place.seals = NULL;
	open_scene(s);
	for (n = 7; n < 12; n++)
		(void)accede(s, n);
	s->p.place.seals = s->seals;
	assert_string_equal(opening_says(s), "seal.forked");
	s->p.place.seals = NULL;
	open_scene(s);
}

/* Each file of the seals, each in several places. */
static void
altered_seals_are_found(void **state)
{
	static const char *const names[] = { "seals/000000/000000001",
	    "seals/000000/000000002", "nodes/000000/000000001",
	    "renewals/000000/000000001", "renewal-nodes/000000/000000001" };
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_buf b = SH_BUF_INIT;
	unsigned n, seen = 0, tried = 0;
	char path[500];
	size_t i, k;

	for (n = 0; n < 5; n++)
		(void)accede(s, n);
	(void)seal(s);
	(void)accede(s, 5);
	(void)seal(s);
	(void)accede(s, 6);
	(void)seal(s);
	must(sh_seals_renew(s->ar, &s->with, SH_MD_SHA256, &err));
	assert_int_equal(findings(s), 0);
	for (i = 0; i < SH_COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->seals,
		    names[i]);
		sh_buf_reset(&b);
		must(sh_fs_read(path, 1 << 20, &b, &err));
		for (k = 3; k < b.len; k += b.len / 23 + 1, tried++) {
			b.data[k] ^= 4;
			must(sh_fs_replace(path, b.data, b.len, 0600, &err));
			if (findings(s) > 0)
				seen++;
			else
				print_message("# unseen: %s at %zu: %.20s\n",
				    names[i], k, b.data + k - 3);
			b.data[k] ^= 4;
		}
		must(sh_fs_replace(path, b.data, b.len, 0600, &err));
	}
	print_message("# %u of %u seen\n", seen, tried);
	assert_int_equal(seen, tried);
	sh_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(every_document_is_proven_under_its_seal),
		T(many_changes_make_whole_blocks),
		T(evidence_is_renewed_by_time_and_by_digest),
		T(an_authority_that_is_down_is_waited_for),
		T(an_authority_that_lies_is_not_believed),
		T(a_clock_that_went_back_seals_nothing),
		T(rolled_back_and_forked_archives_are_refused),
		T(an_index_of_another_history_is_a_fork),
		T(altered_seals_are_found),
	};

	return (cmocka_run_group_tests_name("seals", tests, NULL, NULL));
}
