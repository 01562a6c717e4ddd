/*
 * archive/fixity.h: everything is proven once, the oldest first, within a
 * budget; what was altered is found and goes again when it is mended; the
 * report is signed.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "archive/act.h"
#include "archive/archive_internal.h"
#include "archive/backup.h"
#include "archive/fixity.h"
#include "signing/cms.h"
#include "tests/unit/archive_fixture.h"

#define COUNT	10

struct scene {
	char *dir, scrub[300];
	struct fixture_place p;
	struct sh_archive *ar;
	unsigned n;
};

static void
accede(struct scene *s, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	enum sh_accession_state state;
	struct sh_document_id id;
	struct fixture_doc d;

	for (; n > 0; n--, s->n++) {
		fixture_make(&d, s->n, s->n / 2, s->n % 4 == 0);
		must(sh_archive_accede(s->ar, &d.acc, &id, &state, &err));
		fixture_free(&d);
	}
}

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = calloc(1, sizeof(*s));

	s->dir = test_mkdir();
	(void)snprintf(s->scrub, sizeof(s->scrub), "%s/scrub", s->dir);
	fixture_place(&s->p, s->dir, "");
	must(sh_archive_create(&s->p.place, &err));
	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
	accede(s, COUNT);
	*state = s;
	return (0);
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	sh_archive_close(s->ar);
	test_rmdir(s->dir);
	free(s);
	return (0);
}

/* Scrub at NOW; the answer's number under NAME. */
static int64_t
scrub(struct scene *s, uint64_t bytes, int64_t now, const char *name)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_scrub how = { .dir = s->scrub, .bytes = bytes, .now = now };
	json_t *v, *m;
	int64_t n;

	must(sh_fixity_scrub(s->ar, &how, &v, &err));
	m = json_object_get(v, name);
	n = json_is_array(m) ? (int64_t)json_array_size(m) :
	    json_integer_value(m);
	json_decref(v);
	return (n);
}

static void
all_is_proven_and_what_comes_later_too(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	json_t *v;

	must_fail(sh_fixity_status(s->scrub, &v, &err), SH_ENOTFOUND);
	assert_int_equal(scrub(s, UINT64_MAX, 1000, "documents"), COUNT);
	assert_int_equal(scrub(s, UINT64_MAX, 1000, "findings"), 0);
	assert_int_equal(scrub(s, UINT64_MAX, 1000, "never"), 0);
	/* The record says how much there is to read. */
	assert_true(scrub(s, UINT64_MAX, 1000, "bytes") > COUNT * 8000);
	accede(s, 3);
	assert_int_equal(scrub(s, 0, 2000, "never"), 1);
	assert_int_equal(scrub(s, UINT64_MAX, 2000, "documents"), COUNT + 3);
	must(sh_fixity_status(s->scrub, &v, &err));
	assert_string_equal(sh_member(v, "oldest"),
	    "1970-01-01T07:33:20+07:00");
	json_decref(v);
}

/* More changes than one span has: the budget ends between spans. */
static void
a_budget_ends_between_spans(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_change c[256];
	unsigned i, k;

	for (k = 0; k < 2 * SH_SPAN_EVENTS / 256 + 1; k++) {
		memset(c, 0, sizeof(c));
		for (i = 0; i < 256; i++) {
			sh_put_be(c[i].holder.b, k * 256 + i + 1, 8);
			c[i].operation = c[i].holder;
		}
		must(sh_engine_commit(s->ar->engine, c, 256, &err));
	}
	assert_int_equal(scrub(s, 0, 1000, "spans"), 3);
	assert_int_equal(scrub(s, 1, 1000, "never"), 2);
	/* The other spans have nothing to read: no budget holds them up. */
	assert_int_equal(scrub(s, 1, 1000, "never"), 0);
	/* A later pass begins with what was proven longest ago. */
	assert_int_equal(scrub(s, 1, 3000, "recent"), 1);
	assert_int_equal(scrub(s, 1, 3000, "recent"), 3);
}

static void
flip(const struct scene *s, off_t at)
{
	char path[400];
	uint8_t b;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/archive/blobs/00000001.seg",
	    s->dir);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 0x20;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	(void)close(fd);
}

