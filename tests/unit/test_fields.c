/*
 * ocr/classify, ocr/fields on papers drawn as text (the files of tests/papers):
 * every paper type in wordings and layouts of its own.
 *
 *	=== slug                  or "unknown"
 *	field: value              all that stands on it, and nothing else
 *	field?: value             of that one there must be a doubt
 *	@role: number | name      its holders, where the list matters
 *	!continues                it has no first page of its own
 *	!begins                   a title says that it has one
 *	---
 *	the page; <<<page>>> begins the next
 */
#include "tests/unit/page_text.h"

#include <dirent.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ocr/classify.h"
#include "ocr/fields.h"

#define PAGES_MAX	8
#define EXPECT_MAX	40

static struct sh_catalogue *catalogue;

struct paper {
	char slug[64];
	const char *file;
	int line;
	struct { char name[48], value[300]; int seen, doubt; }
	    field[EXPECT_MAX];
	size_t nfields;
	struct { char role[48], id[24], name[100]; int seen; } holder[16];
	size_t nholders;
	struct sh_page *page[PAGES_MAX];
	size_t npages;
	int continues, begins;
};

static int failures;

static void
wrong(const struct paper *p, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_message("# %s:%d %s: %s\n", p->file, p->line, p->slug, text);
	failures++;
}

/* As the evaluator compares: case and a sentence's end do not count. */
static void
normal(const char *s, enum sh_field_kind kind, char out[400])
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	size_t i, n = 0;

	must(sh_text_lower(s, strlen(s), &b, &err));
	for (i = 0; i < b.len && n + 1 < 400; i++)
		if (b.data[i] == '\\' && b.data[i + 1] == 'n') {
			out[n++] = '\n';
			i++;
		} else if (b.data[i] != ' ' || (kind != SH_FIELD_ID &&
		    kind != SH_FIELD_NUMBER))
			out[n++] = (char)b.data[i];
	while (n > 0 && strchr(".,; ", out[n - 1]) != NULL)
		n--;
	out[n] = '\0';
	sh_buf_free(&b);
}

static void
check_fields(struct paper *p, const struct sh_fields *f)
{
	char want[400], got[400];
	size_t i, k;

	for (i = 0; i < f->n; i++) {
		const struct sh_field *x = &f->field[i];

		for (k = 0; k < p->nfields; k++)
			if (strcmp(p->field[k].name, x->def->name) == 0)
				break;
		if (k == p->nfields) {
			wrong(p, "invented %s = \"%s\" (%.2f %s)",
			    x->def->name, x->value, x->confidence, x->method);
			continue;
		}
		p->field[k].seen = 1;
		normal(p->field[k].value, x->def->kind, want);
		normal(x->value, x->def->kind, got);
		if (strcmp(want, got) != 0)
			wrong(p, "%s is \"%s\", should be \"%s\" (%.2f %s)",
			    x->def->name, x->value, p->field[k].value,
			    x->confidence, x->method);
		else if (x->confidence < (p->field[k].doubt ? 0 : 0.5) ||
		    x->confidence > 1)
			wrong(p, "%s has confidence %.2f", x->def->name,
			    x->confidence);
		if (p->field[k].doubt && x->doubt == NULL)
			wrong(p, "%s \"%s\" is not doubted", x->def->name,
			    x->value);
		assert_true(x->page < p->npages);
		assert_true(x->box.w > 0 && x->box.h > 0);
		assert_non_null(x->method);
	}
	for (k = 0; k < p->nfields; k++)
		if (!p->field[k].seen)
			wrong(p, "%s is missing, should be \"%s\"",
			    p->field[k].name, p->field[k].value);
}

static void
check_holders(struct paper *p, const struct sh_parties *q)
{
	size_t i, k;

	if (p->nholders == 0)
		return;
	for (i = 0; i < q->n; i++) {
		const struct sh_party *x = &q->party[i];

		for (k = 0; k < p->nholders; k++)
			if (strcmp(p->holder[k].role, x->role) == 0 &&
			    strcmp(p->holder[k].id, x->id.value) == 0 &&
			    sh_name_compare(p->holder[k].name, x->name) ==
			    SH_SAME)
				break;
		if (k == p->nholders)
			wrong(p, "invented holder %s %s %s", x->role,
			    x->id.value, x->name != NULL ? x->name : "-");
		else
			p->holder[k].seen = 1;
	}
	for (k = 0; k < p->nholders; k++)
		if (!p->holder[k].seen)
			wrong(p, "holder %s %s %s is missing",
			    p->holder[k].role, p->holder[k].id,
			    p->holder[k].name);
}

/* The same paper filled in by hand: every field is for a person. */
static void
check_penned(const struct paper *p, const struct sh_paper_type *type,
    int certified_copy)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_fields f;
	size_t i, k;

	for (i = 0; i < p->npages; i++)
		for (k = 0; k < p->page[i]->nwords; k++)
			p->page[i]->words[k].penned = 1;
	must(sh_fields_extract(catalogue, type,
	    (const struct sh_page *const *)p->page, p->npages,
	    certified_copy, &f, &err));
	for (i = 0; i < f.n; i++) {
		assert_string_equal(f.field[i].doubt, "field.handwritten");
		assert_true(f.field[i].review);
		assert_true(f.field[i].confidence <= 0.5);
	}
	sh_fields_clear(&f);
}

