/*
 * What an archive proves, what its check sees, what it erases, and what a
 * thief of its files cannot read.
 */
#include <dirent.h>
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
	reopen(t, 0);
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
	reopen(t, 0);
	must(sh_archive_unseal(t->ar, "spool", "a/1", sealed.data, sealed.len,
	    &plain, &err));
	assert_string_equal((char *)plain.data, "bytes");
	must_fail(sh_archive_unseal(t->ar, "spool", "a/2", sealed.data,
	    sealed.len, &plain, &err), SH_EFIXITY);
	/* Names: the same after opening anew, others for another purpose. */
	must(sh_archive_keyed_digest(t->ar, "spool", "x", 1, &a, &err));
	must(sh_archive_keyed_digest(t->ar, "cache", "x", 1, &b, &err));
	assert_memory_not_equal(&a, &b, sizeof(a));
	reopen(t, 0);
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
		EACH(damage_is_no_success),
		EACH(the_check_sees_tampering),
		EACH(an_erased_holder_is_unreadable_everywhere),
		EACH(each_document_comes_once),
		EACH(sealing_for_the_pipeline),
		EACH(readers_say_who_they_are),
		EACH(no_word_stands_on_the_disk),
	};

	return (cmocka_run_group_tests_name("archive proof", tests, NULL, NULL));
}
