/* Numbers of papers, money, measures. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* In a group that is mostly digits a letter was one: "20Z1". */
static void
mend_number(struct sh_proposal *p)
{
	char *s = p->value, *e;
	size_t n, digits, others;

	for (; *s != '\0'; s = e) {
		if (strchr("/-. ", *s) != NULL) {
			e = s + 1;
			continue;
		}
		n = strcspn(s, "/-. ");
		e = s + n;
		for (digits = others = 0; s < e; s++) {
			digits += sh_is_digit(*s);
			others += !sh_is_digit(*s) && sh_digit_for(*s) == 0;
		}
		if (digits < 3 || others > 0 || digits == n || digits + 1 < n)
			continue;
		for (s -= n; s < e; s++)
			*s = sh_digit_for(*s);
		p->confidence *= 0.7;
		p->doubt = "field.corrected";
	}
}

/* Spaces only part capitals from digits. */
static void
close_number(char *s)
{
	char *w = s, *start = s;

	for (; *s != '\0'; s++)
		if (*s != ' ' || (w > start && !sh_is_digit(w[-1]) &&
		    w[-1] != '/' && w[-1] != '-' && sh_is_digit(s[1])))
			*w++ = *s;
	*w = '\0';
}

/* "1906/QD-UBND": a decision's symbol is "QĐ", and there is no "QD". */
static int
spell_symbol(struct sh_proposal *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *at = strstr(p->value, "/QD"), *whole;

	if (at == NULL || (at[3] != '-' && at[3] != '\0'))
		return (0);
	if (sh_buf_append(&b, p->value, (size_t)(at - p->value), err) ||
	    sh_buf_puts(&b, "/QĐ", err) || sh_buf_puts(&b, at + 3, err) ||
	    (whole = sh_buf_steal(&b, err)) == NULL) {
		sh_buf_free(&b);
		return (-1);
	}
	free(p->value);
	p->value = whole;
	return (0);
}

/*
 * A document's number: one printed word with a digit in it, or a few
 * capitals and the word behind them ("CS 01234"); "05 / QĐ - UBND" with
 * stray spaces counts as one.
 */
int
sh_value_number(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	size_t i, from, to, digits = 0;

	for (from = 0; from < s->n && from < 4; from++) {
		const struct sh_atom *a = &v->atom[s->atom[from]];

		if (a->flags & SH_ATOM_DIGITS || strpbrk(a->fold,
		    "0123456789") != NULL || (a->flags & SH_ATOM_UPPER &&
		    strlen(a->fold) <= 8))
			break;
	}
	for (to = from; to < s->n; to++) {
		const struct sh_atom *a = &v->atom[s->atom[to]], *b;

		if (to > from && !(a->flags & SH_ATOM_GLUED)) {
			const char *t;
			size_t n;

			b = &v->atom[s->atom[to - 1]];
			t = b->text;
			n = strlen(t);
			/* Signs that join, or capitals before digits. */
			if (!(b->flags & SH_ATOM_SLASH ||
			    a->flags & SH_ATOM_DASH ||
			    (n > 1 && (t[n - 1] == '-' ||
			    t[n - 1] == '/')) ||
			    (to == from + 1 && b->flags & SH_ATOM_UPPER &&
			    strlen(b->fold) <= 3 && digits == 0 &&
			    !(b->flags & (SH_ATOM_COLON | SH_ATOM_COMMA)) &&
			    a->flags & SH_ATOM_DIGITS) ||
			    (digits > 0 && a->flags & SH_ATOM_UPPER &&
			    a->flags & SH_ATOM_SLASH &&
			    strlen(a->fold) <= 3)))
				break;
		}
		if (to > from && !(a->flags & (SH_ATOM_DIGITS |
		    SH_ATOM_UPPER | SH_ATOM_GLUED)))
			break;
		for (i = 0; a->fold[i] != '\0'; i++)
			digits += sh_is_digit(a->fold[i]);
		if (a->flags & (SH_ATOM_COMMA | SH_ATOM_COLON) &&
		    !((a + 1)->flags & SH_ATOM_GLUED)) {
			to++;
			break;
		}
	}
	if (digits == 0 || to - from > 12)
		return (0);
	if (sh_find_text(f, s, from, to, SH_MEND_NOT, &p->value))
		return (-1);
	sh_find_place(v, s, from, to, p);
	mend_number(p);
	close_number(p->value);
	return (spell_symbol(p, f->err) ? -1 : 1);
}

