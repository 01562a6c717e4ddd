#include "ocr/mrz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "schemas/identifier.h"

#define LINE_MAX	64
#define CARD_LINE	30	/* signs */
#define NAME_MIN	8	/* "VO<<AN<<": a line of a name */
#define TRIES_MAX	4096	/* ways to mend one group of digits */

/*
 * A line as machines print it: capitals, digits, '<'; what else the reading
 * gave is left out or taken for the sign that it resembles.
 */
static size_t
clean_line(const char *s, char out[LINE_MAX])
{
	const char *end = s + strlen(s);
	uint32_t cp;
	size_t n, len = 0;

	for (; len + 2 < LINE_MAX && (n = sh_utf8_get(s, end, &cp)) > 0;
	    s += n) {
		if (cp == 0xab || cp == 0x226a) {	/* « ≪ */
			out[len++] = '<';
			out[len++] = '<';
			continue;
		}
		if (cp == 0x2039 || cp == '(' || cp == 0x3008) {
			out[len++] = '<';
			continue;
		}
		cp = cp == '<' ? cp : sh_fold_char(cp);
		if (cp >= 'a' && cp <= 'z')
			cp -= 32;
		if (cp == '<' || (cp >= 'A' && cp <= 'Z') ||
		    (cp >= '0' && cp <= '9'))
			out[len++] = (char)cp;
	}
	out[len] = '\0';
	return (len);
}

char
sh_mrz_digit(char c)
{
	static const char from[] = "OQDUILTZSBGAEJ";
	static const char to[] = "00001112586431";
	const char *p;

	if (c >= '0' && c <= '9')
		return (c);
	p = c == '\0' ? NULL : strchr(from, c);
	return (p == NULL ? 0 : to[p - from]);
}

static char
as_letter(char c)
{
	return (c == '0' ? 'O' : c == '1' ? 'I' : c == '5' ? 'S' :
	    c == '8' ? 'B' : c == '6' ? 'G' : c == '2' ? 'Z' : c);
}

/* Exactly N digits from S; -1 when one resembles none. */
static int
take_digits(const char *s, size_t n, char *out, unsigned *corrected)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((out[i] = sh_mrz_digit(s[i])) == 0)
			return (-1);
		*corrected += out[i] != s[i];
	}
	out[n] = '\0';
	return (0);
}

/* Digits that machine print is misread for; the likelier first. */
static const char *
resembles(char c)
{
	switch (c) {
	case '0': return ("698");
	case '1': return ("74");
	case '2': return ("7");
	case '3': return ("8");
	case '4': return ("1");
	case '5': return ("6");
	case '6': return ("058");
	case '7': return ("1");
	case '8': return ("036");
	default: return ("04");
	}
}

static int
check_holds(const char *s, size_t n, char c)
{
	return (sh_mrz_check(s, n) == c - '0');
}

/* The day of six digits YYMMDD; PAST: it lies before YEAR. */
static struct sh_date
short_date(const char *s, int past, int year)
{
	struct sh_date d = { 0, 0, 0 };
	int yy = (s[0] - '0') * 10 + (s[1] - '0');

	d.year = 2000 + yy;
	if (past ? d.year > year : yy > 90)
		d.year -= 100;
	d.month = (s[2] - '0') * 10 + (s[3] - '0');
	d.day = (s[4] - '0') * 10 + (s[5] - '0');
	if (!sh_date_valid(d))
		memset(&d, 0, sizeof(d));
	return (d);
}

/*
 * Six digits and their check digit, one of them mended if need be until they
 * are a day and the check holds; 0 when that fails or is not unique.
 */
static int
mend_date(char *s, unsigned *corrected)
{
	char best[8], t[8];
	const char *a;
	int i, found = 0;

	if (check_holds(s, 6, s[6]) && short_date(s, 0, 2000).year != 0)
		return (1);
	memcpy(t, s, 8);
	for (i = 0; i < 7; i++)
		for (a = resembles(s[i]); *a != '\0'; a++) {
			t[i] = *a;
			if (check_holds(t, 6, t[6]) &&
			    short_date(t, 0, 2000).year != 0) {
				memcpy(best, t, 8);
				found++;
			}
			t[i] = s[i];
		}
	if (found != 1)
		return (0);
	memcpy(s, best, 8);
	*corrected += 1;
	return (1);
}

/*
 * The card says its number's last nine digits twice, each with a check
 * digit: choose at the places where the two differ.
 */
