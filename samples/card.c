/*
 * What papers say about a person: names in templates, the machine-readable
 * lines and the QR payload of cards.
 */
#include "samples/people.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "samples/number.h"

static const char *
iso(struct sh_date d, struct sh_arena *a)
{
	char out[SH_DATE_LEN];

	if (d.year == 0)
		return ("");
	sh_date_print(d, out);
	return (sh_arena_dup(a, out));
}

static int
before(struct sh_date a, struct sh_date b)
{
	return (sh_date_compare(a, b) <= 0);
}

/*
 * The end of validity: the next of the ages, one further when issued in the
 * two years before it; year 0 past the last.
 * Rule: Luật Căn cước công dân 59/2014 Art. 21, Luật Căn cước 26/2023 Art. 21
 */
static struct sh_date
expiry(const struct sh_person *p, struct sh_date issued)
{
	static const int ages[] = { 25, 40, 60 };
	struct sh_date d;
	unsigned i;

	for (i = 0; i < 3; i++) {
		d = sh_date_add_months(p->birth, 12 * ages[i]);
		if (before(sh_date_add_months(issued, 24), d))
			return (d);
	}
	return ((struct sh_date){ 0, 0, 0 });
}

/* Upper-case ASCII with '<' for what stands between words. */
static char *
mrz_name(const struct sh_person *p, struct sh_arena *a, size_t width)
{
	struct sh_error err = SH_ERROR_INIT;
	char *out = sh_arena_get(a, width + 1, 1), *family, *rest;
	size_t i, len;

	if ((family = sh_text_fold_dup(p->family, &err)) == NULL ||
	    (rest = sh_text_fold_dup(p->name + strlen(p->family), &err)) ==
	    NULL)
		sh_keep_die();
	(void)snprintf(out, width + 1, "%s<<%s", family, rest);
	free(family);
	free(rest);
	len = strlen(out);
	for (i = 0; i < width; i++)
		out[i] = i >= len || out[i] == ' ' ? '<' :
		    (char)toupper((unsigned char)out[i]);
	return (out);
}

static void
yymmdd(struct sh_date d, char out[7])
{
	char *p = out;

	if (d.year == 0)
		d = (struct sh_date){ 1999, 12, 31 };
	p = sh_number_put(p, 2, (unsigned)d.year % 100);
	p = sh_number_put(p, 2, (unsigned)d.month);
	*sh_number_put(p, 2, (unsigned)d.day) = '\0';
}

/* Line LINE of the back of a card.  Rule: ICAO 9303-5 4.2 */
static const char *
mrz_td1(const struct sh_person *p, struct sh_date issued, int line,
    struct sh_arena *a)
{
	char one[31], two[31], birth[7], until[7], all[64];

	yymmdd(p->birth, birth);
	yymmdd(expiry(p, issued), until);
	(void)snprintf(one, sizeof(one), "IDVNM%s%d%s<<", p->id + 3,
	    sh_number_mrz_check(p->id + 3, 9), p->id);
	one[29] = (char)('0' + sh_number_mrz_check(one + 15, 14));
	one[30] = '\0';
	(void)snprintf(two, sizeof(two), "%s%d%c%s%dVNM<<<<<<<<<<<", birth,
	    sh_number_mrz_check(birth, 6), p->male ? 'M' : 'F', until,
	    sh_number_mrz_check(until, 6));
	(void)snprintf(all, sizeof(all), "%.25s%.7s%.7s%.11s", one + 5, two,
	    two + 8, two + 18);
	two[29] = (char)('0' + sh_number_mrz_check(all, strlen(all)));
	two[30] = '\0';
	return (line == 1 ? sh_arena_dup(a, one) : line == 2 ?
	    sh_arena_dup(a, two) : mrz_name(p, a, 30));
}

/* Line LINE of a passport.  Rule: ICAO 9303-4 4.2 */
static const char *
mrz_td3(const struct sh_person *p, int line, struct sh_arena *a)
{
	char two[45], birth[7], until[7], number[10], all[64];

	if (line == 1)
		return (sh_arena_printf(a, "P<VNM%s", mrz_name(p, a, 39)));
	yymmdd(p->birth, birth);
	yymmdd(sh_date_add_months(p->passport, 120), until);
	(void)snprintf(number, sizeof(number), "%s<", p->passport_number);
	(void)snprintf(two, sizeof(two), "%s%dVNM%s%d%c%s%d%s<<", number,
	    sh_number_mrz_check(number, 9), birth,
	    sh_number_mrz_check(birth, 6), p->male ? 'M' : 'F', until,
	    sh_number_mrz_check(until, 6), p->id);
	two[42] = (char)('0' + sh_number_mrz_check(two + 28, 14));
	(void)snprintf(all, sizeof(all), "%.10s%.7s%.22s", two, two + 13,
	    two + 21);
	two[43] = (char)('0' + sh_number_mrz_check(all, strlen(all)));
	two[44] = '\0';
	return (sh_arena_dup(a, two));
}

