/*
 * Power cuts: everything that the writer did to the disk was written down,
 * and is played again up to every moment.  At each, images of the disk are
 * made as a cut could leave it: of what was not synced, any part may be
 * there, the last write torn at its sectors; of the names that were not
 * synced, only the first so many.  Whatever the image, each document that was
 * acknowledged by then is there and whole, and work goes on.
 *
 * A sample of the images is judged here; SOHOA_TORTURE=1 takes them all, and
 * wants ten thousand; of the acts' one in SOHOA_STRIDE when that is set.
 * SOHOA_ONLY: one test alone.
 */
#include "tests/fault/archive_judge.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/tools/shim_record.h"

#define SECTOR		512
#define SAMPLE		160
#define AGAIN		20	/* every so many: the work is done again */
#define ACTS_AGAIN	4
#define OBJECTS_MAX	4000
#define NAMES_MAX	600
#define PENDING_MAX	4000

/* ---- the disk ------------------------------------------------------------ */

struct bytes {
	uint8_t *p;
	size_t len, cap;
};

/* A write or a truncation that no sync has settled. */
struct pending {
	int object;
	int truncate;
	uint64_t at;
	const uint8_t *data;
	size_t len;
};

struct name {
	char *path;		/* below the writer's folder */
	int object;		/* -1: a folder */
};

struct tree {
	struct name name[NAMES_MAX];
	size_t n;
};

/* A change of names that no sync of a folder has settled. */
struct naming {
	uint8_t op;
	char *a, *b;
	int object;
};

static struct {
	struct bytes durable[OBJECTS_MAX];	/* what is surely there */
	uint64_t ino[OBJECTS_MAX];
	int n;
	struct pending pending[PENDING_MAX];
	size_t npending;
	struct tree names;		/* synced */
	struct naming naming[NAMES_MAX];
	size_t nnaming;
} disk;

static void
grow(struct bytes *b, size_t len)
{
	if (len > b->cap) {
		b->cap = len * 2;
		assert_non_null(b->p = realloc(b->p, b->cap));
	}
	if (len > b->len)
		memset(b->p + b->len, 0, len - b->len);
	b->len = len > b->len ? len : b->len;
}

static void
apply(struct bytes *b, const struct pending *p, size_t len)
{
	if (p->truncate) {
		grow(b, p->at);
		b->len = p->at;
	} else {
		grow(b, p->at + len);
		memcpy(b->p + p->at, p->data, len);
	}
}

static int
object_of(uint64_t ino)
{
	int i;

	/* A number may come back for another file: the newest counts. */
	for (i = disk.n; i-- > 0;)
		if (disk.ino[i] == ino)
			return (i);
	return (-1);
}

/* Everything pending of OBJECT is there for good. */
static void
settle(int object)
{
	size_t i, k = 0;

	for (i = 0; i < disk.npending; i++) {
		if (disk.pending[i].object == object)
			apply(&disk.durable[object], &disk.pending[i],
			    disk.pending[i].len);
		else
			disk.pending[k++] = disk.pending[i];
	}
	disk.npending = k;
}

/* ---- names --------------------------------------------------------------- */

static int
stands_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return (strncmp(path, dir, len) == 0 && path[len] == '/' &&
	    strchr(path + len + 1, '/') == NULL);
}

static void
name_change(struct tree *t, const struct naming *c)
{
	size_t i, k, len = strlen(c->a);
	char *moved;

	switch (c->op) {
	case 'c':
	case 'm':
		/* An empty folder may have been removed and made again. */
		for (i = 0; i < t->n; i++)
			if (strcmp(t->name[i].path, c->a) == 0)
				return;
		assert_true(t->n < NAMES_MAX);
		t->name[t->n].path = strdup(c->a);
		t->name[t->n++].object = c->op == 'c' ? c->object : -1;
		return;
	case 'u':
		for (i = 0; i < t->n; i++) {
			if (strcmp(t->name[i].path, c->a) != 0)
				continue;
			free(t->name[i].path);
			t->name[i] = t->name[--t->n];
			return;
		}
		return;
	}
	/* What stood there is gone; what is below a folder moves along. */
	for (i = k = 0; i < t->n; i++) {
		if (strcmp(t->name[i].path, c->b) == 0)
			free(t->name[i].path);
		else
			t->name[k++] = t->name[i];
	}
	t->n = k;
	for (i = 0; i < t->n; i++) {
		if (strncmp(t->name[i].path, c->a, len) != 0 ||
		    (t->name[i].path[len] != '\0' &&
		    t->name[i].path[len] != '/'))
			continue;
		moved = malloc(strlen(c->b) + strlen(t->name[i].path + len) +
		    1);
		(void)sprintf(moved, "%s%s", c->b, t->name[i].path + len);
		free(t->name[i].path);
		t->name[i].path = moved;
	}
}

