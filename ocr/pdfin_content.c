/* Rule: ISO 32000-1 7.8.2, 8.2 (operators), 8.3.4 (matrices), 9.3.6. */
#include "ocr/pdfin_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX	8
#define STATES_MAX	64
#define NESTING_MAX	32
#define OPERATORS_MAX	2000000

struct state {
	double ctm[6];
	int invisible;		/* text render mode 3 */
};

struct scanner {
	const uint8_t *p, *end;
	double number[NUMBERS_MAX];	/* operands, the last ones */
	unsigned nnumber;
	char name[SH_PDF_NAME_MAX];	/* the last name operand */
	int optional;		/* the first name operand was /OC */
	int nname;
	int text_shown;		/* a string operand with a byte in it */
	struct state stack[STATES_MAX];
	unsigned depth;
	struct state now;
	const double *box;
	int drawn;
	/* The path under construction: one rectangle, or not. */
	int path_rects, path_other, clip;
	double rect[4];
	struct sh_pdf_placing *out;
};

static int
is_space(int c)
{
	return (c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' ||
	    c == ' ');
}

static int
is_delimiter(int c)
{
	return (c != 0 && strchr("()<>[]{}/%", c) != NULL);
}

static void
skip_space(struct scanner *s)
{
	for (; s->p < s->end; s->p++) {
		if (*s->p == '%')
			while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
				s->p++;
		if (s->p == s->end || !is_space(*s->p))
			return;
	}
}

static int
skip_string(struct scanner *s)
{
	unsigned depth = 0;
	const uint8_t *start = s->p + 1;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\') {
			if (++s->p == s->end)
				return (0);
		} else if (*s->p == '(') {
			depth++;
		} else if (*s->p == ')' && --depth == 0) {
			s->text_shown |= s->p > start;
			s->p++;
			return (1);
		}
	}
	return (0);
}

static int
skip_hex(struct scanner *s)
{
	const uint8_t *start = s->p + 1, *stop;

	stop = memchr(start, '>', (size_t)(s->end - start));
	if (stop == NULL)
		return (0);
	s->text_shown |= stop > start;
	s->p = stop + 1;
	return (1);
}

static size_t
token_len(const struct scanner *s, size_t from)
{
	size_t n = from, left = (size_t)(s->end - s->p);

	while (n < left && !is_space(s->p[n]) && !is_delimiter(s->p[n]))
		n++;
	return (n);
}

