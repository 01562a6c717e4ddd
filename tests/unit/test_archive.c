/* archive/archive.h: documents in, proven, and out again. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "archive/archive_internal.h"
#include "archive/stream.h"
#include "base/text.h"
#include "tests/unit/archive_fixture.h"

struct test {
	char *dir;
	struct fixture_place p;
	struct sh_archive *ar;
};

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = calloc(1, sizeof(*t));

	t->dir = test_mkdir();
	fixture_place(&t->p, t->dir, "?map=1048576&segment=200000");
	must(sh_archive_create(&t->p.place, &err));
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	*state = t;
	return (0);
}

static int
teardown(void **state)
{
	struct test *t = *state;

	sh_archive_close(t->ar);
	test_rmdir(t->dir);
	free(t);
	return (0);
}

static void
reopen(struct test *t)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_archive_close(t->ar);
	t->ar = NULL;
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
}

static struct sh_document_id
accede(struct sh_archive *ar, const struct sh_accession *acc,
    enum sh_accession_state want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	enum sh_accession_state state;

	must(sh_archive_accede(ar, acc, &id, &state, &err));
	assert_int_equal(state, want);
	return (id);
}

/* The check finds nothing wrong; its answer's counts. */
static void
expect_sound(struct sh_archive *ar, int documents, int blobs,
    int unreferenced)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	json_t *a;

	must(sh_archive_check(ar, NULL, NULL, &a, &err));
	if (json_array_size(json_object_get(a, "findings")) > 0) {
		must(sh_json_print(a, 1, &b, &err));
		fail_msg("%s", (char *)b.data);
	}
	assert_int_equal(json_integer_value(json_object_get(a, "documents")),
	    documents);
	if (blobs >= 0)
		assert_int_equal(json_integer_value(json_object_get(a,
		    "blobs")), blobs);
	assert_int_equal(json_integer_value(json_object_get(a,
	    "unreferenced")), unreferenced);
	json_decref(a);
}

static json_t *
show(struct sh_archive *ar, const struct sh_document_id *id)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v;

	must(sh_archive_show(ar, &fixture_reader, id, &v, &err));
	return (v);
}

