/* sohoa catalogue test: is a catalogue sound, and does it know its papers? */
#include "pipeline/cmd/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "ocr/example.h"
#include "ocr/measure.h"

#define EXAMPLES_MAX_BYTES	((size_t)16 << 20)

static int
try_file(struct sh_measure *m, const struct sh_catalogue *c,
    const char *path, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *all = NULL, *v;
	size_t i;
	int rc = -1;

	if (sh_fs_read(path, EXAMPLES_MAX_BYTES, &b, err) ||
	    (all = sh_examples_read((const char *)b.data, b.len, err)) ==
	    NULL)
		goto out;
	json_array_foreach(all, i, v) {
		const char *slug = json_string_value(json_object_get(v,
		    "type"));

		if (strcmp(slug, "unknown") != 0 && sh_catalogue_type(c,
		    slug) == NULL) {
			sh_error_param(err, "entry", "%s", slug);
			(void)sh_error_set(err, SH_EFORMAT,
			    "catalogue.entry", "no paper type is called %s",
			    slug);
			goto out;
		}
		if (sh_measure_paper(m, c, v, err))
			goto out;
	}
	rc = 0;
out:
	if (rc != 0)
		(void)sh_error_context(err, "%s", path);
	json_decref(all);
	sh_buf_free(&b);
	return (rc);
}

int
sh_cmd_catalogue(struct sh_args *a, struct sh_error *err)
{
	struct sh_measure m = { .errors = stdout };
	struct sh_catalogue *c = NULL;
	size_t k, truth = 0, exact = 0, invented = 0;
	int i, rc = -1;

	if (strcmp(a->operands[0], "test") != 0)
		return (sh_args_usage(a, "only \"test\" can be done"));
	if (sh_catalogue_load(sh_args_get(a, "catalogue"), &c, err))
		goto out;
	for (i = 1; i < a->noperands; i++)
		if (try_file(&m, c, a->operands[i], err))
			goto out;
	for (k = 0; k < SH_FIELD_KINDS; k++) {
		truth += m.kind[k].truth;
		exact += m.kind[k].exact;
		invented += m.kind[k].invented;
	}
	(void)printf("%zu types, %zu examples: %zu types right, %zu of %zu "
	    "fields exact, %zu invented\n", sh_catalogue_ntypes(c), m.papers,
	    m.type_right + m.foreign_right, exact, truth, invented);
	rc = m.type_right + m.foreign_right == m.papers && exact == truth &&
	    invented == 0 ? EX_OK : EX_DATAERR;
out:
	sh_catalogue_free(c);
	return (rc);
}
