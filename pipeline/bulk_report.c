/* A line for each row of a run, for programs and for spreadsheets. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/bulk_internal.h"

static const char *const counts[7] = { "fed", "archived", "blank",
	"separators", "set_aside", "waiting", "failed" };

struct report {
	struct sh_bulk *b;
	FILE *out;
	int csv;
	enum sh_lang lang;
};

static int
add_sentences(const struct report *r, json_t *result, struct sh_error *err)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(result, "causes"), i, v)
		if (sh_json_set(v, "text", sh_bulk_sentence(v, r->lang, err),
		    err))
			return (-1);
	return (0);
}

static int
print_json(const struct report *r, const json_t *v, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	if ((rc = sh_json_print(v, 0, &b, err)) == 0 &&
	    fprintf(r->out, "%s\n", (char *)b.data) < 0)
		rc = sh_error_sys(err, "file.write", "report");
	sh_buf_free(&b);
	return (rc);
}

/* A spreadsheet must not take a name from outside for a formula. */
static void
put_cell(FILE *out, const char *s)
{
	(void)fputs(",\"", out);
	if (s != NULL && *s != '\0' && strchr("=+-@\t\r", *s) != NULL)
		(void)fputc('\'', out);
	for (; s != NULL && *s != '\0'; s++) {
		if (*s == '"')
			(void)fputc('"', out);
		(void)fputc(*s, out);
	}
	(void)fputc('"', out);
}

static int
print_csv(const struct report *r, const json_t *v, struct sh_error *err)
{
	const json_t *causes = json_object_get(v, "causes"), *c;
	const json_t *first = json_array_get(causes, 0), *page;
	size_t i;

	(void)fprintf(r->out, "%lld", (long long)json_integer_value(
	    json_object_get(v, "row")));
	put_cell(r->out, json_string_value(json_object_get(v, "dossier")));
	put_cell(r->out, json_string_value(json_object_get(v, "state")));
	for (i = 0; i < 7; i++)
		(void)fprintf(r->out, ",%lld", (long long)json_integer_value(
		    json_object_get(json_object_get(v, "count"), counts[i])));
	(void)fputs(",\"", r->out);
	json_array_foreach(causes, i, c)
		(void)fprintf(r->out, "%s%s %lld", i > 0 ? "; " : "",
		    json_string_value(json_object_get(c, "key")),
		    (long long)json_integer_value(json_object_get(c,
		    "count")));
	(void)fputc('"', r->out);
	put_cell(r->out, json_string_value(json_object_get(first, "file")));
	page = json_object_get(first, "page");
	if (page != NULL)
		(void)fprintf(r->out, ",%lld", (long long)json_integer_value(
		    page));
	else
		(void)fputc(',', r->out);
	put_cell(r->out, json_string_value(json_object_get(first, "text")));
	if (fputc('\n', r->out) == EOF)
		return (sh_error_sys(err, "file.write", "report"));
	return (0);
}

static int
print_line(const struct report *r, json_t *take_v, struct sh_error *err)
{
	int rc = -1;

	if (add_sentences(r, take_v, err) == 0)
		rc = r->csv ? print_csv(r, take_v, err) :
		    print_json(r, take_v, err);
	json_decref(take_v);
	return (rc);
}

static int
print_row(const struct report *r, const json_t *row, const json_t *results,
    struct sh_error *err)
{
	char key[24];
	json_t *v;

	(void)snprintf(key, sizeof(key), "%lld", (long long)
	    json_integer_value(json_object_get(row, "row")));
	if ((v = json_object_get(results, key)) != NULL)
		v = sh_json_copy(v, 1, err);
	else if ((v = json_pack("{s:O, s:s, s:[]}", "row",
	    json_object_get(row, "row"), "state", "open", "causes")) == NULL)
		(void)sh_error_nomem(err, "JSON");
	if (v == NULL)
		return (-1);
	if (json_object_get(v, "dossier") == NULL && sh_json_set_str(v,
	    "dossier", json_string_value(json_object_get(row, "code")),
	    err))
		goto bad;
	if (sh_json_set_str(v, "folder", json_string_value(json_object_get(
	    row, "folder")), err))
		goto bad;
	return (print_line(r, v, err));
bad:
	json_decref(v);
	return (-1);
}

static int
print_shard(const struct report *r, uint32_t n, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *rows = NULL, *v = NULL, *row;
	size_t i;
	int rc = -1;

	sh_bulk_entry(name, "shard", n);
	if (sh_bulk_get(r->b, name, &rows, err) < 0)
		goto out;
	sh_bulk_entry(name, "result", n);
	if (sh_bulk_get(r->b, name, &v, err) < 0)
		goto out;
	json_array_foreach(rows, i, row)
		if (print_row(r, row, json_object_get(v, "rows"), err))
			goto out;
	rc = 0;
out:
	json_decref(rows);
	json_decref(v);
	return (rc);
}

static int
print_refused(const struct report *r, uint32_t n, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *list, *v;
	size_t i;
	int rc = 0;

	sh_bulk_entry(name, "refused", n);
	if (sh_bulk_get(r->b, name, &list, err) < 0)
		return (-1);
	json_array_foreach(list, i, v)
		if ((rc = print_line(r, json_incref(v), err)) != 0)
			break;
	json_decref(list);
	return (rc);
}

int
sh_bulk_report(struct sh_home *home, const char *run, int csv,
    enum sh_lang lang, FILE *out, struct sh_error *err)
{
	struct report r = { .out = out, .csv = csv, .lang = lang };
	uint32_t n;
	int rc = -1;

	if (sh_bulk_look(&home, run, &r.b, err))
		return (-1);
	if (csv)
		(void)fputs("row,dossier,state,fed,archived,blank,separators,"
		    "set_aside,waiting,failed,causes,file,page,text\n", out);
	for (n = 0; n < r.b->plan.nshards; n++)
		if (print_shard(&r, n, err))
			goto out;
	for (n = 0; n < r.b->plan.nrefused; n++)
		if (print_refused(&r, n, err))
			goto out;
	rc = 0;
out:
	sh_bulk_close(r.b);
	return (rc);
}