static void
expect_rendition(struct sh_archive *ar, const struct sh_document_id *id,
    const char *name, const void *want, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	int fd;

	fd = sh_memfd("rendition", &err);
	must(sh_archive_get(ar, &fixture_reader, id, name, fd, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	must(sh_fs_read_fd(fd, 64 << 20, &b, &err));
	assert_int_equal(b.len, len);
	assert_true(len == 0 || memcmp(b.data, want, len) == 0);
	(void)close(fd);
	sh_buf_free(&b);
}

/* ---- opening ------------------------------------------------------------- */

static void
archives_are_created_and_opened(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_archive *other;
	struct fixture_place p, mixed;
	struct fixture_doc d;
	char dir[300];

	must_fail(sh_archive_create(&t->p.place, &err), SH_EEXISTS);
	must_fail(sh_archive_open(&t->p.place, NULL, 0, &other, &err),
	    SH_EAGAIN);
	must(sh_archive_open(&t->p.place, NULL, 1, &other, &err));
	fixture_make(&d, 1, 1, 0);
	(void)accede(t->ar, &d.acc, SH_ACCEDED);
	{
		struct sh_document_id id;
		enum sh_accession_state st;

		must_fail(sh_archive_accede(other, &d.acc, &id, &st, &err),
		    SH_EDENIED);
	}
	sh_archive_close(other);
	/* Another archive, and the first one with its keys. */
	(void)snprintf(dir, sizeof(dir), "%s/second", t->dir);
	fixture_place(&p, dir, "");
	must_fail(sh_archive_open(&p.place, NULL, 0, &other, &err),
	    SH_ENOTFOUND);
	assert_null(other);
	must(sh_archive_create(&p.place, &err));
	mixed = t->p;
	mixed.place.keys = p.place.keys;
	mixed.place.engine = t->p.place.engine;
	mixed.place.search = t->p.place.search;
	sh_archive_close(t->ar);
	t->ar = NULL;
	must_fail(sh_archive_open(&mixed.place, NULL, 0, &other, &err),
	    SH_EDENIED);
	must_fail(sh_archive_create(&t->p.place, &err), SH_EEXISTS);
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	fixture_free(&d);
}

static void
an_unfinished_creation_is_finished(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	struct sh_engine *e;
	char *dir = test_mkdir(), path[400];

	(void)state;
	fixture_place(&p, dir, "");
	/* The keys alone; then an engine without its manifest. */
	must(sh_vault_create(p.keys, &err));
	must_fail(sh_archive_open(&p.place, NULL, 0, &ar, &err),
	    SH_ENOTFOUND);
	must(sh_engine_open(p.engine, SH_ENGINE_CREATE, &e, &err));
	sh_engine_close(e);
	must_fail(sh_archive_open(&p.place, NULL, 0, &ar, &err),
	    SH_ENOTFOUND);
	must(sh_archive_create(&p.place, &err));
	must(sh_archive_open(&p.place, NULL, 0, &ar, &err));
	sh_archive_close(ar);
	must_fail(sh_archive_create(&p.place, &err), SH_EEXISTS);
	/* What an interrupted creation of the engine leaves is in no way. */
	test_rmdir(dir);
	dir = test_mkdir();
	fixture_place(&p, dir, "");
	(void)snprintf(path, sizeof(path), "%s/archive.creating", dir);
	must(sh_fs_mkdirs(path, 0700, &err));
	(void)snprintf(path, sizeof(path), "%s/archive.creating/data.mdb",
	    dir);
	must(sh_fs_replace(path, "torn", 4, 0600, &err));
	must(sh_archive_create(&p.place, &err));
	must(sh_archive_open(&p.place, NULL, 0, &ar, &err));
	expect_sound(ar, 0, 0, 0);
	sh_archive_close(ar);
	test_rmdir(dir);
}

/* ---- accession ----------------------------------------------------------- */

static void
a_document_goes_in_and_comes_out(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_document_id id, computed, held;
	struct fixture_doc d;
	json_t *v, *r;
	int i;

	fixture_make(&d, 7, 3, 0);
	must(sh_archive_document_id(t->ar, &d.acc, &computed, &err));
	assert_int_equal(sh_archive_holds(t->ar, &d.holders[0],
	    &d.acc.content, &held, &err), 0);
	id = accede(t->ar, &d.acc, SH_ACCEDED);
	assert_memory_equal(&id, &computed, sizeof(id));
	for (i = 0; i < 2; i++) {
		assert_int_equal(sh_archive_holds(t->ar, &d.holders[0],
		    &d.acc.content, &held, &err), 1);
		assert_memory_equal(&id, &held, sizeof(id));
		assert_int_equal(sh_archive_holds(t->ar, &d.holders[1],
		    &d.acc.content, &held, &err), 0);
		expect_rendition(t->ar, &id, "pdf", d.pdf, sizeof(d.pdf));
		expect_rendition(t->ar, &id, "original", d.original,
		    d.renditions[1].len);
		expect_rendition(t->ar, &id, "text", d.text, strlen(d.text));
		v = show(t->ar, &id);
		assert_string_equal(sh_member(v, "number"), d.number);
		assert_string_equal(sh_member(v, "type"), "giay-khai-sinh");
		assert_string_equal(sh_member(v, "issued"), "2020-08-08");
		assert_string_equal(sh_member(v, "dossier"), d.dossier);
		assert_string_equal(sh_member(json_array_get(json_object_get(
		    v, "holders"), 0), "name"), d.names[0]);
		assert_int_equal(json_array_size(json_object_get(v,
		    "dossiers")), 1);
		r = json_array_get(json_object_get(v, "renditions"), 0);
		assert_null(json_object_get(r, "key"));
		assert_null(json_object_get(json_object_get(v, "text"),
		    "key"));
		assert_true(json_equal(json_object_get(v, "fields"),
		    (json_t *)(uintptr_t)d.acc.fields));
		json_decref(v);
		(void)accede(t->ar, &d.acc, SH_ACCEDED_BEFORE);
		reopen(t);
	}
	must_fail(sh_archive_get(t->ar, &fixture_reader, &id, "alto", 1,
	    &err), SH_ENOTFOUND);
	id.b[0] ^= 1;
	must_fail(sh_archive_show(t->ar, &fixture_reader, &id, &v, &err),
	    SH_ENOTFOUND);
	/* Two renditions are the text and the search text: one blob. */
	expect_sound(t->ar, 1, 3, 0);
	fixture_free(&d);
}

static void
the_same_content_is_linked(void **state)
{
	struct test *t = *state;
	struct sh_document_id id, again;
	struct fixture_doc d;
	json_t *v, *l;

	fixture_make(&d, 7, 3, 0);
	id = accede(t->ar, &d.acc, SH_ACCEDED);
	d.acc.dossier = "H05.000.016-261122-0099";
	d.acc.component = "TP07";
	again = accede(t->ar, &d.acc, SH_ACCEDED_LINKED);
	assert_memory_equal(&id, &again, sizeof(id));
	again = accede(t->ar, &d.acc, SH_ACCEDED_BEFORE);
	assert_memory_equal(&id, &again, sizeof(id));
	reopen(t);
	d.acc.component = "TP08";
	(void)accede(t->ar, &d.acc, SH_ACCEDED_LINKED);
	v = show(t->ar, &id);
	l = json_object_get(v, "dossiers");
	assert_int_equal(json_array_size(l), 3);
	assert_string_equal(sh_member(v, "dossier"), d.dossier);
	assert_string_equal(sh_member(json_array_get(l, 0), "dossier"),
	    d.dossier);
	assert_string_equal(sh_member(json_array_get(l, 0), "component"),
	    "TP01");
	assert_string_equal(sh_member(json_array_get(l, 1), "dossier"),
	    "H05.000.016-261122-0099");
	assert_string_not_equal(sh_member(json_array_get(l, 1), "component"),
	    sh_member(json_array_get(l, 2), "component"));
	json_decref(v);
	/* The same bytes for somebody else: one blob, two documents. */
	d.acc.holders = &d.holders[1];
	again = accede(t->ar, &d.acc, SH_ACCEDED);
	assert_memory_not_equal(&id, &again, sizeof(id));
	expect_sound(t->ar, 2, 3, 0);
	fixture_free(&d);
}

static size_t
count_found(struct sh_archive *ar, const struct sh_query *q)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;
	size_t n;

	must(sh_archive_find(ar, &fixture_reader, q, &a, &err));
	n = json_array_size(json_object_get(a, "documents"));
	json_decref(a);
	return (n);
}

static void
every_holder_has_the_document(void **state)
{
	struct test *t = *state;
	struct sh_document_id id;
	struct fixture_doc d;
	struct sh_holder three[3];
	struct sh_query q = { .limit = 10 };
	json_t *v;
	int i;

	fixture_make(&d, 9, 4, 1);
	id = accede(t->ar, &d.acc, SH_ACCEDED);
	for (i = 0; i < 2; i++) {
		q.holder = &d.holders[i].id;
		assert_int_equal(count_found(t->ar, &q), 1);
	}
	/* A later dossier names a third holder of the same paper. */
	memcpy(three, d.holders, sizeof(d.holders));
	three[2] = d.holders[1];
	(void)snprintf(three[2].id.value, sizeof(three[2].id.value),
	    "2300000011");
	three[2].id.kind = SH_ID_TAX;
	three[2].name = "Hợp tác xã Thử Nghiệm";
	three[2].role = "owner";
	three[1].name = "another spelling of the same person";
	d.acc.holders = three;
	d.acc.nholders = 3;
	d.acc.dossier = "another";
	(void)accede(t->ar, &d.acc, SH_ACCEDED_LINKED);
	q.holder = &three[2].id;
	assert_int_equal(count_found(t->ar, &q), 1);
	v = show(t->ar, &id);
	assert_int_equal(json_array_size(json_object_get(v, "holders")), 3);
	json_decref(v);
	expect_sound(t->ar, 1, -1, 0);
	fixture_free(&d);
}

/* The leader's change alone, as a crash would leave it. */
static void
commit_leader(struct sh_archive *ar, const struct sh_accession *acc)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_accession_plan in;
	struct sh_filed what = { .ntags = 0 };
	struct sh_filing *f;
	struct sh_blob blobs[SH_RECORD_BLOBS_MAX];
	size_t i;

	must(sh_accession_begin(ar, acc, &in, &err));
	must(sh_accession_measure(ar, &in, sh_now(), &err));
	what.record = in.record;
	what.bytes = &in.bytes;
	what.body = in.has_body ? &in.body : NULL;
	what.operation = what.document = in.operation;
	what.tags = in.tags;
	what.ntags = in.ntags;
	must(sh_vault_need_keys(ar->vault, in.tags, in.ntags, &err));
	for (i = 0; i < in.nblobs; i++) {
		blobs[i].name = in.blobs[i].name;
		blobs[i].source = sh_sealer_source;
		blobs[i].arg = in.blobs[i].sealer;
	}
	must(sh_engine_blob_put(ar->engine, blobs, in.nblobs, &err));
	must_ptr(f = sh_filing_new(ar, &what, 0, &err));
	must(sh_engine_commit(ar->engine, sh_filing_change(f), 1, &err));
	sh_filing_free(f);
	sh_accession_free(&in);
}