/*
 * The folder is synced: what happened in it is settled, and, as file systems
 * with a journal keep the order of names, all that came before.
 */
static void
settle_folder(const char *dir)
{
	size_t i, last = 0;

	for (i = 0; i < disk.nnaming; i++)
		if (stands_in(disk.naming[i].a, dir) ||
		    (disk.naming[i].b != NULL &&
		    stands_in(disk.naming[i].b, dir)))
			last = i + 1;
	for (i = 0; i < last; i++) {
		name_change(&disk.names, &disk.naming[i]);
		free(disk.naming[i].a);
		free(disk.naming[i].b);
	}
	memmove(disk.naming, disk.naming + last, (disk.nnaming - last) *
	    sizeof(disk.naming[0]));
	disk.nnaming -= last;
}

/* ---- images -------------------------------------------------------------- */

struct choice {
	size_t names;			/* so many namings happened */
	uint8_t there[PENDING_MAX];	/* 0 no, 1 whole, 2 torn */
	uint64_t sectors;		/* of the torn one, by bit */
};

struct image {
	struct bytes file[NAMES_MAX];
	struct tree tree;
};

static void
free_image(struct image *m)
{
	size_t i;

	for (i = 0; i < m->tree.n; i++) {
		free(m->tree.name[i].path);
		free(m->file[i].p);
	}
	free(m);
}

static void
tear(struct bytes *b, const struct pending *p, uint64_t sectors)
{
	struct pending part = *p;
	size_t at, end;

	if (p->truncate)
		return;
	for (at = 0; at < p->len; at = end) {
		/* Sectors are those of the file. */
		end = at + SECTOR - (p->at + at) % SECTOR;
		if (end > p->len)
			end = p->len;
		part.at = p->at + at;
		part.data = p->data + at;
		if (sectors >> (at / SECTOR % 64) & 1)
			apply(b, &part, end - at);
	}
}

static struct image *
make_image(const struct choice *c)
{
	struct image *m = calloc(1, sizeof(*m));
	size_t i, k;

	assert_non_null(m);
	for (i = 0; i < disk.names.n; i++) {
		m->tree.name[i].path = strdup(disk.names.name[i].path);
		m->tree.name[i].object = disk.names.name[i].object;
	}
	m->tree.n = disk.names.n;
	for (i = 0; i < c->names; i++)
		name_change(&m->tree, &disk.naming[i]);
	for (i = 0; i < m->tree.n; i++) {
		int o = m->tree.name[i].object;

		if (o < 0)
			continue;
		grow(&m->file[i], disk.durable[o].len);
		if (disk.durable[o].len > 0)
			memcpy(m->file[i].p, disk.durable[o].p,
			    disk.durable[o].len);
		for (k = 0; k < disk.npending; k++) {
			if (disk.pending[k].object != o || !c->there[k])
				continue;
			if (c->there[k] == 1)
				apply(&m->file[i], &disk.pending[k],
				    disk.pending[k].len);
			else
				tear(&m->file[i], &disk.pending[k],
				    c->sectors);
		}
	}
	return (m);
}

static uint64_t
mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t w;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&w, p + i, 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	for (; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return (h);
}

/* The same image twice is judged once. */
static uint64_t
digest(const struct image *m, int acked)
{
	uint64_t sum = (uint64_t)acked * 31, h;
	size_t i;

	/* The order of the names is of no interest. */
	for (i = 0; i < m->tree.n; i++) {
		h = mix(14695981039346656037u, m->tree.name[i].path,
		    strlen(m->tree.name[i].path));
		sum += mix(h, m->file[i].p, m->file[i].len);
	}
	return (sum);
}

static int
by_path(const void *a, const void *b)
{
	return (strcmp(((const struct name *)a)->path,
	    ((const struct name *)b)->path));
}

static void
write_image(const struct image *m, const char *root)
{
	struct sh_error err = SH_ERROR_INIT;
	struct name sorted[NAMES_MAX];
	char path[700];
	size_t i, k;
	int fd;

	/* Folders before what stands in them. */
	memcpy(sorted, m->tree.name, m->tree.n * sizeof(sorted[0]));
	qsort(sorted, m->tree.n, sizeof(sorted[0]), by_path);
	for (i = 0; i < m->tree.n; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", root,
		    sorted[i].path);
		if (sorted[i].object < 0) {
			(void)mkdir(path, 0700);
			continue;
		}
		for (k = 0; m->tree.name[k].path != sorted[i].path; k++)
			;
		/* A name whose folder was not synced is not there. */
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
		if (fd < 0)
			continue;
		must(sh_write_all(fd, m->file[k].p, m->file[k].len, &err));
		(void)close(fd);
	}
}