static int
mend_number(char *nine, char c1, char *twelve, char c2, unsigned *corrected,
    unsigned *held)
{
	char a[10], b[15];
	size_t at[9], n = 0, i;
	unsigned mask, tries;
	int best = -1, good, k;

	for (i = 0; i < 9; i++)
		if (nine[i] != twelve[3 + i])
			at[n++] = i;
	tries = n < 12 ? 1u << n : TRIES_MAX;
	for (mask = 0; mask < tries; mask++) {
		memcpy(a, nine, 10);
		for (i = 0; i < n; i++)
			if (mask >> i & 1)
				a[at[i]] = twelve[3 + at[i]];
		memcpy(b, twelve, 3);
		memcpy(b + 3, a, 9);
		memcpy(b + 12, "<<", 3);
		good = check_holds(a, 9, c1) + check_holds(b, 14, c2);
		if (good <= best)
			continue;
		best = good;
		memcpy(twelve + 3, a, 9);
		if (good == 2)
			break;
	}
	memcpy(nine, twelve + 3, 9);
	/* The province code stands once: one digit may be mended. */
	memcpy(b, twelve, 12);
	memcpy(b + 12, "<<", 3);
	if (best == 1 && check_holds(nine, 9, c1) && !check_holds(b, 14, c2))
		for (i = 0, k = 0; i < 3; i++) {
			const char *p;

			for (p = resembles(twelve[i]); *p != '\0'; p++) {
				b[i] = *p;
				if (check_holds(b, 14, c2) &&
				    sh_province_name((unsigned)((b[0] - '0') *
				    100 + (b[1] - '0') * 10 + b[2] - '0')) !=
				    NULL && k++ == 0) {
					memcpy(twelve, b, 3);
					best = 2;
				}
				b[i] = twelve[i];
			}
		}
	*corrected += (unsigned)n;
	*held += (unsigned)best;
	return (n == 0 || best == 2);
}

/* "IDVNM", nine digits, check, twelve digits, "<<", check. */
static int
read_first(const char *s, size_t len, struct sh_mrz *out)
{
	char nine[10], twelve[13], c1, c2;
	const char *p = strstr(s, "VNM");
	unsigned corrected = 0;

	if (p == NULL || p - s > 4 || len - (size_t)(p - s) < 27)
		return (0);
	p += 3;
	out->checks += 2;
	if (take_digits(p, 9, nine, &corrected) ||
	    take_digits(p + 10, 12, twelve, &corrected) ||
	    (c1 = sh_mrz_digit(p[9])) == 0 ||
	    (c2 = sh_mrz_digit(s[len - 1])) == 0)
		return (0);
	if (!mend_number(nine, c1, twelve, c2, &corrected, &out->held))
		return (0);
	memcpy(out->number, twelve, 13);
	out->corrected += corrected;
	return (1);
}

/* The sign of the sex behind seven digits; its place, or 0. */
static size_t
sex_at(const char *s, size_t len)
{
	size_t i;

	for (i = 6; i <= 8 && i < len; i++)
		if ((s[i] == 'M' || s[i] == 'F') && sh_mrz_digit(s[i + 1]) != 0)
			return (i);
	return (0);
}

/* Birth, check, sex, expiry, check, and what must stand BEHIND them. */
static void
read_dates(const char *s, size_t len, const char *behind, int year,
    struct sh_mrz *out)
{
	char birth[8], expiry[8];
	unsigned corrected = 0;
	size_t at = sex_at(s, len);

	out->checks += 2;
	if (at == 0)
		return;
	out->sex = s[at];
	if (at == 7 && take_digits(s, 7, birth, &corrected) == 0 &&
	    mend_date(birth, &corrected)) {
		out->birth = short_date(birth, 1, year);
		out->held++;
	}
	/* A sign too many or too few, and nothing there can be trusted. */
	if (at + 8 + strlen(behind) > len || strncmp(s + at + 8, behind,
	    strlen(behind)) != 0 ||
	    take_digits(s + at + 1, 7, expiry, &corrected) ||
	    !mend_date(expiry, &corrected))
		return;
	out->held++;
	out->corrected += corrected;
	/* A card without end says 31 December 99. */
	out->endless = memcmp(expiry, "991231", 6) == 0;
	if (!out->endless)
		out->expiry = short_date(expiry, 0, year);
}

/* Words between the fillers, digits taken for letters. */
static void
read_name(const char *s, struct sh_mrz *out)
{
	size_t n = 0;
	int gap = 0;

	for (; *s != '\0' && n + 2 < sizeof(out->name); s++) {
		if (*s == '<') {
			gap = 1;
			continue;
		}
		if (gap && n > 0)
			out->name[n++] = ' ';
		gap = 0;
		out->name[n++] = as_letter(*s);
	}
	out->name[n] = '\0';
}