static void
the_sweeper_completes_a_document(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_query q = { .limit = 10 };
	struct sh_engine_job job;
	size_t n;

	fixture_make(&d, 9, 4, 1);
	commit_leader(t->ar, &d.acc);
	q.holder = &d.holders[1].id;
	assert_int_equal(count_found(t->ar, &q), 0);
	reopen(t);
	assert_int_equal(count_found(t->ar, &q), 1);
	must(sh_engine_lease(t->ar->engine, SH_QUEUE_FILE, 1, sh_now() + 100,
	    0, &job, &n, &err));
	assert_int_equal(n, 0);
	expect_sound(t->ar, 1, -1, 0);
	(void)accede(t->ar, &d.acc, SH_ACCEDED_BEFORE);
	fixture_free(&d);
}

static void
batches_give_each_its_result(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_accession_result r[8];
	struct sh_accession acc[8];
	struct fixture_doc *d = calloc(8, sizeof(*d));
	size_t i;

	for (i = 0; i < 8; i++) {
		fixture_make(&d[i], 100 + i, i, i % 2);
		acc[i] = d[i].acc;
	}
	/* 2 is 1 again; 3 has 1's content in another dossier; 5 is bad. */
	acc[2] = acc[1];
	acc[3] = acc[1];
	acc[3].dossier = "another";
	acc[5].actor = NULL;
	must(sh_archive_accede_many(t->ar, acc, 8, r, &err));
	for (i = 0; i < 8; i++)
		assert_int_equal(r[i].error.code, i == 5 ? SH_EARG : SH_OK);
	assert_int_equal(r[1].state, SH_ACCEDED);
	assert_int_equal(r[2].state, SH_ACCEDED_BEFORE);
	assert_int_equal(r[3].state, SH_ACCEDED_LINKED);
	assert_memory_equal(&r[1].id, &r[3].id, sizeof(r[1].id));
	assert_string_equal(r[5].error.key, "accession.member");
	acc[5] = d[5].acc;
	must(sh_archive_accede_many(t->ar, acc, 8, r, &err));
	for (i = 0; i < 8; i++)
		assert_int_equal(r[i].state, i == 5 ? SH_ACCEDED :
		    SH_ACCEDED_BEFORE);
	expect_sound(t->ar, 6, -1, 0);
	must_fail(sh_archive_accede_many(t->ar, acc, SH_ACCESSIONS_MAX + 1, r,
	    &err), SH_ELIMIT);
	for (i = 0; i < 8; i++)
		fixture_free(&d[i]);
	free(d);
}

