#include "pipeline/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define DEPTH_MAX	8

/* A copy of the last seal: it would call a restored archive rolled back. */
#define NOT_COPIED	"last.seal"

/* ---- what goes along ----------------------------------------------------- */

struct files {
	struct sh_backup_file *file;
	size_t n, cap;
};

static void
files_free(struct files *fs)
{
	size_t i;

	for (i = 0; i < fs->n; i++) {
		free(fs->file[i].name);
		free(fs->file[i].path);
	}
	free(fs->file);
}

static int
add_file(struct files *fs, const char *root, const char *name,
    struct sh_error *err)
{
	struct sh_backup_file *f;

	if (sh_grow(&fs->file, &fs->cap, fs->n + 1, sizeof(*fs->file),
	    "files", err))
		return (-1);
	f = &fs->file[fs->n];
	f->path = NULL;
	if ((f->name = sh_strdup(name, err)) == NULL)
		return (-1);
	fs->n++;
	return ((f->path = sh_path_join(root, name, err)) != NULL ? 0 : -1);
}

/* NAME below ROOT, and all that is below it; absent is fine. */
static int
add_all(struct files *fs, const char *root, const char *name, int depth,
    struct sh_error *err)
{
	struct dirent **list = NULL;
	char *path, *below;
	struct stat st;
	int i, n = 0, rc = -1;

	if ((path = sh_path_join(root, name, err)) == NULL)
		return (-1);
	if (lstat(path, &st) != 0) {
		rc = errno == ENOENT ? 0 : sh_error_sys(err, "backup.file",
		    "%s", path);
		goto out;
	}
	if (S_ISREG(st.st_mode)) {
		rc = add_file(fs, root, name, err);
		goto out;
	}
	if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX) {
		rc = 0;
		goto out;
	}
	if ((n = scandir(path, &list, NULL, alphasort)) < 0) {
		(void)sh_error_sys(err, "backup.file", "%s", path);
		goto out;
	}
	rc = 0;
	for (i = 0; i < n && rc == 0; i++) {
		if (list[i]->d_name[0] == '.')
			continue;
		below = *name == '\0' ? sh_strdup(list[i]->d_name, err) :
		    sh_path_join(name, list[i]->d_name, err);
		rc = below == NULL ? -1 : add_all(fs, root, below, depth + 1,
		    err);
		free(below);
	}
out:
	for (i = 0; i < n; i++)
		free(list[i]);
	free(list);
	free(path);
	return (rc);
}

/* ---- keys ---------------------------------------------------------------- */

static int
copy_file(const char *from, const char *to, struct sh_error *err)
{
	struct stat st;
	int fd, rc;

	if ((fd = open(from, O_RDONLY | O_CLOEXEC)) < 0)
		return (sh_error_sys(err, "file.read", "%s", from));
	if (fstat(fd, &st) != 0)
		rc = sh_error_sys(err, "file.read", "%s", from);
	else
		rc = sh_fs_replace_from(to, fd, 0, (uint64_t)st.st_size,
		    0600, err);
	(void)close(fd);
	return (rc);
}

/* Every key file of the folder FROM, in the same places below TO. */
static int
copy_keys(const char *from, const char *to, struct sh_error *err)
{
	struct files fs = { NULL, 0, 0 };
	char *path, *slash;
	size_t i;
	int rc;

	rc = add_all(&fs, from, "", 0, err);
	for (i = 0; i < fs.n && rc == 0; i++) {
		if (strcmp(fs.file[i].name, NOT_COPIED) == 0)
			continue;
		if ((path = sh_path_join(to, fs.file[i].name, err)) == NULL) {
			rc = -1;
			break;
		}
		slash = strrchr(path, '/');
		*slash = '\0';
		rc = sh_fs_mkdirs(path, 0700, err);
		*slash = '/';
		if (rc == 0)
			rc = copy_file(fs.file[i].path, path, err);
		free(path);
	}
	files_free(&fs);
	return (rc);
}

/* Keys beside what they open protect nothing. */
static int
check_apart(const char *dir, const char *keys, struct sh_error *err)
{
	char *a = realpath(dir, NULL), *b = realpath(keys, NULL);
	size_t len = a != NULL ? strlen(a) : 0;
	int rc = 0;

	if (a != NULL && b != NULL && strncmp(a, b, len) == 0 &&
	    (b[len] == '\0' || b[len] == '/')) {
		sh_error_param(err, "file", "%s", keys);
		rc = sh_error_set(err, SH_EARG, "backup.keys",
		    "%s lies in the backup", keys);
	}
	free(a);
	free(b);
	return (rc);
}

int
sh_home_backup(const struct sh_home *h, const char *dir, const char *keys,
    struct sh_backup_made *made, struct sh_error *err)
{
	static const char *const names[] = { "sohoa.conf", "rights.json",
	    "catalogue", "seals" };
	struct files fs = { NULL, 0, 0 };
	char *from = NULL;
	size_t i;
	int rc = 0;

