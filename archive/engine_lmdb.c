/*
 * The embedded engine: an LMDB environment for everything small, segments
 * for the blobs.  Here: creating, opening, closing.
 */
#include "archive/engine_lmdb_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define MAP_BYTES	((uint64_t)1 << 30)	/* address space, not memory */
#define SEGMENT_BYTES	((uint64_t)1 << 30)
#define MAX_READERS	512

static const char *const tables[LMDB_NTABLES] = {
	[LMDB_STATE] = "state", [LMDB_HOLDER] = "holder",
	[LMDB_ENTRY] = "entry", [LMDB_BLOB] = "blob",
	[LMDB_FEED] = "feed", [LMDB_JOB] = "job", [LMDB_DUE] = "due",
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sh_lmdb_env *registry;

/* ---- environments -------------------------------------------------------- */

static void
env_free(struct sh_lmdb_env *env)
{
	if (env == NULL)
		return;
	if (env->env != NULL)
		mdb_env_close(env->env);
	(void)pthread_rwlock_destroy(&env->growth);
	free(env);
}

static int
parse_state(struct sh_lmdb_env *env, const MDB_val *v, uint32_t *segmentp,
    uint64_t *offsetp, struct sh_error *err)
{
	const uint8_t *p = v->mv_data;

	if (v->mv_size < 4)
		return (sh_lmdb_damaged(err, "the state is too short"));
	if (sh_get_be(p, 4) != SH_LMDB_FORMAT)
		return (sh_error_set(err, SH_EUNSUPPORTED, "engine.format",
		    "data.mdb has format %u, this program knows %d",
		    (unsigned)sh_get_be(p, 4), SH_LMDB_FORMAT));
	if (v->mv_size != 36 || sh_get_be(p + 32, 4) != sh_crc32c(0, p, 32))
		return (sh_lmdb_damaged(err, "the state's check sum"));
	memcpy(env->id.b, p + 4, 16);
	*segmentp = (uint32_t)sh_get_be(p + 20, 4);
	*offsetp = sh_get_be(p + 24, 8);
	return (0);
}

/* Why a table is not there: another format has others. */
static void
missing_table(struct sh_lmdb *h, MDB_txn *txn, struct sh_lmdb_env *env,
    const char *name, struct sh_error *err)
{
	MDB_val k = { 5, (void *)(uintptr_t)"state" }, v;
	uint32_t segment;
	uint64_t offset;

	if (mdb_get(txn, env->table[LMDB_STATE], &k, &v) != 0 ||
	    parse_state(env, &v, &segment, &offset, err) == 0)
		(void)sh_lmdb_failed(h, MDB_NOTFOUND, name, err);
}

/* Read the state row and the feed's end. */
static int
read_state(struct sh_lmdb *h, uint32_t *segmentp, uint64_t *offsetp,
    uint64_t *positionp, struct sh_error *err)
{
	MDB_val k = { 5, (void *)(uintptr_t)"state" }, v;
	MDB_txn *txn;
	int rc, r = -1;

	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	if ((rc = mdb_get(txn, h->env->table[LMDB_STATE], &k, &v)) != 0 ||
	    (rc = sh_lmdb_last_position(txn, h->env->table[LMDB_FEED],
	    positionp)) != 0)
		(void)sh_lmdb_failed(h, rc, "state", err);
	else
		r = parse_state(h->env, &v, segmentp, offsetp, err);
	sh_lmdb_end_read(h, txn);
	return (r);
}

static int
open_tables(struct sh_lmdb *h, struct sh_lmdb_env *env, unsigned flags,
    struct sh_error *err)
{
	MDB_txn *txn;
	int rc, i;

	rc = mdb_txn_begin(env->env, NULL, flags & MDB_CREATE ? 0 :
	    MDB_RDONLY, &txn);
	if (rc != 0)
		return (sh_lmdb_failed(h, rc, "open", err));
	for (i = 0; i < LMDB_NTABLES && rc == 0; i++)
		rc = mdb_dbi_open(txn, tables[i], flags, &env->table[i]);
	if (rc == 0)
		return ((rc = mdb_txn_commit(txn)) == 0 ? 0 :
		    sh_lmdb_failed(h, rc, "open", err));
	if (rc == MDB_NOTFOUND && i > LMDB_STATE + 1)
		missing_table(h, txn, env, tables[i - 1], err);
	else
		(void)sh_lmdb_failed(h, rc, "open", err);
	mdb_txn_abort(txn);
	return (-1);
}

/* LMDB 0.9.24 opens data.mdb, twice, without close-on-exec. */
static int
close_on_exec(struct sh_lmdb_env *env, struct sh_error *err)
{
	struct stat st, data;
	struct dirent *e;
	mdb_filehandle_t fd;
	uint64_t n;
	DIR *dir;

	if (mdb_env_get_fd(env->env, &fd) != 0 || fstat(fd, &data) != 0 ||
	    (dir = opendir("/proc/self/fd")) == NULL)
		return (sh_error_sys(err, "engine.file", "/proc/self/fd"));
	while ((e = readdir(dir)) != NULL)
		if (sh_parse_u64(e->d_name, INT32_MAX, &n) == 0 &&
		    fstat((int)n, &st) == 0 && st.st_dev == data.st_dev &&
		    st.st_ino == data.st_ino)
			(void)fcntl((int)n, F_SETFD, FD_CLOEXEC);
	(void)closedir(dir);
	return (0);
}

static struct sh_lmdb_env *
env_new(struct sh_lmdb *h, const char *dir, uint64_t map, unsigned flags,
    struct sh_error *err)
{
	struct sh_lmdb_env *env;
	int rc, dead;

	if ((env = sh_alloc(1, sizeof(*env), "the engine", err)) == NULL)
		return (NULL);
	(void)pthread_rwlock_init(&env->growth, NULL);
	if ((rc = mdb_env_create(&env->env)) != 0 ||
	    (rc = mdb_env_set_maxdbs(env->env, LMDB_NTABLES)) != 0 ||
	    (rc = mdb_env_set_maxreaders(env->env, MAX_READERS)) != 0 ||
	    (map > 0 && (rc = mdb_env_set_mapsize(env->env, map)) != 0)) {
		(void)sh_lmdb_failed(h, rc, "open", err);
		goto bad;
	}
	/* Rows lie as keys fall: what is near one is of no use. */
	rc = mdb_env_open(env->env, dir, MDB_NOTLS | MDB_NORDAHEAD, 0600);
	if (rc == EACCES || rc == EROFS) {
		/* A reader of a place that it may not write. */
		mdb_env_close(env->env);
		env->env = NULL;
		if ((rc = mdb_env_create(&env->env)) == 0 &&
		    (rc = mdb_env_set_maxdbs(env->env, LMDB_NTABLES)) == 0)
			rc = mdb_env_open(env->env, dir,
			    MDB_NOTLS | MDB_NORDAHEAD | MDB_RDONLY, 0600);
	}
	if (rc != 0) {
		(void)sh_lmdb_failed(h, rc, "open", err);
		goto bad;
	}
	(void)mdb_reader_check(env->env, &dead);
	if (close_on_exec(env, err) || open_tables(h, env, flags, err))
		goto bad;
	return (env);
bad:
	env_free(env);
	return (NULL);
}

static int
find_data(struct sh_lmdb *h, struct stat *st, struct sh_error *err)
{
	char *path;
	int rc;

	if ((path = sh_path_join(h->path, "data.mdb", err)) == NULL)
		return (-1);
	if ((rc = stat(path, st)) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			(void)sh_error_set(err, SH_ENOTFOUND,
			    "engine.missing", "%s is not there", path);
		else
			(void)sh_error_sys(err, "engine.file", "%s", path);
	}
	free(path);
	return (rc);
}

/* The environment at h->path, opened once in this process. */
static int
env_join(struct sh_lmdb *h, struct sh_error *err)
{
	struct sh_lmdb_env *env;
	struct stat st;

	if (find_data(h, &st, err))
		return (-1);
	(void)pthread_mutex_lock(&registry_lock);
	for (env = registry; env != NULL; env = env->next)
		if (env->dev == st.st_dev && env->ino == st.st_ino)
			break;
	if (env == NULL && (env = env_new(h, h->path, 0, 0, err)) != NULL) {
		env->dev = st.st_dev;
		env->ino = st.st_ino;
		env->next = registry;
		registry = env;
	}
	if (env != NULL)
		env->refs++;
	(void)pthread_mutex_unlock(&registry_lock);
	h->env = env;
	return (env != NULL ? 0 : -1);
}

static void
env_leave(struct sh_lmdb_env *env)
{
	struct sh_lmdb_env **p;

	if (env == NULL)
		return;
	(void)pthread_mutex_lock(&registry_lock);
	if (--env->refs == 0) {
		for (p = &registry; *p != env; p = &(*p)->next)
			;
		*p = env->next;
		env_free(env);
	}
	(void)pthread_mutex_unlock(&registry_lock);
}

/* ---- creating ------------------------------------------------------------ */

/* 1 if PATH is there and is anything but an empty folder. */
static int
is_taken(const char *path, struct sh_error *err)
{
	struct dirent *e;
	DIR *dir;
	int n = 0;

	if ((dir = opendir(path)) == NULL) {
		if (errno == ENOENT)
			return (0);
		if (errno == ENOTDIR)
			return (1);
		return (sh_error_sys(err, "engine.file", "%s", path));
	}
	while (n <= 2 && (e = readdir(dir)) != NULL)
		n++;
	(void)closedir(dir);
	return (n > 2);
}

static int
put_first_state(struct sh_lmdb *h, struct sh_error *err)
{
	if (sh_random(h->env->id.b, sizeof(h->env->id.b), err))
		return (-1);
	return (sh_lmdb_run(h, NULL, NULL, err));
}

static int
sync_file(const char *dir, const char *name, struct sh_error *err)
{
	char *path;
	int fd = -1, rc = -1;

	if ((path = sh_path_join(dir, name, err)) == NULL)
		return (-1);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0 || fsync(fd) != 0)
		(void)sh_error_sys(err, "engine.sync", "%s", path);
	else
		rc = 0;
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return (rc);
}