static void
files_stream_and_must_not_change(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_accession_result r[2];
	struct sh_accession acc[2];
	struct fixture_doc d[2];
	struct sh_document_id id;
	uint8_t *big = malloc(5 << 20);
	char path[300];
	int fd;

	must(sh_random(big, 5 << 20, &err));
	(void)snprintf(path, sizeof(path), "%s/file", t->dir);
	must(sh_fs_replace(path, big, 5 << 20, 0600, &err));
	assert_true((fd = open(path, O_RDONLY)) >= 0);
	fixture_make(&d[0], 1, 1, 0);
	fixture_make(&d[1], 2, 2, 0);
	d[0].renditions[1].fd = fd;
	id = accede(t->ar, &d[0].acc, SH_ACCEDED);
	expect_rendition(t->ar, &id, "original", big, 5 << 20);
	(void)close(fd);
	/* A descriptor that gives other bytes each time it is read. */
	assert_true((fd = open("/dev/zero", O_WRONLY)) >= 0);
	acc[0] = d[1].acc;
	acc[1] = d[0].acc;
	d[1].renditions[1].fd = fd;
	must(sh_archive_accede_many(t->ar, acc, 2, r, &err));
	assert_string_equal(r[0].error.key, "file.read");
	assert_int_equal(r[1].error.code, SH_OK);
	(void)close(fd);
	expect_sound(t->ar, 1, -1, 0);
	free(big);
	fixture_free(&d[0]);
	fixture_free(&d[1]);
}

static void
thick_records_become_blobs(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_document_id id;
	struct sh_query q = { .limit = 10 };
	json_t *pages, *v;
	uint8_t random[32];
	char hex[65];
	int i;

	fixture_make(&d, 7, 3, 1);
	pages = json_array();
	for (i = 0; i < 300; i++) {
		must(sh_random(random, sizeof(random), &err));
		sh_hex(random, sizeof(random), hex);
		must(sh_json_append(pages, json_pack("{s:i,s:s}", "page", i,
		    "digest", hex), &err));
	}
	json_decref((json_t *)(uintptr_t)d.acc.pages);
	d.acc.pages = pages;
	id = accede(t->ar, &d.acc, SH_ACCEDED);
	reopen(t);
	v = show(t->ar, &id);
	assert_true(json_equal(json_object_get(v, "pages"), pages));
	json_decref(v);
	q.holder = &d.holders[1].id;
	assert_int_equal(count_found(t->ar, &q), 1);
	(void)accede(t->ar, &d.acc, SH_ACCEDED_BEFORE);
	expect_sound(t->ar, 1, 4, 0);
	fixture_free(&d);
}

