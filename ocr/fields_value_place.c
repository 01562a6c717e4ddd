/*
 * Places: what stands at the front of a span, and the words of an address
 * that small print lost a letter of.
 */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "schemas/identifier.h"

#define PROVINCE_CODES	100	/* of citizens' numbers: below */
#define PROVINCE_LONG	5	/* letters: one of them may be misread */
#define SCRAP		4	/* letters of a word that nobody can read */

/* The units of which an address is made, but for hamlets and streets. */
static const struct unit {
	const char *word, *fold;
	int words;
} units[] = {
	{ "xã", "xa", 1 }, { "phường", "phuong", 1 },
	{ "huyện", "huyen", 1 }, { "quận", "quan", 1 },
	{ "tỉnh", "tinh", 1 }, { "thị xã", "thi xa", 2 },
	{ "thị trấn", "thi tran", 2 }, { "thành phố", "thanh pho", 2 },
};

/* The first WORDS words of S: their bytes, or 0 if nothing follows them. */
static size_t
head_of(const char *s, int words)
{
	size_t n = 0;

	while (words-- > 0) {
		n += strcspn(s + n, " ,");
		if (s[n] != ' ')
			return (0);
		n += words > 0;
	}
	return (n);
}

/* Is it the unit, its marks misread or one letter lost? */
static int
is_unit(const char *fold, const struct unit *u)
{
	size_t n = strlen(fold), len = strlen(u->fold);

	return (strcmp(fold, u->fold) == 0 || (len >= 4 && n + 1 == len &&
	    sh_edit_distance(fold, n, u->fold, len, 1) <= 1));
}

/*
 * The unit that a part of an address begins with, and in *HEAD the bytes it
 * takes there; NULL: none, or the name of a place, which has a capital.
 */
static const struct unit *
unit_at(const char *s, size_t *head, struct sh_error *err)
{
	const struct unit *found = NULL;
	char fold[32];
	struct sh_buf b = SH_BUF_INIT;
	size_t i, n;

	if (*s >= 'A' && *s <= 'Z')
		return (NULL);
	for (i = 0; i < SH_COUNT(units) && found == NULL; i++) {
		n = head_of(s, units[i].words);
		if (n == 0 || n >= sizeof(fold))
			continue;
		sh_buf_reset(&b);
		if (sh_text_fold(s, n, &b, err))
			break;
		if (is_unit((char *)b.data, &units[i])) {
			found = &units[i];
			*head = n;
		}
	}
	sh_buf_free(&b);
	return (found);
}

/* The province whose name is one letter away from FOLDED, if only one is. */
static const char *
province_like(const char *folded, struct sh_error *err)
{
	const char *found = NULL, *name;
	size_t n = strlen(folded);
	unsigned code;
	char *fold;

	for (code = 1; code < PROVINCE_CODES && n >= PROVINCE_LONG; code++) {
		if ((name = sh_province_name(code)) == NULL)
			continue;
		if ((fold = sh_text_fold_dup(name, err)) == NULL)
			return (NULL);
		if (sh_edit_distance(folded, n, fold, strlen(fold), 1) <= 1) {
			if (found != NULL && strcmp(found, name) != 0)
				name = NULL;
			found = name;
		}
		free(fold);
		if (name == NULL)
			break;
	}
	return (found);
}

/* The last part of an address, with its unit as it should be. */
static int
put_province(const char *part, size_t head, struct sh_buf *out,
    struct sh_proposal *p, struct sh_error *err)
{
	const char *name = part + head, *like;
	char *fold;
	int rc;

	while (*name == ' ')
		name++;
	if ((fold = sh_text_fold_dup(name, err)) == NULL)
		return (-1);
	like = sh_province_known(fold) ? NULL : province_like(fold, err);
	if (like != NULL)
		p->doubt = "field.corrected";
	rc = sh_buf_printf(out, err, " %s", like != NULL ? like : name);
	free(fold);
	return (rc);
}

/* "nh Tây Ninh": a scrap before the name of a province. */
static size_t
scrap_before(const char *part, struct sh_error *err)
{
	size_t n = strcspn(part, " ");
	char *fold;
	int known;

	if (part[n] == '\0' || n > SCRAP || !(*part >= 'a' && *part <= 'z'))
		return (0);
	if ((fold = sh_text_fold_dup(part + n, err)) == NULL)
		return (0);
	known = sh_province_known(fold);
	free(fold);
	return (known ? n : 0);
}