	if (sh_fs_mkdirs(dir, 0700, err) || (keys != NULL &&
	    (sh_fs_mkdirs(keys, 0700, err) || check_apart(dir, keys, err))))
		return (-1);
	for (i = 0; i < SH_COUNT(names) && rc == 0; i++)
		rc = add_all(&fs, h->dir, names[i], 0, err);
	if (rc == 0)
		rc = sh_archive_backup(h->archive, dir, fs.file, fs.n, made,
		    err);
	files_free(&fs);
	if (rc != 0 || keys == NULL)
		return (rc);
	/* Behind the archive: every key that its changes need is there. */
	if ((from = sh_path_join(h->dir, "keys", err)) == NULL)
		return (-1);
	rc = copy_keys(from, keys, err);
	free(from);
	return (rc);
}

/* ---- restore ------------------------------------------------------------- */

struct home {
	const char *dir;
	int whole;
};

/* Only what a backup of ours has, and nothing outside the home. */
static int
is_ours(const char *name)
{
	return (strstr(name, "..") == NULL && name[0] != '/' &&
	    (strcmp(name, "sohoa.conf") == 0 || strcmp(name, "rights.json") ==
	    0 || strncmp(name, "catalogue/", 10) == 0 || strncmp(name,
	    "seals/", 6) == 0));
}

static int
take_file(void *arg, const char *name, int fd, uint64_t at, uint64_t len,
    struct sh_error *err)
{
	const struct home *h = arg;
	char *path, *slash;
	int rc;

	if (!is_ours(name)) {
		sh_error_param(err, "file", "%s", name);
		return (sh_error_set(err, SH_EFIXITY, "backup.damaged",
		    "a file named %s", name));
	}
	if (!h->whole && strncmp(name, "seals/", 6) == 0)
		return (0);
	if ((path = sh_path_join(h->dir, name, err)) == NULL)
		return (-1);
	slash = strrchr(path, '/');
	*slash = '\0';
	rc = sh_fs_mkdirs(path, 0700, err);
	*slash = '/';
	if (rc == 0)
		rc = sh_fs_replace_from(path, fd, at, len, 0600, err);
	free(path);
	return (rc);
}

/* Wherever the engine was, it is in the home now. */
static int
settle(const char *dir, struct sh_error *err)
{
	struct sh_config *c;
	char *path;
	int rc = -1;

	if ((path = sh_path_join(dir, "sohoa.conf", err)) == NULL)
		return (-1);
	if ((c = sh_config_new(sh_home_settings, err)) != NULL &&
	    sh_config_load(c, path, err) == 0) {
		rc = strcmp(sh_config_text(c, "engine"), "lmdb:archive") ==
		    0 ? 0 : sh_config_set(c, "engine", "lmdb:archive", err);
		if (rc == 0)
			rc = sh_config_write(c, path, err);
	}
	sh_config_free(c);
	free(path);
	return (rc);
}

static int
fill(const char *from, const char *keys, const char *dir, uint64_t to,
    json_t **answer, struct sh_error *err)
{
	struct home h = { dir, to == UINT64_MAX };
	struct sh_archive_place place = { .engine = NULL };
	char *engine = NULL, *mine = NULL, *search = NULL;
	int rc = -1;

	if ((engine = sh_asprintf(err, "lmdb:%s/archive", dir)) == NULL ||
	    (mine = sh_path_join(dir, "keys", err)) == NULL ||
	    (search = sh_path_join(dir, "search", err)) == NULL ||
	    copy_keys(keys, mine, err))
		goto out;
	place.engine = engine;
	place.keys = mine;
	place.search = search;
	if (sh_backup_restore(from, &place, NULL, to, take_file, &h, answer,
	    err) == 0)
		rc = settle(dir, err);
out:
	free(engine);
	free(mine);
	free(search);
	return (rc);
}

int
sh_home_restore(const char *from, const char *keys, const char *home,
    uint64_t to, json_t **answer, struct sh_error *err)
{
	struct sh_error ignored = SH_ERROR_INIT;
	char *tmp;
	int rc = -1;

	*answer = NULL;
	if ((tmp = sh_asprintf(err, "%s.new-XXXXXX", home)) == NULL)
		return (-1);
	if (rmdir(home) != 0 && errno != ENOENT) {
		sh_error_param(err, "file", "%s", home);
		(void)sh_error_set(err, SH_EEXISTS, "home.exists",
		    "%s is there already", home);
		goto out;
	}
	if (mkdtemp(tmp) == NULL) {
		(void)sh_error_sys(err, "file.create", "%s", home);
		goto out;
	}
	if (fill(from, keys, tmp, to, answer, err) == 0 &&
	    sh_fs_sync_dir(tmp, err) == 0) {
		if (rename(tmp, home) == 0)
			rc = sh_fs_sync_parent(home, err);
		else
			(void)sh_error_sys(err, "file.create", "%s", home);
	}
	if (rc != 0)
		(void)!sh_fs_remove_tree(tmp, &ignored);
out:
	if (rc != 0) {
		json_decref(*answer);
		*answer = NULL;
	}
	free(tmp);
	return (rc);
}