/* Long names of many holders: the list shows fewer, the record all. */
static void
many_holders_fit(void **state)
{
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_holder many[SH_HOLDERS_MAX];
	struct sh_document_id id;
	struct sh_query q = { .limit = 10 };
	char names[SH_HOLDERS_MAX][200];
	json_t *v;
	uint32_t seed = 5;
	int i, k;

	fixture_make(&d, 7, 3, 1);
	for (i = 0; i < SH_HOLDERS_MAX; i++) {
		many[i] = d.holders[0];
		(void)snprintf(many[i].id.value, sizeof(many[i].id.value),
		    "0270990%05d", i);
		for (k = 0; k < 198; k++)
			names[i][k] = (char)('a' + fixture_draw(&seed, 26));
		names[i][k] = '\0';
		many[i].name = names[i];
	}
	d.acc.holders = many;
	d.acc.nholders = SH_HOLDERS_MAX;
	id = accede(t->ar, &d.acc, SH_ACCEDED);
	v = show(t->ar, &id);
	assert_int_equal(json_array_size(json_object_get(v, "holders")),
	    SH_HOLDERS_MAX);
	json_decref(v);
	q.holder = &many[31].id;
	assert_int_equal(count_found(t->ar, &q), 1);
	expect_sound(t->ar, 1, -1, 0);
	fixture_free(&d);
}

static void
bad_accessions_are_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_document_id id;
	enum sh_accession_state st;
	struct sh_rendition twice[2];
	json_t *real = json_pack("{s:{s:f}}", "x", "confidence", 0.5);
	int i;

	for (i = 0; i < 16; i++) {
		fixture_make(&d, 7, 3, 0);
		switch (i) {
		case 0: d.acc.nholders = 0; break;
		case 1: d.acc.dossier = " \t"; break;
		case 2: d.acc.provenance = "found"; break;
		case 3: d.acc.nrenditions = 0; break;
		case 4: d.holders[0].id.value[0] = 'x'; break;
		case 5: d.holders[0].id.kind = SH_ID_NONE;
			d.holders[0].name = "?!"; break;
		case 6: d.renditions[0].name = "../pdf"; break;
		case 7: twice[0] = twice[1] = d.renditions[0];
			d.acc.renditions = twice;
			d.acc.nrenditions = 2; break;
		case 8: d.acc.confidence_bp = 10001; break;
		case 9: d.acc.issued = (struct sh_date){ 2023, 2, 29 }; break;
		case 10: d.acc.number = "\xff"; break;
		case 11: json_decref((json_t *)(uintptr_t)d.acc.fields);
			d.acc.fields = json_incref(real); break;
		case 12: json_decref((json_t *)(uintptr_t)d.acc.pages);
			d.acc.pages = json_incref(real); break;
		case 13: d.acc.text = "\xc3"; break;
		case 14: memset(d.text, 'x', 700); d.text[700] = '\0';
			d.acc.issuer = d.text; break;
		case 15: d.holders[0].birth.month = 13; break;
		default: break;
		}
		if (sh_archive_accede(t->ar, &d.acc, &id, &st, &err) == 0)
			fail_msg("bad accession %d was taken", i);
		if (err.code != SH_EARG && err.code != SH_EFORMAT)
			fail_msg("%d: %s %s", i, err.key, err.text);
		sh_error_clear(&err);
		fixture_free(&d);
	}
	json_decref(real);
	expect_sound(t->ar, 0, 0, 0);
}

static void
text_is_kept_as_it_should_be(void **state)
{
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_document_id a, b;
	json_t *v;

	/* Decomposed, with control and bidirectional characters. */
	fixture_make(&d, 7, 3, 0);
	d.acc.issuer = "U\xcc\x89y  ban\xe2\x80\xae\tnha\xcc\x82n da\xcc\x82n";
	a = accede(t->ar, &d.acc, SH_ACCEDED);
	v = show(t->ar, &a);
	assert_string_equal(sh_member(v, "issuer"), "\xe1\xbb\xa6y ban "
	    "nh\xc3\xa2n d\xc3\xa2n");
	json_decref(v);
	fixture_free(&d);
	/* A holder without a number is the folded name and the birth. */
	fixture_make(&d, 8, 3, 0);
	d.holders[0].id.kind = SH_ID_NONE;
	d.holders[0].name = "Đặng Thị  Ngọc-Ánh";
	b = accede(t->ar, &d.acc, SH_ACCEDED);
	assert_memory_not_equal(&a, &b, sizeof(a));
	{
		struct sh_query q = { .name = "dang thi ngoc anh",
		    .birth = d.holders[0].birth, .limit = 10 };

		assert_int_equal(count_found(t->ar, &q), 1);
		q.birth.day = 2;
		assert_int_equal(count_found(t->ar, &q), 0);
	}
	fixture_free(&d);
}

/* ---- proof --------------------------------------------------------------- */

