/*
 * What the archive costs: documents a second for single and shared commits,
 * bytes a document, answers in an archive of many, memory; opening after the
 * writer was killed; scrubbing; the search beside plain FTS5 on the same
 * texts (readable there, pseudonyms here).
 *
 *   bench_archive [-o] [DOCUMENTS [DIR]]
 *
 * An archive that is in DIR already is only asked.  -o measures opening
 * alone, sealed and with its journal of reads, as a desk has it: after kills
 * of the writer, with the files in memory and, as after a cut of the power,
 * none of them.  While such an archive is filled nothing waits for the disk;
 * before anything is measured all of it is written.
 *
 * Times are wall-clock milliseconds, so quote ratios; CPU is this thread's.
 * On a loaded machine the p99 of an answer's wall time is the scheduler's.
 */
#include <fcntl.h>
#include <ftw.h>
#include <lmdb.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "archive/fixity.h"
#include "archive/seal.h"
#include "base/clock.h"
#include "base/fs.h"
#include "signing/signer.h"
#include "tests/unit/archive_fixture.h"

#define BATCH	100
#define PERSONS(n)	((n) / 4 + 1)
#define ASKED	3000
#define KILLS	3

static int filling;

/* In the place of the C library's, for LMDB, SQLite and us. */
int
fdatasync(int fd)
{
	return (filling ? 0 : (int)syscall(SYS_fdatasync, fd));
}

/* What was written is not to be fetched from the disk meanwhile. */
int
posix_fadvise(int fd, off_t at, off_t len, int advice)
{
	return (filling ? 0 : (int)syscall(SYS_fadvise64, fd, at, len,
	    advice));
}

static void
check(int rc, const struct sh_error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", err->key, err->text);
	exit(1);
}

