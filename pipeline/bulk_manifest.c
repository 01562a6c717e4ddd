#include "pipeline/bulk_manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

enum column { DOSSIER, PROCEDURE, HOLDER, NAME, BIRTH, STATION, RECEIVED,
	FILES, COLUMNS };

static const char *const column_names[COLUMNS] = { "dossier", "procedure",
	"holder", "name", "birth_date", "station", "received_at", "files" };

#define FIELDS_MAX	32
#define FILES_MAX	10000
#define PATH_BYTES	1024

enum kind { FOLDER, CSV, JSONL };

struct sh_manifest {
	enum kind kind;
	char *folder;
	struct sh_digest digest;
	DIR *dir;
	/* A file, streamed; its digest is compared at the end. */
	int fd;
	struct sh_hasher *hasher;
	uint8_t in[65536];
	size_t at, len;
	int ended;
	uint64_t line;		/* that is being read */
	uint64_t rows;
	char delimiter;
	int column[FIELDS_MAX];	/* of each field of a CSV row */
	size_t ncolumns;
	struct sh_buf row;	/* a line; CSV: its fields, each with a NUL */
	size_t start[FIELDS_MAX];
	size_t nfields;
};

/* ---- bytes --------------------------------------------------------------- */

static int
finish_digest(struct sh_manifest *m, struct sh_error *err)
{
	struct sh_digest now;

	if (sh_hasher_final(m->hasher, &now, err))
		return (-1);
	if (sh_digest_equal(&now, &m->digest))
		return (0);
	return (sh_error_set(err, SH_ECONFLICT, "manifest.changed",
	    "the manifest was changed while it was read"));
}

/* The next byte, -1 at the end, -2 with an error. */
static int
get_byte(struct sh_manifest *m, struct sh_error *err)
{
	ssize_t n;

	if (m->at < m->len)
		return (m->in[m->at++]);
	if (m->ended)
		return (-1);
	do
		n = read(m->fd, m->in, sizeof(m->in));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		(void)sh_error_sys(err, "file.read", "manifest");
		return (-2);
	}
	if (n == 0) {
		m->ended = 1;
		return (finish_digest(m, err) ? -2 : -1);
	}
	if (sh_hasher_update(m->hasher, m->in, (size_t)n, err))
		return (-2);
	m->len = (size_t)n;
	m->at = 1;
	return (m->in[0]);
}

static int
put_byte(struct sh_manifest *m, int c, struct sh_error *err)
{
	uint8_t b = (uint8_t)c;

	return (sh_buf_append(&m->row, &b, 1, err));
}

static int
too_long(struct sh_error *err)
{
	sh_error_param(err, "limit", "%d", SH_MANIFEST_LINE_MAX);
	return (sh_error_set(err, SH_ELIMIT, "row.too-long",
	    "a row is longer than %d bytes", SH_MANIFEST_LINE_MAX));
}

/* A line without its end in m->row: 1, 0 at the end, -1. */
static int
read_line(struct sh_manifest *m, struct sh_error *err)
{
	int c, any = 0, over = 0;

	sh_buf_reset(&m->row);
	m->line++;
	while ((c = get_byte(m, err)) >= 0 && c != '\n') {
		any = 1;
		over |= m->row.len >= SH_MANIFEST_LINE_MAX;
		if (!over && put_byte(m, c, err))
			return (-1);
	}
	if (c == -2)
		return (-1);
	if (c == -1 && !any)
		return (0);
	if (over)
		return (too_long(err));
	if (m->row.len > 0 && m->row.data[m->row.len - 1] == '\r')
		m->row.len--;
	return (put_byte(m, '\0', err) ? -1 : 1);
}

static int
malformed(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, "row.malformed", "%s", what));
}

/*
 * A row of CSV in m->row: 1, 0 at the end, -1.  Rule: RFC 4180, with any of
 * comma, semicolon and tab between fields.
 */
