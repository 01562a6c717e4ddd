/* archive/archive.h: documents in, proven, and out again. */
#include <fcntl.h>
#include <sys/stat.h>

#include "archive/archive_internal.h"
#include "archive/stream.h"
#include "base/text.h"
#include "tests/unit/archive_scene.h"

/* The map and the segments grow within a test. */
static int
setup(void **state)
{
	return (scene_setup(state, "?map=1048576&segment=200000", NULL));
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
		reopen(t, 0);
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
	reopen(t, 0);
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
	reopen(t, 0);
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
	reopen(t, 0);
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

#define EACH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Allocations of jansson that are still granted. */
static size_t granted;

static void *
grant(size_t n)
{
	return (granted > 0 ? granted--, malloc(n) : NULL);
}

/* An answer that says nothing of its failure would be taken for success. */
static void
json_copies_lack_nothing(void **state)
{
	json_t *v = json_pack("{s:i,s:{s:i,s:[i,i]},s:s}", "a", 1, "b", "c",
	    2, "d", 3, 4, "e", "f"), *copy;
	size_t n;
	int deep, refused;

	(void)state;
	json_set_alloc_funcs(grant, free);
	for (deep = 0; deep < 3; deep++)
		for (n = 0, refused = 1; refused; n++) {
			struct sh_error err = SH_ERROR_INIT;

			granted = n;
			copy = deep == 2 ? sh_record_normal(v, &err) :
			    sh_json_copy(v, deep, &err);
			granted = SIZE_MAX;
			refused = copy == NULL;
			assert_int_equal(err.code, refused ? SH_ENOMEM :
			    SH_OK);
			assert_true(refused || json_equal(v, copy));
			json_decref(copy);
		}
	json_set_alloc_funcs(malloc, free);
	json_decref(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_copies_lack_nothing),
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
	};

	return (cmocka_run_group_tests_name("archive", tests, NULL, NULL));
}