/* ---- judging ------------------------------------------------------------- */

static struct {
	uint64_t seen[200000];
	size_t n;
	unsigned moments, images, judged, again;
	unsigned kinds[8];
} tally;

static const char *const kinds[] = { "nothing unsynced", "all of it",
	"one write lost", "one write alone", "any of the writes",
	"last write torn", "names without data", "data without names" };

static int
is_new(uint64_t h)
{
	size_t i;

	for (i = 0; i < tally.n; i++)
		if (tally.seen[i] == h)
			return (0);
	assert_true(tally.n < SH_COUNT(tally.seen));
	tally.seen[tally.n++] = h;
	return (1);
}

/* The first one stands for all where only a sample is judged. */
static const struct work {
	const char *count, *batch;
} works[] = { { "4", "1" }, { "6", "3" }, { "7", "1" }, { "8", "2" },
	{ "9", "9" } };

/* With SOHOA_ACTS: the writer goes on with them. */
static const struct work few = { "1", "1" };

static void
judge_image(const struct image *m, int acked, const char *what,
    const struct work *w)
{
	struct rlimit none = { 0, 0 };
	char *dir = judge_mkdir();
	int status, count = atoi(w->count);
	pid_t pid;

	write_image(m, dir);
	if ((pid = fork()) == 0) {
		(void)signal(SIGBUS, SIG_DFL);
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &none);
		judge(dir, acked, count, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("moment %u, %s: %d acknowledged, status %#x, %s",
		    tally.moments, what, acked, status, dir);
	if (++tally.judged % (w == &few ? ACTS_AGAIN : AGAIN) == 0) {
		const char *argv[] = { judge_tool, dir, w->count, w->batch,
		    NULL };

		assert_int_equal(run_line(argv, NULL, NULL, NULL, &status),
		    count);
		assert_int_equal(status, 0);
		judge(dir, count, count, 1);
		tally.again++;
	}
	test_rmdir(dir);
}

/* The images of one moment. */
static void
cut(int acked, uint32_t *seed, unsigned every, const struct work *w)
{
	static struct choice c;
	struct image *m;
	size_t i, kind, n = disk.npending, k = 0;

	tally.moments++;
	for (kind = 0; kind < SH_COUNT(kinds); kind++) {
		if ((kind > 1 && kind < 6 && n == 0) || (kind > 5 &&
		    disk.nnaming == 0))
			continue;
		if (n > 0)
			k = fixture_draw(seed, (uint32_t)n);
		c.names = kind == 0 || kind == 7 ? 0 : kind == 1 ||
		    kind == 6 ? disk.nnaming : disk.nnaming > 0 ?
		    fixture_draw(seed, (uint32_t)disk.nnaming + 1) : 0;
		c.sectors = (uint64_t)fixture_draw(seed, 1 << 24) << 40 |
		    (uint64_t)fixture_draw(seed, 1 << 24) << 16 |
		    fixture_draw(seed, 1 << 16);
		for (i = 0; i < n; i++)
			c.there[i] = (uint8_t)(kind == 1 || kind == 7 ? 1 :
			    kind == 2 ? i != k : kind == 3 ? i == k :
			    kind == 4 ? fixture_draw(seed, 2) : kind == 5 ?
			    i + 1 == n ? 2 : fixture_draw(seed, 8) != 0 : 0);
		m = make_image(&c);
		if (is_new(digest(m, acked))) {
			tally.kinds[kind]++;
			if (tally.images++ % every == 0)
				judge_image(m, acked, kinds[kind], w);
		}
		free_image(m);
	}
}

/* ---- playing ------------------------------------------------------------- */

static char *
below(const uint8_t *path, size_t len, const char *root)
{
	size_t n = strlen(root);

	if (len < n || memcmp(path, root, n) != 0)
		return (NULL);
	return (strndup((const char *)path + n, len - n));
}

static void
add_naming(uint8_t op, char *a, char *b, int object)
{
	if (a == NULL)
		return;
	assert_true(disk.nnaming < NAMES_MAX);
	disk.naming[disk.nnaming++] = (struct naming){ op, a, b, object };
}

static void
step(const struct shim_record *r, const uint8_t *data, const char *root,
    int *acked)
{
	struct pending p = { .object = object_of(r->ino), .at = r->at,
	    .data = data, .len = r->len, .truncate = r->op == 't' };
	char *dir;

	switch (r->op) {
	case 'a':
		++*acked;
		return;
	case 'c':
		assert_true(disk.n < OBJECTS_MAX);
		disk.ino[disk.n] = r->ino;
		add_naming('c', below(data, r->len, root), NULL, disk.n++);
		return;
	case 'm':
	case 'u':
		add_naming(r->op, below(data, r->len, root), NULL, -1);
		return;
	case 'r':
		add_naming('r', below(data, r->len, root),
		    below(data + r->len, r->len2, root), -1);
		return;
	case 'd':
		if ((dir = below(data, r->len, root)) != NULL)
			settle_folder(dir);
		free(dir);
		return;
	case 's':
		if (p.object >= 0)
			settle(p.object);
		return;
	case 'W':
		/* Written through: that much alone is settled. */
		if (p.object >= 0)
			apply(&disk.durable[p.object], &p, p.len);
		return;
	default:
		if (p.object < 0)
			return;
		assert_true(disk.npending < PENDING_MAX);
		disk.pending[disk.npending++] = p;
	}
}

static void
clear_disk(void)
{
	size_t i;

	for (i = 0; i < (size_t)disk.n; i++)
		free(disk.durable[i].p);
	for (i = 0; i < disk.names.n; i++)
		free(disk.names.name[i].path);
	for (i = 0; i < disk.nnaming; i++) {
		free(disk.naming[i].a);
		free(disk.naming[i].b);
	}
	memset(&disk, 0, sizeof(disk));
}

static void
replay(const struct work *w, unsigned every)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf log = SH_BUF_INIT;
	struct shim_record r;
	char *dir = judge_mkdir(), path[300];
	const char *argv[] = { judge_tool, dir, w->count, w->batch, NULL };
	uint32_t seed = 20261121 + (uint32_t)atoi(w->count);
	size_t at;
	int status, acked = 0, k;

	(void)snprintf(path, sizeof(path), "%s.record", dir);
	assert_int_equal(run_line(argv, NULL, path, NULL, &status),
	    atoi(w->count));
	assert_int_equal(status, 0);
	must(sh_fs_read(path, (size_t)1 << 28, &log, &err));
	(void)unlink(path);
	for (at = 0; at < log.len;) {
		memcpy(&r, log.data + at, sizeof(r));
		at += sizeof(r);
		/* A write that goes through may be torn by the cut itself. */
		if (r.op == 'W' && object_of(r.ino) >= 0) {
			struct shim_record early = r;

			early.op = 'w';
			step(&early, log.data + at, dir, &acked);
			cut(acked, &seed, every, w);
			disk.npending--;
		}
		step(&r, log.data + at, dir, &acked);
		at += r.len + r.len2;
		/* Each time other parts of what was not synced are there. */
		for (k = 0; k < (every == 1 ? 3 : 1); k++)
			cut(acked, &seed, every, w);
	}
	clear_disk();
	sh_buf_free(&log);
	test_rmdir(dir);
}