static int
read_fields(struct sh_manifest *m, struct sh_error *err)
{
	int c, quoted = 0, closed = 0, over = 0, any = 0, wrong = 0;

	sh_buf_reset(&m->row);
	m->nfields = 1;
	m->start[0] = 0;
	m->line++;
	for (;;) {
		if ((c = get_byte(m, err)) == -2)
			return (-1);
		if (c == -1 || (!quoted && c == '\n'))
			break;
		any = 1;
		wrong |= c == '\0';
		if (c == '\n') {
			m->line++;
			/* A quote that nobody closed ends with the limit. */
			if (over)
				return (too_long(err));
		}
		over |= m->row.len >= SH_MANIFEST_LINE_MAX;
		if (over)
			continue;
		if (c == '"' && !quoted &&
		    m->row.len == m->start[m->nfields - 1] && !closed) {
			quoted = 1;
			continue;
		}
		if (c == '"' && quoted) {
			quoted = 0;
			closed = 1;
			continue;
		}
		if (c == '"' && closed) {
			quoted = 1;	/* a doubled quote */
			closed = 0;
		} else if (!quoted && c == m->delimiter) {
			closed = 0;
			if (m->nfields == FIELDS_MAX) {
				wrong = 1;
				continue;
			}
			if (put_byte(m, '\0', err))
				return (-1);
			m->start[m->nfields++] = m->row.len;
			continue;
		}
		if (put_byte(m, c, err))
			return (-1);
	}
	if (c == -1 && !any)
		return (0);
	if (over)
		return (too_long(err));
	if (quoted)
		return (malformed(err, "a quote is not closed"));
	if (m->row.len > 0 && m->row.data[m->row.len - 1] == '\r')
		m->row.len--;
	if (put_byte(m, '\0', err))
		return (-1);
	if (wrong)
		return (malformed(err, "too many fields or a NUL in a field"));
	return (1);
}

/* ---- rows ---------------------------------------------------------------- */

static int
find_column(const char *name)
{
	int i;

	for (i = 0; i < COLUMNS; i++)
		if (strcmp(name, column_names[i]) == 0)
			return (i);
	return (-1);
}

static int
wrong_columns(struct sh_error *err, const char *key, const char *what)
{
	sh_error_param(err, "value", "%.100s", what);
	return (sh_error_set(err, SH_EFORMAT, key,
	    "\"%.100s\": the columns are holder, procedure, files and, where "
	    "they are known, dossier, name, birth_date, station, received_at",
	    what));
}

/* Names of files are bytes of a disk; what leads out is refused at once. */
static int
check_file(const char *s, struct sh_error *err)
{
	const char *p;

	if (*s != '\0' && *s != '/' && strlen(s) <= PATH_BYTES) {
		for (p = s; p != NULL; p = (p = strchr(p, '/')) != NULL ?
		    p + 1 : NULL)
			if (strcmp(p, "..") == 0 || strncmp(p, "../", 3) == 0)
				break;
		if (p == NULL)
			return (0);
	}
	sh_error_param(err, "file", "%.100s", s);
	return (sh_error_set(err, SH_EDENIED, "file.outside",
	    "\"%.100s\" leads out of the manifest's folder", s));
}

static int
add_file(json_t *scans, const char *s, size_t len, struct sh_error *err)
{
	char *file;
	int rc = -1;

	if ((file = sh_strndup(s, len, err)) != NULL &&
	    check_file(file, err) == 0)
		rc = sh_json_append(scans, json_string(file), err);
	free(file);
	return (rc);
}

static int
split_files(const char *s, json_t *scans, struct sh_error *err)
{
	size_t len, n;

	for (n = 0;; n++) {
		len = strcspn(s, "|");
		if (n == FILES_MAX)
			return (malformed(err, "too many files in a row"));
		if (add_file(scans, s, len, err))
			return (-1);
		if (s[len] == '\0')
			return (0);
		s += len + 1;
	}
}

/*
 * Papers of old often belong to no dossier with a code: such a row is named
 * after what it says, so that it has the same name in every run.
 */
static int
name_row(json_t *root, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest digest;
	char code[2 + 16 + 1] = "L-";
	int rc = -1;

	if (sh_json_canonical(root, &b, err) == 0 &&
	    sh_sha256(b.data, b.len, &digest, err) == 0) {
		sh_hex(digest.b, 8, code + 2);
		rc = sh_json_set_str(root, "code", code, err);
	}
	sh_buf_free(&b);
	return (rc);
}

/* What the columns say, as a dossier.json says it. */
static int
make_row(const char *const value[COLUMNS], json_t *take_scans, json_t **rowp,
    struct sh_error *err)
{
	json_t *root, *holder, *procedure;
	int rc = -1;

