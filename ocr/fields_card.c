/* Cards say the same in print, in a code and in machine lines. */
#include "ocr/fields_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"

#define YEAR_NOW	2030	/* births lie before it */
#define QR_FIELDS	7

/* Witnesses that agree leave little doubt; those that differ, some. */
#define AGREED		0.998
#define QR_ALONE	0.990
#define QR_AGAINST	0.960
#define MRZ_ALONE	0.960
#define MRZ_AGAINST	0.850

/* What the code says, each part a copy. */
struct card_qr {
	const struct sh_mark *mark;
	uint32_t page;
	char *field[QR_FIELDS];
	struct sh_date birth, issued;
};

struct card {
	struct sh_find *f;
	struct sh_fields *out;
	size_t cap;
	struct card_qr qr;
	struct sh_mrz mrz;
	uint32_t mrz_page;
	struct sh_box mrz_box;
	double mrz_confidence;
};

/* ---- the code ---- */

static struct sh_date
eight_digits(const char *s)
{
	struct sh_date d = { 0, 0, 0 };

	if (!sh_is_digits(s, 8))
		return (d);
	d.day = (s[0] - '0') * 10 + (s[1] - '0');
	d.month = (s[2] - '0') * 10 + (s[3] - '0');
	d.year = atoi(s + 4);
	if (!sh_date_valid(d))
		memset(&d, 0, sizeof(d));
	return (d);
}

/*
 * ID|old ID or nothing|name|DDMMYYYY|sex|residence|DDMMYYYY, more may
 * follow.  Source: cards of Circular 06/2021/TT-BCA and later.
 */
static int
split_qr(struct card *c, const char *s)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t i, n;
	int rc = -1;

	for (i = 0; i < QR_FIELDS; i++, s += n + 1) {
		n = strcspn(s, "|");
		sh_buf_reset(&b);
		/* Old readers give decomposed marks. */
		if (sh_text_clean(s, n, &b, c->f->err) ||
		    (c->qr.field[i] = sh_strndup((char *)b.data, b.len,
		    c->f->err)) == NULL)
			goto out;
		if (s[n] == '\0' && i + 1 < QR_FIELDS)
			break;
	}
	rc = 0;
	if (i >= QR_FIELDS - 1 && sh_is_digits(c->qr.field[0], 12)) {
		c->qr.birth = eight_digits(c->qr.field[3]);
		c->qr.issued = eight_digits(c->qr.field[6]);
		rc = 1;
	}
out:
	sh_buf_free(&b);
	return (rc);
}

static void
free_qr(struct card_qr *q)
{
	size_t i;

	for (i = 0; i < QR_FIELDS; i++)
		free(q->field[i]);
	memset(q, 0, sizeof(*q));
}

static int
find_qr(struct card *c)
{
	const struct sh_view *v = &c->f->v;
	size_t i, k;
	int r;

	for (i = 0; i < v->npages; i++)
		for (k = 0; k < v->pages[i]->nmarks; k++) {
			const struct sh_mark *m = &v->pages[i]->marks[k];

			if (m->kind != SH_BARCODE_QR)
				continue;
			if ((r = split_qr(c, m->text)) < 0)
				return (-1);
			if (r == 1) {
				c->qr.mark = m;
				c->qr.page = (uint32_t)i;
				return (0);
			}
			free_qr(&c->qr);
		}
	return (0);
}

/* ---- the machine lines ---- */

