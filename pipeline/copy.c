#include "pipeline/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "ocr/pdfa.h"
#include "pipeline/opened.h"
#include "pipeline/render.h"

#define PDF_MAX		((size_t)1 << 30)
/* Beside what the agency's signature of the archived document says. */
#define BESIDE_PT	178
#define WIDTH_PT	182

static const struct {
	const char *word, *title;
} forms[] = {
	[SH_COPY_WHOLE] = { "sao-y", "SAO Y" },
	[SH_COPY_EXTRACT] = { "trich-sao", "TRÍCH SAO" },
	[SH_COPY_OF_COPY] = { "sao-luc", "SAO LỤC" },
};

int
sh_copy_form(const char *word, enum sh_copy_form *out, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < SH_COUNT(forms); i++)
		if (strcmp(word, forms[i].word) == 0) {
			*out = (enum sh_copy_form)i;
			return (0);
		}
	sh_error_param(err, "value", "%.40s", word);
	return (sh_error_set(err, SH_EARG, "copy.form",
	    "\"%.40s\" is no form of copy", word));
}

static int
bad_pages(const char *text, size_t npages, struct sh_error *err)
{
	sh_error_param(err, "value", "%.60s", text);
	sh_error_param(err, "limit", "%zu", npages);
	return (sh_error_set(err, SH_EARG, "copy.pages",
	    "\"%.60s\" are no pages of %zu", text, npages));
}

int
sh_copy_pages(const char *text, size_t npages, uint8_t **flagsp,
    struct sh_error *err)
{
	const char *s = text;
	uint8_t *flags = sh_alloc(npages, 1, "pages", err);
	char *end;

	*flagsp = NULL;
	if (flags == NULL)
		return (-1);
	for (;;) {
		unsigned long first, last;

		if (*s < '1' || *s > '9')
			goto bad;
		first = last = strtoul(s, &end, 10);
		if (*end == '-') {
			s = end + 1;
			if (*s < '1' || *s > '9')
				goto bad;
			last = strtoul(s, &end, 10);
		}
		if (last > npages || first > last)
			goto bad;
		memset(flags + first - 1, 1, last - first + 1);
		if (*end == '\0')
			break;
		if (*end != ',')
			goto bad;
		s = end + 1;
	}
	*flagsp = flags;
	return (0);
bad:
	free(flags);
	return (bad_pages(text, npages, err));
}

/* ---- an extract -------------------------------------------------------------- */

static int
extract(struct sh_home *home, struct sh_pool *pool,
    const struct sh_reader *who, const struct sh_document_id *id,
    const char *pages, int pdf, int fd, int *firstp, struct sh_error *err)
{
	struct sh_opened k = SH_OPENED_INIT;
	struct sh_pdfa_info info = { .flavour = sh_render_flavour(home),
	    .created = sh_now() };
	char identifier[SH_DOCUMENT_ID_LEN];
	uint8_t *wanted = NULL;
	json_t *record = NULL;
	int rc = -1;

	if (pages == NULL)
		return (bad_pages("", 0, err));
	if (sh_archive_show(home->archive, who, id, &record, err) ||
	    sh_opened_reading(home, who, id, &k, err) ||
	    sh_copy_pages(pages, k.npages, &wanted, err))
		goto out;
	if (memchr(wanted, 0, k.npages) == NULL) {
		(void)bad_pages(pages, k.npages, err);
		goto out;
	}
	if (sh_opened_pages(pool, pdf, wanted, SH_PROFILE_STANDARD, &k, err))
		goto out;
	info.title = json_string_value(json_object_get(record, "type_name"));
	if (info.title == NULL)
		info.title = forms[SH_COPY_EXTRACT].title;
	*firstp = wanted[0];
	sh_document_id_print(id, identifier);
	info.identifier = identifier;
	rc = sh_pdfa_write(fd, &info, k.list, k.n, err);
out:
	json_decref(record);
	free(wanted);
	sh_opened_clear(&k);
	return (rc);
}

/* ---- the copy ------------------------------------------------------------------ */

static int
append(int from, int to, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (lseek(from, 0, SEEK_SET) != 0)
		return (sh_error_sys(err, "file.read", "the document"));
	if (sh_fs_read_fd(from, PDF_MAX, &b, err) == 0)
		rc = sh_write_all(to, b.data, b.len, err);
	sh_buf_free(&b);
	return (rc);
}

static int
certify(struct sh_home *home, enum sh_copy_form form, int beside, int fd,
    struct sh_error *err)
{
	struct sh_signing *s = &home->signing;
	struct sh_pdf_signature what = {
		.field = "copy",
		.place = SH_SIG_TOP_RIGHT,
		.offset_x_pt = (double)sh_config_int(home->config,
		    "agency-offset-x"),
		.offset_y_pt = (double)sh_config_int(home->config,
		    "agency-offset-y"),
		.reason = forms[form].title,
		.when = sh_now(),
	};
	char when[SH_TIME_LEN], at[64];

	if (beside) {
		what.offset_x_pt += BESIDE_PT;
		what.width_pt = WIDTH_PT;
	}
	sh_time_print(what.when, when);
	(void)snprintf(at, sizeof(at), "Thời gian ký: %s", when);
	what.lines[0] = forms[form].title;
	what.lines[1] = sh_config_text(home->config, "agency-name");
	what.lines[2] = at;
	if (sh_pades_sign(&s->pades, fd, home->agency, &what, err) ||
	    sh_pades_finish(&s->pades, fd, what.when, err))
		return (sh_error_context(err, "agency's signature"));
	return (sh_sign_prove(&s->pades, fd, 1, "copy", err));
}

int
sh_copy(struct sh_home *home, struct sh_pool *pool,
    const struct sh_reader *who, const struct sh_document_id *id,
    enum sh_copy_form form, const char *pages, int fd, struct sh_error *err)
{
	/* The archived first page says something in that corner already. */
	int pdf, first = 1, rc = -1;

	if ((pages != NULL) != (form == SH_COPY_EXTRACT))
		return (bad_pages(pages != NULL ? pages : "", 0, err));
	if ((pdf = sh_memfd("document", err)) < 0)
		return (-1);
	if (sh_archive_get(home->archive, who, id, "pdf", pdf, err) == 0 &&
	    (form == SH_COPY_EXTRACT ? extract(home, pool, who, id, pages,
	    pdf, fd, &first, err) : append(pdf, fd, err)) == 0)
		rc = certify(home, form, first, fd, err);
	(void)close(pdf);
	return (rc);
}