	root = json_pack("{s:{}, s:{}, s:o}", "holder", "procedure", "scans",
	    take_scans);
	if (root == NULL)
		return (sh_error_nomem(err, "JSON"));
	holder = json_object_get(root, "holder");
	procedure = json_object_get(root, "procedure");
	if (value[HOLDER] == NULL || value[PROCEDURE] == NULL ||
	    json_array_size(take_scans) == 0) {
		(void)wrong_columns(err, "row.columns", value[HOLDER] == NULL ?
		    "holder" : value[PROCEDURE] == NULL ? "procedure" :
		    "files");
		goto out;
	}
	if (sh_json_set_str(holder, "id", value[HOLDER], err) ||
	    sh_json_set_str(procedure, "code", value[PROCEDURE], err) ||
	    sh_json_set_str(holder, "name", value[NAME], err) ||
	    sh_json_set_str(holder, "birth_date", value[BIRTH], err) ||
	    sh_json_set_str(root, "station", value[STATION], err) ||
	    sh_json_set_str(root, "received_at", value[RECEIVED], err))
		goto out;
	if (value[DOSSIER] != NULL ? sh_json_set_str(root, "code",
	    value[DOSSIER], err) : name_row(root, err))
		goto out;
	*rowp = root;
	root = NULL;
	rc = 0;
out:
	json_decref(root);
	return (rc);
}

/* Spreadsheets leave invisible characters in cells: they are taken out. */
static int
clean_value(const char *s, char **out, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	if ((rc = sh_text_clean(s, strlen(s), &b, err)) == 0 && b.len > 0 &&
	    (*out = sh_buf_steal(&b, err)) == NULL)
		rc = -1;
	sh_buf_free(&b);
	return (rc);
}

static void
free_values(char *value[COLUMNS])
{
	int i;

	for (i = 0; i < COLUMNS; i++)
		free(value[i]);
}

static int
csv_row(struct sh_manifest *m, json_t **rowp, struct sh_error *err)
{
	char *value[COLUMNS] = { NULL }, fields[24];
	json_t *scans = NULL;
	const char *s;
	size_t i;
	int rc = -1;

	for (i = 0; i < m->nfields; i++) {
		s = (char *)m->row.data + m->start[i];
		if (!sh_text_is_utf8(s, strlen(s)))
			return (sh_error_set(err, SH_EFORMAT, "text.utf8",
			    "a row is not UTF-8"));
	}
	if (m->nfields != m->ncolumns) {
		(void)snprintf(fields, sizeof(fields), "%zu/%zu", m->nfields,
		    m->ncolumns);
		return (wrong_columns(err, "row.columns", fields));
	}
	if ((scans = sh_json_new_array(err)) == NULL)
		return (-1);
	for (i = 0; i < m->nfields; i++) {
		s = (char *)m->row.data + m->start[i];
		if (m->column[i] == FILES ? (*s != '\0' &&
		    split_files(s, scans, err)) :
		    clean_value(s, &value[m->column[i]], err))
			goto out;
	}
	rc = make_row((const char *const *)value, json_incref(scans), rowp,
	    err);
out:
	json_decref(scans);
	free_values(value);
	return (rc);
}

static int
json_files(const json_t *v, json_t *scans, struct sh_error *err)
{
	const json_t *file;
	size_t i;

	if (json_is_string(v))
		return (add_file(scans, json_string_value(v),
		    json_string_length(v), err));
	if (!json_is_array(v) || json_array_size(v) > FILES_MAX)
		return (wrong_columns(err, "row.columns", "files"));
	json_array_foreach(v, i, file) {
		if (!json_is_string(file))
			return (wrong_columns(err, "row.columns", "files"));
		if (add_file(scans, json_string_value(file),
		    json_string_length(file), err))
			return (-1);
	}
	return (0);
}