static size_t
fillers(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '<';
	return (n);
}

static size_t
digits_in(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s >= '0' && *s <= '9';
	return (n);
}

static void
read_td1(char line[3][LINE_MAX], int year, struct sh_mrz *out)
{
	out->kind = SH_MRZ_TD1;
	(void)read_first(line[0], strlen(line[0]), out);
	read_dates(line[1], strlen(line[1]), "VNM", year, out);
	read_name(line[2], out);
	(void)snprintf(out->text, sizeof(out->text), "%.31s\n%.31s\n%.31s",
	    line[0], line[1], line[2]);
}

/* What is missing of SIZE signs is filler: the name stands at the left. */
static void
fill_up(char line[LINE_MAX], size_t size)
{
	size_t n = strlen(line);

	if (n >= size)
		return;
	memset(line + n, '<', size - n);
	line[size] = '\0';
}

/* Number, check, "VNM", dates, personal number, check, check. */
static void
read_td3(char line[2][LINE_MAX], int year, struct sh_mrz *out)
{
	const char *s = line[1], *name = line[0];
	size_t len = strlen(s), i;
	char c, t[16];
	unsigned corrected = 0;

	out->kind = SH_MRZ_TD3;
	(void)snprintf(out->text, sizeof(out->text), "%.45s\n%.45s", line[0],
	    line[1]);
	if ((name = strstr(name, "VNM")) != NULL)
		read_name(name + 3, out);
	if (len < 28 || s[0] < 'A' || s[0] > 'Z')
		return;
	out->checks++;
	t[0] = s[0];
	for (i = 1; i < 9 && (t[i] = sh_mrz_digit(s[i])) != 0; i++)
		;
	t[i] = '\0';
	for (c = i < 9 ? '<' : 0; c != 0 && i < 9; i++)
		t[i] = c;
	t[9] = '\0';
	if (check_holds(t, 9, sh_mrz_digit(s[9]))) {
		out->held++;
		t[strcspn(t, "<")] = '\0';
		memcpy(out->number, t, strlen(t) + 1);
	}
	read_dates(s + 13, len - 13, "", year, out);
	if (len < 42)
		return;
	out->checks++;
	if (take_digits(s + 28, 12, t, &corrected) == 0) {
		memcpy(t + 12, "<<", 3);
		if (check_holds(t, 14, sh_mrz_digit(s[42]))) {
			out->held++;
			memcpy(out->personal, t, 12);
			out->personal[12] = '\0';
		}
	}
}

/* Which of a card's three lines it is: the last has no digits. */
static int
line_of_card(const char *s)
{
	const char *state = strstr(s, "VNM");

	return (digits_in(s) <= 2 ? 2 : state != NULL && state - s <= 4 ? 0 :
	    1);
}

/* How well a line was read: by its check digits, then by its length. */
static int
worth_of_line(const char *s, int which, int year)
{
	struct sh_mrz m = { .held = 0 };
	size_t len = strlen(s);

	if (which == 0)
		(void)read_first(s, len, &m);
	else if (which == 1)
		read_dates(s, len, "VNM", year, &m);
	return ((int)m.held * LINE_MAX - abs((int)len - CARD_LINE));
}

/* A card's lines may have been read twice: the better of each. */
static void
read_card_lines(const char *const *lines, size_t nlines, int year,
    struct sh_mrz *out)
{
	char line[3][LINE_MAX] = { "", "", "" }, next[LINE_MAX];
	size_t i, len;
	int k;

	for (i = 0; i < nlines; i++) {
		len = clean_line(lines[i], next);
		k = line_of_card(next);
		/* Of the fillers behind the name some are soon lost. */
		if (len < (k == 2 ? NAME_MIN : 24) || fillers(next) < 2 ||
		    (k > 0 && line[0][0] == '\0'))
			continue;
		if (line[k][0] == '\0' || worth_of_line(next, k, year) >
		    worth_of_line(line[k], k, year))
			memcpy(line[k], next, sizeof(next));
	}
	/* Two good lines are a card's back too. */
	if (digits_in(line[0]) < 12 || digits_in(line[1]) < 8)
		return;
	if (line[2][0] != '\0')
		fill_up(line[2], CARD_LINE);
	read_td1(line, year, out);
}