static void
tell(unsigned at_least)
{
	size_t i;

	print_message("# %u moments, %u images, %u judged, %u worked on\n",
	    tally.moments, tally.images, tally.judged, tally.again);
	for (i = 0; i < SH_COUNT(kinds); i++)
		print_message("# %-20s %6u\n", kinds[i], tally.kinds[i]);
	assert_true(tally.judged >= at_least);
	memset(&tally, 0, sizeof(tally));
}

static void
every_cut_leaves_what_was_acknowledged(void **state)
{
	int all = getenv("SOHOA_TORTURE") != NULL;
	size_t i, runs = all ? SH_COUNT(works) : 1;

	(void)state;
	for (i = 0; i < runs; i++)
		replay(&works[i], all ? 1 : 1200 / SAMPLE);
	tell(all ? 10000 : 100);
}

/* Acts, an erasure, the journal of reads, backup, restore, repair. */
static void
so_does_a_cut_during_acts(void **state)
{
	const char *stride = getenv("SOHOA_STRIDE");

	(void)state;
	(void)setenv("SOHOA_ACTS", "1", 1);
	replay(&few, stride != NULL ? (unsigned)atoi(stride) :
	    getenv("SOHOA_TORTURE") != NULL ? 1 : 150);
	(void)unsetenv("SOHOA_ACTS");
	tell(20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_leaves_what_was_acknowledged),
		cmocka_unit_test(so_does_a_cut_during_acts),
	};

	cmocka_set_test_filter(getenv("SOHOA_ONLY"));
	return (cmocka_run_group_tests_name("archive power", tests,
	    judge_setup, judge_teardown));
}