/* Groups of digits parted by dots or commas: 9.000.000.000. */
int
sh_value_money(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	struct sh_scan c;
	char out[40];
	size_t i, k, n, digits;
	unsigned bad;

	sh_scan_span(&f->v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (!sh_is_digit(c.s[i]) || (i > 0 && (sh_is_digit(c.s[i - 1]) ||
		    strchr("./-", c.s[i - 1]) != NULL)))
			continue;
		for (k = i, n = digits = bad = 0; k < c.n && n + 1 <
		    sizeof(out); k++) {
			char ch = c.s[k];

			if (sh_digit_for(ch) != 0) {
				out[n++] = sh_digit_for(ch);
				bad += !sh_is_digit(ch);
				digits++;
			} else if ((ch == '.' || ch == ',') &&
			    sh_digit_for(c.s[k + 1]) != 0) {
				out[n++] = '.';
			} else if (ch == ' ' && n > 0 && k + 3 < c.n &&
			    sh_is_digit(c.s[k + 1]) && sh_is_digit(c.s[k + 2]) &&
			    sh_is_digit(c.s[k + 3]) && !sh_is_digit(c.s[k + 4]) &&
			    (strchr(out, '.') != NULL || out[n - 1] == '.')) {
				if (out[n - 1] != '.')
					out[n++] = '.';
			} else if ((ch == '.' || ch == ',') && k + 1 < c.n &&
			    c.s[k + 1] == ' ' && sh_is_digit(c.s[k + 2])) {
				out[n++] = '.';
				k++;
			} else {
				break;
			}
			out[n] = '\0';
		}
		while (n > 0 && out[n - 1] == '.')
			out[--n] = '\0';
		/* Four digits, or "đồng" behind fewer. */
		if (digits < 4 && sh_scan_word(c.s + k + (c.s[k] == ' '),
		    "dong") == 0)
			continue;
		if (digits > 18)
			continue;
		if ((p->value = sh_strdup(out, f->err)) == NULL)
			return (-1);
		sh_find_place(&f->v, s, c.at[i], (size_t)c.at[k - 1] + 1, p);
		if (bad > 0) {
			p->confidence *= 0.6;
			p->doubt = "field.corrected";
		}
		return (1);
	}
	return (0);
}

/* The unit at P as it is printed when read well; NULL when it is none. */
static const char *
unit_at(const char *p)
{
	while (*p == ' ')
		p++;
	if (strncasecmp(p, "met vuong", 9) == 0)
		return ("mét vuông");
	if (p[0] == 'm' || p[0] == 'M')
		return ("m²");
	if (strncasecmp(p, "gram", 4) == 0)
		return ("gram");
	if (strncasecmp(p, "gam", 3) == 0)
		return ("gam");
	if (strncasecmp(p, "kg", 2) == 0)
		return ("kg");
	if (strncasecmp(p, "ha", 2) == 0)
		return ("ha");
	if ((p[0] == 'g' || p[0] == 'G') && (p[1] == '\0' || p[1] == ' ' ||
	    p[1] == '.' || p[1] == ',' || p[1] == ';' || p[1] == 'r'))
		return ("g");
	return (NULL);
}

/* A number with its unit: "186,5 m²". */
int
sh_value_area(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	struct sh_scan c;
	char out[32];
	size_t i, k, n;
	const char *unit;

	sh_scan_span(&f->v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (!sh_is_digit(c.s[i]) || (i > 0 && sh_is_digit(c.s[i - 1])))
			continue;
		for (k = i, n = 0; k < c.n && n + 1 < sizeof(out); k++)
			if (sh_is_digit(c.s[k]) || ((c.s[k] == '.' ||
			    c.s[k] == ',') && sh_is_digit(c.s[k + 1])))
				out[n++] = c.s[k];
			else
				break;
		out[n] = '\0';
		unit = unit_at(c.s + k);
		if (unit == NULL && i > 0)
			continue;
		if ((p->value = sh_asprintf(f->err, "%s%s%s", out,
		    unit != NULL ? " " : "", unit != NULL ? unit : "")) ==
		    NULL)
			return (-1);
		sh_find_place(&f->v, s, c.at[i], (size_t)c.at[k - 1] + 1, p);
		if (unit == NULL) {
			p->confidence *= 0.5;
			p->doubt = "field.unclear";
		}
		return (1);
	}
	return (0);
}