/* Everything in the folder TMP, synced. */
static int
fill(const char *tmp, uint64_t map, struct sh_error *err)
{
	struct sh_lmdb h = { .lock_fd = -1, .head_fd = -1 };
	char *blobs = NULL, *head = NULL;
	int rc = -1;

	if ((blobs = sh_path_join(tmp, "blobs", err)) == NULL ||
	    (head = sh_path_join(tmp, "head", err)) == NULL ||
	    sh_fs_mkdirs(blobs, 0700, err))
		goto out;
	if ((h.head_fd = open(head, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
		(void)sh_error_sys(err, "engine.file", "%s", head);
		goto out;
	}
	if ((h.env = env_new(&h, tmp, map, MDB_CREATE, err)) == NULL ||
	    put_first_state(&h, err))
		goto out;
	env_free(h.env);
	h.env = NULL;
	if (sync_file(tmp, "data.mdb", err) || sync_file(tmp, "head", err) ||
	    sh_fs_sync_dir(tmp, err))
		goto out;
	rc = 0;
out:
	env_free(h.env);
	if (h.head_fd >= 0)
		(void)close(h.head_fd);
	free(blobs);
	free(head);
	return (rc);
}

/*
 * Made in PATH.creating and renamed: LMDB itself cannot be created in a way
 * that a power cut leaves whole.
 */
static int
create(const char *path, uint64_t map, struct sh_error *err)
{
	char *tmp = NULL, *lock = NULL;
	int fd = -1, r, rc = -1;

	if ((r = is_taken(path, err)) != 0) {
		if (r > 0)
			(void)sh_error_set(err, SH_EEXISTS, "engine.exists",
			    "%s is there already", path);
		return (-1);
	}
	if ((tmp = sh_asprintf(err, "%s.creating", path)) == NULL ||
	    (lock = sh_asprintf(err, "%s.creating.lock", path)) == NULL)
		goto out;
	/* Makes the parents too. */
	if (sh_fs_mkdirs(tmp, 0700, err) || (fd = sh_fs_lock(lock, err)) < 0)
		goto out;
	if (sh_fs_remove_tree(tmp, err) || sh_fs_mkdirs(tmp, 0700, err) ||
	    fill(tmp, map, err))
		goto out;
	if (rename(tmp, path) != 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			(void)sh_error_set(err, SH_EEXISTS, "engine.exists",
			    "%s is there already", path);
		else
			(void)sh_error_sys(err, "engine.file", "%s", path);
		goto out;
	}
	rc = sh_fs_sync_parent(path, err);
out:
	if (fd >= 0) {
		(void)unlink(lock);
		(void)close(fd);
	}
	free(tmp);
	free(lock);
	return (rc);
}

/* ---- opening ------------------------------------------------------------- */

static int
take_pending(void *arg, const struct sh_digest *name,
    const struct sh_blob_place *at, struct sh_error *err)
{
	struct sh_lmdb *h = arg;

	if (h->npending == SH_LMDB_PENDING_MAX &&
	    sh_lmdb_run(h, NULL, NULL, err))
		return (-1);
	if (sh_grow(&h->pending, &h->pending_cap, h->npending + 1,
	    sizeof(*h->pending), "blobs", err))
		return (-1);
	h->pending[h->npending].name = *name;
	h->pending[h->npending++].at = *at;
	return (0);
}

/* The position that the feed is known to have reached; 0: not known. */
static uint64_t
read_head(int fd)
{
	uint8_t b[32];

	if (fd < 0 || pread(fd, b, sizeof(b), 0) != sizeof(b) ||
	    memcmp(b, "sohoaHED", 8) != 0 ||
	    sh_get_be(b + 28, 4) != sh_crc32c(0, b, 28))
		return (0);	/* written anew with the next change */
	return (sh_get_be(b + 8, 8));
}

/*
 * Pages at the file's end that were never written are read as zeros, which
 * LMDB refuses, instead of killing the process with SIGBUS.
 */
static int
extend_data(struct sh_lmdb *h, struct sh_error *err)
{
	MDB_envinfo info;
	MDB_stat stat_;
	struct stat st;
	mdb_filehandle_t fd;
	uint64_t want;
	int rc;

	if ((rc = mdb_env_info(h->env->env, &info)) != 0 ||
	    (rc = mdb_env_stat(h->env->env, &stat_)) != 0 ||
	    (rc = mdb_env_get_fd(h->env->env, &fd)) != 0)
		return (sh_lmdb_failed(h, rc, "open", err));
	want = ((uint64_t)info.me_last_pgno + 1) * stat_.ms_psize;
	if (fstat(fd, &st) != 0 || ((uint64_t)st.st_size < want &&
	    want <= info.me_mapsize && ftruncate(fd, (off_t)want) != 0))
		return (sh_error_sys(err, "engine.file", "data.mdb"));
	return (0);
}

static int
take_lock(struct sh_lmdb *h, struct sh_error *err)
{
	char *path;

	if ((path = sh_path_join(h->path, "lock", err)) == NULL)
		return (-1);
	h->lock_fd = sh_fs_lock(path, err);
	free(path);
	return (h->lock_fd < 0 ? -1 : 0);
}

static int
open_at(struct sh_lmdb *h, enum sh_engine_mode mode, struct sh_error *err)
{
	char *blobs = NULL, *head = NULL;
	uint32_t segment = 1;
	uint64_t offset = 0, position = 0, reached;
	int rc = -1, writes = mode != SH_ENGINE_READ;

	if ((blobs = sh_path_join(h->path, "blobs", err)) == NULL ||
	    (head = sh_path_join(h->path, "head", err)) == NULL)
		goto out;
	h->head_fd = open(head, O_CLOEXEC | (writes ? O_RDWR | O_CREAT :
	    O_RDONLY), 0600);
	if (h->head_fd < 0 && (writes || errno != ENOENT)) {
		(void)sh_error_sys(err, "engine.file", "%s", head);
		goto out;
	}
	/* Before the index is looked at, so that it can only be older. */
	reached = read_head(h->head_fd);
	if (env_join(h, err) || (writes && extend_data(h, err)) ||
	    read_state(h, &segment, &offset, &position, err))
		goto out;
	if (position < reached) {
		(void)sh_error_set(err, SH_EFIXITY, "engine.rolled-back",
		    "the feed ends at %llu, it had reached %llu",
		    (unsigned long long)position,
		    (unsigned long long)reached);
		goto out;
	}
	if (h->reindex) {
		segment = 1;
		offset = 0;
	}
	if (sh_segments_open(blobs, &h->env->id, writes, h->segment_limit,
	    &h->segments, err))
		goto out;
	if (writes && (sh_segments_recover(h->segments, segment, offset,
	    take_pending, h, err) || sh_lmdb_run(h, NULL, NULL, err)))
		goto out;
	rc = 0;
out:
	free(blobs);
	free(head);
	return (rc);
}

static void
lmdb_close(struct sh_engine *e)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;

	sh_segments_close(h->segments);
	/* A forked child would give away its parent's slot. */
	if (h->opened_by == getpid())
		mdb_txn_abort(h->reader);
	env_leave(h->env);
	if (h->head_fd >= 0)
		(void)close(h->head_fd);
	if (h->lock_fd >= 0)
		(void)close(h->lock_fd);
	free(h->pending);
	free(h->path);
	free(h);
}

/*
 * "PATH[?map=BYTES][&segment=BYTES][&reindex=1]": the sizes are of use to
 * tests, the last makes the index of blobs anew from the segments.
 */
static int
parse_place(struct sh_lmdb *h, const char *place, uint64_t *mapp,
    struct sh_error *err)
{
	char *p, *word, *save = NULL;
	size_t len;

	*mapp = MAP_BYTES;
	h->segment_limit = SEGMENT_BYTES;
	if ((h->path = sh_strdup(place, err)) == NULL)
		return (-1);
	if ((p = strchr(h->path, '?')) != NULL) {
		*p++ = '\0';
		for (word = strtok_r(p, "&", &save); word != NULL;
		    word = strtok_r(NULL, "&", &save)) {
			if (strncmp(word, "map=", 4) == 0 &&
			    sh_parse_u64(word + 4, (uint64_t)1 << 46,
			    mapp) == 0 && *mapp >= 65536)
				continue;
			if (strncmp(word, "segment=", 8) == 0 &&
			    sh_parse_u64(word + 8, (uint64_t)1 << 40,
			    &h->segment_limit) == 0 && h->segment_limit > 0)
				continue;
			if (strcmp(word, "reindex=1") == 0) {
				h->reindex = 1;
				continue;
			}
			goto bad;
		}
	}
	for (len = strlen(h->path); len > 1 && h->path[len - 1] == '/'; len--)
		h->path[len - 1] = '\0';
	if (len > 0)
		return (0);
bad:
	sh_error_param(err, "value", "%s", place);
	return (sh_error_set(err, SH_EARG, "engine.place",
	    "not an engine's place: lmdb:%s", place));
}

static int
lmdb_open(const char *place, enum sh_engine_mode mode, struct sh_engine **ep,
    struct sh_error *err)
{
	struct sh_lmdb *h;
	struct stat st;
	uint64_t map;

	if ((h = sh_alloc(1, sizeof(*h), "the engine", err)) == NULL)
		return (-1);
	h->lock_fd = h->head_fd = -1;
	h->base.shards = 1;
	h->opened_by = getpid();
	h->reader_check_ms = sh_monotonic_ms();
	if (parse_place(h, place, &map, err))
		goto bad;
	if (mode == SH_ENGINE_CREATE && create(h->path, map, err))
		goto bad;
	if (find_data(h, &st, err) ||
	    (mode != SH_ENGINE_READ && take_lock(h, err)) ||
	    open_at(h, mode, err))
		goto bad;
	*ep = &h->base;
	return (0);
bad:
	lmdb_close(&h->base);
	return (-1);
}

const struct sh_engine_driver sh_engine_lmdb = {
	.scheme = "lmdb:",
	.open = lmdb_open,
	.close = lmdb_close,
	.blob_put = sh_lmdb_blob_put,
	.blob_get = sh_lmdb_blob_get,
	.commit = sh_lmdb_commit,
	.get = sh_lmdb_get,
	.scan = sh_lmdb_scan,
	.head = sh_lmdb_head,
	.feed = sh_lmdb_feed,
	.lease = sh_lmdb_lease,
	.done = sh_lmdb_done,
	.purge = sh_lmdb_purge,
	.check = sh_lmdb_check,
};