static double
clock_ms(clockid_t which)
{
	struct timespec t;

	(void)clock_gettime(which, &t);
	return ((double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
}

static double
wall_ms(void)
{
	return (clock_ms(CLOCK_MONOTONIC));
}

static double
cpu_s(void)
{
	return (clock_ms(CLOCK_THREAD_CPUTIME_ID) / 1e3);
}

static long
status_kb(const char *name)
{
	char line[200];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return (kb);
}

static uint64_t
tree_bytes(const char *path)
{
	char command[700], line[100] = "";
	FILE *f;

	(void)snprintf(command, sizeof(command), "du -sB1 %s", path);
	if ((f = popen(command, "r")) != NULL) {
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		(void)pclose(f);
	}
	return (strtoull(line, NULL, 10));
}

/* Document N, small: the index is measured, not the disk's bandwidth. */
static void
make_small(struct fixture_doc *d, unsigned n, unsigned persons)
{
	fixture_make(d, n, n * 2654435761u % persons, n % 8 == 0);
	d->renditions[0].len = 600;
	d->renditions[1].len = 400;
	d->text[700] = '\0';
	while (((uint8_t)d->text[strlen(d->text) - 1] & 0xc0) == 0x80 ||
	    (uint8_t)d->text[strlen(d->text) - 1] >= 0xc0)
		d->text[strlen(d->text) - 1] = '\0';
	d->renditions[2].len = strlen(d->text);
}

/* Of one rendition and few words: where only their number matters. */
static void
make_tiny(struct fixture_doc *d, unsigned n, unsigned persons)
{
	make_small(d, n, persons);
	*strchr(d->text, '\n') = '\0';
	d->renditions[0].len = 100;
	d->acc.nrenditions = 1;
}

/* Archive documents FIRST .. FIRST + N, BATCH at a time, made by MAKE. */
static void
write_documents(struct sh_archive *ar, void (*make)(struct fixture_doc *,
    unsigned, unsigned), unsigned first, unsigned n, unsigned batch,
    unsigned persons)
{
	static struct fixture_doc docs[BATCH];
	static struct sh_accession acc[BATCH];
	static struct sh_accession_result r[BATCH];
	struct sh_error err = SH_ERROR_INIT;
	unsigned i, k;

	for (i = 0; i < n; i += batch) {
		for (k = 0; k < batch; k++) {
			make(&docs[k], first + i + k, persons);
			acc[k] = docs[k].acc;
		}
		check(sh_archive_accede_many(ar, acc, batch, r, &err), &err);
		for (k = 0; k < batch; k++) {
			check(r[k].error.code != SH_OK, &r[k].error);
			fixture_free(&docs[k]);
		}
	}
}

static void
rate(struct sh_archive *ar, unsigned *first, unsigned n, unsigned batch,
    unsigned persons)
{
	double wall = wall_ms(), cpu = cpu_s();

	write_documents(ar, make_small, *first, n, batch, persons);
	*first += n;
	wall = wall_ms() - wall;
	cpu = cpu_s() - cpu;
	(void)printf("accede, batch %3u: %8.0f documents/s, %6.0f us CPU each"
	    ", %7.2f ms a batch\n", batch, n / wall * 1e3, cpu / n * 1e6,
	    wall / n * batch);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static void
report(const char *what, double *ms, double *cpu, size_t n, size_t found)
{
	qsort(ms, n, sizeof(*ms), by_value);
	qsort(cpu, n, sizeof(*cpu), by_value);
	(void)printf("%-20s p50 %6.3f ms p99 %6.3f ms max %6.3f ms, CPU p50 "
	    "%6.3f ms p99 %6.3f ms (%zu asked, %.1f each)\n", what,
	    ms[n / 2], ms[n * 99 / 100], ms[n - 1], cpu[n / 2],
	    cpu[n * 99 / 100], n, (double)found / (double)n);
}

enum question { BY_HOLDER, BY_NUMBER, BY_RARE_WORD, BY_TWO_WORDS, SHOW };

static void
ask(struct sh_archive *ar, enum question what, const char *name,
    unsigned documents, unsigned persons, size_t n)
{
	static double ms[ASKED], cpu[ASKED];
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_doc d;
	struct sh_document_id id;
	char word[40];
	uint32_t seed = 99;
	json_t *a;
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		struct sh_query q = { .limit = 20 };

		make_small(&d, fixture_draw(&seed, documents), persons);
		check(sh_archive_document_id(ar, &d.acc, &id, &err), &err);
		(void)snprintf(word, sizeof(word), "%s", d.number);
		if (what == BY_HOLDER)
			q.holder = &d.holders[0].id;
		else if (what == BY_NUMBER)
			q.number = d.number;
		else
			q.text = what == BY_RARE_WORD ? word :
			    "\"ủy ban\" nhân";
		ms[i] = wall_ms();
		cpu[i] = cpu_s();
		if (what == SHOW)
			check(sh_archive_show(ar, &fixture_reader, &id, &a,
			    &err), &err);
		else
			check(sh_archive_find(ar, &fixture_reader, &q, &a,
			    &err), &err);
		cpu[i] = (cpu_s() - cpu[i]) * 1e3;
		ms[i] = wall_ms() - ms[i];
		found += what == SHOW ? 1 : json_array_size(json_object_get(a,
		    "documents"));
		json_decref(a);
		fixture_free(&d);
	}
	report(name, ms, cpu, n, found);
}

static void
sizes(const char *dir, unsigned documents)
{
	static const char *const parts[] = { "archive/data.mdb",
	    "archive/blobs", "keys", "search" };
	char path[600];
	size_t i;

	for (i = 0; i < SH_COUNT(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		(void)printf("%-20s %8.0f bytes a document\n", parts[i],
		    (double)tree_bytes(path) / documents);
	}
}

/* ---- beside FTS5 --------------------------------------------------------- */

static void
sql(sqlite3 *db, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", text, why);
	exit(1);
}

static void
fts_ask(sqlite3 *db, const char *name, unsigned documents, int rare, size_t n)
{
	static double ms[ASKED], cpu[ASKED];
	struct fixture_doc d;
	sqlite3_stmt *st;
	uint32_t seed = 99;
	char phrase[64];
	size_t i, found = 0;

	(void)sqlite3_prepare_v2(db, "select rowid from t where t match ? "
	    "order by rowid desc limit 20", -1, &st, NULL);
	for (i = 0; i < n; i++) {
		make_small(&d, fixture_draw(&seed, documents),
		    PERSONS(documents));
		(void)snprintf(phrase, sizeof(phrase), "\"%s\"", rare ?
		    d.number : "ủy ban");
		(void)sqlite3_bind_text(st, 1, phrase, -1, SQLITE_STATIC);
		ms[i] = wall_ms();
		cpu[i] = cpu_s();
		while (sqlite3_step(st) == SQLITE_ROW)
			found++;
		cpu[i] = (cpu_s() - cpu[i]) * 1e3;
		ms[i] = wall_ms() - ms[i];
		(void)sqlite3_reset(st);
		fixture_free(&d);
	}
	(void)sqlite3_finalize(st);
	report(name, ms, cpu, n, found);
}

/* The same texts and numbers into a contentless table, WAL and FULL. */
static void
beside_fts(const char *dir, unsigned documents)
{
	struct fixture_doc d;
	sqlite3_stmt *st;
	sqlite3 *db;
	char path[600];
	double wall = wall_ms(), cpu = cpu_s(), making = 0, t;
	unsigned i;

	(void)snprintf(path, sizeof(path), "%s/fts", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		exit(1);
	sql(db, "pragma journal_mode=wal; pragma synchronous=full; create "
	    "virtual table if not exists t using fts5(body, head, content='',"
	    " tokenize=\"unicode61 remove_diacritics 2\")");
	(void)sqlite3_prepare_v2(db, "insert into t (rowid, body, head) "
	    "values (?,?,?)", -1, &st, NULL);
	for (i = 0; i < documents; i++) {
		t = cpu_s();
		make_small(&d, i, PERSONS(documents));
		making += cpu_s() - t;
		if (i % 1000 == 0)
			sql(db, "begin");
		(void)sqlite3_bind_int64(st, 1, i + 1);
		(void)sqlite3_bind_text(st, 2, d.text, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 3, d.number, -1, SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_DONE)
			exit(1);
		(void)sqlite3_reset(st);
		fixture_free(&d);
		if (i % 1000 == 999 || i == documents - 1)
			sql(db, "commit");
	}
	(void)sqlite3_finalize(st);
	(void)printf("FTS5 takes in:     %8.0f documents/s, %6.0f us CPU "
	    "each, %.0f bytes\n", documents / (wall_ms() - wall) * 1e3,
	    (cpu_s() - cpu - making) / documents * 1e6,
	    (double)tree_bytes(path) / documents);
	fts_ask(db, "FTS5, a rare phrase", documents, 1, 1000);
	fts_ask(db, "FTS5, common words", documents, 0, 500);
	(void)sqlite3_close(db);
}

/* ---- scrubbing ----------------------------------------------------------- */

#define SCRUBBED	120
#define SCAN_BYTES	(1000 * 1000)

/* Scans that cannot be compressed; every one another. */
static void
scrub(const char *dir)
{
	static uint8_t bytes[SCAN_BYTES + SCRUBBED * 64];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_accession_result r;
	struct fixture_place p;
	struct fixture_doc d;
	struct sh_archive *ar;
	struct sh_scrub how = { .bytes = UINT64_MAX, .now = sh_now() };
	char place[600], state[640];
	double wall, cpu, mb;
	json_t *a;
	unsigned i;

	(void)snprintf(place, sizeof(place), "%s/scrubbed", dir);
	(void)snprintf(state, sizeof(state), "%s/scrub", place);
	how.dir = state;
	check(sh_random(bytes, sizeof(bytes), &err), &err);
	check(sh_fs_mkdirs(state, 0700, &err), &err);
	fixture_place(&p, place, "");
	check(sh_archive_create(&p.place, &err), &err);
	check(sh_archive_open(&p.place, NULL, 0, &ar, &err), &err);
	wall = wall_ms();
	cpu = cpu_s();
	for (i = 0; i < SCRUBBED; i++) {
		make_small(&d, i, SCRUBBED);
		d.renditions[0].data = bytes + 64 * i;
		d.renditions[0].len = SCAN_BYTES;
		check(sh_archive_accede_many(ar, &d.acc, 1, &r, &err), &err);
		check(r.error.code != SH_OK, &r.error);
		fixture_free(&d);
	}
	mb = SCRUBBED * SCAN_BYTES / 1e6;
	(void)printf("accede, 1 MB scans: %.0f MB/s, %.0f MB/s a core, read "
	    "back and proven\n", mb / (wall_ms() - wall) * 1e3,
	    mb / (cpu_s() - cpu));
	wall = wall_ms();
	cpu = cpu_s();
	check(sh_fixity_scrub(ar, &how, &a, &err), &err);
	mb = (double)json_integer_value(json_object_get(a, "bytes")) / 1e6;
	(void)printf("scrub: %.0f MB, %.0f MB/s, %.0f MB/s a core, %zu "
	    "findings\n", mb, mb / (wall_ms() - wall) * 1e3,
	    mb / (cpu_s() - cpu),
	    json_array_size(json_object_get(a, "findings")));
	json_decref(a);
	sh_archive_close(ar);
	check(sh_fs_remove_tree(place, &err), &err);
}

/* ---- a killed writer ----------------------------------------------------- */

/* Writes until it is killed, documents that no run before wrote. */
static void
write_on(const struct fixture_place *p, unsigned first, unsigned persons)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_archive *ar;

	first += (unsigned)(sh_now() % 1000000) * 1000;
	check(sh_archive_open(&p->place, NULL, 0, &ar, &err), &err);
	for (;; first += BATCH)
		write_documents(ar, make_small, first, BATCH, BATCH, persons);
}

/* The disk has it, memory has not. */
static int
forget(const char *path, const struct stat *st, int what, struct FTW *at)
{
	int fd;

	(void)st;
	(void)at;
	if (what != FTW_F || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return (0);
	(void)fsync(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return (close(fd));
}

/* How the archive stands, and its seals, as who asks for it is told. */
static void
ask_status(struct sh_archive *ar)
{
	struct sh_error err = SH_ERROR_INIT;
	double wall = wall_ms(), cpu = cpu_s();
	json_t *a, *s = NULL;

	check(sh_archive_status(ar, &a, &err), &err);
	if (sh_seals_status(ar, sh_now(), &s, &err))
		sh_error_clear(&err);
	(void)printf("status: %.1f ms, CPU %.1f ms; %lld changes, %lld not "
	    "searched, %lld not sealed\n", wall_ms() - wall,
	    (cpu_s() - cpu) * 1e3, (long long)json_integer_value(
	    json_object_get(a, "events")), (long long)json_integer_value(
	    json_object_get(json_object_get(a, "search"), "behind")),
	    (long long)json_integer_value(json_object_get(s, "unsealed")));
	(void)fflush(stdout);
	json_decref(a);
	json_decref(s);
}

/* COLD, the folder whose files are not in memory, or NULL. */
static void
open_after_a_kill(const struct fixture_place *p, const char *cold,
    unsigned documents, unsigned persons)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_archive *ar;
	double wall, cpu;
	pid_t pid;

	if ((pid = fork()) == 0)
		write_on(p, documents, persons);
	(void)usleep(1700000);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	if (cold != NULL)
		(void)nftw(cold, forget, 32, FTW_PHYS);
	wall = wall_ms();
	cpu = cpu_s();
	check(sh_archive_open(&p->place, NULL, 0, &ar, &err), &err);
	(void)printf("open after a kill%s: %.1f ms, CPU %.1f ms; ", cold ==
	    NULL ? "" : ", from the disk", wall_ms() - wall,
	    (cpu_s() - cpu) * 1e3);
	ask_status(ar);
	sh_archive_close(ar);
}

/* How deep the index is; nobody has the archive open. */
static void
depths(const char *dir)
{
	static const char *const tables[] = { "holder", "entry", "blob",
	    "feed" };
	char path[600];
	MDB_env *env;
	MDB_stat st;
	MDB_txn *txn;
	MDB_dbi dbi;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/archive", dir);
	if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 16) != 0 ||
	    mdb_env_open(env, path, MDB_RDONLY, 0600) != 0 ||
	    mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
		exit(1);
	(void)printf("index:");
	for (i = 0; i < SH_COUNT(tables); i++)
		if (mdb_dbi_open(txn, tables[i], 0, &dbi) == 0 &&
		    mdb_stat(txn, dbi, &st) == 0)
			(void)printf(" %s %zu rows, %u deep, %zu leaves;",
			    tables[i], st.ms_entries, st.ms_depth,
			    st.ms_leaf_pages);
	(void)printf("\n");
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

static struct sh_archive *
build(const struct fixture_place *p, unsigned documents, unsigned persons)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_archive *ar;
	unsigned first = 0;
	double wall, cpu;

	check(sh_archive_create(&p->place, &err), &err);
	check(sh_archive_open(&p->place, NULL, 0, &ar, &err), &err);
	rate(ar, &first, 200, 1, persons);
	rate(ar, &first, 1000, 10, persons);
	rate(ar, &first, 5000, 100, persons);
	rate(ar, &first, documents - first - 1000, 100, persons);
	/* Again, now that there are many. */
	rate(ar, &first, 100, 1, persons);
	rate(ar, &first, 900, 100, persons);
	wall = wall_ms();
	cpu = cpu_s();
	check(sh_archive_search_follow(ar, &err), &err);
	(void)printf("search follows:    %8.0f documents/s, %6.0f us CPU "
	    "each\n", documents / (wall_ms() - wall) * 1e3,
	    (cpu_s() - cpu) / documents * 1e6);
	return (ar);
}

/* An archive of DOCUMENTS, found by their words, sealed. */
static void
fill(const struct fixture_place *p, const char *dir, unsigned documents)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sealing with = { .now = sh_now() };
	struct sh_signer *signer;
	struct sh_archive *ar;
	struct sh_secret pass;
	char path[700];
	double wall = wall_ms();
	unsigned seals;

	check(sh_secret_new(&pass, 8, &err), &err);
	memcpy(pass.data, "geheimni", 8);
	check(sh_signer_make_test_keys(dir, &pass, sh_now(), &err), &err);
	(void)snprintf(path, sizeof(path), "%s/agency.p12", dir);
	check(sh_signer_open_p12(path, &pass, &signer, &err), &err);
	sh_secret_free(&pass);
	with.signer = signer;
	check(sh_archive_create(&p->place, &err), &err);
	check(sh_archive_open(&p->place, NULL, 0, &ar, &err), &err);
	filling = 1;
	write_documents(ar, make_tiny, 0, documents, BATCH,
	    PERSONS(documents));
	(void)printf("# filled: %.0f s", (wall_ms() - wall) / 1e3);
	check(sh_seals_make(ar, &with, &seals, NULL, &err), &err);
	(void)printf(", sealed: %.0f s", (wall_ms() - wall) / 1e3);
	check(sh_archive_search_follow(ar, &err), &err);
	filling = 0;
	sh_archive_close(ar);
	sh_signer_close(signer);
	(void)nftw(dir, forget, 32, FTW_PHYS);
	(void)printf(", searched and written: %.0f s\n", (wall_ms() - wall) /
	    1e3);
	(void)fflush(stdout);
}

static void
opening(struct fixture_place *p, const char *dir, unsigned documents)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_archive *ar;
	char seals[600], reads[600];
	unsigned i, persons = PERSONS(documents);

	(void)snprintf(seals, sizeof(seals), "%s/seals", dir);
	(void)snprintf(reads, sizeof(reads), "%s/reads", dir);
	p->place.seals = seals;
	p->place.access = reads;
	if (sh_archive_open(&p->place, NULL, 1, &ar, &err) == 0) {
		ask_status(ar);
		sh_archive_close(ar);
	} else {
		sh_error_clear(&err);
		fill(p, dir, documents);
	}
	for (i = 0; i < 2 * KILLS; i++)
		open_after_a_kill(p, i % 2 ? dir : NULL, documents, persons);
}

int
main(int argc, char **argv)
{
	int only_open = argc > 1 && strcmp(argv[1], "-o") == 0;
	unsigned documents, persons;
	char tmpl[] = "/tmp/sohoa-bench-XXXXXX";
	const char *dir;
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	double wall, cpu;
	json_t *a;

	argc -= only_open;
	argv += only_open;
	documents = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
	dir = argc > 2 ? argv[2] : mkdtemp(tmpl);
	if (dir == NULL || documents < 12000)
		return (64);
	documents -= documents % BATCH;
	persons = PERSONS(documents);
	fixture_place(&p, dir, "");
	if (only_open) {
		opening(&p, dir, documents);
		goto out;
	}
	if (sh_archive_open(&p.place, NULL, 0, &ar, &err)) {
		sh_error_clear(&err);
		ar = build(&p, documents, persons);
	}
	(void)printf("memory: %ld kB of our own, %ld kB of files mapped\n",
	    status_kb("RssAnon"), status_kb("RssFile"));
	sizes(dir, documents);
	ask(ar, BY_HOLDER, "find by holder", documents, persons, ASKED);
	ask(ar, BY_NUMBER, "find by number", documents, persons, ASKED);
	ask(ar, SHOW, "show", documents, persons, ASKED);
	ask(ar, BY_RARE_WORD, "find a rare phrase", documents, persons, 1000);
	ask(ar, BY_TWO_WORDS, "find common words", documents, persons, 500);
	wall = wall_ms();
	cpu = cpu_s();
	check(sh_archive_check(ar, NULL, NULL, &a, &err), &err);
	(void)printf("check: %.1f s, %.1f s CPU, %zu findings\n",
	    (wall_ms() - wall) / 1e3, cpu_s() - cpu,
	    json_array_size(json_object_get(a, "findings")));
	json_decref(a);
	sh_archive_close(ar);
	wall = wall_ms();
	check(sh_archive_open(&p.place, NULL, 0, &ar, &err), &err);
	(void)printf("open: %.1f ms\n", wall_ms() - wall);
	sh_archive_close(ar);
	open_after_a_kill(&p, NULL, documents, persons);
	depths(dir);
	(void)printf("memory at the end: %ld kB of our own, peak %ld kB with "
	    "mapped files\n", status_kb("RssAnon"), status_kb("VmHWM"));
	beside_fts(dir, documents);
	scrub(dir);
out:
	if (argc <= 2)
		check(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