static int
find_mrz(struct card *c)
{
	const struct sh_view *v = &c->f->v;
	struct sh_buf text[8] = { SH_BUF_INIT };
	const char *line[8];
	size_t n = 0, i, fill;
	uint32_t seg, k, words = 0;
	double sum = 0;
	int rc = -1;

	for (seg = 0; seg < v->nsegs && n < SH_COUNT(line); seg++) {
		const struct sh_seg *s = &v->seg[seg];

		for (fill = 0, k = s->first; k < s->first + s->n; k++) {
			const char *t = v->atom[k].text;

			for (; *t != '\0'; t++)
				fill += *t == '<';
		}
		if (fill < 2)
			continue;
		for (k = s->first; k < s->first + s->n; k++) {
			if (sh_buf_puts(&text[n], v->atom[k].text,
			    c->f->err))
				goto out;
			sum += (double)v->atom[k].confidence;
			words++;
		}
		if (text[n].len < (n >= 2 ? 8 : 20))
			sh_buf_reset(&text[n]);
		else if (n++ == 0)
			c->mrz_box = s->box;
		else
			c->mrz_box = sh_box_union(c->mrz_box, s->box);
		if (n > 0)
			c->mrz_page = v->row[s->row].page;
	}
	for (i = 0; i < n; i++)
		line[i] = (char *)text[i].data;
	sh_mrz_read(line, n, YEAR_NOW, &c->mrz);
	c->mrz_confidence = words > 0 ? sum / words : 0;
	rc = 0;
out:
	for (i = 0; i < SH_COUNT(text); i++)
		sh_buf_free(&text[i]);
	return (rc);
}

/* ---- fields against witnesses ---- */

static struct sh_field *
get(struct card *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->out->n; i++)
		if (strcmp(c->out->field[i].def->name, name) == 0)
			return (&c->out->field[i]);
	return (NULL);
}

/* The field NAME holds VALUE, as METHOD says. */
static int
set(struct card *c, const char *name, const char *value, double confidence,
    const char *method, const char *doubt)
{
	const struct sh_field_def *def = sh_paper_type_field(c->f->type,
	    name);
	struct sh_field *f = get(c, name);
	char *copy;

	if (def == NULL)
		return (0);
	if ((copy = sh_strdup(value, c->f->err)) == NULL)
		return (-1);
	if (f == NULL) {
		if (sh_grow(&c->out->field, &c->cap, c->out->n + 1,
		    sizeof(*f), "fields", c->f->err)) {
			free(copy);
			return (-1);
		}
		f = &c->out->field[c->out->n++];
		memset(f, 0, sizeof(*f));
		f->def = def;
		if (strcmp(method, "qr") == 0) {
			f->page = c->qr.page;
			f->box = c->qr.mark->box;
		} else {
			f->page = c->mrz_page;
			f->box = c->mrz_box;
		}
	}
	free(f->value);
	f->value = copy;
	f->confidence = confidence;
	f->method = method;
	f->doubt = doubt;
	return (0);
}

/* Letters apart, folded and without spaces. */
static unsigned
apart(const char *a, const char *b, struct sh_error *err)
{
	char *x = sh_text_fold_dup(a, err), *y = sh_text_fold_dup(b, err);
	unsigned d = 255;
	size_t i, n, m;

	if (x != NULL && y != NULL) {
		for (i = n = 0; x[i] != '\0'; i++)
			if (x[i] != ' ')
				x[n++] = x[i];
		for (i = m = 0; y[i] != '\0'; i++)
			if (y[i] != ' ')
				y[m++] = y[i];
		d = sh_edit_distance(x, n, y, m, 60);
	}
	free(x);
	free(y);
	return (d);
}

/*
 * QR and MRZ speak of the field NAME (either may be NULL); print may have
 * been misread.  The code is error-corrected and wins.
 */
