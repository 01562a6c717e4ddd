/* sohoa show and sohoa get: one document. */
#include "pipeline/cmd/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ocr/page.h"
#include "pipeline/opened.h"

#define PREVIEW_MAX	((size_t)1 << 30)

static void
print_fields(const json_t *record)
{
	const json_t *f;
	const char *name;

	json_object_foreach(json_object_get(record, "fields"), name, f)
		(void)printf("  %-22s %s  (%d.%02d%%)\n", name,
		    json_string_value(json_object_get(f, "value")),
		    (int)json_integer_value(json_object_get(f,
		    "confidence_bp")) / 100,
		    (int)json_integer_value(json_object_get(f,
		    "confidence_bp")) % 100);
}

static void
print_record(const json_t *record)
{
	static const char *const lines[] = { "id", "type", "number",
	    "issuer", "issued", "valid_until", "status",
	    "status_reason", "superseded_by", "hold", "copy", "archived_at" };
	const json_t *v, *x;
	const char *s;
	size_t i;

	for (i = 0; i < SH_COUNT(lines); i++)
		if ((s = json_string_value(json_object_get(record,
		    lines[i]))) != NULL)
			(void)printf("%-13s %s\n", lines[i], s);
	json_array_foreach(json_object_get(record, "holders"), i, v)
		(void)printf("%-13s %s %s (%s)\n", "holder",
		    json_string_value(json_object_get(v, "id")),
		    json_string_value(json_object_get(v, "name")),
		    json_string_value(json_object_get(v, "role")));
	json_array_foreach(json_object_get(record, "dossiers"), i, v) {
		x = json_object_get(v, "component");
		(void)printf("%-13s %s %s\n", "dossier",
		    json_string_value(json_object_get(v, "dossier")),
		    json_is_string(x) ? json_string_value(x) : "");
	}
	print_fields(record);
}

static int
load_record(const struct sh_args *a, struct sh_home **hp,
    struct sh_document_id *id, json_t **recordp, struct sh_error *err)
{
	struct sh_reader who;

	if (sh_args_document(a->operands[0], id, err) ||
	    sh_open_home(a, 0, hp, err))
		return (-1);
	who = sh_reader_of(*hp, a);
	return (sh_archive_show((*hp)->archive, &who, id, recordp, err));
}

int
sh_cmd_show(struct sh_args *a, struct sh_error *err)
{
	struct sh_home *h = NULL;
	struct sh_document_id id;
	json_t *record = NULL;
	int rc = -1;

	if (load_record(a, &h, &id, &record, err))
		goto out;
	rc = EX_OK;
	if (a->json) {
		rc = sh_print_json(record, err);
		record = NULL;
	} else {
		print_record(record);
	}
out:
	json_decref(record);
	sh_home_close(h);
	return (rc);
}

/* ALTO is made from the kept reading when somebody asks for it. */
static int
write_alto(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, int out, struct sh_error *err)
{
	struct sh_opened k = SH_OPENED_INIT;
	struct sh_buf alto = SH_BUF_INIT;
	int rc = -1;

	if (sh_opened_reading(h, who, id, &k, err) == 0 &&
	    sh_page_alto((const struct sh_page *const *)k.reading, k.npages,
	    &alto, err) == 0)
		rc = sh_write_all(out, alto.data, alto.len, err);
	sh_opened_clear(&k);
	sh_buf_free(&alto);
	return (rc);
}

/* So is a preview, from the kept PDF: it must be written at one go. */
static int
write_preview(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, int out, struct sh_error *err)
{
	const struct sh_pool_options options = { .readers = 1 };
	struct sh_pool *pool;
	struct sh_buf b = SH_BUF_INIT;
	int fd, rc = -1;

	if (sh_pool_new(&options, &pool, err))
		return (-1);
	if ((fd = sh_memfd("preview", err)) >= 0 &&
	    sh_preview_write(h, pool, who, id, fd, err) == 0) {
		if (lseek(fd, 0, SEEK_SET) != 0)
			(void)sh_error_sys(err, "file.read", "the preview");
		else if (sh_fs_read_fd(fd, PREVIEW_MAX, &b, err) == 0)
			rc = sh_write_all(out, b.data, b.len, err);
	}
	if (fd >= 0)
		(void)close(fd);
	sh_buf_free(&b);
	sh_pool_free(pool);
	return (rc);
}

static int
write_record(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, int out, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *record;
	int rc = -1;

	if (sh_archive_show(h->archive, who, id, &record, err))
		return (-1);
	if (sh_json_print(record, 1, &b, err) == 0 &&
	    sh_buf_puts(&b, "\n", err) == 0)
		rc = sh_write_all(out, b.data, b.len, err);
	json_decref(record);
	sh_buf_free(&b);
	return (rc);
}

static int
write_rendition(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, const char *name, int out,
    struct sh_error *err)
{
	if (strcmp(name, "record") == 0)
		return (write_record(h, who, id, out, err));
	if (strcmp(name, "alto") == 0)
		return (write_alto(h, who, id, out, err));
	if (strcmp(name, "preview") == 0)
		return (write_preview(h, who, id, out, err));
	return (sh_archive_get(h->archive, who, id, name, out, err));
}

/* Nothing under the name that was asked for until all of it is there. */
static int
write_file(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, const char *name, const char *path,
    struct sh_error *err)
{
	char *tmp;
	int fd, rc;

	if ((tmp = sh_asprintf(err, "%s.XXXXXX", path)) == NULL)
		return (-1);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		rc = sh_error_sys(err, "file.create", "%s", path);
		free(tmp);
		return (rc);
	}
	rc = write_rendition(h, who, id, name, fd, err);
	if (rc == 0 && (fchmod(fd, 0600) != 0 || fsync(fd) != 0 ||
	    rename(tmp, path) != 0))
		rc = sh_error_sys(err, "file.create", "%s", path);
	if (rc != 0)
		(void)unlink(tmp);
	(void)close(fd);
	free(tmp);
	return (rc);
}

int
sh_cmd_get(struct sh_args *a, struct sh_error *err)
{
	const char *name = sh_args_get(a, "rendition");
	const char *path = sh_args_get(a, "output");
	struct sh_home *h = NULL;
	struct sh_document_id id;
	struct sh_reader who;
	int rc = -1;

	if (name == NULL)
		name = "pdf";
	if (path == NULL && isatty(STDOUT_FILENO))
		return (sh_args_usage(a, "-o says where to; - is the terminal"));
	if (sh_args_document(a->operands[0], &id, err) ||
	    sh_open_home(a, 0, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (path == NULL || strcmp(path, "-") == 0)
		rc = write_rendition(h, &who, &id, name, STDOUT_FILENO, err);
	else
		rc = write_file(h, &who, &id, name, path, err);
out:
	sh_home_close(h);
	return (rc == 0 ? EX_OK : rc);
}