/* What lies on the disk already is proven too, each time it is counted on. */
static void
damage_is_no_success(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_document_id id;
	enum sh_accession_state st;
	char path[500];
	uint8_t byte;
	int fd;

	fixture_make(&d, 7, 3, 0);
	(void)accede(t->ar, &d.acc, SH_ACCEDED);
	(void)snprintf(path, sizeof(path), "%s/archive/blobs/00000001.seg",
	    t->dir);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	assert_int_equal(pread(fd, &byte, 1, 1000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 1000), 1);
	(void)close(fd);
	must_fail(sh_archive_accede(t->ar, &d.acc, &id, &st, &err),
	    SH_EFIXITY);
	d.acc.dossier = "another";
	must_fail(sh_archive_accede(t->ar, &d.acc, &id, &st, &err),
	    SH_EFIXITY);
	d.acc.holders = &d.holders[1];
	must_fail(sh_archive_accede(t->ar, &d.acc, &id, &st, &err),
	    SH_EFIXITY);
	fixture_free(&d);
}

static void
expect_finding(struct sh_archive *ar, const char *key)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	json_t *a, *v;
	size_t i;
	int found = 0;

	must(sh_archive_check(ar, NULL, NULL, &a, &err));
	json_array_foreach(json_object_get(a, "findings"), i, v)
		found |= strcmp(sh_member(v, "key"), key) == 0;
	if (!found) {
		must(sh_json_print(a, 1, &b, &err));
		fail_msg("no %s: %s", key, (char *)b.data);
	}
	json_decref(a);
}

/* Who can write to the engine but has no key: none of it goes unseen. */
static void
the_check_sees_tampering(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	static const char *const want[] = { "index.differs", "index.differs",
	    "index.count", "index.differs", "reference.count",
	    "reference.extra", "value.damaged", "index.differs",
	    "value.damaged" };
	struct test *t;
	struct fixture_doc d;
	struct sh_document_id id;
	struct sh_reference ref;
	struct sh_entry e;
	struct sh_put put;
	struct sh_change c;
	struct sh_tag document, other = { "somebody else" };
	struct sh_tag tags[SH_HOLDERS_MAX];
	uint8_t sort[SH_PLACE_LEN];
	int64_t at;
	size_t i, n;

	(void)teardown(state);
	fixture_make(&d, 7, 3, 0);
	for (i = 0; i < SH_COUNT(want); i++) {
		assert_int_equal(setup(state), 0);
		t = *state;
		id = accede(t->ar, &d.acc, SH_ACCEDED);
		memcpy(document.b, id.b, 16);
		must(sh_document_locate(t->ar, &document, tags, &n, &at,
		    &err));
		sh_document_sort(at, &document, sort);
		memset(&c, 0, sizeof(c));
		memset(&e, 0, sizeof(e));
		memset(&ref, 0, sizeof(ref));
		c.holder = tags[0];
		c.operation = other;
		memcpy(e.sort, sort, SH_PLACE_LEN);
		e.sortlen = SH_PLACE_LEN;
		e.term = tags[0];
		ref.document = document;
		if (i < 4 || i > 6) {
			c.entries = &e;
			c.nentries = 1;
		}
		switch (i) {
		case 0:		/* out of its holder's list */
			e.table = SH_TABLE_LIST;
			e.remove = 1;
			break;
		case 1:		/* its number is not found */
			e.table = SH_TABLE_NUMBER;
			must(sh_filing_number(t->ar, d.number, &e.term, &err));
			e.remove = 1;
			break;
		case 2:		/* found under another number too */
			e.table = SH_TABLE_NUMBER;
			e.term = other;
			e.value = tags[0].b;
			e.len = 16;
			break;
		case 3:		/* its number leads to somebody else */
			e.table = SH_TABLE_NUMBER;
			must(sh_filing_number(t->ar, d.number, &e.term, &err));
			e.value = other.b;
			e.len = 16;
			break;
		case 4:		/* a blob is no longer kept by it */
		case 5:		/* a blob is kept by what is not there */
			{
				json_t *r = sh_document_record(t->ar,
				    &tags[0], &document, &err);
				struct sh_digest names[SH_RECORD_BLOBS_MAX];

				must(sh_document_blobs(t->ar, r, NULL, names,
				    &n, &err));
				ref.blob = names[0];
				json_decref(r);
			}
			ref.remove = i == 4;
			if (i == 5) {
				static const uint8_t bytes[1] = { 'x' };
				struct sh_content one = { .fd = -1,
				    .data = bytes, .len = 1 };
				struct sh_blob b = { .name = { { 9 } },
				    .source = sh_accession_source,
				    .arg = &one };

				must(sh_engine_blob_put(t->ar->engine, &b, 1,
				    &err));
				ref.blob = b.name;
			}
			c.references = &ref;
			c.nreferences = 1;
			break;
		case 6:		/* a document that nobody archived */
			put = (struct sh_put){ other, "not sealed by the "
			    "vault, and never will be", 40 };
			c.puts = &put;
			c.nputs = 1;
			break;
		case 7:		/* nobody knows where it lies */
			e.table = SH_TABLE_DOCUMENT;
			e.term = document;
			e.sort[0] = 0;
			memcpy(e.sort + 1, tags[0].b, 16);
			e.sortlen = 17;
			e.remove = 1;
			break;
		default:	/* its list tells another's summary */
			e.table = SH_TABLE_LIST;
			e.value = "forged";
			e.len = 6;
			break;
		}
		must(sh_engine_commit(t->ar->engine, &c, 1, &err));
		assert_int_equal(c.outcome, SH_COMMITTED);
		expect_finding(t->ar, want[i]);
		if (i + 1 < SH_COUNT(want))
			(void)teardown(state);
	}
	fixture_free(&d);
}

