/*
 * One flipped bit anywhere in the archive, its keys, its search: it is
 * reported (opening, reading or the check says so), or it struck unused
 * space and everything is as before.  Never wrong data.  LMDB may crash on
 * its own damaged pages; that is why a doubtful archive is opened in a child,
 * which is then the report.
 *
 * SOHOA_TORTURE=n makes n flips, other ones with another SOHOA_SEED.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "archive/seal.h"
#include "tests/fault/archive_judge.h"

#define COUNT	6
#define FLIPS	1500

enum verdict { UNUSED, REPORTED, WRONG, CRASHED, NVERDICTS };

struct file {
	char *path;		/* below the folder */
	struct sh_buf bytes;
};

static struct file files[40];
static size_t nfiles;

/* ---- the archive, in memory ---------------------------------------------- */

static char *
join(const char *a, const char *b)
{
	struct sh_error err = SH_ERROR_INIT;
	char *p;

	must_ptr(p = sh_path_join(a, b, &err));
	return (p);
}

static void
load_tree(const char *root, const char *below)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = join(root, below), *name, *path;
	struct dirent *e;
	struct stat st;
	DIR *d;

	assert_non_null(d = opendir(dir));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		name = join(below, e->d_name);
		path = join(root, name);
		assert_int_equal(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			load_tree(root, name);
			free(name);
		} else {
			assert_true(nfiles < SH_COUNT(files));
			must(sh_fs_read(path, 64 << 20,
			    &files[nfiles].bytes, &err));
			files[nfiles++].path = name;
		}
		free(path);
	}
	(void)closedir(d);
	free(dir);
}

static void
store_tree(const char *root)
{
	struct sh_error err = SH_ERROR_INIT;
	char *path, *slash;
	size_t i;
	int fd;

	for (i = 0; i < nfiles; i++) {
		path = join(root, files[i].path);
		for (slash = path + strlen(root) + 1; (slash = strchr(slash,
		    '/')) != NULL; slash++) {
			*slash = '\0';
			(void)mkdir(path, 0700);
			*slash = '/';
		}
		assert_true((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC,
		    0600)) >= 0);
		must(sh_write_all(fd, files[i].bytes.data, files[i].bytes.len,
		    &err));
		(void)close(fd);
		free(path);
	}
}

static void
build(void)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	enum sh_accession_state st;
	struct fixture_place p;
	struct fixture_doc d;
	struct sh_archive *ar;
	char *dir = judge_mkdir(), seals[400];
	struct sh_sealing with = { .now = sh_now() };
	struct sh_secret pass;
	unsigned n;

	must(sh_secret_new(&pass, 8, &err));
	memcpy(pass.data, "geheimni", 8);
	must(sh_signer_open_p12(getenv("SOHOA_SEALS"), &pass, &with.signer,
	    &err));
	sh_secret_free(&pass);
	fixture_place(&p, dir, "?map=262144&segment=60000");
	(void)snprintf(seals, sizeof(seals), "%s/seals", dir);
	p.place.seals = seals;
	must(sh_archive_create(&p.place, &err));
	must(sh_archive_open(&p.place, NULL, 0, &ar, &err));
	for (n = 0; n < COUNT; n++) {
		fixture_make(&d, n, n / 3, n % 4 == 0);
		must(sh_archive_accede(ar, &d.acc, &id, &st, &err));
		d.acc.dossier = "linked";
		must(sh_archive_accede(ar, &d.acc, &id, &st, &err));
		fixture_free(&d);
	}
	must(sh_archive_search_follow(ar, &err));
	must(sh_seals_make(ar, &with, &n, NULL, &err));
	sh_signer_close(with.signer);
	sh_archive_close(ar);
	load_tree(dir, ".");
	test_rmdir(dir);
}

/* ---- the judge, in a child ----------------------------------------------- */