static void
what_was_altered_is_found_until_it_is_mended(void **state)
{
	struct scene *s = *state;

	assert_int_equal(scrub(s, UINT64_MAX, 1000, "findings"), 0);
	flip(s, 5000);
	/* Nothing is due: it was all proven a moment ago. */
	assert_int_equal(scrub(s, UINT64_MAX, 1000, "findings"), 0);
	assert_int_equal(scrub(s, UINT64_MAX, 2000, "findings"), 1);
	assert_int_equal(scrub(s, UINT64_MAX, 3000, "findings"), 1);
	flip(s, 5000);
	assert_int_equal(scrub(s, UINT64_MAX, 4000, "findings"), 0);
}

/* ---- repair -------------------------------------------------------------- */

static const struct sh_reader keeper = { .name = "Lưu trữ viên",
	.agency = "H05.12", .purpose = "repair" };

static int64_t
repair(struct scene *s, const char *from, const char *name)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v, *m;
	int64_t n;

	must(sh_fixity_repair(s->ar, &keeper, s->scrub, from, &v, &err));
	m = json_object_get(v, name);
	n = json_is_array(m) ? (int64_t)json_array_size(m) :
	    json_integer_value(m);
	json_decref(v);
	return (n);
}

static size_t
check(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;
	size_t n;

	must(sh_archive_check(s->ar, NULL, NULL, &a, &err));
	n = json_array_size(json_object_get(a, "findings"));
	json_decref(a);
	return (n);
}

/* What is destroyed cannot be mended, and stops nobody's mending. */
static void
a_finding_about_what_is_gone_is_no_hindrance(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_backup_made made;
	struct sh_tag document;
	char backup[300];
	json_t *v, *act;

	(void)snprintf(backup, sizeof(backup), "%s/backup", s->dir);
	must(sh_archive_backup(s->ar, backup, NULL, 0, &made, &err));
	flip(s, 5000);
	assert_int_equal(scrub(s, UINT64_MAX, 1000, "findings"), 1);
	must(sh_fixity_status(s->scrub, &v, &err));
	assert_int_equal(sh_tag_parse(sh_member(json_array_get(
	    json_object_get(v, "findings"), 0), "document"), &document), 0);
	json_decref(v);
	must_ptr(act = sh_act_new(s->ar, "dispose", &keeper, &err));
	must(sh_act_set_document(act, "document", &document, &err));
	must(sh_act_make(s->ar, act, NULL, &err));
	json_decref(act);
	assert_int_equal(repair(s, backup, "repaired"), 0);
	assert_int_equal(scrub(s, UINT64_MAX, 2000, "findings"), 0);
}

static void
reopen(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_archive_close(s->ar);
	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
}

/* A document large enough that its record is a blob, of many pages. */
static void
accede_large(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;
	enum sh_accession_state state;
	struct sh_document_id id;
	struct fixture_doc d;
	json_t *pages = json_array();
	unsigned i;

	fixture_make(&d, 70, 70, 0);
	for (i = 0; i < 200; i++)
		must(sh_json_append(pages, json_pack("{s:i,s:i,s:i}", "page",
		    i, "scan", i * 7919, "x", i * i * 31), &err));
	json_decref((json_t *)(uintptr_t)d.acc.pages);
	d.acc.pages = pages;
	must(sh_archive_accede(s->ar, &d.acc, &id, &state, &err));
	fixture_free(&d);
}

/* Bits of the blobs everywhere; the file's head and the first are left. */
static void
flip_all(struct scene *s)
{
	char path[400];
	struct stat st;
	off_t at;

	(void)snprintf(path, sizeof(path), "%s/archive/blobs/00000001.seg",
	    s->dir);
	assert_int_equal(stat(path, &st), 0);
	for (at = 5000; at < st.st_size; at += 3001)
		flip(s, at);
	reopen(s);
}

