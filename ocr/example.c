#include "ocr/example.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/page.h"

#define CELL_W		20
#define CELL_H		60
#define LEFT		200
#define TOP		200
#define WIDTH		2480
#define HEIGHT		3508
#define SURE		0.95	/* of words that are typed */
#define PAGE_BREAK	"<<<page>>>"

struct reader {
	const char *at, *end;
	size_t line;
	struct sh_error *err;
};

/* The next line without its end; 0 when there is none. */
static int
next_line(struct reader *r, const char **s, size_t *n)
{
	const char *e;

	if (r->at >= r->end)
		return (0);
	e = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*s = r->at;
	*n = (size_t)((e == NULL ? r->end : e) - r->at);
	r->at = e == NULL ? r->end : e + 1;
	r->line++;
	return (1);
}

static int
wrong(struct reader *r)
{
	sh_error_param(r->err, "value", "%zu", r->line);
	return (sh_error_set(r->err, SH_EFORMAT, "example.form",
	    "line %zu of the examples has not their form", r->line));
}

/* Characters in N bytes; a byte that is none counts as one. */
static int32_t
columns(const char *s, size_t n)
{
	return ((int32_t)sh_utf8_count(s, n));
}

/* The words of a line, first their line's box. */
static int
put_line(struct sh_page *p, const char *s, size_t n, int32_t y,
    struct sh_error *err)
{
	size_t i, from, first = 0, last = n;
	int32_t base[4], x, w;
	struct sh_box box;
	char word[256];

	while (first < n && s[first] == ' ')
		first++;
	while (last > first && s[last - 1] == ' ')
		last--;
	if (first == last)
		return (0);
	x = LEFT + columns(s, first) * CELL_W;
	w = columns(s + first, last - first) * CELL_W;
	if (x + w > WIDTH || y + CELL_H > HEIGHT)
		return (sh_error_set(err, SH_EFORMAT, "example.form",
		    "a line or page of the examples is too long"));
	box = (struct sh_box){ x, y, w, 40 };
	base[0] = x;
	base[1] = base[3] = y + 40;
	base[2] = x + w;
	if (sh_page_add_line(p, box, base, 0, err))
		return (-1);
	for (i = first; i < last;) {
		if (s[i] == ' ') {
			i++;
			continue;
		}
		for (from = i; i < last && s[i] != ' '; i++)
			;
		if (i - from >= sizeof(word))
			return (sh_error_set(err, SH_EFORMAT, "example.form",
			    "a word of the examples is too long"));
		memcpy(word, s + from, i - from);
		word[i - from] = '\0';
		box = (struct sh_box){ LEFT + columns(s, from) * CELL_W, y,
		    columns(word, i - from) * CELL_W - 4, 40 };
		if (sh_page_add_word(p, word, box, SURE, err))
			return (-1);
	}
	return (0);
}

/* Pages up to the next example or the end. */
static int
read_sides(struct reader *r, json_t *sides)
{
	struct sh_page *p = NULL;
	const char *s, *before = r->at;
	int32_t y = TOP;
	size_t n;
	int rc = -1, more;

	do {
		before = r->at;
		more = next_line(r, &s, &n);
		if (more && n >= 4 && memcmp(s, "=== ", 4) == 0) {
			r->at = before;
			r->line--;
			more = 0;
		}
		if (p == NULL) {
			if ((p = sh_page_new(r->err)) == NULL)
				goto out;
			p->state = SH_PAGE_READ;
			p->width_px = WIDTH;
			p->height_px = HEIGHT;
			p->dpi = p->dpi_y = 300;
			p->dpi_known = 1;
			y = TOP;
		}
		if (!more || (n == strlen(PAGE_BREAK) && memcmp(s, PAGE_BREAK,
		    n) == 0)) {
			if (sh_page_set_engine(p, "example", r->err) ||
			    sh_json_append(sides, sh_page_to_json(p, r->err),
			    r->err))
				goto out;
			sh_page_free(p);
			p = NULL;
			continue;
		}
		if (put_line(p, s, n, y, r->err))
			goto out;
		y += CELL_H;
	} while (more);
	rc = 0;
out:
	sh_page_free(p);
	return (rc);
}

/* "\\n" in a value begins a new line, as machine lines have. */
static void
open_lines(char *s)
{
	char *w = s;

	for (; *s != '\0'; s++)
		if (s[0] == '\\' && s[1] == 'n') {
			*w++ = '\n';
			s++;
		} else {
			*w++ = *s;
		}
	*w = '\0';
}

/* "field: value" lines up to "---". */
static int
read_head(struct reader *r, json_t *fields)
{
	const char *s, *colon;
	char name[64], *value;
	size_t n, k;

	while (next_line(r, &s, &n)) {
		if (n == 3 && memcmp(s, "---", 3) == 0)
			return (0);
		if (n == 0 || *s == '#' || *s == '@' || *s == '!')
			continue;
		colon = memchr(s, ':', n);
		k = colon == NULL ? sizeof(name) : (size_t)(colon - s);
		if (k >= sizeof(name))
			return (wrong(r));
		memcpy(name, s, k);
		name[k] = '\0';
		for (k++; k < n && s[k] == ' '; k++)
			;
		if ((value = sh_strndup(s + k, n - k, r->err)) == NULL)
			return (-1);
		open_lines(value);
		k = (size_t)sh_json_set_str(fields, name, value, r->err);
		free(value);
		if (k != 0)
			return (-1);
	}
	return (wrong(r));
}

static json_t *
read_example(struct reader *r, const char *slug, size_t len)
{
	json_t *v = sh_json_new_object(r->err), *fields, *sides;
	char *name = sh_strndup(slug, len, r->err);
	int rc = -1;

	if (v == NULL || name == NULL ||
	    (fields = sh_json_new_object(r->err)) == NULL ||
	    sh_json_set(v, "fields", fields, r->err) ||
	    (sides = sh_json_new_array(r->err)) == NULL ||
	    sh_json_set(v, "sides", sides, r->err) ||
	    sh_json_set_str(v, "type", name, r->err) ||
	    read_head(r, fields) || read_sides(r, sides))
		goto out;
	rc = 0;
out:
	free(name);
	if (rc != 0) {
		json_decref(v);
		v = NULL;
	}
	return (v);
}

json_t *
sh_examples_read(const char *text, size_t len, struct sh_error *err)
{
	struct reader r = { .at = text, .end = text + len, .err = err };
	json_t *all = sh_json_new_array(err);
	const char *s;
	size_t n;

	while (all != NULL && next_line(&r, &s, &n)) {
		if (n == 0 || *s == '#')
			continue;
		if (n < 5 || memcmp(s, "=== ", 4) != 0) {
			(void)wrong(&r);
			goto fail;
		}
		if (sh_json_append(all, read_example(&r, s + 4, n - 4), err))
			goto fail;
	}
	return (all);
fail:
	json_decref(all);
	return (NULL);
}