static int
json_row(struct sh_manifest *m, json_t **rowp, struct sh_error *err)
{
	char *value[COLUMNS] = { NULL };
	json_t *root, *scans = NULL, *v;
	const char *name;
	int at, rc = -1;

	root = sh_json_parse(m->row.data, m->row.len - 1,
	    SH_MANIFEST_LINE_MAX, err);
	if (root == NULL || (scans = sh_json_new_array(err)) == NULL)
		goto out;
	if (!json_is_object(root)) {
		(void)malformed(err, "a row is no JSON object");
		goto out;
	}
	json_object_foreach(root, name, v) {
		at = find_column(name);
		if (at < 0 || (at != FILES && !json_is_string(v) &&
		    !json_is_null(v))) {
			(void)wrong_columns(err, "row.columns", name);
			goto out;
		}
		if (at == FILES ? json_files(v, scans, err) :
		    json_is_string(v) && clean_value(json_string_value(v),
		    &value[at], err))
			goto out;
	}
	rc = make_row((const char *const *)value, json_incref(scans), rowp,
	    err);
out:
	json_decref(root);
	json_decref(scans);
	free_values(value);
	return (rc);
}

/* ---- opening ------------------------------------------------------------- */

static int
read_header(struct sh_manifest *m, struct sh_error *err)
{
	static const char delimiters[] = ",;\t";
	unsigned seen = 0;
	size_t i, best = 0, n;
	const char *s;
	int at;

	/* The delimiter is the one that the first row has most of. */
	for (i = 0; delimiters[i] != '\0'; i++) {
		for (n = 0, s = (char *)m->in + m->at; s < (char *)m->in +
		    m->len && *s != '\n'; s++)
			n += *s == delimiters[i];
		if (n > best || i == 0) {
			best = n;
			m->delimiter = delimiters[i];
		}
	}
	if (read_fields(m, err) != 1)
		return (err->code != SH_OK ? -1 : wrong_columns(err,
		    "manifest.columns", ""));
	for (i = 0; i < m->nfields; i++) {
		char *name = NULL;

		s = (char *)m->row.data + m->start[i];
		if (clean_value(s, &name, err))
			return (-1);
		at = name != NULL ? find_column(name) : -1;
		free(name);
		if (at < 0 || (seen & 1u << at) != 0)
			return (wrong_columns(err, "manifest.columns", s));
		seen |= 1u << at;
		m->column[i] = at;
	}
	m->ncolumns = m->nfields;
	for (i = 0; i < COLUMNS; i++)
		if ((i == HOLDER || i == PROCEDURE || i == FILES) &&
		    (seen & 1u << i) == 0)
			return (wrong_columns(err, "manifest.columns",
			    column_names[i]));
	return (0);
}