static int
weigh(struct card *c, const char *name, const char *qr, const char *mrz,
    int mrz_sure)
{
	struct sh_field *f = get(c, name);
	int print_mrz = f != NULL && mrz != NULL &&
	    strcmp(f->value, mrz) == 0;

	if (sh_paper_type_field(c->f->type, name) == NULL)
		return (0);
	if (qr != NULL) {
		int agreed = (f != NULL && strcmp(f->value, qr) == 0) ||
		    (mrz != NULL && strcmp(mrz, qr) == 0);

		/* Print that differs a little was misread. */
		if (!agreed && f != NULL && apart(f->value, qr,
		    c->f->err) > 2)
			return (set(c, name, qr, QR_AGAINST, "qr",
			    "field.qr-differs"));
		return (set(c, name, qr, agreed ? AGREED : QR_ALONE, "qr",
		    NULL));
	}
	if (mrz == NULL)
		return (0);
	if (f == NULL)
		return (mrz_sure ? set(c, name, mrz, MRZ_ALONE, "mrz", NULL) :
		    0);
	if (print_mrz) {
		f->confidence = AGREED;
		f->doubt = NULL;
		return (0);
	}
	if (mrz_sure && apart(f->value, mrz, c->f->err) <= 3)
		return (set(c, name, mrz, MRZ_AGAINST, "mrz",
		    "field.mrz-differs"));
	f->confidence *= 0.7;
	f->doubt = "field.mrz-differs";
	return (0);
}

static int
weigh_date(struct card *c, const char *name, struct sh_date qr,
    struct sh_date mrz)
{
	char q[SH_DATE_LEN], m[SH_DATE_LEN];

	if (qr.year != 0)
		sh_date_print(qr, q);
	if (mrz.year != 0)
		sh_date_print(mrz, m);
	return (weigh(c, name, qr.year != 0 ? q : NULL, mrz.year != 0 ? m :
	    NULL, 1));
}

/* All words of B stand in A, in their order, and A has more. */
static int
says_more(const char *a, const char *b, struct sh_error *err)
{
	char *x = sh_text_fold_dup(a, err), *y = sh_text_fold_dup(b, err);
	char *savex, *savey, *p, *q;
	int more = 0;

	if (x != NULL && y != NULL) {
		q = strtok_r(y, " ", &savey);
		for (p = strtok_r(x, " ", &savex); p != NULL;
		    p = strtok_r(NULL, " ", &savex)) {
			if (q != NULL && strcmp(p, q) == 0)
				q = strtok_r(NULL, " ", &savey);
			else
				more = 1;
		}
		more &= q == NULL;
	}
	free(x);
	free(y);
	return (more);
}

/*
 * The machine line has a family name that print lost: of names with those
 * letters the one that is usual.
 */
static int
restore_family(struct card *c, struct sh_field *f)
{
	struct sh_buf whole = SH_BUF_INIT, family = SH_BUF_INIT;
	size_t n = strcspn(c->mrz.name, " ");
	const char *usual = NULL;
	int rc = -1;

	if (sh_text_fold(c->mrz.name, n, &family, c->f->err))
		goto out;
	if (c->mrz.name[n] == ' ' && apart(f->value, c->mrz.name + n + 1,
	    c->f->err) == 0)
		usual = sh_name_spelling((char *)family.data, 1);
	if (usual != NULL && (sh_text_upper(usual, strlen(usual), &whole,
	    c->f->err) || sh_buf_puts(&whole, " ", c->f->err) ||
	    sh_buf_puts(&whole, f->value, c->f->err)))
		goto out;
	rc = usual == NULL ? 0 : set(c, "name", (char *)whole.data,
	    f->confidence, f->method, f->doubt);
out:
	sh_buf_free(&whole);
	sh_buf_free(&family);
	return (rc);
}

/* The name: the code has its marks, the machine line its letters. */
static int
weigh_name(struct card *c)
{
	struct sh_field *f = get(c, "name");
	struct sh_buf upper = SH_BUF_INIT;
	const char *name = c->qr.field[2];
	unsigned d;
	int rc = -1;

	if (name != NULL && *name != '\0') {
		/* Cards print it in capitals. */
		if (sh_text_upper(name, strlen(name), &upper, c->f->err))
			goto out;
		d = f == NULL ? 0 : apart(f->value, name, c->f->err);
		rc = set(c, "name", (char *)upper.data, f == NULL ?
		    QR_ALONE : d == 0 ? AGREED : d <= 3 ? QR_ALONE :
		    QR_AGAINST, "qr", d > 3 ? "field.qr-differs" : NULL);
		goto out;
	}
	rc = 0;
	if (f == NULL || c->mrz.name[0] == '\0')
		goto out;
	d = apart(f->value, c->mrz.name, c->f->err);
	if (d == 0) {
		f->confidence = 1 - 0.6 * (1 - f->confidence);
	} else if (d > 3 || says_more(c->mrz.name, f->value, c->f->err)) {
		f->confidence *= 0.7;
		f->doubt = "field.mrz-differs";
		rc = restore_family(c, f);
	}
out:
	sh_buf_free(&upper);
	return (rc);
}