/* ---- erasing ------------------------------------------------------------- */

static void
an_erased_holder_is_unreadable_everywhere(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc one, two;
	struct sh_document_id id1, id2;
	struct sh_tag tag;
	struct sh_query q = { .limit = 10 };
	json_t *v;

	fixture_make(&one, 1, 3, 0);
	fixture_make(&two, 2, 3, 1);
	id1 = accede(t->ar, &one.acc, SH_ACCEDED);
	id2 = accede(t->ar, &two.acc, SH_ACCEDED);
	must(sh_holder_tag(t->ar, &one.holders[0].id, NULL,
	    one.holders[0].birth, &tag, &err));
	must(sh_vault_destroy_key(t->ar->vault, &tag, &err));
	reopen(t);
	must_fail(sh_archive_show(t->ar, &fixture_reader, &id1, &v, &err),
	    SH_ENOTFOUND);
	/* The other holder's copy of the shared document is whole. */
	v = show(t->ar, &id2);
	json_decref(v);
	expect_rendition(t->ar, &id2, "pdf", two.pdf, sizeof(two.pdf));
	q.holder = &two.holders[1].id;
	assert_int_equal(count_found(t->ar, &q), 1);
	must(sh_archive_check(t->ar, NULL, NULL, &v, &err));
	assert_int_equal(json_array_size(json_object_get(v, "findings")), 0);
	assert_int_equal(json_integer_value(json_object_get(v, "erased")), 2);
	json_decref(v);
	fixture_free(&one);
	fixture_free(&two);
}

/* ---- each, seal, readers ------------------------------------------------- */

struct seen {
	size_t n;
	struct sh_document_id ids[40];
};

static int
see(void *arg, const struct sh_document_id *id, const json_t *record,
    struct sh_error *err)
{
	struct seen *s = arg;
	char hex[SH_DOCUMENT_ID_LEN];

	(void)err;
	sh_document_id_print(id, hex);
	assert_string_equal(sh_member(record, "id"), hex);
	s->ids[s->n++] = *id;
	return (0);
}

static void
each_document_comes_once(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct seen s = { .n = 0 };
	size_t i, k;

	for (i = 0; i < 20; i++) {
		fixture_make(&d, 50 + i, i / 3, i % 4 == 0);
		(void)accede(t->ar, &d.acc, SH_ACCEDED);
		d.acc.dossier = "linked";
		(void)accede(t->ar, &d.acc, SH_ACCEDED_LINKED);
		fixture_free(&d);
	}
	must(sh_archive_each(t->ar, see, &s, &err));
	assert_int_equal(s.n, 20);
	for (i = 0; i < 20; i++)
		for (k = 0; k < i; k++)
			assert_memory_not_equal(&s.ids[i], &s.ids[k],
			    sizeof(s.ids[i]));
}

static void
sealing_for_the_pipeline(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_buf sealed = SH_BUF_INIT, plain = SH_BUF_INIT;
	struct sh_digest a, b;

	must(sh_archive_seal(t->ar, "spool", "a/1", "bytes", 5, &sealed,
	    &err));
	reopen(t);
	must(sh_archive_unseal(t->ar, "spool", "a/1", sealed.data, sealed.len,
	    &plain, &err));
	assert_string_equal((char *)plain.data, "bytes");
	must_fail(sh_archive_unseal(t->ar, "spool", "a/2", sealed.data,
	    sealed.len, &plain, &err), SH_EFIXITY);
	/* Names: the same after opening anew, others for another purpose. */
	must(sh_archive_keyed_digest(t->ar, "spool", "x", 1, &a, &err));
	must(sh_archive_keyed_digest(t->ar, "cache", "x", 1, &b, &err));
	assert_memory_not_equal(&a, &b, sizeof(a));
	reopen(t);
	must(sh_archive_keyed_digest(t->ar, "spool", "x", 1, &b, &err));
	assert_memory_equal(&a, &b, sizeof(a));
	sh_buf_free(&sealed);
	sh_buf_free(&plain);
}