void
sh_mrz_read(const char *const *lines, size_t nlines, int year,
    struct sh_mrz *out)
{
	char line[3][LINE_MAX], next[LINE_MAX];
	size_t i, len, have = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < nlines && have < 2; i++) {
		len = clean_line(lines[i], next);
		/* A passport's first line names the state, too. */
		if (len < 24 || fillers(next) < 2 || (have == 0 &&
		    (next[0] != 'P' || len <= 34 || strstr(next, "VNM") ==
		    NULL)))
			continue;
		memcpy(line[have++], next, sizeof(next));
	}
	if (have == 2)
		read_td3(line, year, out);
	if (have == 0)
		read_card_lines(lines, nlines, year, out);
}

/* SIZE signs: "Nguyễn Văn An" is "NGUYEN<<VAN<AN<<<". */
static int
name_line(const char *name, char *out, size_t size)
{
	const char *end = name + strlen(name);
	uint32_t cp;
	size_t n, len = 0, words = 0;
	int gap = 0;

	memset(out, '<', size);
	out[size] = '\0';
	for (; (n = sh_utf8_get(name, end, &cp)) > 0; name += n) {
		if ((cp = sh_fold_char(cp)) == 0)
			continue;
		if (cp < 'a' || cp > 'z') {
			gap = 1;
			continue;
		}
		if (gap && len > 0)
			len += ++words == 1 ? 2 : 1;
		gap = 0;
		if (len >= size)
			break;
		out[len++] = (char)(cp - 32);
	}
	return (len > 0 && words > 0 ? 0 : -1);
}

static void
put_date(struct sh_date d, char *out)
{
	(void)snprintf(out, 8, "%02u%02u%02u", (unsigned)d.year % 100,
	    (unsigned)d.month % 100, (unsigned)d.day % 100);
	out[6] = (char)('0' + sh_mrz_check(out, 6));
	out[7] = '\0';
}

int
sh_mrz_compose(const char *number, struct sh_date birth, char sex,
    struct sh_date expiry, const char *name, char out[SH_MRZ_TEXT])
{
	char first[31], second[31], third[31], b[8], e[8], all[64];

	if (!sh_is_digits(number, 12) || !sh_date_valid(birth) ||
	    (sex != 'M' && sex != 'F') || name_line(name, third, 30))
		return (-1);
	(void)snprintf(first, sizeof(first), "IDVNM%.9s%d%.12s<<", number + 3,
	    sh_mrz_check(number + 3, 9), number);
	first[29] = (char)('0' + sh_mrz_check(first + 15, 14));
	first[30] = '\0';
	put_date(birth, b);
	if (expiry.year != 0)
		put_date(expiry, e);
	else
		memcpy(e, "9912315", 8);
	(void)snprintf(second, sizeof(second), "%s%c%sVNM<<<<<<<<<<<", b, sex,
	    e);
	/* Rule: ICAO Doc 9303-5 4.2.2.1, the composite check digit. */
	(void)snprintf(all, sizeof(all), "%.25s%.7s%.7s%.11s", first + 5,
	    second, second + 8, second + 18);
	second[29] = (char)('0' + sh_mrz_check(all, strlen(all)));
	second[30] = '\0';
	(void)snprintf(out, SH_MRZ_TEXT, "%s\n%s\n%s", first, second, third);
	return (0);
}

int
sh_mrz_compose_passport(const char *number, struct sh_date birth, char sex,
    struct sh_date expiry, const char *personal, const char *name,
    char out[SH_MRZ_TEXT])
{
	char second[45], names[40], b[8], e[8], all[64], filled[15];
	size_t n = strlen(number);

	if (n < 8 || n > 9 || !sh_date_valid(birth) ||
	    !sh_date_valid(expiry) || (sex != 'M' && sex != 'F') ||
	    name_line(name, names, 39))
		return (-1);
	memset(second, '<', sizeof(second));
	memcpy(second, number, n);
	second[9] = (char)('0' + sh_mrz_check(second, 9));
	memcpy(second + 10, "VNM", 3);
	put_date(birth, b);
	put_date(expiry, e);
	memcpy(second + 13, b, 7);
	second[20] = sex;
	memcpy(second + 21, e, 7);
	memset(filled, '<', 14);
	if (personal != NULL && sh_is_digits(personal, 12))
		memcpy(filled, personal, 12);
	memcpy(second + 28, filled, 14);
	second[42] = (char)('0' + sh_mrz_check(filled, 14));
	/* Rule: ICAO Doc 9303-4 4.2.2.2, the composite check digit. */
	memcpy(all, second, 10);
	memcpy(all + 10, second + 13, 7);
	memcpy(all + 17, second + 21, 22);
	second[43] = (char)('0' + sh_mrz_check(all, 39));
	second[44] = '\0';
	(void)snprintf(out, SH_MRZ_TEXT, "P<VNM%s\n%s", names, second);
	return (0);
}
