/* A span as folded ASCII: what dates, numbers and patterns are read from. */
#include "ocr/fields_value_internal.h"

#include <string.h>

#include "base/text.h"

static void
scan_put(struct sh_scan *c, char ch, size_t at)
{
	if (c->n < SH_SCAN_MAX) {
		c->s[c->n] = ch;
		c->at[c->n++] = (uint16_t)at;
	}
}

int
sh_is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

int
sh_slash_apart(const struct sh_view *v, const struct sh_span *s, size_t i)
{
	const struct sh_atom *b = &v->atom[s->atom[i - 1]];

	return (b->flags & SH_ATOM_SLASH && s->atom[i] == s->atom[i - 1] + 1 &&
	    strchr(b->text, '/') == NULL);
}

void
sh_scan_span(const struct sh_view *v, const struct sh_span *s,
    struct sh_scan *c)
{
	size_t i, n;
	uint32_t cp, low;

	c->n = 0;
	for (i = 0; i < s->n; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];
		const char *p = a->text, *end = p + strlen(p);

		if (i > 0 && !(a->flags & SH_ATOM_GLUED &&
		    s->atom[i] == s->atom[i - 1] + 1)) {
			scan_put(c, ' ', i);
			if (sh_slash_apart(v, s, i)) {
				scan_put(c, '/', i);
				scan_put(c, ' ', i);
			}
			if (a->flags & SH_ATOM_APART) {
				scan_put(c, '-', i);
				scan_put(c, ' ', i);
			}
		}
		for (; (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
			if ((low = sh_fold_char(cp)) == 0)
				continue;
			/* Among digits an ó is what a six looks like. */
			if ((cp == 0xf3 || cp == 0xd3) && c->n > 0 &&
			    sh_is_digit(c->s[c->n - 1])) {
				scan_put(c, 'b', i);
				continue;
			}
			if (low < 0x80 && low != cp && low >= 'a' &&
			    low <= 'z' && (cp < 0x80 || a->flags &
			    SH_ATOM_UPPER))
				low -= 32;
			scan_put(c, low < 0x80 ? (char)low : '?', i);
		}
	}
	c->s[c->n] = '\0';
}

char
sh_digit_for(char c)
{
	switch (c) {
	case 'O': case 'o': case 'Q': case 'D':
		return ('0');
	case 'I': case 'l': case 'L': case 'i': case '|': case '!': case 'T':
		return ('1');
	case 'Z': case 'z':
		return ('2');
	case 'S': case 's':
		return ('5');
	case 'b':
		return ('6');
	case 'B':
		return ('8');
	case 'g': case 'q':
		return ('9');
	default:
		return (sh_is_digit(c) ? c : 0);
	}
}

size_t
sh_scan_word(const char *p, const char *word)
{
	size_t n = strlen(word), k = 0;

	while ((p[k] >= 'a' && p[k] <= 'z') || (p[k] >= 'A' && p[k] <= 'Z') ||
	    p[k] == '?')
		k++;
	if (k == 0 || k > n + 1 || k + 1 < n)
		return (0);
	if (strncasecmp(p, word, n) == 0 && k == n)
		return (n);
	{
		char low[16];
		size_t i;

		for (i = 0; i < k && i < sizeof(low); i++)
			low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ?
			    p[i] + 32 : p[i]);
		if (n >= 3 && sh_edit_distance(low, k, word, n, 1) <= 1)
			return (k);
	}
	return (0);
}
