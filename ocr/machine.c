#include "ocr/machine.h"

#include <allheaders.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/mrz.h"

#define SIGNS_MIN	20	/* a card's line has 30, a passport's 44 */
#define YEAR_NOW	2030	/* births lie before it */
#define FIGURES		"0123456789"

/*
 * Capitals, figures and fillers from end to end, as far as can be told from
 * how the other model reads them.
 */
static int
is_machine(const struct sh_page *p, const struct sh_line *l)
{
	size_t signs = 0, fit = 0, fillers = 0;
	uint32_t i;

	for (i = l->first; i < l->first + l->nwords; i++) {
		const unsigned char *s =
		    (const unsigned char *)p->words[i].text;

		for (; *s != '\0'; s++) {
			signs += (*s & 0xc0) != 0x80;
			fillers += *s == '<' || *s == 0xab;
			fit += *s == '<' || (*s >= '0' && *s <= '9') ||
			    (*s >= 'A' && *s <= 'Z');
		}
	}
	return (signs >= SIGNS_MIN && fillers >= 2 && fit * 5 >= signs * 4);
}

static struct sh_box
machine_box(const struct sh_page *p, size_t *np)
{
	struct sh_box box = { 0, 0, 0, 0 };
	size_t i;

	*np = 0;
	for (i = 0; i < p->nlines; i++)
		if (is_machine(p, &p->lines[i]))
			box = (*np)++ == 0 ? p->lines[i].box :
			    sh_box_union(box, p->lines[i].box);
	return (box);
}

/* What the page's machine lines say. */
static int
take_lines(const struct sh_page *p, struct sh_mrz *out, struct sh_error *err)
{
	struct sh_buf text[8] = { SH_BUF_INIT };
	const char *line[8];
	size_t i, n = 0;
	uint32_t k;
	int rc = -1;

	for (i = 0; i < p->nlines && n < SH_COUNT(line); i++) {
		const struct sh_line *l = &p->lines[i];

		if (!is_machine(p, l))
			continue;
		for (k = l->first; k < l->first + l->nwords; k++)
			if (sh_buf_puts(&text[n], p->words[k].text, err))
				goto out;
		n++;
	}
	for (i = 0; i < n; i++)
		line[i] = (const char *)text[i].data;
	sh_mrz_read(line, n, YEAR_NOW, out);
	rc = 0;
out:
	for (i = 0; i < SH_COUNT(text); i++)
		sh_buf_free(&text[i]);
	return (rc);
}

/* Signs of line I, as many as a card's or a passport's line has? */
static int
is_whole(const struct sh_page *p, size_t i)
{
	const struct sh_line *l = &p->lines[i];
	size_t n = 0;
	uint32_t k;

	for (k = l->first; k < l->first + l->nwords; k++)
		n += sh_utf8_count(p->words[k].text,
		    strlen(p->words[k].text));
	return (n == 30 || n == 44);
}

/*
 * P with the machine lines of OTHER in place of its own; where both have as
 * many, a line that is not whole stays as it was if that is.
 */
static struct sh_page *
put_lines(const struct sh_page *p, const struct sh_page *other,
    struct sh_error *err)
{
	struct sh_page *out = sh_page_frame(p, err);
	size_t i, k = 0, had, has;

	(void)machine_box(p, &had);
	(void)machine_box(other, &has);
	for (i = 0; out != NULL && i < p->nlines; i++) {
		uint32_t block = p->lines[i].block;
		size_t take = had == has ? 1 : has;

		if (!is_machine(p, &p->lines[i])) {
			if (sh_page_copy_line(out, p, i, 0, 0, block, err))
				goto fail;
			continue;
		}
		for (; k < other->nlines && take > 0; k++) {
			int keep = had == has && is_whole(p, i) &&
			    !is_whole(other, k);

			if (!is_machine(other, &other->lines[k]))
				continue;
			take--;
			if (sh_page_copy_line(out, keep ? p : other, keep ?
			    i : k, 0, 0, block, err))
				goto fail;
		}
	}
	return (out);
fail:
	sh_page_free(out);
	return (NULL);
}

/* A card's second line, which begins with a figure, ends with one. */
static int
mend_last(struct sh_page *p, struct sh_error *err)
{
	char text[SH_PAGE_WORD_BYTES + 1], last;
	size_t i, n;

	for (i = 0; i < p->nlines; i++) {
		const struct sh_line *l = &p->lines[i];
		const struct sh_word *w = &p->words[l->first + l->nwords - 1];

		if (!is_machine(p, l) || !is_whole(p, i) ||
		    strspn(p->words[l->first].text, FIGURES) == 0)
			continue;
		n = strlen(w->text);
		last = sh_mrz_digit(w->text[n - 1]);
		if (last == 0 || last == w->text[n - 1])
			continue;
		memcpy(text, w->text, n + 1);
		text[n - 1] = last;
		if (sh_page_set_word(p, l->first + l->nwords - 1, text,
		    (double)w->confidence, err))
			return (-1);
	}
	return (0);
}

int
sh_machine_read(struct sh_engine *e, struct Pix *grey, double dpi,
    const struct sh_view *view, struct sh_page **pp, struct sh_error *err)
{
	struct sh_page *other = NULL, *both = NULL;
	struct sh_mrz was, is;
	struct Pix *cut = NULL;
	struct sh_view at;
	struct sh_box box;
	int upended, rc = -1;
	int32_t room;
	size_t n;

	box = machine_box(*pp, &n);
	if (n == 0)
		return (0);
	/* A line that was not read lies beside them. */
	room = box.h / (int32_t)n;
	box = (struct sh_box){ box.x - room, box.y - room, box.w + 2 * room,
	    box.h + 2 * room };
	if ((cut = sh_view_cut(grey, view, &box, &at, err)) == NULL ||
	    (other = sh_page_new(err)) == NULL)
		goto out;
	other->width_px = (*pp)->width_px;
	other->height_px = (*pp)->height_px;
	if (sh_engine_run(e, cut, dpi, SH_LAYOUT_MACHINE, &at, other,
	    &upended, err) || take_lines(*pp, &was, err) ||
	    take_lines(other, &is, err))
		goto out;
	rc = 0;
	if (is.kind == SH_MRZ_NONE || is.held < was.held)
		goto out;
	rc = -1;
	if ((both = put_lines(*pp, other, err)) == NULL)
		goto out;
	if (mend_last(both, err)) {
		sh_page_free(both);
		goto out;
	}
	sh_page_free(*pp);
	*pp = both;
	rc = 0;
out:
	pixDestroy(&cut);
	sh_page_free(other);
	return (rc);
}
