/* Dates in figures and in words. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* At most MAX digits at P, letters that resemble them counted. */
static size_t
read_digits(const char *p, size_t max, int *out, unsigned *corrected)
{
	size_t n = 0, real = 0;
	int v = 0;

	while (n < max && sh_digit_for(p[n]) != 0) {
		real += sh_is_digit(p[n]);
		v = v * 10 + sh_digit_for(p[n]) - '0';
		n++;
	}
	if (n == 0)
		return (0);
	/* "I" alone may be a one; of more, most must be digits. */
	if (real == 0 && n > 2)
		return (0);
	*out = v;
	*corrected += (unsigned)(n - real);
	return (n);
}

static int
good_date(struct sh_date d)
{
	return (sh_date_valid(d) && d.year >= 1880 && d.year <= 2150);
}

/* dd/mm/yyyy with / . - or spaces around them, at C->s[i]. */
static size_t
read_short_date(const struct sh_scan *c, size_t i, struct sh_date *d,
    unsigned *corrected)
{
	const char *p = c->s + i, *start = p;
	unsigned bad = 0;
	size_t n;

	if (!sh_is_digit(*p) || (i > 0 && (sh_is_digit(p[-1]))))
		return (0);
	n = read_digits(p, 2, &d->day, &bad);
	p += n;
	while (*p == ' ')
		p++;
	/* A slash is misread as a one or a capital I. */
	if (strchr("/.-,", *p) == NULL && !(strchr("IJ|!l", *p) != NULL &&
	    n == 2))
		return (0);
	if (*p == '\0')
		return (0);
	bad += strchr("/.-", *p) == NULL;
	p++;
	while (*p == ' ')
		p++;
	if ((n = read_digits(p, 2, &d->month, &bad)) == 0)
		return (0);
	p += n;
	while (*p == ' ')
		p++;
	if (*p == '\0' || strchr("/.-,IJ|!", *p) == NULL)
		return (0);
	bad += strchr("/.-", *p) == NULL;
	p++;
	while (*p == ' ')
		p++;
	if (read_digits(p, 4, &d->year, &bad) != 4 || sh_is_digit(p[4]) ||
	    !good_date(*d))
		return (0);
	*corrected += bad;
	return ((size_t)(p + 4 - start));
}
static const char *
skip_gap(const char *p)
{
	while (*p == ' ' || *p == ',' || *p == '.' || *p == ':')
		p++;
	if (*p == '/' || *p == '(') {
		p++;
		while (*p == ' ')
			p++;
		while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			p++;
		while (*p == ' ' || *p == ')' || *p == ':')
			p++;
	}
	return (p);
}

/* "05 tháng 02 năm 2025" at C->s[i], "ngày" before it or not. */
static size_t
read_long_date(const struct sh_scan *c, size_t i, struct sh_date *d,
    unsigned *corrected)
{
	const char *p = c->s + i, *start = p;
	unsigned bad = 0;
	size_t n;

	if (i > 0 && p[-1] != ' ' && !(p[-1] >= 'a' && p[-1] <= 'z') &&
	    p[-1] != '.' && p[-1] != ':' && p[-1] != ',')
		return (0);
	if ((n = read_digits(p, 2, &d->day, &bad)) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = sh_scan_word(p, "thang")) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = read_digits(p, 2, &d->month, &bad)) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = sh_scan_word(p, "nam")) == 0)
		return (0);
	p = skip_gap(p + n);
	if (read_digits(p, 4, &d->year, &bad) != 4 || sh_is_digit(p[4]) ||
	    !good_date(*d))
		return (0);
	*corrected += bad;
	return ((size_t)(p + 4 - start));
}

int
sh_find_date(const struct sh_view *v, const struct sh_span *s,
    struct sh_date *d, size_t *from, size_t *to, unsigned *corrected)
{
	struct sh_scan c;
	unsigned bad = 0;
	size_t i, n;

	sh_scan_span(v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (sh_digit_for(c.s[i]) == 0)
			continue;
		if ((n = read_short_date(&c, i, d, &bad)) == 0 &&
		    (n = read_long_date(&c, i, d, &bad)) == 0)
			continue;
		*from = c.at[i];
		*to = (size_t)c.at[i + n - 1] + 1;
		*corrected = bad;
		return (1);
	}
	return (0);
}

/*
 * "0710711960", "07/07I11960": slashes that were read as ones.  Only where a
 * label says that a date must stand there, for telephones look the same.
 */
static size_t
read_solid_date(const struct sh_scan *c, size_t i, struct sh_date *d)
{
	static const char slashes[] = "/1IJ|!li";
	const char *p = c->s + i, *start = p;
	unsigned bad = 0;

	if (read_digits(p, 2, &d->day, &bad) != 2 || p[2] == '\0' ||
	    strchr(slashes, p[2]) == NULL)
		return (0);
	p += 3;
	if (read_digits(p, 2, &d->month, &bad) != 2 || p[2] == '\0' ||
	    strchr(slashes, p[2]) == NULL)
		return (0);
	p += 3;
	if (*p == '1' && sh_is_digit(p[4]))
		p++;
	if (read_digits(p, 4, &d->year, &bad) != 4 || sh_is_digit(p[4]) ||
	    bad > 0 || !good_date(*d))
		return (0);
	return ((size_t)(p + 4 - start));
}

static int
find_solid_date(const struct sh_view *v, const struct sh_span *s,
    struct sh_date *d, size_t *from, size_t *to, unsigned *corrected)
{
	struct sh_scan c;
	size_t i, n;

	sh_scan_span(v, s, &c);
	for (i = 0; i < c.n && !sh_is_digit(c.s[i]); i++)
		;
	if (i == c.n || (n = read_solid_date(&c, i, d)) == 0)
		return (0);
	*from = c.at[i];
	*to = (size_t)c.at[i + n - 1] + 1;
	*corrected = 1;
	return (1);
}

int
sh_value_date(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	struct sh_date d;
	unsigned bad = 0;
	size_t from, to;

	if (!sh_find_date(&f->v, s, &d, &from, &to, &bad) &&
	    !find_solid_date(&f->v, s, &d, &from, &to, &bad))
		return (0);
	if ((p->value = sh_alloc(SH_DATE_LEN, 1, "date", f->err)) == NULL)
		return (-1);
	sh_date_print(d, p->value);
	sh_find_place(&f->v, s, from, to, p);
	if (bad > 0) {
		p->confidence *= 0.8;
		p->doubt = "field.corrected";
	}
	return (1);
}
