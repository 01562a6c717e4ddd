/* Rule: ISO 32000-1 7.8, 8.10 (forms). */
#include "ocr/pdfin_cost.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CONTENT_MAX	((size_t)16 << 20)	/* one stream, unpacked */
#define COST_MAX	((uint64_t)128 << 20)	/* bytes of content drawn */
#define FILTERS_MAX	4
#define STREAMS_MAX	4096	/* of one page's contents */
#define DEPTH_MAX	28	/* pdftoppm goes no deeper */
#define NAMES_MAX	1024	/* objects that one content draws */
#define FORMS_MAX	4096	/* of one page */
#define SCAN_PIXELS	500000	/* an image of fewer is a seal, a crest */

struct use {			/* of a named object by one content */
	char name[SH_PDF_NAME_MAX];
	uint64_t times;
};

struct form {
	int id;			/* number of its object */
	uint64_t cost;
};

struct walk {
	qpdf_data q;
	struct form *form;	/* FORMS_MAX of them: weighed, or on the way */
	unsigned nforms;
	unsigned depth;
	int veiled;
	struct sh_error *err;
};

static int
too_complex(const struct walk *w, const char *what)
{
	return (sh_error_set(w->err, SH_ELIMIT, "pdf.too-complex",
	    "PDF page: %s", what));
}

/* How many times it is deflated; -1 when it is coded in another way too. */
static int
count_flates(const struct walk *w, qpdf_oh dict)
{
	qpdf_oh f = key(w->q, dict, "/Filter");
	int n, i;

	if (qpdf_oh_is_null(w->q, f))
		return (0);
	if (!qpdf_oh_is_array(w->q, f))
		return (is_name(w->q, f, "/FlateDecode") ?
		    1 : -1);
	n = qpdf_oh_get_array_n_items(w->q, f);
	for (i = 0; i < n; i++)
		if (!qpdf_oh_is_name_and_equals(w->q,
		    qpdf_oh_get_array_item(w->q, f, i), "/FlateDecode"))
			return (-1);
	return (n);
}

/* Append a content stream; what cannot be unpacked here counts as it lies. */
static int
append(struct walk *w, qpdf_oh stream, struct sh_buf *out)
{
	struct sh_buf b[2] = { { .limit = CONTENT_MAX },
	    { .limit = CONTENT_MAX } };
	unsigned char *raw = NULL;
	const uint8_t *data;
	QPDF_BOOL filtered;
	size_t len = 0;
	int n, i, rc;

	if (!qpdf_oh_is_stream(w->q, stream) || qpdf_oh_get_stream_data(w->q,
	    stream, qpdf_dl_none, &filtered, &raw, &len) & QPDF_ERRORS ||
	    raw == NULL) {
		free(raw);
		return (0);
	}
	n = count_flates(w, qpdf_oh_get_dict(w->q, stream));
	data = raw;
	rc = n > FILTERS_MAX ? 1 : 0;
	for (i = 0; i < n && rc == 0; i++) {
		sh_buf_reset(&b[i % 2]);
		if ((rc = sh_pdf_inflate(data, len, &b[i % 2], w->err)) == 0) {
			data = b[i % 2].data;
			len = b[i % 2].len;
		}
	}
	if (rc == 1 || (rc == 0 && len + 1 > out->limit - out->len))
		rc = too_complex(w, "its content unpacks without end");
	else if (rc == 0 && (sh_buf_append(out, data, len, w->err) ||
	    sh_buf_append(out, "\n", 1, w->err)))
		rc = -1;
	sh_buf_free(&b[0]);
	sh_buf_free(&b[1]);
	free(raw);
	return (rc);
}

static int
is_end(int c)
{
	return (strchr("\t\n\f\r ()<>[]{}/%", c) != NULL);	/* NUL too */
}

static int
note_use(struct walk *w, struct use *use, unsigned *np, const uint8_t *name,
    size_t len)
{
	unsigned i;

	for (i = 0; i < *np; i++)
		if (strlen(use[i].name) == len && memcmp(use[i].name, name,
		    len) == 0)
			break;
	if (i == *np) {
		if (i == NAMES_MAX)
			return (too_complex(w, "it draws too many objects"));
		memcpy(use[i].name, name, len);
		use[i].name[len] = '\0';
		use[i].times = 0;
		(*np)++;
	}
	use[i].times++;
	return (0);
}

/*
 * "/Name Do", wherever it stands: in a string or a comment it counts too,
 * which makes a page dearer but never cheaper.
 */
static int
find_uses(struct walk *w, const struct sh_buf *b, struct use *use,
    unsigned *np)
{
	const uint8_t *p = b->data, *end = b->data + b->len, *name, *stop;

	*np = 0;
	while (b->len > 0 && (name = memchr(p, '/', (size_t)(end - p))) !=
	    NULL) {
		for (stop = name + 1; stop < end && !is_end(*stop); stop++)
			;
		for (p = stop; p < end && *p != '\0' &&
		    strchr("\t\n\f\r ", *p) != NULL; p++)
			;
		if (end - p >= 3 && p[0] == 'D' && p[1] == 'o' &&
		    is_end(p[2]) && stop - name < SH_PDF_NAME_MAX &&
		    note_use(w, use, np, name, (size_t)(stop - name)))
			return (-1);
	}
	return (0);
}