static int
same_content(struct sh_archive *ar, const struct sh_document_id *id,
    const struct sh_rendition *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	int fd = sh_memfd("rendition", &err), r = REPORTED;

	if (sh_archive_get(ar, &fixture_reader, id, want->name, fd, &err) ==
	    0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    sh_fs_read_fd(fd, 1 << 20, &b, &err) == 0)
		r = b.len == want->len && memcmp(b.data, want->data,
		    b.len) == 0 ? UNUSED : WRONG;
	(void)close(fd);
	sh_buf_free(&b);
	return (r);
}

/* One document by query Q: there, or the query says that it cannot. */
static int
is_found(struct sh_archive *ar, const struct sh_query *q, const char *number)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a, *v;
	const char *s;
	int r = WRONG;

	if (sh_archive_find(ar, &fixture_reader, q, &a, &err))
		return (REPORTED);
	v = json_array_get(json_object_get(a, "documents"), 0);
	s = sh_member(v, "number");
	if (s != NULL && strcmp(s, number) == 0)
		r = UNUSED;
	json_decref(a);
	return (r);
}

static int
judge_document(struct sh_archive *ar, unsigned n, int reported)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_doc d;
	struct sh_document_id id;
	char word[40];
	int r, worst = UNUSED;
	size_t i;

	fixture_make(&d, n, n / 3, n % 4 == 0);
	if (sh_archive_document_id(ar, &d.acc, &id, &err))
		return (REPORTED);
	for (i = 0; i < 3; i++)
		if ((r = same_content(ar, &id, &d.renditions[i])) > worst)
			worst = r;
	for (i = 0; i < d.acc.nholders + 2; i++) {
		struct sh_query q = { .number = d.number, .limit = 10 };

		if (i < d.acc.nholders)
			q.holder = &d.holders[i].id;
		(void)snprintf(word, sizeof(word), "riêng%u", n);
		if (i == d.acc.nholders + 1)
			q.text = word;
		r = is_found(ar, &q, d.number);
		/* Not found is a report when the check tells why. */
		if (r == WRONG && reported)
			r = REPORTED;
		if (r > worst)
			worst = r;
	}
	fixture_free(&d);
	return (worst);
}

static int
judge_flipped(const char *dir)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	char seals[400];
	json_t *a;
	unsigned n;
	int r, worst, reported;

	fixture_place(&p, dir, "");
	(void)snprintf(seals, sizeof(seals), "%s/seals", dir);
	p.place.seals = seals;
	if (sh_archive_open(&p.place, NULL, 0, &ar, &err))
		return (REPORTED);
	if (sh_archive_check(ar, NULL, NULL, &a, &err))
		return (REPORTED);
	reported = json_array_size(json_object_get(a, "findings")) > 0 ||
	    json_integer_value(json_object_get(a, "documents")) != COUNT;
	if (json_integer_value(json_object_get(a, "documents")) != COUNT &&
	    json_array_size(json_object_get(a, "findings")) == 0)
		return (WRONG);
	json_decref(a);
	for (n = 0, worst = reported ? REPORTED : UNUSED; n < COUNT; n++)
		if ((r = judge_document(ar, n, reported)) > worst)
			worst = r;
	sh_archive_close(ar);
	return (worst);
}

static int
judge_in_child(const char *dir)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
	    SIGILL };
	struct rlimit none = { 0, 0 };
	int status, null;
	size_t i;
	pid_t pid;

	if ((pid = fork()) == 0) {
		/* A crash is to end the child, not to be caught by cmocka. */
		for (i = 0; i < SH_COUNT(deadly); i++)
			(void)signal(deadly[i], SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &none);
		null = open("/dev/null", O_WRONLY);
		(void)dup2(null, STDERR_FILENO);
		(void)alarm(10);
		_exit(judge_flipped(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) >= NVERDICTS)
		return (CRASHED);
	return (WEXITSTATUS(status));
}

/* ---- tests --------------------------------------------------------------- */

static int
setup(void **state)
{
	if (judge_setup(state))
		return (-1);
	build();
	return (0);
}