static void
readers_say_who_they_are(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_reader who[3] = { fixture_reader, fixture_reader,
	    fixture_reader };
	struct sh_document_id id = { { 0 } };
	struct sh_query q = { .type = "x", .limit = 1 };
	json_t *v;
	int i;

	who[0].name = NULL;
	who[1].agency = "";
	who[2].purpose = "";
	for (i = 0; i < 3; i++) {
		must_fail(sh_archive_show(t->ar, &who[i], &id, &v, &err),
		    SH_EDENIED);
		must_fail(sh_archive_find(t->ar, &who[i], &q, &v, &err),
		    SH_EDENIED);
		must_fail(sh_archive_get(t->ar, &who[i], &id, "pdf", 1, &err),
		    SH_EDENIED);
	}
	must_fail(sh_archive_show(t->ar, NULL, &id, &v, &err), SH_EDENIED);
}

/* ---- nothing readable on the disk ---------------------------------------- */

static const char *const planted[] = {
	"027050000005", "Bí Mật Hoàn Toàn", "bi mat hoan toan", "BÍ MẬT",
	"mật", "SOBIMAT", "sobimat", "Ủy ban", "uy ban", "từhiếm", "tuhiem",
	"H05.000.016", "TP01", "Cán Bộ", "can bo", "giay-khai-sinh",
	"Giấy khai sinh", "khai sinh", "application/pdf", "archived_at",
	"%PDF-planted", "1.001193", "citizen", "2020-01-01", "original",
	/* Beginnings like no other word's: SQLite stores such words whole. */
	"qzxjkw", "jwqvxz",
};

/* How many files below DIR hold NEEDLE. */
static size_t
grep_tree(const char *dir, const char *needle)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct dirent *e;
	struct stat st;
	char path[600];
	size_t n = 0;
	DIR *d;

	assert_non_null(d = opendir(dir));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		assert_int_equal(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			n += grep_tree(path, needle);
			continue;
		}
		sh_buf_reset(&b);
		must(sh_fs_read(path, 64 << 20, &b, &err));
		n += (b.len > 0 && memmem(b.data, b.len, needle,
		    strlen(needle)) != NULL) ||
		    strstr(e->d_name, needle) != NULL;
	}
	(void)closedir(d);
	sh_buf_free(&b);
	return (n);
}

static void
expect_blind(const char *dir)
{
	size_t i;

	for (i = 0; i < SH_COUNT(planted); i++)
		if (grep_tree(dir, planted[i]) != 0)
			fail_msg("\"%s\" can be read", planted[i]);
	/* What is no secret is found, so the eyes are open. */
	assert_int_equal(grep_tree(dir, "sohoaBLB"), 1);
	assert_int_equal(grep_tree(dir, "fts5"), 1);
}

static void
no_word_stands_on_the_disk(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_query q = { .limit = 10, .text = "từhiếm" };

	fixture_make(&d, 1, 1, 1);
	(void)snprintf(d.holders[0].id.value, sizeof(d.holders[0].id.value),
	    "027050000005");
	d.holders[0].name = "Bí Mật Hoàn Toàn";
	d.acc.number = "SOBIMAT/01";
	d.acc.text = "Ủy ban nhân dân từhiếm 027050000005 Bí Mật Hoàn Toàn "
	    "QZXJKW";
	d.holders[1].name = "Jwqvxz";
	memcpy(d.pdf, "%PDF-planted", 12);
	(void)accede(t->ar, &d.acc, SH_ACCEDED);
	d.acc.dossier = "H05.000.016-linked";
	(void)accede(t->ar, &d.acc, SH_ACCEDED_LINKED);
	must(sh_archive_search_follow(t->ar, &err));
	assert_int_equal(count_found(t->ar, &q), 1);
	/* While open (the log of the search) and closed. */
	expect_blind(t->dir);
	sh_archive_close(t->ar);
	t->ar = NULL;
	expect_blind(t->dir);
	fixture_free(&d);
}

#define EACH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(archives_are_created_and_opened),
		cmocka_unit_test(an_unfinished_creation_is_finished),
		EACH(a_document_goes_in_and_comes_out),
		EACH(the_same_content_is_linked),
		EACH(every_holder_has_the_document),
		EACH(the_sweeper_completes_a_document),
		EACH(batches_give_each_its_result),
		EACH(files_stream_and_must_not_change),
		EACH(thick_records_become_blobs),
		EACH(many_holders_fit),
		EACH(bad_accessions_are_refused),
		EACH(text_is_kept_as_it_should_be),
		EACH(damage_is_no_success),
		EACH(the_check_sees_tampering),
		EACH(an_erased_holder_is_unreadable_everywhere),
		EACH(each_document_comes_once),
		EACH(sealing_for_the_pipeline),
		EACH(readers_say_who_they_are),
		EACH(no_word_stands_on_the_disk),
	};

	return (cmocka_run_group_tests_name("archive", tests, NULL, NULL));
}
