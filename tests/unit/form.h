/*
 * The real engine and one drawn form (data/form.png, 200 dpi, an invented
 * person), and what its reading is asked.
 */
#ifndef SH_TESTS_FORM_H
#define SH_TESTS_FORM_H

#include "tests/unit/test.h"

#include <math.h>

#include "base/mem.h"
#include "ocr/recognise.h"
#include "tests/unit/raster.h"

static struct sh_recogniser *reader;
static PIX *form;		/* grey */

static inline int
start(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	PIX *p = pixRead("tests/unit/data/form.png");

	(void)state;
	(void)setMsgSeverity(L_SEVERITY_NONE);
	assert_non_null(p);
	form = pixConvertTo8(p, 0);
	pixDestroy(&p);
	must(sh_recogniser_new(NULL, &reader, &err));
	return (0);
}

static inline int
stop(void **state)
{
	(void)state;
	pixDestroy(&form);
	sh_recogniser_free(reader);
	return (0);
}

/* Read the raster, which is destroyed. */
static inline struct sh_page *
read_raster(PIX *raster, double dpi, int exif)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = raster_pixels(raster, dpi);
	struct sh_page *p;

	px.exif_orientation = exif;
	must(sh_recogniser_read(reader, &px, &p, &err));
	free(px.data);
	return (p);
}

static inline char *
text_of(const struct sh_page *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char *s;

	must(sh_page_text(p, &b, &err));
	must_ptr(s = sh_buf_steal(&b, &err));
	return (s);
}

/* Words of the form that the reading lacks. */
static inline int
lost(const struct sh_page *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf truth = SH_BUF_INIT;
	char *word, *rest;
	uint8_t *taken = calloc(p->nwords + 1, 1);
	int n = 0;
	size_t i;

	must(sh_fs_read("tests/unit/data/form.txt", 65536, &truth, &err));
	rest = (char *)truth.data;
	while ((word = strsep(&rest, " \n")) != NULL) {
		if (*word == '\0')
			continue;
		for (i = 0; i < p->nwords; i++)
			if (!taken[i] && strcmp(p->words[i].text, word) == 0)
				break;
		n += i == p->nwords;
		taken[i] = 1;
	}
	free(taken);
	sh_buf_free(&truth);
	return (n);
}

static inline const struct sh_word *
find_word(const struct sh_page *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->nwords; i++)
		if (strcmp(p->words[i].text, text) == 0)
			return (&p->words[i]);
	fail_msg("no word %s", text);
	return (NULL);
}

/* A4 with nothing on it. */
static inline PIX *
paper(int level)
{
	PIX *p = pixCreate(1654, 2339, 8);

	(void)pixSetAllArbitrary(p, (l_uint32)level);
	return (p);
}

#endif