static void
copy(const char *from, const char *to)
{
	char command[1000];

	(void)snprintf(command, sizeof(command), "cp -a '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static void
a_backup_or_a_copy_mends_what_it_proves(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_backup_made made;
	char folder[400], bad[400], backup[400], other[400], to[420];
	const char *from[2] = { backup, other };
	int64_t found;
	json_t *v;
	size_t i;

	accede_large(s);
	(void)snprintf(folder, sizeof(folder), "%s/archive", s->dir);
	(void)snprintf(backup, sizeof(backup), "%s/backup", s->dir);
	(void)snprintf(other, sizeof(other), "%s/other", s->dir);
	(void)snprintf(bad, sizeof(bad), "%s/bad", s->dir);
	must(sh_archive_backup(s->ar, backup, NULL, 0, &made, &err));
	assert_int_equal(mkdir(other, 0700) | mkdir(bad, 0700), 0);
	sh_archive_close(s->ar);
	(void)snprintf(to, sizeof(to), "%s/archive", other);
	copy(folder, to);
	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
	assert_int_equal(check(s), 0);
	for (i = 0; i < 2; i++) {
		flip_all(s);
		found = scrub(s, UINT64_MAX, 1000 * (2 * (int64_t)i + 1),
		    "findings");
		assert_true(found > COUNT / 2);
		assert_true(check(s) > 0);
		must_fail(sh_fixity_repair(s->ar, &keeper, s->scrub, bad, &v,
		    &err), SH_ENOTFOUND);
		assert_true(repair(s, from[i], "repaired") > 0);
		assert_int_equal(repair(s, from[i], "repaired"), 0);
		assert_int_equal(repair(s, from[i], "findings"), 0);
		reopen(s);
		assert_int_equal(check(s), 0);
		assert_int_equal(scrub(s, UINT64_MAX, 1000 * (2 *
		    (int64_t)i + 2), "findings"), 0);
	}
	/* A copy that is damaged in the same places mends nothing. */
	flip_all(s);
	sh_archive_close(s->ar);
	(void)snprintf(to, sizeof(to), "%s/archive", bad);
	copy(folder, to);
	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
	found = scrub(s, UINT64_MAX, 9000, "findings");
	assert_true(found > COUNT / 2);
	assert_int_equal(repair(s, bad, "repaired"), 0);
	assert_int_equal(repair(s, bad, "findings"), found);
	/* One whose index kills its reader is an error, not our death. */
	(void)snprintf(to, sizeof(to), "%s/archive/data.mdb", bad);
	assert_int_equal(truncate(to, 12288), 0);
	must_fail(sh_fixity_repair(s->ar, &keeper, s->scrub, bad, &v, &err),
	    SH_EFIXITY);
	assert_true(repair(s, backup, "repaired") > 0);
	assert_int_equal(check(s), 0);
}

static void
the_report_is_signed(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_buf text = SH_BUF_INIT, sig = SH_BUF_INIT;
	struct sh_secret pass;
	struct sh_signer *signer;
	struct sh_cms *cms;
	uint8_t digest[SH_MD_MAX];
	char path[400], *report;

	must(sh_secret_new(&pass, 8, &err));
	memcpy(pass.data, "geheimni", 8);
	must(sh_signer_make_test_keys(s->dir, &pass, sh_now(), &err));
	(void)snprintf(path, sizeof(path), "%s/agency.p12", s->dir);
	must(sh_signer_open_p12(path, &pass, &signer, &err));
	sh_secret_free(&pass);
	(void)scrub(s, UINT64_MAX, sh_now(), "never");
	must(sh_fixity_report(s->ar, s->scrub, signer, sh_now(), &report,
	    &err));
	must(sh_fs_read(report, 1 << 20, &text, &err));
	(void)snprintf(path, sizeof(path), "%s.p7s", report);
	must(sh_fs_read(path, 1 << 20, &sig, &err));
	must(sh_cms_read(sig.data, sig.len, SH_CMS_DETACHED, &cms, &err));
	must(sh_md_digest(cms->md, text.data, text.len, digest, &err));
	must(sh_cms_verify(cms, digest, &err));
	assert_non_null(strstr((char *)text.data, "\"documents\":10"));
	sh_cms_free(cms);
	sh_signer_close(signer);
	sh_buf_free(&text);
	sh_buf_free(&sig);
	free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(all_is_proven_and_what_comes_later_too),
		T(a_budget_ends_between_spans),
		T(what_was_altered_is_found_until_it_is_mended),
		T(a_backup_or_a_copy_mends_what_it_proves),
		T(a_finding_about_what_is_gone_is_no_hindrance),
		T(the_report_is_signed),
	};

	return (cmocka_run_group_tests_name("fixity", tests, NULL, NULL));
}
