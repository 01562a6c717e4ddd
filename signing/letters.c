#include "signing/letters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "signing/pdfupdate.h"

#define ALWAYS	"0123456789 .,:/+-"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sh_letters *kept[SH_LETTERS_KEPT];
static uint64_t uses;

/* One user less.  NULL is none. */
static void
put_back(struct sh_letters *l)
{
	if (l == NULL || --l->users > 0)
		return;
	sh_font_subset_clear(&l->subset);
	sh_buf_free(&l->file);
	sh_buf_free(&l->cidset);
	sh_buf_free(&l->cmap);
	sh_buf_free(&l->widths);
	free(l->set);
	free(l);
}

/* ---- what a PDF embeds ---- */

/* One bit a glyph: every one of the font file is there. */
static int
make_cidset(struct sh_letters *l, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t i, n = l->subset.nglyphs;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i += 8)
		rc = sh_buf_put_be(&b, n - i >= 8 ? 0xff :
		    (uint8_t)(0xff00 >> (n - i)), 1, err);
	if (rc == 0)
		rc = sh_pdf_deflate(b.data, b.len, &l->cidset, err);
	sh_buf_free(&b);
	return (rc);
}

/* Which character each glyph is, for search and copying. */
static int
make_cmap(struct sh_letters *l, struct sh_error *err)
{
	const struct sh_font_subset *s = &l->subset;
	struct sh_buf b = SH_BUF_INIT;
	uint32_t cp;
	size_t i;
	int rc;

	rc = sh_buf_puts(&b, "/CIDInit/ProcSet findresource begin\n"
	    "12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)"
	    "/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS "
	    "def\n/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\n"
	    "endcodespacerange\n", err);
	for (i = 0; rc == 0 && i < s->nletters; i++) {
		/* At most a hundred in one go. */
		if (i % 100 == 0)
			rc = sh_buf_printf(&b, err, "%s%zu beginbfchar\n",
			    i > 0 ? "endbfchar\n" : "",
			    s->nletters - i < 100 ? s->nletters - i : 100);
		cp = s->letters[i].cp;
		if (rc != 0)
			break;
		if (cp < 0x10000)
			rc = sh_buf_printf(&b, err, "<%04X><%04X>\n",
			    s->letters[i].glyph, cp);
		else
			rc = sh_buf_printf(&b, err, "<%04X><%04X%04X>\n",
			    s->letters[i].glyph, 0xd7c0 + (cp >> 10),
			    0xdc00 + (cp & 0x3ff));
	}
	if (rc == 0)
		rc = sh_buf_puts(&b, "endbfchar\nendcmap\nCMapName currentdict"
		    "/CMap defineresource pop\nend\nend\n", err);
	if (rc == 0)
		rc = sh_pdf_deflate(b.data, b.len, &l->cmap, err);
	sh_buf_free(&b);
	return (rc);
}

static int
make_widths(struct sh_letters *l, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < l->subset.nglyphs; i++)
		if (sh_buf_printf(&l->widths, err, "%s%u", i > 0 ? " " : "",
		    l->subset.widths[i]))
			return (-1);
	return (0);
}

static struct sh_letters *
make(const struct sh_font *f, const char *set, struct sh_error *err)
{
	struct sh_letters *l = sh_alloc(1, sizeof(*l), "letters", err);

	if (l == NULL)
		return (NULL);
	l->users = 1;
	l->font = f;
	if ((l->set = sh_strdup(set, err)) == NULL ||
	    sh_font_subset(f, &set, 1, &l->subset, err) ||
	    sh_pdf_deflate(l->subset.file.data, l->subset.file.len, &l->file,
	    err) || make_cidset(l, err) || make_cmap(l, err) ||
	    make_widths(l, err)) {
		put_back(l);
		return (NULL);
	}
	sh_font_metrics(f, &l->metrics);
	return (l);
}

/* ---- what is kept ---- */

static int
compare(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

/* The characters of the texts, each once, in order. */
static char *
set_of(const char *const *texts, size_t n, struct sh_error *err)
{
	const char *p, *end;
	uint32_t *cp = NULL;
	size_t ncps = 0, cap = 0, i, len = 0, got;
	char *set = NULL;

	for (i = 0; i <= n; i++) {
		p = i < n ? texts[i] : ALWAYS;
		for (end = p + strlen(p); p < end; p += got) {
			if (sh_grow(&cp, &cap, ncps + 1, sizeof(*cp),
			    "letters", err))
				goto out;
			if ((got = sh_utf8_get(p, end, &cp[ncps++])) == 0) {
				(void)sh_error_set(err, SH_EFORMAT,
				    "text.utf8", "a visible line is no "
				    "UTF-8");
				goto out;
			}
		}
	}
	qsort(cp, ncps, sizeof(*cp), compare);
	if ((set = sh_alloc(ncps * 4 + 1, 1, "letters", err)) == NULL)
		goto out;
	for (i = 0; i < ncps; i++)
		if (i == 0 || cp[i] != cp[i - 1])
			len += sh_utf8_put(cp[i], set + len);
out:
	free(cp);
	return (set);
}

/* Where letters of SET are, else where there is room for them. */
static struct sh_letters **
place_of(const struct sh_font *f, const char *set)
{
	struct sh_letters **oldest = &kept[0];
	size_t i;

	for (i = 0; i < SH_LETTERS_KEPT; i++) {
		if (kept[i] == NULL)
			return (&kept[i]);
		if (kept[i]->font == f && strcmp(kept[i]->set, set) == 0)
			return (&kept[i]);
		if (kept[i]->used < (*oldest)->used)
			oldest = &kept[i];
	}
	return (oldest);
}

struct sh_letters *
sh_letters_take(const struct sh_font *f, const char *const *texts, size_t n,
    struct sh_error *err)
{
	char *set = set_of(texts, n, err);
	struct sh_letters **at, *l = NULL;

	if (set == NULL)
		return (NULL);
	(void)pthread_mutex_lock(&lock);
	at = place_of(f, set);
	if (*at != NULL && (*at)->font == f && strcmp((*at)->set, set) == 0)
		l = *at;
	else if ((l = make(f, set, err)) != NULL) {
		put_back(*at);
		*at = l;
	}
	if (l != NULL) {
		l->users++;
		l->used = ++uses;
	}
	(void)pthread_mutex_unlock(&lock);
	free(set);
	return (l);
}

void
sh_letters_release(struct sh_letters *l)
{
	(void)pthread_mutex_lock(&lock);
	put_back(l);
	(void)pthread_mutex_unlock(&lock);
}
