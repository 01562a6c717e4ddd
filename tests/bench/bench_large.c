/*
 * A store of millions: what the list of a holder and a record cost, how long
 * it takes to open after the writer was killed, how large the index is; all
 * of it with a reader that stays open while the store is filled.
 *
 *   bench_large [DOCUMENTS [DIR]]
 *
 * Told at each million, two, five, ten of them and so on, and at the end.
 * DIR is kept; a store that is there already is filled up.  While
 * the store is filled nothing waits for the disk, which is not what is
 * measured here; before anything is measured all of it is written.  Ten
 * million take 34 GB.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "tests/bench/store_ours.h"

#define STEP	1000000u

static int filling;
static char uri[400], keys[400];

/* In the place of the C library's, for LMDB and for us. */
int
fdatasync(int fd)
{
	return (filling ? 0 : (int)syscall(SYS_fdatasync, fd));
}

static void
write_out(const char *dir, const char *name)
{
	char path[400];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	check((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0, path);
	check(fsync(fd), path);
	(void)close(fd);
}

static void
open_ours(struct ours *o, enum sh_engine_mode mode)
{
	struct sh_error err = SH_ERROR_INIT;

	checked(sh_engine_open(uri, mode, &o->e, &err), &err);
	checked(sh_vault_open(keys, 1, &o->v, &err), &err);
}

static void
close_ours(struct ours *o)
{
	sh_vault_close(o->v);
	sh_engine_close(o->e);
}

/* ---- filling, with a reader in the middle of a scan ---------------------- */

struct fill {
	struct ours *o;
	unsigned first, upto;
};

static int
fill(void *arg, const struct sh_entry *entry, struct sh_error *err)
{
	const struct fill *f = arg;
	unsigned i;

	(void)entry;
	(void)err;
	filling = 1;
	for (i = f->first; i < f->upto; i += SH_CHANGES_MAX)
		ours_put(f->o, i, f->upto - i < SH_CHANGES_MAX ? f->upto - i :
		    SH_CHANGES_MAX);
	filling = 0;
	return (1);
}

static void
fill_beside_a_reader(struct ours *o, const char *dir, unsigned first,
    unsigned upto)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fill f = { o, first, upto };
	struct sh_range r = { .table = 1 };
	struct sh_engine *reader;
	double wall = wall_s(), cpu = cpu_s();
	uint8_t holder[16];

	if (first == 0) {
		ours_put(o, 0, 4);
		f.first = 4;
	}
	spread(holder, 2, 0);
	r.term = tag_of(holder);
	checked(sh_engine_open(uri, SH_ENGINE_READ, &reader, &err), &err);
	checked(sh_engine_scan(reader, &r, fill, &f, &err), &err);
	sh_engine_close(reader);
	wall = wall_s() - wall;
	cpu = cpu_s() - cpu;
	write_out(dir, "ours/data.mdb");
	write_out(dir, "keys/holders/table");
	(void)printf("# filled to %u: %.0f s, %.1f us CPU a change\n", upto,
	    wall, cpu / (upto - first) * 1e6);
}

/* ---- what is told -------------------------------------------------------- */

static void
open_after_a_kill(unsigned documents)
{
	struct ours o;
	double wall, cpu;
	pid_t pid;

	if ((pid = fork()) == 0) {
		open_ours(&o, SH_ENGINE_WRITE);
		for (;; documents += 100)
			ours_put(&o, documents, 100);
	}
	(void)usleep(1700000);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	wall = wall_s();
	cpu = cpu_s();
	open_ours(&o, SH_ENGINE_WRITE);
	ours_get(&o, 0);
	(void)printf("open after a kill       sohoa      %.1f ms, CPU %.1f "
	    "ms, a record read\n", (wall_s() - wall) * 1e3,
	    (cpu_s() - cpu) * 1e3);
	close_ours(&o);
}

static void
tell(struct ours *o, const char *dir, unsigned documents)
{
	const unsigned reads = 200000;
	struct cost c;
	int again;

	(void)printf("# %u documents of %u holders: index %.1f GB, %.0f bytes "
	    "a document; keys %.2f GB\n", documents, documents / 4,
	    (double)file_bytes(dir, "ours/data.mdb") / 1e9,
	    (double)file_bytes(dir, "ours/data.mdb") / documents,
	    (double)file_bytes(dir, "keys/holders/table") / 1e9);
	/* Twice: a page that a process has not met has to be entered. */
	for (again = 0; again < 2; again++) {
		c = timed_read(ours_get, o, documents, reads);
		(void)printf("point read%s       sohoa      %.0f records/s, "
		    "%.0f a core\n", again ? ", again" : "       ", reads /
		    c.wall, reads / c.cpu);
	}
	slowest("list of a holder", ours_list, o, documents / 4);
	(void)fflush(stdout);
}

/* How many of the documents, which came in order, are there. */
static unsigned
count(struct ours *o, unsigned documents)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t value[SH_VALUE_MAX], b[16];
	unsigned first = 0, last = documents, n;
	struct sh_tag h, d;
	size_t len;

	while (first < last) {
		n = first + (last - first) / 2;
		spread(b, 2, n / 4);
		h = tag_of(b);
		spread(b, 1, n);
		d = tag_of(b);
		if (sh_engine_get(o->e, &h, &d, value, &len, &err) == 0)
			first = n + 1;
		else
			last = n;
		sh_error_clear(&err);
	}
	return (first - first % 4);
}

static unsigned
next_step(unsigned n)
{
	unsigned unit = STEP;

	while (n >= unit * 10)
		unit *= 10;
	return (n < unit ? unit : n < unit * 2 ? unit * 2 : n < unit * 5 ?
	    unit * 5 : unit * 10);
}

int
main(int argc, char **argv)
{
	unsigned documents = argc > 1 ? (unsigned)atoi(argv[1]) : STEP;
	char tmpl[] = "/tmp/sohoa-large-XXXXXX", path[400];
	const char *dir = argc > 2 ? argv[2] : mkdtemp(tmpl);
	struct sh_error err = SH_ERROR_INIT;
	struct ours o;
	unsigned n = 0, upto;

	documents -= documents % 4;
	if (dir == NULL || documents < 1000 || documents > 1000000000)
		return (64);
	(void)snprintf(uri, sizeof(uri), "lmdb:%s/ours", dir);
	(void)snprintf(keys, sizeof(keys), "%s/keys", dir);
	(void)snprintf(path, sizeof(path), "%s/ours/data.mdb", dir);
	if (access(path, F_OK) == 0) {
		open_ours(&o, SH_ENGINE_WRITE);
		if ((n = count(&o, documents)) == documents)
			tell(&o, dir, documents);
	} else {
		checked(sh_fs_mkdirs(dir, 0700, &err), &err);
		checked(sh_vault_create(keys, &err), &err);
		open_ours(&o, SH_ENGINE_CREATE);
	}
	for (; n < documents; n = upto) {
		upto = next_step(n);
		if (upto > documents)
			upto = documents;
		fill_beside_a_reader(&o, dir, n, upto);
		tell(&o, dir, upto);
	}
	close_ours(&o);
	open_after_a_kill(documents);
	if (argc <= 2)
		checked(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