/* Rule: QR of the chip card, seven values (domain facts 6.2) */
static const char *
qr(const struct sh_person *p, struct sh_date issued, struct sh_arena *a)
{
	return (sh_arena_printf(a, "%s|%s|%s|%02d%02d%04d|%s|%s|%02d%02d%04d",
	    p->id, p->old_id, p->name, p->birth.day, p->birth.month,
	    p->birth.year, p->male ? "Nam" : "Nữ",
	    sh_place_attr(&p->home, "address", issued, a), issued.day,
	    issued.month, issued.year));
}

int
sh_person_renewed(const struct sh_person *p, struct sh_date day)
{
	return (p->renewed && p->can_cuoc.year != 0 &&
	    before(p->can_cuoc, day));
}

/* The card in force on the day: 0 none, 1 of 2021, 2 of 2024. */
static int
card_on(const struct sh_person *p, struct sh_date day)
{
	if (sh_person_renewed(p, day))
		return (2);
	return (p->cccd.year != 0 && before(p->cccd, day));
}

static const char *
from_card(const struct sh_person *p, const char *attr, struct sh_arena *a)
{
	int two = strncmp(attr, "cc_", 3) == 0;
	struct sh_date d = two ? p->can_cuoc : p->cccd;
	const char *what = strchr(attr, '_') + 1;

	if (strcmp(what, "issue") == 0)
		return (iso(d, a));
	if (strcmp(what, "expiry") == 0)
		return (iso(expiry(p, d), a));
	if (strcmp(what, "qr") == 0)
		return (qr(p, d, a));
	if (strncmp(what, "mrz", 3) == 0 && what[3] >= '1' && what[3] <= '3')
		return (mrz_td1(p, d, what[3] - '0', a));
	return (NULL);
}

const char *
sh_person_attr(const struct sh_person *p, const char *attr,
    struct sh_date day, struct sh_arena *a)
{
	const struct {
		const char *name, *value;
	} plain[] = {
		{ "name", p->name }, { "id", p->id }, { "old_id", p->old_id },
		{ "family", p->family }, { "given", p->given },
		{ "phone", p->phone }, { "sex", p->male ? "Nam" : "Nữ" },
		{ "sex_letter", p->male ? "M" : "F" },
		{ "title", p->male ? "Ông" : "Bà" },
		{ "call", p->male ? "ông" : "bà" },
		{ "ethnicity", p->ethnicity }, { "religion", p->religion },
		{ "nationality", "Việt Nam" }, { "job", p->job },
		{ "feature", p->feature }, { "father", p->father },
		{ "mother", p->mother },
		{ "passport_number", p->passport_number },
	};
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(plain[i].name, attr) == 0)
			return (plain[i].value);
	if (strcmp(attr, "birth") == 0)
		return (iso(p->birth, a));
	if (strcmp(attr, "death") == 0)
		return (iso(p->death, a));
	if (strcmp(attr, "kin") == 0)
		return (sh_kin_word(p->kin));
	if (strcmp(attr, "middle_given") == 0)
		return (p->name + strlen(p->family) + 1);
	if (strcmp(attr, "father_year") == 0)
		return (sh_arena_printf(a, "%d", p->father_year));
	if (strcmp(attr, "mother_year") == 0)
		return (sh_arena_printf(a, "%d", p->mother_year));
	if (strcmp(attr, "residence") == 0)
		return (sh_place_attr(&p->home, "address", day, a));
	if (strncmp(attr, "home_", 5) == 0)
		return (sh_place_attr(&p->home, attr + 5, day, a));
	if (strcmp(attr, "origin") == 0)
		return (sh_place_attr(&p->origin, "region", day, a));
	if (strcmp(attr, "birthplace") == 0)
		return (sh_place_attr(&p->origin, "city", day, a));
	if (strncmp(attr, "cccd_", 5) == 0 || strncmp(attr, "cc_", 3) == 0)
		return (from_card(p, attr, a));
	if (strcmp(attr, "passport_issue") == 0)
		return (iso(p->passport, a));
	if (strcmp(attr, "passport_expiry") == 0)
		return (iso(sh_date_add_months(p->passport, 120), a));
	if (strcmp(attr, "passport_mrz1") == 0)
		return (mrz_td3(p, 1, a));
	if (strcmp(attr, "passport_mrz2") == 0)
		return (mrz_td3(p, 2, a));
	switch (card_on(p, day)) {
	case 2:
		return (strcmp(attr, "card") == 0 ? "Căn cước" :
		    strcmp(attr, "card_issue") == 0 ? iso(p->can_cuoc, a) :
		    strcmp(attr, "card_issuer") == 0 ? "Bộ Công an" : NULL);
	case 1:
		return (strcmp(attr, "card") == 0 ? "CCCD" :
		    strcmp(attr, "card_issue") == 0 ? iso(p->cccd, a) :
		    strcmp(attr, "card_issuer") == 0 ?
		    "Cục Cảnh sát QLHC về TTXH" : NULL);
	default:
		return (strcmp(attr, "card") == 0 ? "Số định danh cá nhân" :
		    strcmp(attr, "card_issue") == 0 ||
		    strcmp(attr, "card_issuer") == 0 ? "" : NULL);
	}
}
