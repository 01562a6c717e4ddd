/* Numbers of people and organisations. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * A run of digits at C->s[i]: spaces, dots and hyphens may part groups;
 * letters count as the digits they resemble inside a word that is mostly
 * digits.  Where it ends; the digits go to OUT.
 */
static size_t
digit_run(const struct sh_scan *c, size_t i, size_t want, char *out,
    unsigned *corrected)
{
	size_t n = 0, k = i, real = 0, gaps = 0;

	while (k < c->n && n < want) {
		char ch = c->s[k];

		if (sh_is_digit(ch)) {
			out[n++] = ch;
			real++;
		} else if (k == i && ch == '(') {
			out[n++] = '0';
		} else if (sh_digit_for(ch) != 0 && ((k > i &&
		    sh_is_digit(c->s[k - 1])) || sh_is_digit(c->s[k + 1]))) {
			out[n++] = sh_digit_for(ch);
		} else if (n > 0 && (ch == ' ' || (ch == '.' && want == 12)) &&
		    sh_digit_for(c->s[k + 1]) != 0 && (n % 3 == 0 ||
		    (want == 12 && gaps + 1 == n))) {
			gaps++;	/* a box for each digit */
		} else {
			break;
		}
		k++;
	}
	out[n] = '\0';
	if (n != want || real * 10 < n * 7)
		return (0);
	*corrected += (unsigned)(n - real);
	return (k);
}

int
sh_find_id(const struct sh_view *v, const struct sh_span *s, char out[24],
    size_t *from, size_t *to, unsigned *corrected)
{
	static const size_t lengths[] = { 12, 10, 9 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_scan c;
	struct sh_id id;
	size_t i, k, end;

	sh_scan_span(v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (i > 0 && ((sh_digit_for(c.s[i - 1]) != 0 &&
		    c.s[i - 1] != 'D') || (i > 1 && strchr(".,",
		    c.s[i - 1]) != NULL && sh_is_digit(c.s[i - 2]))))
			continue;
		/* A bracket is a nought with a gap. */
		if (sh_digit_for(c.s[i]) == 0 && !(c.s[i] == '(' &&
		    sh_is_digit(c.s[i + 1])))
			continue;
		for (k = 0; k < SH_COUNT(lengths); k++) {
			unsigned bad = 0;

			end = digit_run(&c, i, lengths[k], out, &bad);
			if (end == 0 || (sh_digit_for(c.s[end]) != 0 &&
			    c.s[end] != 'D' && c.s[end] != 'T'))
				continue;
			/* A branch of an organisation. */
			if (lengths[k] == 10 && c.s[end] == '-' &&
			    sh_is_digit(c.s[end + 1]) &&
			    sh_is_digit(c.s[end + 2]) &&
			    sh_is_digit(c.s[end + 3]) &&
			    !sh_is_digit(c.s[end + 4])) {
				memcpy(out + 10, c.s + end, 4);
				out[14] = '\0';
				end += 4;
			}
			/* Telephones have ten digits too. */
			if (lengths[k] == 10 && sh_id_parse(out, &id, &err)) {
				sh_error_clear(&err);
				if (out[0] == '0' && out[1] >= '3')
					continue;
			}
			*from = c.at[i];
			*to = (size_t)c.at[end - 1] + 1;
			*corrected = bad;
			return (1);
		}
	}
	return (0);
}

void
sh_value_weigh_id(struct sh_proposal *p, unsigned corrected)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_citizen who;
	struct sh_id id;
	int proved;

	proved = sh_id_parse(p->value, &id, &err) == 0 &&
	    (id.kind == SH_ID_TAX || (sh_id_citizen(&id, &who) == 0 &&
	    who.province_name != NULL && who.birth_year <= 2030));
	if (strcmp(err.key, "id.check-digit") == 0) {
		p->confidence *= 0.5;
		p->doubt = "field.check-digit";
		return;
	}
	if (id.kind == SH_ID_CITIZEN && !proved) {
		p->confidence *= 0.5;
		p->doubt = "field.id-structure";
	} else if (corrected > 0) {
		p->confidence *= proved ? 0.75 : 0.4;
		p->doubt = "field.corrected";
	}
}

int
sh_value_id(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	unsigned bad = 0;
	size_t from, to;
	char out[24];

	if (!sh_find_id(&f->v, s, out, &from, &to, &bad))
		return (0);
	if ((p->value = sh_strdup(out, f->err)) == NULL)
		return (-1);
	sh_find_place(&f->v, s, from, to, p);
	sh_value_weigh_id(p, bad);
	return (1);
}
