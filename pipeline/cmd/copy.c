/* sohoa copy. */
#include "pipeline/cmd/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "pipeline/copy.h"

#define COPY_MAX	((size_t)1 << 30)

static int
hand_out(int fd, const char *path, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (lseek(fd, 0, SEEK_SET) != 0)
		return (sh_error_sys(err, "file.read", "the copy"));
	if (sh_fs_read_fd(fd, COPY_MAX, &b, err) == 0)
		rc = strcmp(path, "-") == 0 ? sh_write_all(STDOUT_FILENO,
		    b.data, b.len, err) : sh_fs_replace(path, b.data, b.len,
		    0600, err);
	sh_buf_free(&b);
	return (rc);
}

int
sh_cmd_copy(struct sh_args *a, struct sh_error *err)
{
	const struct sh_pool_options options = { .readers = 1 };
	const char *word = sh_args_get(a, "form");
	const char *path = sh_args_get(a, "output");
	struct sh_home *h = NULL;
	struct sh_pool *pool = NULL;
	struct sh_document_id id;
	struct sh_reader who;
	enum sh_copy_form form;
	int fd = -1, rc = -1;

	if (word == NULL || path == NULL)
		return (sh_args_usage(a, "--form and --output are needed"));
	if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
		return (sh_args_usage(a, "a PDF is not for a terminal"));
	if (sh_document_id_parse(a->operands[0], &id)) {
		sh_error_param(err, "value", "%.40s", a->operands[0]);
		return (sh_error_set(err, SH_EARG, "document.id",
		    "\"%.40s\" is no document id", a->operands[0]));
	}
	if (sh_copy_form(word, &form, err) ||
	    sh_open_home(a, SH_HOME_SIGN, &h, err) ||
	    sh_pool_new(&options, &pool, err) ||
	    (fd = sh_memfd("copy", err)) < 0)
		goto out;
	who = sh_reader_of(h, a);
	if (sh_copy(h, pool, &who, &id, form, sh_args_get(a, "pages"), fd,
	    err) || hand_out(fd, path, err))
		goto out;
	rc = EX_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	sh_pool_free(pool);
	sh_home_close(h);
	return (rc);
}