static int
put_part(const char *part, int first, int last, struct sh_buf *out,
    struct sh_proposal *p, struct sh_error *err)
{
	const struct unit *u;
	size_t head = 0;

	if (first)
		return (sh_buf_puts(out, part, err));
	u = unit_at(part, &head, err);
	if (u == NULL && last && (head = scrap_before(part, err)) > 0)
		u = &units[4];
	if (u == NULL)
		return (sh_buf_puts(out, part, err));
	if (sh_buf_puts(out, u->word, err))
		return (-1);
	return (last ? put_province(part, head, out, p, err) :
	    sh_buf_puts(out, part + head, err));
}

/* A stop between two parts of an address was a comma. */
static void
commas(char *s, struct sh_error *err)
{
	size_t head;

	for (; *s != '\0'; s++)
		if (*s == '.' && s[1] == ' ' && unit_at(s + 2, &head, err) !=
		    NULL)
			*s = ',';
}

static int
mend(struct sh_proposal *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *part = p->value, *comma, *whole;
	int first = 1, rc = -1;

	commas(p->value, err);
	if (strchr(p->value, ',') == NULL)
		return (0);
	for (; part != NULL; part = comma, first = 0) {
		if ((comma = strstr(part, ", ")) != NULL) {
			*comma = '\0';
			comma += 2;
		}
		if ((!first && sh_buf_puts(&b, ", ", err)) || put_part(part,
		    first, comma == NULL, &b, p, err))
			goto out;
	}
	if ((whole = sh_buf_steal(&b, err)) == NULL)
		goto out;
	free(p->value);
	p->value = whole;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* "PHÓ CHỦ TỊCH" of a stamp beside it is no place, nor is "không". */
static int
is_no_place(const char *value, struct sh_error *err)
{
	static const char *const offices[] = { "chu tich", "giam doc",
	    "truong phong", "cong chung vien", "thu truong" };
	char *fold = sh_text_fold_dup(value, err);
	size_t i;
	int is = fold != NULL && (strcmp(fold, "khong") == 0 ||
	    strcmp(fold, "khong co") == 0);

	for (i = 0; fold != NULL && i < SH_COUNT(offices); i++)
		is |= strchr(value, ',') == NULL && strstr(fold, offices[i]) !=
		    NULL;
	free(fold);
	return (is);
}

/* "Bệnh viện tỉnh Sơn La, phường …": the address goes on. */
static int
begins_unit(const struct sh_atom *a)
{
	static const char *const words[] = { "tinh", "xa", "phuong", "huyen",
	    "quan", "thi", "thanh", "tp", "khu", "to", "ap", "thon", "dac" };
	size_t i;

	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(a->fold, words[i]) == 0)
			return (1);
	return (0);
}

/* Does the part of an address that atom LAST ends begin with "tỉnh"? */
static int
names_province(const struct sh_view *v, const struct sh_span *s, size_t last)
{
	size_t i;

	for (i = last; i > 0 && last - i < 5; i--) {
		const struct sh_atom *a = &v->atom[s->atom[i - 1]];

		if (strcmp(a->fold, "tinh") == 0 || (strcmp(a->fold, "pho") ==
		    0 && i > 1 && strcmp(v->atom[s->atom[i - 2]].fold,
		    "thanh") == 0))
			return (1);
		if (a->flags & SH_ATOM_COMMA)
			break;
	}
	return (0);
}

/*
 * "Phường/xã:", "[08] Tỉnh/Thành phố:": where a form asks for an address part
 * by part.  The atom behind the label at AT, or SH_NONE.
 */