/* 1 if what stands behind the last comma is a province. */
static int
ends_with_province(const char *place, struct sh_error *err)
{
	const char *comma = strrchr(place, ',');
	char *fold = sh_text_fold_dup(comma != NULL ? comma + 1 : place, err);
	int known = fold != NULL && sh_province_known(fold);

	if (fold == NULL)
		sh_error_clear(err);
	free(fold);
	return (known);
}

/*
 * A place: the code has it whole, print is broken over lines; but since the
 * reform of 2025 the code may leave the district out.
 */
static int
weigh_residence(struct card *c)
{
	struct sh_field *f = get(c, "residence");
	const char *qr = c->qr.field[5];
	size_t n;

	if (qr == NULL || *qr == '\0')
		return (0);
	n = strlen(qr);
	if (f != NULL && says_more(f->value, qr, c->f->err)) {
		f->confidence = 1 - 0.6 * (1 - f->confidence);
		return (0);
	}
	/* The same before and after the reform: what is printed counts. */
	if (f != NULL && sh_place_compare(f->value, qr, NULL) !=
	    SH_DIFFERENT && ends_with_province(f->value, c->f->err)) {
		f->confidence = 1 - 0.6 * (1 - f->confidence);
		return (0);
	}
	/* Another address in order: the card was printed before or after. */
	if (f != NULL && ends_with_province(f->value, c->f->err) &&
	    f->confidence > 0.6 && apart(f->value, qr, c->f->err) > 6)
		return (0);
	if (f != NULL && apart(f->value, qr, c->f->err) > n / 4)
		return (set(c, "residence", qr, QR_AGAINST, "qr",
		    "field.qr-differs"));
	return (set(c, "residence", qr, f != NULL ? AGREED : QR_ALONE, "qr",
	    NULL));
}

static struct sh_date
field_date(struct card *c, const char *name)
{
	const struct sh_field *f = get(c, name);
	struct sh_date d = { 0, 0, 0 };

	if (f != NULL && sh_date_parse(f->value, &d))
		memset(&d, 0, sizeof(d));
	return (d);
}

/* Signs that differ between what was read and what the rules give. */
static unsigned
mrz_apart(const char *read, const char *composed)
{
	char a[SH_MRZ_TEXT], b[SH_MRZ_TEXT];
	size_t n = 0, m = 0;

	for (; *read != '\0' && n + 1 < sizeof(a); read++)
		if (*read != '\n')
			a[n++] = *read;
	for (; *composed != '\0' && m + 1 < sizeof(b); composed++)
		if (*composed != '\n')
			b[m++] = *composed;
	return (sh_edit_distance(a, n, b, m, 40));
}

/*
 * The machine lines as the rules print them for this person, when what was
 * read is near enough; else as read.
 */
