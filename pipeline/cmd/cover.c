/* sohoa cover: a dossier's cover sheets, to print. */
#include "pipeline/cover.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "pipeline/cmd/command.h"
#include "pipeline/dossier.h"

static const struct sh_procedure *
find_procedure(const struct sh_home *h, const char *code,
    struct sh_error *err)
{
	const struct sh_procedure *p = sh_catalogue_procedure(h->catalogue,
	    code);

	if (p == NULL) {
		sh_error_param(err, "value", "%.60s", code);
		(void)sh_error_set(err, SH_ENOTFOUND, "procedure.unknown",
		    "no procedure %.60s", code);
	}
	return (p);
}

static int
put_out(const char *path, const struct sh_buf *b, struct sh_error *err)
{
	if (path == NULL || strcmp(path, "-") == 0)
		return (sh_write_all(STDOUT_FILENO, b->data, b->len, err));
	return (sh_fs_replace(path, b->data, b->len, 0644, err));
}

int
sh_cmd_cover(struct sh_args *a, struct sh_error *err)
{
	const char *code = a->operands[0];
	const char *procedure = sh_args_get(a, "procedure");
	const struct sh_procedure *p;
	struct sh_dossier *d = NULL;
	struct sh_home *h = NULL;
	struct sh_buf b = SH_BUF_INIT;
	struct stat st;
	size_t n = 0;
	int rc = -1;

	if (sh_args_get(a, "output") == NULL && isatty(STDOUT_FILENO))
		return (sh_args_usage(a, "say where to with --output"));
	if (sh_open_home(a, 0, &h, err))
		return (-1);
	if (stat(code, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (sh_dossier_load(code, h->catalogue, &d, err))
			goto out;
		code = d->code;
		procedure = d->procedure_code;
	} else if (!sh_dossier_code_valid(code)) {
		sh_error_param(err, "value", "%.60s", code);
		(void)sh_error_set(err, SH_EARG, "dossier.code",
		    "\"%.60s\" is no dossier code", code);
		goto out;
	}
	if (procedure == NULL) {
		rc = sh_args_usage(a, "a dossier's code wants --procedure");
		goto out;
	}
	if ((p = find_procedure(h, procedure, err)) != NULL &&
	    sh_cover_pdf(h->archive, code, p, sh_args_get(a, "components"),
	    &b, &n, err) == 0 &&
	    put_out(sh_args_get(a, "output"), &b, err) == 0)
		rc = EX_OK;
out:
	sh_buf_free(&b);
	sh_dossier_free(d);
	sh_home_close(h);
	return (rc);
}