static int
check_image(struct walk *w, qpdf_oh dict)
{
	int width, height;

	if (!qpdf_oh_get_value_as_int(w->q, key(w->q, dict, "/Width"), &width) ||
	    !qpdf_oh_get_value_as_int(w->q, key(w->q, dict, "/Height"),
	    &height) || width < 1 || height < 1)
		return (0);	/* draws nothing */
	w->veiled |= (int64_t)width * height >= SCAN_PIXELS;
	/* A strip may be long, where it stays small. */
	if ((int64_t)width * height <= SH_IMAGE_PIXELS_MAX)
		return (0);
	return (sh_image_check_size(width, height, w->err));
}

static int weigh(struct walk *w, struct sh_buf *content, qpdf_oh resources,
    uint64_t *costp);

/* What drawing the form once costs; known ones are not weighed again. */
static int
weigh_form(struct walk *w, qpdf_oh form, qpdf_oh resources, uint64_t *costp)
{
	struct sh_buf content = { .limit = CONTENT_MAX };
	qpdf_oh own = key(w->q, qpdf_oh_get_dict(w->q, form), "/Resources");
	int id = qpdf_oh_get_object_id(w->q, form), rc;
	unsigned i;

	for (i = 0; i < w->nforms; i++)
		if (w->form[i].id == id) {
			/* One that draws itself is still 0: no viewer does. */
			*costp = w->form[i].cost;
			return (0);
		}
	if (w->nforms == FORMS_MAX || w->depth == DEPTH_MAX)
		return (too_complex(w, "too many forms"));
	w->form[w->nforms++] = (struct form){ id, 0 };
	w->depth++;
	rc = append(w, form, &content);
	if (rc == 0)
		rc = weigh(w, &content, qpdf_oh_is_dictionary(w->q, own) ?
		    own : resources, costp);
	w->depth--;
	w->form[i].cost = *costp;
	sh_buf_free(&content);
	return (rc);
}

/* Text that only sets a clip, or nothing: what programs put behind a scan. */
static int
has_invisible(const struct sh_buf *b)
{
	const uint8_t *p = b->data, *end = b->data + b->len, *q;

	while (b->len > 0 && (p = memmem(p, (size_t)(end - p), "Tr", 2)) !=
	    NULL) {
		for (q = p; q > b->data && is_end(q[-1]); q--)
			;
		if (q < p && q > b->data && (q[-1] == '3' || q[-1] == '7'))
			return (1);
		p += 2;
	}
	return (0);
}

/* A "#" may spell a name's letters otherwise: then nobody knows. */
static int
renames(struct walk *w, const struct sh_buf *b, qpdf_oh resources)
{
	qpdf_oh lists = key(w->q, resources, "/Properties");

	return (b->len > 0 && (memmem(b->data, b->len, "ActualText", 10) !=
	    NULL || ((memmem(b->data, b->len, "BDC", 3) != NULL ||
	    memmem(b->data, b->len, "DP", 2) != NULL) &&
	    (qpdf_oh_is_dictionary(w->q, lists) ||
	    memchr(b->data, '#', b->len) != NULL))));
}

/* CONTENT is emptied: its children may be large too. */
static int
weigh(struct walk *w, struct sh_buf *content, qpdf_oh resources,
    uint64_t *costp)
{
	qpdf_oh objects = key(w->q, resources, "/XObject"), o, kind;
	uint64_t total = content->len + 1, cost;
	struct use *use;
	unsigned n, i;
	int rc = -1;

	*costp = 0;
	if ((use = sh_alloc(NAMES_MAX, sizeof(*use), "names", w->err)) ==
	    NULL || find_uses(w, content, use, &n))
		goto out;
	w->veiled |= renames(w, content, resources) ||
	    has_invisible(content);
	sh_buf_free(content);
	for (i = 0; i < n; i++) {
		o = key(w->q, objects, use[i].name);
		if (!qpdf_oh_is_stream(w->q, o))
			continue;
		kind = key(w->q, qpdf_oh_get_dict(w->q, o), "/Subtype");
		cost = 1;
		if (is_name(w->q, kind, "/Form") ?
		    weigh_form(w, o, resources, &cost) :
		    check_image(w, qpdf_oh_get_dict(w->q, o)))
			goto out;
		if (__builtin_mul_overflow(cost, use[i].times, &cost) ||
		    cost > COST_MAX || (total += cost) > COST_MAX) {
			(void)too_complex(w, "its forms draw forms without "
			    "end");
			goto out;
		}
	}
	*costp = total;
	rc = 0;
out:
	free(use);
	return (rc);
}

int
sh_pdf_check_cost(qpdf_data q, qpdf_oh contents, qpdf_oh resources,
    int *veiledp, struct sh_error *err)
{
	struct sh_buf content = { .limit = CONTENT_MAX };
	struct walk w = { .q = q, .err = err };
	uint64_t cost;
	int n, i, rc = -1;

	w.form = sh_alloc(FORMS_MAX, sizeof(*w.form), "forms", err);
	if (w.form == NULL)
		return (-1);
	if (!qpdf_oh_is_array(q, contents)) {
		rc = append(&w, contents, &content);
	} else {
		n = qpdf_oh_get_array_n_items(q, contents);
		rc = n > STREAMS_MAX ?
		    too_complex(&w, "too many content streams") : 0;
		for (i = 0; i < n && rc == 0; i++)
			rc = append(&w, qpdf_oh_get_array_item(q, contents,
			    i), &content);
	}
	if (rc == 0)
		rc = weigh(&w, &content, resources, &cost);
	*veiledp = w.veiled;
	sh_buf_free(&content);
	free(w.form);
	return (rc);
}
