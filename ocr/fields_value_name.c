/* Names of people and organisations at the front of a span. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"

/* "Ông", "bà", "Mr" before a name; Châu and Chi are names. */
static int
is_title_word(const struct sh_atom *a)
{
	static const char *const words[] = { "ông", "bà", "anh", "chị",
	    "cháu", "Ông", "Bà", "Anh", "Chị", "Cháu", "ÔNG", "BÀ", "ANH",
	    "đồng", "Đồng", "chí", "Mr", "Ms", "Mrs", "đ", "đ/", NULL };
	size_t i, n;

	for (i = 0; words[i] != NULL; i++) {
		n = strlen(words[i]);
		if (strncmp(a->text, words[i], n) == 0 &&
		    strspn(a->text + n, ".:/()-, ") == strlen(a->text + n))
			return (1);
	}
	return (0);
}

/* "Thượng tá", "Bác sĩ", "ThS.": atoms of a rank before a name, or 0. */
static size_t
rank_before(const struct sh_view *v, const struct sh_span *s, size_t i)
{
	static const char *const first[] = { "trung", "thuong", "dai",
	    "thieu", "thac", "tien", "bac", "ky", "luat", "cu", "duoc" };
	static const char *const second[] = { "ta", "uy", "tuong", "si",
	    "sy", "su", "nhan" };
	static const char *const alone[] = { "bs", "ths", "ts", "pgs", "gs",
	    "bscki", "bsckii", "bsck1", "bsck2", "cki", "ckii", "ks", "ls",
	    "ds", "nhs", "cn" };
	const struct sh_atom *a = &v->atom[s->atom[i]];
	size_t k, n;

	for (k = 0; k < SH_COUNT(alone); k++)
		if (strcmp(a->fold, alone[k]) == 0)
			return (a->flags & SH_ATOM_STOP ||
			    a->flags & SH_ATOM_UPPER);
	for (k = 0; i + 3 < s->n && k < SH_COUNT(first); k++)
		for (n = 0; n < SH_COUNT(second); n++)
			if (strcmp(a->fold, first[k]) == 0 &&
			    strcmp(v->atom[s->atom[i + 1]].fold,
			    second[n]) == 0 && !(v->atom[s->atom[i +
			    1]].flags & SH_ATOM_CAPITAL &&
			    !(a->flags & SH_ATOM_UPPER)))
				return (2);
	return (0);
}

/* "ÔNG THẾ VINH" is called so; "ÔNG NGUYỄN VĂN AN" is not. */
static int
is_family_of_capitals(const struct sh_view *v, const struct sh_span *s,
    size_t i)
{
	const struct sh_atom *a = &v->atom[s->atom[i]];

	return (strcmp(a->fold, "ong") == 0 && a->flags & SH_ATOM_UPPER &&
	    i + 2 < s->n && !(a->flags & (SH_ATOM_COLON | SH_ATOM_SLASH)) &&
	    v->atom[s->atom[i + 1]].flags & SH_ATOM_UPPER &&
	    !sh_name_is_family(v->atom[s->atom[i + 1]].fold));
}

/*
 * Is the name that begins at I printed in capitals?  "VÕ Thế Hoàng" is not:
 * the letters of so short a word look the same large and small.
 */
static int
is_in_capitals(const struct sh_view *v, const struct sh_span *s, size_t i)
{
	const struct sh_atom *a = &v->atom[s->atom[i]], *next;
	size_t n = strlen(a->fold);

	if (!(a->flags & SH_ATOM_UPPER) || n < 2)
		return (0);
	next = i + 1 < s->n ? &v->atom[s->atom[i + 1]] : NULL;
	return (n > 2 || next == NULL || !(next->flags & SH_ATOM_CAPITAL) ||
	    (next->flags & SH_ATOM_UPPER) != 0);
}

/* The first word of such a name as the others are written. */
static int
lower_first(char *name, struct sh_error *err)
{
	struct sh_buf low = SH_BUF_INIT;
	const char *end = name + strcspn(name, " ");
	uint32_t cp;
	size_t n = sh_utf8_get(name, end, &cp);
	int rc = sh_text_lower(name + n, (size_t)(end - name) - n, &low, err);

	/* A letter takes as many bytes in either case. */
	if (rc == 0 && low.len == (size_t)(end - name) - n)
		memcpy(name + n, low.data, low.len);
	sh_buf_free(&low);
	return (rc);
}