static int
teardown(void **state)
{
	size_t i;

	for (i = 0; i < nfiles; i++) {
		sh_buf_free(&files[i].bytes);
		free(files[i].path);
	}
	return (judge_teardown(state));
}

static void
what_is_whole_is_sound(void **state)
{
	char *dir = judge_mkdir();

	(void)state;
	store_tree(dir);
	assert_int_equal(judge_in_child(dir), UNUSED);
	test_rmdir(dir);
}

/* LMDB's files of readers hold nothing; of the rest every bit may flip. */
static size_t
flippable(size_t i)
{
	return (strstr(files[i].path, "lock") != NULL ? 0 :
	    files[i].bytes.len);
}

static void
flipped_bits_are_reported_or_unused(void **state)
{
	const char *more = getenv("SOHOA_TORTURE");
	int flips = more != NULL && atoi(more) > 1 ? atoi(more) : FLIPS;
	unsigned tally[NVERDICTS] = { 0 };
	const char *other = getenv("SOHOA_SEED");
	uint32_t seed = other != NULL ? (uint32_t)atoi(other) : 4711;
	size_t total = 0, at, i;
	uint8_t bit;
	char *dir;
	int k, r;

	(void)state;
	for (i = 0; i < nfiles; i++)
		total += flippable(i);
	for (k = 0; k < flips; k++) {
		/* Half of them in the index: it has no eyes of its own. */
		at = fixture_draw(&seed, (uint32_t)total);
		for (i = 0; at >= flippable(i); i++)
			at -= flippable(i);
		if (k % 2 == 0) {
			for (i = 0; strstr(files[i].path, "data.mdb") ==
			    NULL; i++)
				;
			at = fixture_draw(&seed,
			    (uint32_t)files[i].bytes.len);
		}
		bit = (uint8_t)(1 << fixture_draw(&seed, 8));
		dir = judge_mkdir();
		files[i].bytes.data[at] ^= bit;
		store_tree(dir);
		r = judge_in_child(dir);
		files[i].bytes.data[at] ^= bit;
		test_rmdir(dir);
		tally[r]++;
		if (r == WRONG)
			fail_msg("bit %u of byte %zu of %s gave wrong data",
			    bit, at, files[i].path);
		/* A long run is told of on the way. */
		if ((k + 1) % 10000 == 0 || k + 1 == flips)
			print_message("# %d flips: %u unused, %u reported, "
			    "%u crashed the child\n", k + 1, tally[UNUSED],
			    tally[REPORTED], tally[CRASHED]);
	}
	assert_true(tally[REPORTED] > 0);
}

/* Files cut short, pages lost, a whole file gone. */
static void
torn_files_are_reported(void **state)
{
	struct sh_buf kept;
	char *dir, *path;
	size_t i, k;
	int r;

	(void)state;
	for (i = 0; i < nfiles; i++) {
		if (flippable(i) < 64)
			continue;
		for (k = 0; k < 3; k++) {
			dir = judge_mkdir();
			kept = files[i].bytes;
			if (k == 0)
				files[i].bytes.len = kept.len / 2;
			if (k == 1) {
				files[i].bytes.data = malloc(kept.len);
				memcpy(files[i].bytes.data, kept.data,
				    kept.len);
				memset(files[i].bytes.data + kept.len / 2 /
				    4096 * 4096, 0, kept.len < 4096 ?
				    kept.len : 4096);
			}
			store_tree(dir);
			if (k == 1)
				free(files[i].bytes.data);
			files[i].bytes = kept;
			if (k == 2) {
				path = join(dir, files[i].path);
				assert_int_equal(unlink(path), 0);
				free(path);
			}
			r = judge_in_child(dir);
			if (r == WRONG)
				fail_msg("%s, injury %zu: wrong data",
				    files[i].path, k);
			test_rmdir(dir);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_whole_is_sound),
		cmocka_unit_test(flipped_bits_are_reported_or_unused),
		cmocka_unit_test(torn_files_are_reported),
	};

	return (cmocka_run_group_tests_name("archive flip", tests, setup,
	    teardown));
}