static void
check_paper(struct paper *p)
{
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_page *const *pages =
	    (const struct sh_page *const *)p->page;
	const struct sh_paper_type *type;
	struct sh_parties q;
	struct sh_fields f;
	struct sh_guess g;
	size_t i;

	must(sh_classify(catalogue, pages, p->npages, NULL, &g, &err));
	type = g.type;
	if (strcmp(type == NULL ? "unknown" : type->slug, p->slug) != 0) {
		char *e = json_dumps(g.evidence, JSON_COMPACT);

		wrong(p, "taken for %s (%.2f) %.500s", type == NULL ?
		    "unknown" : type->slug, g.confidence, e);
		free(e);
	}
	if (p->continues ? g.first_page >= 0 : g.first_page < p->begins)
		wrong(p, "first_page is %d", g.first_page);
	type = sh_catalogue_type(catalogue, p->slug);
	if (type != NULL) {
		must(sh_fields_extract(catalogue, type, pages, p->npages,
		    g.certified_copy, &f, &err));
		check_fields(p, &f);
		must(sh_parties_extract(catalogue, type, &f, pages, p->npages,
		    &q, &err));
		check_holders(p, &q);
		sh_parties_clear(&q);
		sh_fields_clear(&f);
		check_penned(p, type, g.certified_copy);
	}
	sh_guess_clear(&g);
	for (i = 0; i < p->npages; i++)
		sh_page_free(p->page[i]);
}

/* "name: value" or "@role: id | name". */
static void
read_expectation(struct paper *p, const char *s, size_t len)
{
	char line[400];
	char *value, *name;

	assert_true(len < sizeof(line));
	memcpy(line, s, len);
	line[len] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return;
	if (strcmp(line, "!continues") == 0) {
		p->continues = 1;
		return;
	}
	if (strcmp(line, "!begins") == 0) {
		p->begins = 1;
		return;
	}
	value = strstr(line, ": ");
	assert_non_null(value);
	*value = '\0';
	value += 2;
	if (line[0] != '@') {
		assert_true(p->nfields < EXPECT_MAX);
		p->field[p->nfields].doubt = value[-3] == '?';
		if (p->field[p->nfields].doubt)
			value[-3] = '\0';
		(void)snprintf(p->field[p->nfields].name, 48, "%.47s", line);
		(void)snprintf(p->field[p->nfields++].value, 300,
		    "%.299s", value);
		return;
	}
	assert_true(p->nholders < 16);
	name = strstr(value, "| ");
	assert_non_null(name);
	(void)snprintf(p->holder[p->nholders].role, 48, "%.47s",
	    line + 1);
	(void)snprintf(p->holder[p->nholders].name, 100, "%.99s",
	    name + 2);
	*name = '\0';
	(void)snprintf(p->holder[p->nholders++].id, 24, "%.*s",
	    (int)strcspn(value, " "), value);
}

static void
check_file(const char *path)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	const char *s, *e, *end, *page = NULL;
	struct paper *p = NULL;
	int line = 0, body = 0;

	must(sh_fs_read(path, 1 << 20, &b, &err));
	end = (char *)b.data + b.len;
	for (s = (char *)b.data; s <= end; s = e + 1) {
		line++;
		if ((e = memchr(s, '\n', (size_t)(end - s))) == NULL)
			e = end;
		if (body && (s == end || strncmp(s, "=== ", 4) == 0 ||
		    strncmp(s, "<<<page>>>", 10) == 0)) {
			assert_true(p->npages < PAGES_MAX);
			p->page[p->npages++] = text_page(page, s, 0.96);
			page = e + 1;
			if (s[0] == '<')
				continue;
			check_paper(p);
			free(p);
			p = NULL;
			body = 0;
		}
		if (s == end)
			break;
		if (strncmp(s, "=== ", 4) == 0) {
			p = calloc(1, sizeof(*p));
			assert_non_null(p);
			p->file = strrchr(path, '/') + 1;
			p->line = line;
			(void)snprintf(p->slug, sizeof(p->slug), "%.*s",
			    (int)(e - s - 4), s + 4);
		} else if (!body && strncmp(s, "---", 3) == 0) {
			body = 1;
			page = e + 1;
		} else if (!body && p != NULL) {
			read_expectation(p, s, (size_t)(e - s));
		}
	}
	sh_buf_free(&b);
}

static void
check_folder(const char *dir)
{
	struct dirent **names;
	char path[300];
	int i, n;

	failures = 0;
	n = scandir(dir, &names, NULL, alphasort);
	assert_true(n > 2);
	for (i = 0; i < n; i++) {
		if (strstr(names[i]->d_name, ".txt") != NULL) {
			(void)snprintf(path, sizeof(path), "%s/%s", dir,
			    names[i]->d_name);
			check_file(path);
		}
		free(names[i]);
	}
	free(names);
	assert_int_equal(failures, 0);
}

static void
papers_are_read_as_a_person_would(void **state)
{
	(void)state;
	check_folder("tests/papers");
}

/* Of other offices: in words and layouts that the generators do not know. */
static void
papers_of_other_offices_are_read_too(void **state)
{
	(void)state;
	check_folder("tests/papers/offices");
}

static int
load(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	return (sh_catalogue_load(NULL, &catalogue, &err));
}

static int
unload(void **state)
{
	(void)state;
	sh_catalogue_free(catalogue);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(papers_are_read_as_a_person_would),
		cmocka_unit_test(papers_of_other_offices_are_read_too),
	};

	return (cmocka_run_group_tests_name("fields", tests, load, unload));
}
