#include "pipeline/picture.h"

#include <string.h>

#define GAP	60	/* px between pages */
#define LEGEND	120
#define SURE	0.95
#define FAIR	0.80
#define GREEN	"#3a9a6e"
#define AMBER	"#d9902f"
#define RED	"#c4473a"
#define BLUE	"#2f6db5"

static const char *
colour_of(double confidence)
{
	return (confidence >= SURE ? GREEN : confidence >= FAIR ? AMBER :
	    RED);
}

/* Text of an element; what XML does not allow at all is left out. */
static void
put_text(FILE *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '&')
			(void)fputs("&amp;", out);
		else if (*s == '<')
			(void)fputs("&lt;", out);
		else if (*s == '>')
			(void)fputs("&gt;", out);
		else if ((unsigned char)*s >= 0x20)
			(void)fputc(*s, out);
}

/* The word's box, and its letters on the base line of its line. */
static void
put_word(FILE *out, const struct sh_word *w, const struct sh_line *l)
{
	const char *colour = colour_of((double)w->confidence);
	const int32_t *b = l->baseline;
	int32_t run = b[2] > b[0] ? b[2] - b[0] : 1;
	int32_t y = b[1] + (int32_t)((int64_t)(b[3] - b[1]) * (w->box.x -
	    b[0]) / run);

	(void)fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" "
	    "height=\"%d\" fill=\"%s\" fill-opacity=\".12\" stroke=\"%s\"/>\n"
	    "<text x=\"%d\" y=\"%d\" font-size=\"%d\" textLength=\"%d\" "
	    "lengthAdjust=\"spacingAndGlyphs\">", w->box.x, w->box.y,
	    w->box.w, w->box.h, colour, colour, w->box.x, y,
	    l->box.h * 3 / 4, w->box.w);
	put_text(out, w->text);
	(void)fputs("</text>\n", out);
}

/* Frames around the fields that stand on the page, each with its name. */
static void
put_fields(FILE *out, const struct sh_draft *d, uint32_t page)
{
	size_t i;

	for (i = 0; i < d->fields.n; i++) {
		const struct sh_field *f = &d->fields.field[i];
		const struct sh_box *b = &f->box;

		if (f->page != page)
			continue;
		(void)fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" "
		    "height=\"%d\" rx=\"6\" fill=\"none\" stroke=\"" BLUE
		    "\" stroke-width=\"4\"/>\n<text x=\"%d\" y=\"%d\" "
		    "font-size=\"20\" fill=\"" BLUE "\" stroke=\"#fff\" "
		    "stroke-width=\"5\" paint-order=\"stroke\">", b->x - 6,
		    b->y - 6, b->w + 12, b->h + 12, b->x - 6, b->y - 10);
		put_text(out, f->def->label != NULL ? f->def->label :
		    f->def->name);
		(void)fprintf(out, " %.0f %%</text>\n", 100 * f->confidence);
	}
}

static const struct sh_draft *
draft_of(const struct sh_job *j, size_t fed, uint32_t *pagep)
{
	size_t i, k;

	for (i = 0; i < j->ndrafts; i++)
		for (k = 0; k < j->drafts[i].npages; k++)
			if (j->drafts[i].pages[k] == fed) {
				*pagep = (uint32_t)k;
				return (&j->drafts[i]);
			}
	return (NULL);
}

static int
put_page(const struct sh_job *j, size_t fed, int32_t *yp, FILE *out,
    struct sh_error *err)
{
	struct sh_page *p = sh_job_page(j, fed, err);
	const struct sh_draft *d;
	uint32_t page;
	size_t i;

	if (p == NULL)
		return (-1);
	(void)fprintf(out, "<g transform=\"translate(0 %d)\">\n<rect "
	    "width=\"%d\" height=\"%d\" fill=\"#fff\" stroke=\"#8a97a3\"/>\n",
	    *yp, p->width_px, p->height_px);
	for (i = 0; i < p->nwords; i++)
		put_word(out, &p->words[i], &p->lines[p->words[i].line]);
	if ((d = draft_of(j, fed, &page)) != NULL)
		put_fields(out, d, page);
	(void)fputs("</g>\n", out);
	*yp += p->height_px + GAP;
	sh_page_free(p);
	return (0);
}

/* The size of all pages together. */
static int
measure(const struct sh_job *j, int32_t *wp, int64_t *hp,
    struct sh_error *err)
{
	struct sh_page *p;
	size_t i;

	*wp = 900;
	*hp = LEGEND;
	for (i = 0; i < j->nfed; i++) {
		if (j->fed[i].reading_len == 0)
			continue;
		if ((p = sh_job_page(j, i, err)) == NULL)
			return (-1);
		*wp = p->width_px > *wp ? p->width_px : *wp;
		*hp += p->height_px + GAP;
		sh_page_free(p);
	}
	return (0);
}

static void
put_legend(FILE *out, enum sh_lang lang, int32_t width)
{
	static const char *const text[2][4] = {
	    { "từ đọc chắc (từ 95 %)", "từ 80 %", "kém hơn: người xem lại",
	    "trường dữ liệu và độ tin cậy" },
	    { "words read surely (95 %)", "from 80 %", "less: for a person",
	    "fields and how sure they are" } };
	static const char *const colour[4] = { GREEN, AMBER, RED, BLUE };
	static const int x[4] = { 40, 560, 860, 1400 };
	int i;

	(void)fprintf(out, "<g transform=\"scale(%.3f)\">\n", width / 2100.0);
	for (i = 0; i < 4; i++) {
		(void)fprintf(out, "<rect x=\"%d\" y=\"40\" width=\"44\" "
		    "height=\"44\" fill=\"%s\" fill-opacity=\".3\" "
		    "stroke=\"%s\" stroke-width=\"4\"/><text x=\"%d\" "
		    "y=\"76\" font-size=\"38\">", x[i], colour[i], colour[i],
		    x[i] + 60);
		put_text(out, text[lang == SH_VI ? 0 : 1][i]);
		(void)fputs("</text>\n", out);
	}
	(void)fputs("</g>\n", out);
}

int
sh_picture(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err)
{
	int32_t width, y = LEGEND;
	int64_t height;
	size_t i;

	if (measure(j, &width, &height, err))
		return (-1);
	(void)fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %lld\" width=\"%d\" font-family=\""
	    "'Liberation Sans', Arial, sans-serif\" fill=\"#1b2a3a\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"#eef1f4\"/>\n",
	    width, (long long)height, width < 1000 ? width : 1000);
	put_legend(out, lang, width);
	for (i = 0; i < j->nfed; i++)
		if (j->fed[i].reading_len > 0 && put_page(j, i, &y, out,
		    err))
			return (-1);
	(void)fputs("</svg>\n", out);
	if (fflush(out) != 0 || ferror(out))
		return (sh_error_sys(err, "file.write", "the picture"));
	return (0);
}
