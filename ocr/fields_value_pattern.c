/* Values that have a form of the catalogue: "patterns". */
#include "ocr/fields_value_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One step of a pattern: what it takes, how often. */
struct step {
	char what;
	unsigned lo, hi;
};

static size_t
parse_pattern(const char *p, struct step *step, size_t max)
{
	size_t n = 0;
	int used;

	while (*p != '\0' && n < max) {
		struct step *s = &step[n++];

		s->what = *p++;
		s->lo = s->hi = 1;
		if (s->what == ' ' || s->what == '_') {
			s->lo = 0;
			s->hi = 3;
		} else if (*p == '?') {
			s->lo = 0;
			p++;
		} else if (*p == '{') {
			used = 0;
			if (sscanf(p, "{%2u}%n", &s->lo, &used) == 1 &&
			    used > 0)
				s->hi = s->lo;
			else
				(void)sscanf(p, "{%2u,%2u}%n", &s->lo, &s->hi,
				    &used);
			p += used;
		}
	}
	return (n);
}

/* 1 if CH is what the step takes; a resembling letter counts as a digit. */
static int
takes(char what, char ch, char *as, unsigned *corrected)
{
	*as = ch;
	switch (what) {
	case '9':
		if (sh_is_digit(ch))
			return (1);
		*as = sh_digit_for(ch);
		if (*as == 0)
			return (0);
		++*corrected;
		return (1);
	case 'A':
		return (ch >= 'A' && ch <= 'Z');
	case 'X':
		return (sh_is_digit(ch) || (ch >= 'A' && ch <= 'Z'));
	case ' ':
		return (ch == ' ');
	case '_':
		return (ch == ' ' || ch == '.' || ch == '-');
	default:
		if (sh_is_digit(what) && !sh_is_digit(ch) && sh_digit_for(ch) == what) {
			*as = what;
			++*corrected;
			return (1);
		}
		return (ch == what);
	}
}

struct matcher {
	const struct sh_scan *c;
	const struct step *step;
	size_t nsteps;
	char *out;
	size_t size;
	unsigned tries;		/* left, before it gives up */
};

/* Where the steps from K on end, greedy with a way back; 0 when never. */
static size_t
match_steps(struct matcher *m, size_t k, size_t i, size_t len,
    unsigned corrected, unsigned *total)
{
	const struct step *s = &m->step[k];
	size_t n, end;
	unsigned bad = corrected;
	char as;

	if (m->tries == 0)
		return (0);
	m->tries--;
	if (k == m->nsteps) {
		m->out[len] = '\0';
		*total = corrected;
		return (i);
	}
	for (n = 0; n < s->hi && i + n < m->c->n && len + n + 1 < m->size;
	    n++) {
		if (!takes(s->what, m->c->s[i + n], &as, &bad))
			break;
		m->out[len + n] = as;
	}
	for (;; n--) {
		if (n < s->lo)
			return (0);
		/* What was corrected beyond N is counted too: rare, harmless. */
		end = match_steps(m, k + 1, i + n, len + n, n > 0 ? bad :
		    corrected, total);
		if (end != 0)
			return (end);
		if (n == 0)
			return (0);
	}
}

int
sh_find_pattern(const struct sh_find *f, const char *name,
    const struct sh_span *s, char *out, size_t size, size_t *from,
    size_t *to, unsigned *corrected)
{
	const json_t *list = json_object_get(json_object_get(f->shared,
	    "patterns"), name), *p;
	struct step step[48];
	struct sh_scan c;
	size_t i, k, end, len;
	unsigned bad;

	sh_scan_span(&f->v, s, &c);
	json_array_foreach(list, k, p) {
		struct matcher m = { .c = &c, .step = step, .out = out,
		    .size = size };

		m.nsteps = parse_pattern(json_string_value(p), step,
		    SH_COUNT(step));
		for (i = 0; i < c.n; i++) {
			char before = i == 0 ? ' ' : c.s[i - 1];

			/* Whole words: nothing of the kind stands around. */
			if (c.s[i] == ' ' || sh_is_digit(before) ||
			    (before >= 'A' && before <= 'Z') ||
			    (before >= 'a' && before <= 'z'))
				continue;
			m.tries = 2000;
			bad = 0;
			end = match_steps(&m, 0, i, 0, 0, &bad);
			if (end <= i || sh_is_digit(c.s[end]) ||
			    (c.s[end] >= 'A' && c.s[end] <= 'Z') ||
			    (c.s[end] >= 'a' && c.s[end] <= 'z'))
				continue;
			len = strlen(out);
			while (len > 0 && strchr(" .-", out[len - 1]) !=
			    NULL)
				out[--len] = '\0';
			if (bad * 3 > len)
				continue;
			*from = c.at[i];
			*to = (size_t)c.at[end - 1] + 1;
			*corrected = bad;
			return (1);
		}
	}
	return (0);
}

/* Letters of a match with their marks, where folding took them. */
int
sh_value_pattern(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, struct sh_proposal *p)
{
	size_t from, to, i, k;
	unsigned bad = 0;
	char out[64];

	if (!sh_find_pattern(f, pattern, s, out, sizeof(out), &from, &to,
	    &bad))
		return (0);
	/* A Đ among the letters folds to D: take the printed form then. */
	for (i = from, k = 0; i < to; i++)
		k += strpbrk(f->v.atom[s->atom[i]].text, "\xc4\xc3\xe1") !=
		    NULL;
	if (def->kind == SH_FIELD_ID) {
		for (i = k = 0; out[i] != '\0'; i++)
			if (out[i] != ' ' && out[i] != '.')
				out[k++] = out[i];
		out[k] = '\0';
		k = 0;
	}
	if (k > 0 && bad == 0) {
		if (sh_find_text(f, s, from, to, SH_MEND_NOT, &p->value))
			return (-1);
	} else if ((p->value = sh_strdup(out, f->err)) == NULL) {
		return (-1);
	}
	sh_find_place(&f->v, s, from, to, p);
	if (def->kind == SH_FIELD_ID && strcmp(pattern, "phone") != 0) {
		sh_value_weigh_id(p, bad);
	} else if (bad > 0) {
		p->confidence *= 0.7;
		p->doubt = "field.corrected";
	}
	return (1);
}