static int
put_mrz(struct card *c)
{
	const struct sh_field *id = get(c, "id_number");
	const struct sh_field *name = get(c, "name"), *sex = get(c, "sex");
	const struct sh_field *number = get(c, "passport_number");
	struct sh_date birth = field_date(c, "birth_date");
	struct sh_date expiry = field_date(c, "expiry_date");
	char text[SH_MRZ_TEXT], s;
	unsigned d;
	int rc = -1;

	if (c->mrz.kind == SH_MRZ_NONE)
		return (0);
	/* Print that lost a word of the name says nothing of the lines. */
	if (name != NULL && says_more(c->mrz.name, name->value, c->f->err))
		name = NULL;
	s = c->mrz.sex != 0 ? c->mrz.sex : sex == NULL ? 0 :
	    strcmp(sex->value, "Nam") == 0 ? 'M' : 'F';
	if (c->mrz.kind == SH_MRZ_TD1 && id != NULL && name != NULL &&
	    (expiry.year != 0 || c->mrz.endless))
		rc = sh_mrz_compose(id->value, birth, s, expiry, name->value,
		    text);
	else if (c->mrz.kind == SH_MRZ_TD3 && number != NULL && name != NULL)
		rc = sh_mrz_compose_passport(number->value, birth, s, expiry,
		    id != NULL ? id->value : NULL, name->value, text);
	if (rc == 0 && (d = mrz_apart(c->mrz.text, text)) <= 20)
		return (set(c, "mrz", text, 0.99 - 0.015 * d, "mrz", d > 12 ?
		    "field.check-digit" : NULL));
	/* All its check digits hold and nothing was mended: well read. */
	if (c->mrz.held == c->mrz.checks && c->mrz.corrected == 0)
		return (set(c, "mrz", c->mrz.text, 0.9 * c->mrz_confidence,
		    "mrz", NULL));
	return (set(c, "mrz", c->mrz.text, 0.3 * c->mrz_confidence, "mrz",
	    "field.check-digit"));
}

int
sh_find_card(struct sh_find *f, struct sh_fields *out)
{
	struct card c = { .f = f, .out = out, .cap = out->n };
	struct sh_date none = { 0, 0, 0 };
	const char *number, *personal;
	struct sh_citizen who;
	struct sh_id id;
	int rc = -1, sure;

	if (find_qr(&c) || find_mrz(&c))
		goto out;
	/* A birth before 1930 is the number's to tell. */
	memset(&id, 0, sizeof(id));
	number = c.mrz.number[0] != '\0' ? c.mrz.number : NULL;
	personal = c.mrz.kind == SH_MRZ_TD3 ? (c.mrz.personal[0] != '\0' ?
	    c.mrz.personal : NULL) : number;
	if (personal != NULL) {
		id.kind = SH_ID_CITIZEN;
		memcpy(id.value, personal, strlen(personal) + 1);
		if (sh_id_citizen(&id, &who) == 0 && c.mrz.birth.year != 0 &&
		    who.birth_year % 100 == c.mrz.birth.year % 100)
			c.mrz.birth.year = who.birth_year;
	}
	sure = c.mrz.held >= 2;
	if (weigh(&c, "id_number", c.qr.field[0], personal, sure) ||
	    weigh_name(&c) ||
	    weigh_date(&c, "birth_date", c.qr.birth, c.mrz.birth) ||
	    weigh(&c, "sex", c.qr.field[4], c.mrz.sex == 0 ? NULL :
	    c.mrz.sex == 'M' ? "Nam" : "Nữ", 1) ||
	    weigh_residence(&c) ||
	    weigh_date(&c, "issue_date", c.qr.issued, none) ||
	    weigh_date(&c, "expiry_date", none, c.mrz.expiry))
		goto out;
	if (c.mrz.kind == SH_MRZ_TD3 && weigh(&c, "passport_number", NULL,
	    number, sure))
		goto out;
	if (c.mrz.kind == SH_MRZ_TD1 && get(&c, "nationality") == NULL &&
	    set(&c, "nationality", "Việt Nam", MRZ_ALONE, "mrz", NULL))
		goto out;
	if (put_mrz(&c) || (c.qr.mark != NULL && set(&c, "qr",
	    c.qr.mark->text, AGREED, "qr", NULL)))
		goto out;
	rc = 0;
out:
	free_qr(&c.qr);
	return (rc);
}