static int
hex_digit(int c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

/* A name with its #xx resolved, as qpdf spells its keys. */
static int
take_name(struct scanner *s)
{
	size_t n = token_len(s, 1), i, k = 0;

	for (i = 0; i < n; i++) {
		int c = s->p[i], hi, lo;

		if (c == '#' && i + 2 < n && (hi = hex_digit(s->p[i + 1])) >= 0
		    && (lo = hex_digit(s->p[i + 2])) >= 0) {
			c = hi << 4 | lo;
			i += 2;
		}
		if (c == 0 || k + 1 >= sizeof(s->name))
			return (0);
		s->name[k++] = (char)c;
	}
	s->name[k] = '\0';
	if (s->nname++ == 0)
		s->optional = strcmp(s->name, "/OC") == 0;
	s->p += n;
	return (1);
}

/* Arrays and dictionaries of operands: over, noting strings. */
static int
skip_nested(struct scanner *s)
{
	unsigned depth = 0;

	do {
		skip_space(s);
		if (s->p == s->end)
			return (0);
		if (*s->p == '(') {
			if (!skip_string(s))
				return (0);
		} else if (*s->p == '<' && s->p + 1 < s->end &&
		    s->p[1] != '<') {
			if (!skip_hex(s))
				return (0);
		} else if (*s->p == '[' || *s->p == '<') {
			s->p += *s->p == '<' ? 2 : 1;
			if (s->p > s->end || ++depth > NESTING_MAX)
				return (0);
		} else if (*s->p == ']' || *s->p == '>') {
			s->p += *s->p == '>' ? 2 : 1;
			if (s->p > s->end)
				return (0);
			depth--;
		} else if (*s->p == '/') {
			s->p += token_len(s, 1);
		} else {
			size_t n = token_len(s, 0);

			if (n == 0)
				return (0);
			s->p += n;
		}
	} while (depth > 0);
	return (1);
}

/* Digits, sign, point; no exponent: PDF has none. */
static int
take_number(struct scanner *s, size_t n)
{
	char text[48];
	size_t i;

	if (n >= sizeof(text))
		return (0);
	for (i = 0; i < n; i++)
		if (strchr("+-.0123456789", s->p[i]) == NULL)
			return (0);
	memcpy(text, s->p, n);
	text[n] = '\0';
	if (s->nnumber == NUMBERS_MAX)
		return (0);
	s->number[s->nnumber++] = strtod(text, NULL);
	s->p += n;
	return (1);
}

static void
concat(const double m[6], double ctm[6])
{
	double r[6];

	r[0] = m[0] * ctm[0] + m[1] * ctm[2];
	r[1] = m[0] * ctm[1] + m[1] * ctm[3];
	r[2] = m[2] * ctm[0] + m[3] * ctm[2];
	r[3] = m[2] * ctm[1] + m[3] * ctm[3];
	r[4] = m[4] * ctm[0] + m[5] * ctm[2] + ctm[4];
	r[5] = m[4] * ctm[1] + m[5] * ctm[3] + ctm[5];
	memcpy(ctm, r, sizeof(r));
}

/* The bounds of the rectangle x, y, w, h after the matrix. */
static void
bounds(const double r[4], const double ctm[6], double out[4])
{
	int i;

	out[0] = out[1] = HUGE_VAL;
	out[2] = out[3] = -HUGE_VAL;
	for (i = 0; i < 4; i++) {
		double x = r[0] + (i & 1 ? r[2] : 0),
		    y = r[1] + (i & 2 ? r[3] : 0),
		    tx = x * ctm[0] + y * ctm[2] + ctm[4],
		    ty = x * ctm[1] + y * ctm[3] + ctm[5];

		out[0] = fmin(out[0], tx);
		out[1] = fmin(out[1], ty);
		out[2] = fmax(out[2], tx);
		out[3] = fmax(out[3], ty);
	}
}

static int
holds_box(const struct scanner *s)
{
	double b[4];

	bounds(s->rect, s->now.ctm, b);
	return (b[0] <= s->box[0] + 1 && b[1] <= s->box[1] + 1 &&
	    b[2] >= s->box[2] - 1 && b[3] >= s->box[3] - 1);
}

/* End of a path that paints nothing: a clip must leave the page whole. */
static int
end_path(struct scanner *s)
{
	int ok = !s->clip || (s->path_rects == 1 && !s->path_other &&
	    holds_box(s));

	s->clip = s->path_rects = s->path_other = 0;
	return (ok);
}

static int
is_one_of(const char *op, const char *list)
{
	size_t n = strlen(op);
	const char *p = list;

	for (; (p = strstr(p, op)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' ||
		    p[n] == '\0'))
			return (1);
	return (0);
}

/* 0 when the page does more than show one image. */
static int
operate(struct scanner *s, const char *op)
{
	if (strcmp(op, "q") == 0) {
		if (s->depth == STATES_MAX)
			return (0);
		s->stack[s->depth++] = s->now;
	} else if (strcmp(op, "Q") == 0) {
		if (s->depth > 0)
			s->now = s->stack[--s->depth];
	} else if (strcmp(op, "cm") == 0) {
		if (s->nnumber != 6)
			return (0);
		concat(s->number, s->now.ctm);
	} else if (strcmp(op, "Do") == 0) {
		if (s->drawn++ > 0 || s->name[0] == '\0')
			return (0);
		memcpy(s->out->image, s->name, sizeof(s->name));
		memcpy(s->out->ctm, s->now.ctm, sizeof(s->now.ctm));
	} else if (strcmp(op, "gs") == 0) {
		s->out->states = 1;
	} else if (strcmp(op, "re") == 0) {
		if (s->nnumber != 4)
			return (0);
		memcpy(s->rect, s->number, sizeof(s->rect));
		s->path_rects++;
	} else if (is_one_of(op, "W W*")) {
		s->clip = 1;
	} else if (strcmp(op, "n") == 0) {
		return (end_path(s));
	} else if (is_one_of(op, "m l c v y h")) {
		s->path_other = 1;
	} else if (strcmp(op, "Tr") == 0) {
		if (s->nnumber != 1)
			return (0);
		s->now.invisible = s->number[0] == 3;
	} else if (is_one_of(op, "Tj TJ ' \"")) {
		return (!s->text_shown || s->now.invisible);
	} else if (strcmp(op, "BDC") == 0) {
		return (!s->optional);
	} else if (is_one_of(op, "g G rg RG k K cs CS sc SC scn SCN")) {
		s->out->coloured = 1;
	} else if (!is_one_of(op, "BT ET Td TD Tm T* Tf Tc Tw Tz TL Ts BMC "
	    "EMC MP DP BX EX ri i w J j M d")) {
		return (0);
	}
	return (1);
}

static int
take_operator(struct scanner *s, size_t n)
{
	char op[4];
	int ok;

	if (n == 0 || n >= sizeof(op))
		return (0);
	memcpy(op, s->p, n);
	op[n] = '\0';
	s->p += n;
	ok = operate(s, op);
	s->nnumber = 0;
	s->name[0] = '\0';
	s->nname = s->optional = s->text_shown = 0;
	return (ok);
}

int
sh_pdf_content_scan(const uint8_t *p, size_t len, const double box[4],
    struct sh_pdf_placing *out)
{
	static const struct state start = { { 1, 0, 0, 1, 0, 0 }, 0 };
	struct scanner s;
	unsigned noperator = 0;
	int ok;

	memset(&s, 0, sizeof(s));
	memset(out, 0, sizeof(*out));
	s.p = p;
	s.end = p + len;
	s.now = start;
	s.box = box;
	s.out = out;
	for (;;) {
		skip_space(&s);
		if (s.p == s.end)
			return (s.drawn == 1);
		if (*s.p == '(')
			ok = skip_string(&s);
		else if (*s.p == '[' || *s.p == '<')
			ok = skip_nested(&s);
		else if (*s.p == '/')
			ok = take_name(&s);
		else if (strchr("+-.0123456789", *s.p) != NULL)
			ok = take_number(&s, token_len(&s, 0));
		else
			ok = ++noperator < OPERATORS_MAX &&
			    take_operator(&s, token_len(&s, 0));
		if (!ok)
			return (0);
	}
}

int
sh_pdf_orientation(const double ctm[6], const double box[4], int rotate,
    double *row_pt, double *column_pt)
{
	/* Signs of dX/du, dX/dv, dY/du, dY/dv for EXIF 1 to 8. */
	static const int exif[8][4] = { { 1, 0, 0, 1 }, { -1, 0, 0, 1 },
	    { -1, 0, 0, -1 }, { 1, 0, 0, -1 }, { 0, 1, 1, 0 },
	    { 0, -1, 1, 0 }, { 0, -1, -1, 0 }, { 0, 1, -1, 0 } };
	static const double unit[4] = { 0, 0, 1, 1 };
	double b[4], tolerance[2];
	int j[4], k[4], i, upright;

	for (i = 0; i < 6; i++)
		if (!(fabs(ctm[i]) < 1e6))
			return (0);
	upright = fabs(ctm[1]) <= 1 && fabs(ctm[2]) <= 1;
	if (!upright && !(fabs(ctm[0]) <= 1 && fabs(ctm[3]) <= 1))
		return (0);
	bounds(unit, ctm, b);
	for (i = 0; i < 2; i++)
		tolerance[i] = fmax(2, 0.015 * (box[i + 2] - box[i]));
	for (i = 0; i < 4; i++)
		if (!(fabs(b[i] - box[i]) <= tolerance[i % 2]))
			return (0);
	*row_pt = hypot(ctm[0], ctm[1]);
	*column_pt = hypot(ctm[2], ctm[3]);
	if (!(*row_pt > 0 && *column_pt > 0))
		return (0);
	/* Rows go down on paper and up in user space. */
	j[0] = upright ? (ctm[0] > 0 ? 1 : -1) : 0;
	j[1] = upright ? 0 : (ctm[2] > 0 ? -1 : 1);
	j[2] = upright ? 0 : (ctm[1] > 0 ? -1 : 1);
	j[3] = upright ? (ctm[3] > 0 ? 1 : -1) : 0;
	for (; rotate > 0; rotate -= 90) {	/* a quarter turn clockwise */
		k[0] = -j[2];
		k[1] = -j[3];
		k[2] = j[0];
		k[3] = j[1];
		memcpy(j, k, sizeof(j));
	}
	for (i = 0; i < 8; i++)
		if (memcmp(exif[i], j, sizeof(j)) == 0)
			return (i + 1);
	return (0);
}