static int
open_file(struct sh_manifest *m, const char *path, struct sh_error *err)
{
	uint64_t bytes;
	size_t i;
	int c;

	if (sh_sha256_fd(m->fd, &m->digest, &bytes, err) ||
	    (m->hasher = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	sh_error_param(err, "file", "%s", path);
	if ((c = get_byte(m, err)) < 0)
		return (c == -2 ? -1 : sh_error_set(err, SH_EFORMAT,
		    "manifest.empty", "%s is empty", path));
	m->at--;
	/* Spreadsheets' "Unicode text" is UTF-16. */
	if (m->len >= 2 && (memcmp(m->in, "\xff\xfe", 2) == 0 ||
	    memcmp(m->in, "\xfe\xff", 2) == 0))
		return (sh_error_set(err, SH_EFORMAT, "text.utf8",
		    "%s is UTF-16", path));
	/* A byte order mark. */
	if (m->len >= 3 && memcmp(m->in, "\xef\xbb\xbf", 3) == 0)
		m->at = 3;
	for (i = m->at; i < m->len && strchr(" \t\r\n", m->in[i]) != NULL;
	    i++)
		;
	m->kind = i < m->len && m->in[i] == '{' ? JSONL : CSV;
	return (m->kind == CSV ? read_header(m, err) : 0);
}

/* Every name counts, in whatever order the folder tells them. */
static int
open_folder(struct sh_manifest *m, const char *path, struct sh_error *err)
{
	struct sh_digest one;
	struct dirent *e;
	size_t i;

	m->kind = FOLDER;
	if ((m->dir = opendir(path)) == NULL)
		return (sh_error_sys(err, "file.read", "%s", path));
	while ((e = readdir(m->dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (sh_sha256(e->d_name, strlen(e->d_name), &one, err))
			return (-1);
		for (i = 0; i < sizeof(one.b); i++)
			m->digest.b[i] ^= one.b[i];
	}
	rewinddir(m->dir);
	return (0);
}

static int
split_path(struct sh_manifest *m, const char *path, int is_folder,
    struct sh_error *err)
{
	char real[PATH_MAX], *slash;

	if (realpath(path, real) == NULL)
		return (sh_error_sys(err, "file.read", "%s", path));
	if (!is_folder && (slash = strrchr(real, '/')) != NULL)
		slash[slash == real] = '\0';
	return ((m->folder = sh_strdup(real, err)) != NULL ? 0 : -1);
}

int
sh_manifest_open(const char *path, struct sh_manifest **mp,
    struct sh_error *err)
{
	struct sh_manifest *m;
	struct stat st;
	int rc = -1;

	*mp = NULL;
	if ((m = sh_alloc(1, sizeof(*m), "a manifest", err)) == NULL)
		return (-1);
	m->row.limit = SH_MANIFEST_LINE_MAX + FIELDS_MAX + 1;
	sh_error_param(err, "file", "%s", path);
	if ((m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK)) < 0 || fstat(m->fd, &st) != 0) {
		(void)sh_fs_unread(path, err);
		goto out;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		(void)sh_error_set(err, SH_EUNSUPPORTED, "file.not-regular",
		    "%s is no regular file", path);
		goto out;
	}
	if (split_path(m, path, S_ISDIR(st.st_mode), err))
		goto out;
	rc = S_ISDIR(st.st_mode) ? open_folder(m, path, err) :
	    open_file(m, path, err);
	if (rc == 0)
		sh_error_clear(err);
out:
	if (rc != 0) {
		sh_manifest_close(m);
		m = NULL;
	}
	*mp = m;
	return (rc);
}

void
sh_manifest_close(struct sh_manifest *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0)
		(void)close(m->fd);
	if (m->dir != NULL)
		(void)closedir(m->dir);
	sh_hasher_free(m->hasher);
	sh_buf_free(&m->row);
	free(m->folder);
	free(m);
}

const char *
sh_manifest_folder(const struct sh_manifest *m)
{
	return (m->folder);
}

int
sh_manifest_name(struct sh_manifest *m, struct sh_digest *out,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_buf_append(&b, m->digest.b, sizeof(m->digest.b), err) == 0 &&
	    sh_buf_puts(&b, m->folder, err) == 0)
		rc = sh_sha256(b.data, b.len, out, err);
	sh_buf_free(&b);
	return (rc);
}

static int
next_folder(struct sh_manifest *m, json_t **rowp, struct sh_error *err)
{
	struct stat st;
	struct dirent *e;

	for (;;) {
		errno = 0;
		if ((e = readdir(m->dir)) == NULL)
			return (errno == 0 ? 0 : sh_error_sys(err,
			    "file.read", "%s", m->folder));
		if (e->d_name[0] == '.' || fstatat(dirfd(m->dir), e->d_name,
		    &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
			continue;
		m->line++;
		if (!sh_text_is_utf8(e->d_name, strlen(e->d_name)))
			return (sh_error_set(err, SH_EFORMAT, "text.utf8",
			    "a folder's name is not UTF-8"));
		*rowp = json_pack("{s:s}", "folder", e->d_name);
		return (*rowp != NULL ? 1 : sh_error_nomem(err, "JSON"));
	}
}

int
sh_manifest_next(struct sh_manifest *m, json_t **rowp, uint64_t *numberp,
    struct sh_error *err)
{
	uint64_t from;
	int r;

	*rowp = NULL;
	do {
		from = m->line + 1;
		r = m->kind == FOLDER ? next_folder(m, rowp, err) :
		    m->kind == CSV ? read_fields(m, err) : read_line(m, err);
	} while (r == 1 && m->kind != FOLDER && m->row.len <= 1);
	*numberp = from;
	if (r == 0)
		return (0);
	if (++m->rows > SH_MANIFEST_ROWS_MAX) {
		json_decref(*rowp);
		*rowp = NULL;
		sh_error_clear(err);
		sh_error_param(err, "limit", "%d", SH_MANIFEST_ROWS_MAX);
		return (sh_error_set(err, SH_ELIMIT, "manifest.rows",
		    "more than %d rows", SH_MANIFEST_ROWS_MAX));
	}
	if (r < 0 || m->kind == FOLDER)
		return (r);
	r = m->kind == CSV ? csv_row(m, rowp, err) : json_row(m, rowp, err);
	return (r == 0 ? 1 : -1);
}