int
sh_find_name(const struct sh_view *v, const struct sh_span *s, size_t *from,
    size_t *to)
{
	size_t i = 0, k, rank;
	int upper;

	/* Noise and titles before it. */
	while (i < s->n && i < 6) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (is_family_of_capitals(v, s, i))
			break;
		if ((rank = rank_before(v, s, i)) > 0) {
			i += rank;
			continue;
		}
		if (!is_title_word(a) && strcmp(a->fold, "<") != 0 &&
		    !(strlen(a->fold) == 1 && (double)a->confidence < 0.5 &&
		    !(a->flags & SH_ATOM_CAPITAL)))
			break;
		i++;
	}
	if (i >= s->n)
		return (0);
	upper = is_in_capitals(v, s, i);
	for (k = i; k < s->n && k < i + 9; k++) {
		const struct sh_atom *a = &v->atom[s->atom[k]];
		const char *q;
		int mixed = 0;

		/* Its letters may hold a digit that was misread, not two. */
		for (q = a->fold; *q != '\0'; q++)
			mixed += sh_is_digit(*q) || *q == '<';
		if (!(a->flags & (SH_ATOM_CAPITAL | SH_ATOM_UPPER)) ||
		    a->flags & SH_ATOM_DIGITS || mixed > 1 ||
		    (k > i && a->flags & SH_ATOM_OPEN) ||
		    (k > i && a->flags & SH_ATOM_DASH))
			break;
		/* In a name of capitals a small word is no longer it. */
		if (k > i && upper && !(a->flags & SH_ATOM_UPPER) &&
		    !(a->flags & SH_ATOM_GLUED))
			break;
		/* Another column or line is another value. */
		if (k > i && a->seg != v->atom[s->atom[k - 1]].seg &&
		    k - i >= 2 && !(s->wraps &&
		    a->row != v->atom[s->atom[k - 1]].row))
			break;
		if (a->flags & (SH_ATOM_COMMA | SH_ATOM_COLON |
		    SH_ATOM_STOP | SH_ATOM_SHUT) && !((a + 1)->flags &
		    SH_ATOM_GLUED)) {
			k++;
			break;
		}
	}
	/* One word is no name; nor is a sentence. */
	if (k - i < 2 || k - i > 8)
		return (0);
	*from = i;
	*to = k;
	return (1);
}

/* Signs that no name has; an apostrophe within a word, "H'Nghe", is one's. */
static size_t
sign_at(const char *s, int edge)
{
	static const char *const signs[] = { ",", ";", ":", "|", "_", "*",
	    "<", ">", "¡", "\"", "“", "”", "'", "`", "‘", "’" };
	size_t i, n;

	for (i = 0; i < SH_COUNT(signs) && (edge || i < 12); i++) {
		n = strlen(signs[i]);
		if (strncmp(s, signs[i], n) == 0)
			return (n);
	}
	return (0);
}

void
sh_find_tidy_name(char *name)
{
	const char *p = name;
	char *out = name;
	size_t n;

	while (*p != '\0') {
		n = *p == ' ' ? 1 : sign_at(p, out == name || out[-1] == ' ');
		if (n == 0)
			*out++ = *p++;
		else if (out > name && out[-1] != ' ')
			*out++ = ' ';
		p += n;
	}
	if (out > name && out[-1] == ' ')
		out--;
	*out = '\0';
}

/* Words that the name of an organisation begins with. */
static int
is_organisation(const struct sh_view *v, const struct sh_span *s)
{
	static const char *const words[] = { "congty", "doanhnghiep",
	    "hoptac", "hokinh", "uyban", "nganhang", "chinhanh", "trungtam",
	    "vanphong", "banquan", "tongcong", "xinghiep", "truong",
	    "tapdoan", "hogiadinh" };
	char text[64];
	size_t i, n, len = 0;

	for (i = 0; i < s->n && i < 2; i++) {
		n = strlen(v->atom[s->atom[i]].fold);
		if (len + n >= sizeof(text))
			return (0);
		memcpy(text + len, v->atom[s->atom[i]].fold, n);
		len += n;
	}
	text[len] = '\0';
	for (i = 0; i < SH_COUNT(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0 &&
		    (strcmp(words[i], "truong") != 0 || s->n > 4))
			return (1);
	return (0);
}

/* "HỘ KINH DOANH BẢO HƯNG, do ông … làm chủ": up to the comma. */
int
sh_value_organisation(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	struct sh_span few = *s;
	size_t i;

	for (i = 0; i + 1 < few.n; i++)
		if (f->v.atom[few.atom[i]].flags & SH_ATOM_COMMA &&
		    (strchr(f->v.atom[few.atom[i]].text, ';') != NULL ||
		    !(f->v.atom[few.atom[i + 1]].flags & SH_ATOM_CAPITAL)))
			few.n = i + 1;
	return (sh_value_text(f, &few, 1, SH_MEND_SURE, p));
}

int
sh_value_name(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	size_t from, to;

	if (is_organisation(&f->v, s))
		return (sh_value_organisation(f, s, p));
	if (!sh_find_name(&f->v, s, &from, &to))
		return (0);
	to = sh_span_without_noise(&f->v, s, from, to);
	if (to - from < 2)
		return (0);
	if (sh_find_text(f, s, from, to, SH_MEND_NOT, &p->value))
		return (-1);
	sh_find_tidy_name(p->value);
	if (sh_find_unglue(f, &p->value) || (!is_in_capitals(&f->v, s, from) &&
	    f->v.atom[s->atom[from]].flags & SH_ATOM_UPPER &&
	    lower_first(p->value, f->err)))
		return (-1);
	sh_find_place(&f->v, s, from, to, p);
	return (1);
}