static uint32_t
behind_part(const struct sh_view *v, uint32_t at)
{
	static const char *const parts[] = { "phuongxa", "xaphuong",
	    "xaphuongdackhu", "phuongxadackhu", "xaphuongthitran",
	    "phuongxathitran", "quanhuyen", "huyenquan", "quanhuyenthixa",
	    "tinhthanhpho", "thanhphotinh", "tinhtp", "tinhthanh",
	    "huyenquanthixathanhphothuoctinh" };
	char text[80];
	uint32_t i, row;
	size_t k, n;

	if (at >= v->natoms)
		return (SH_NONE);
	row = v->atom[at].row;
	/* "c)"; "[07]", whose brackets are a cell's borders. */
	if (sh_find_numbering(&v->atom[at]) || (v->atom[at].flags &
	    SH_ATOM_DIGITS && strlen(v->atom[at].fold) <= 2))
		at++;
	for (i = at; i < v->natoms && i < at + 10 && v->atom[i].row == row;
	    i++)
		if (v->atom[i].flags & SH_ATOM_COLON)
			break;
	if (i == v->natoms || i == at + 10 || v->atom[i].row != row)
		return (SH_NONE);
	n = sh_view_join(v, at, i + 1, text, sizeof(text));
	if (i >= at + 3 && strncmp(text, "sonha", 5) == 0)
		return (i + 1);
	for (k = 0; k < SH_COUNT(parts); k++)
		if (sh_edit_distance(text, n, parts[k], strlen(parts[k]), 1) <=
		    1)
			return (i + 1);
	return (SH_NONE);
}

/* The parts that the form asks for behind atom LAST go to the value. */
static int
add_parts(struct sh_find *f, uint32_t last, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_span s;
	uint32_t at, i = last + 1, row = v->atom[last].row;
	char *text, *whole;
	int rc = -1, n = 0;

	if (sh_buf_puts(&b, p->value, f->err))
		goto out;
	for (; n < 4 && (at = behind_part(v, i)) != SH_NONE &&
	    v->atom[i].row <= row + 1 && v->atom[i].page == v->atom[last].page;
	    n++) {
		row = v->atom[i].row;
		memset(&s, 0, sizeof(s));
		for (i = at; i < v->natoms && v->atom[i].row == row && s.n <
		    12 && behind_part(v, i) == SH_NONE; i++)
			s.atom[s.n++] = i;
		if (s.n == 0)
			break;
		if (sh_find_text(f, &s, 0, s.n, SH_MEND_SURE, &text))
			goto out;
		rc = sh_buf_puts(&b, ", ", f->err) || sh_buf_puts(&b, text,
		    f->err) ? -1 : 0;
		free(text);
		if (rc != 0)
			goto out;
	}
	rc = 0;
	if (n > 0 && (whole = sh_buf_steal(&b, f->err)) != NULL) {
		free(p->value);
		p->value = whole;
	} else if (n > 0) {
		rc = -1;
	}
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_value_place(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	/* A place in Vietnam needs not say so. */
	static const char *const tails[] = { ", Việt Nam", ", Viet Nam" };
	struct sh_span few = *s;
	size_t i, n, k;
	uint32_t at;
	int r;

	/* "Số nhà, đường phố/tổ/xóm/ấp/thôn: Xóm 3" */
	if (few.n > 0 && (at = behind_part(&f->v, few.atom[0])) != SH_NONE) {
		for (i = 0; i < few.n && few.atom[i] < at; i++)
			;
		few.n -= i;
		memmove(few.atom, few.atom + i, few.n * sizeof(*few.atom));
	}
	for (i = 1; i < few.n; i++)
		if (behind_part(&f->v, few.atom[i]) != SH_NONE)
			few.n = i;
	/* "…, tỉnh Đồng Nai, đủ điều kiện …": behind the province. */
	for (i = 0; i + 1 < few.n; i++)
		if (f->v.atom[few.atom[i]].flags & SH_ATOM_COMMA &&
		    names_province(&f->v, &few, i) &&
		    !begins_unit(&f->v.atom[few.atom[i + 1]]) &&
		    !(f->v.atom[few.atom[i + 1]].flags & (SH_ATOM_CAPITAL |
		    SH_ATOM_DIGITS)))
			few.n = i + 1;
	r = sh_value_text(f, &few, 0, SH_MEND_SURE, p);
	if (r == 1 && is_no_place(p->value, f->err)) {
		sh_proposal_free(p);
		return (0);
	}
	for (i = 0; r == 1 && i < SH_COUNT(tails); i++) {
		n = strlen(p->value);
		k = strlen(tails[i]);
		if (n > k && strcmp(p->value + n - k, tails[i]) == 0)
			p->value[n - k] = '\0';
	}
	if (r == 1 && few.n > 0 && add_parts(f, few.atom[few.n - 1], p))
		return (-1);
	return (r == 1 && mend(p, f->err) ? -1 : r);
}
