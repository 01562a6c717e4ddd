#include "schemas/identifier.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

/*
 * Codes of the 63 provinces as they stand in citizens' numbers; a number
 * keeps its code when provinces merge.
 * Rule: Decree 137/2015/NĐ-CP Art. 13; Circular 59/2021/TT-BCA Art. 4.
 */
static const struct {
	unsigned code;
	const char *name;
} provinces[] = {
	{ 1, "Hà Nội" }, { 2, "Hà Giang" }, { 4, "Cao Bằng" },
	{ 6, "Bắc Kạn" }, { 8, "Tuyên Quang" }, { 10, "Lào Cai" },
	{ 11, "Điện Biên" }, { 12, "Lai Châu" }, { 14, "Sơn La" },
	{ 15, "Yên Bái" }, { 17, "Hòa Bình" }, { 19, "Thái Nguyên" },
	{ 20, "Lạng Sơn" }, { 22, "Quảng Ninh" }, { 24, "Bắc Giang" },
	{ 25, "Phú Thọ" }, { 26, "Vĩnh Phúc" }, { 27, "Bắc Ninh" },
	{ 30, "Hải Dương" }, { 31, "Hải Phòng" }, { 33, "Hưng Yên" },
	{ 34, "Thái Bình" }, { 35, "Hà Nam" }, { 36, "Nam Định" },
	{ 37, "Ninh Bình" }, { 38, "Thanh Hóa" }, { 40, "Nghệ An" },
	{ 42, "Hà Tĩnh" }, { 44, "Quảng Bình" }, { 45, "Quảng Trị" },
	{ 46, "Thừa Thiên Huế" }, { 48, "Đà Nẵng" }, { 49, "Quảng Nam" },
	{ 51, "Quảng Ngãi" }, { 52, "Bình Định" }, { 54, "Phú Yên" },
	{ 56, "Khánh Hòa" }, { 58, "Ninh Thuận" }, { 60, "Bình Thuận" },
	{ 62, "Kon Tum" }, { 64, "Gia Lai" }, { 66, "Đắk Lắk" },
	{ 67, "Đắk Nông" }, { 68, "Lâm Đồng" }, { 70, "Bình Phước" },
	{ 72, "Tây Ninh" }, { 74, "Bình Dương" }, { 75, "Đồng Nai" },
	{ 77, "Bà Rịa - Vũng Tàu" }, { 79, "Hồ Chí Minh" },
	{ 80, "Long An" }, { 82, "Tiền Giang" }, { 83, "Bến Tre" },
	{ 84, "Trà Vinh" }, { 86, "Vĩnh Long" }, { 87, "Đồng Tháp" },
	{ 89, "An Giang" }, { 91, "Kiên Giang" }, { 92, "Cần Thơ" },
	{ 93, "Hậu Giang" }, { 94, "Sóc Trăng" }, { 95, "Bạc Liêu" },
	{ 96, "Cà Mau" },
};

/* Folded names that differ from the folded names above. */
static const char *const other_names[] = {
	"hue",			/* the unit of July 2025 */
	"dac lac", "dac nong", "bac can", "hcm", "tphcm", "sai gon",
	/* Provinces that older papers name. */
	"ha tay", "ha bac", "hai hung", "nam ha", "nam ha ninh",
	"ha nam ninh", "ha son binh", "hoang lien son", "bac thai",
	"vinh phu", "nghe tinh", "binh tri thien", "nghia binh",
	"quang nam da nang", "phu khanh", "thuan hai", "song be",
	"minh hai", "cuu long", "cao lang", "ha tuyen", "gia lai kon tum",
	"gia dinh",
};

static const char *const kind_words[] = {
	[SH_ID_NONE] = "none",
	[SH_ID_CITIZEN] = "citizen",
	[SH_ID_OLD] = "old",
	[SH_ID_TAX] = "tax",
	[SH_ID_PASSPORT] = "passport",
};

const char *
sh_id_kind_word(enum sh_id_kind kind)
{
	return ((size_t)kind < SH_COUNT(kind_words) ? kind_words[kind] :
	    kind_words[SH_ID_NONE]);
}

enum sh_id_kind
sh_id_kind_from_word(const char *word)
{
	size_t i;

	for (i = 0; i < SH_COUNT(kind_words); i++)
		if (strcmp(word, kind_words[i]) == 0)
			return ((enum sh_id_kind)i);
	return (SH_ID_NONE);
}

const char *
sh_province_name(unsigned code)
{
	size_t i;

	for (i = 0; i < SH_COUNT(provinces); i++)
		if (provinces[i].code == code)
			return (provinces[i].name);
	return (NULL);
}

/* 1 if NAME, folded, is exactly the LEN bytes at FOLDED. */
static int
folds_to(const char *name, const char *folded)
{
	const char *end = name + strlen(name);
	uint32_t cp;
	size_t n;
	int gap = 0;

	for (; name < end; name += n) {
		if ((n = sh_utf8_get(name, end, &cp)) == 0)
			return (0);
		if ((cp = sh_fold_char(cp)) == 0)
			continue;
		if (cp >= 0x80 || !isalnum((int)cp)) {
			gap = 1;
			continue;
		}
		if (gap && *folded++ != ' ')
			return (0);
		gap = 0;
		if ((unsigned char)*folded++ != cp)
			return (0);
	}
	return (*folded == '\0');
}

int
sh_province_known(const char *folded)
{
	static const char *const fronts[] = { "tinh ", "thanh pho ", "tp " };
	size_t i, n;

	for (i = 0; i < SH_COUNT(fronts); i++) {
		n = strlen(fronts[i]);
		if (strncmp(folded, fronts[i], n) == 0) {
			folded += n;
			break;
		}
	}
	for (i = 0; i < SH_COUNT(other_names); i++)
		if (strcmp(folded, other_names[i]) == 0)
			return (1);
	for (i = 0; i < SH_COUNT(provinces); i++)
		if (folds_to(provinces[i].name, folded))
			return (1);
	return (0);
}

/* Rule: Resolution 202/2025/QH15: the provinces that went into others. */
static const struct {
	const char *before, *today;
} merged[] = {
	{ "ha giang", "tuyen quang" }, { "yen bai", "lao cai" },
	{ "bac kan", "thai nguyen" }, { "hoa binh", "phu tho" },
	{ "vinh phuc", "phu tho" }, { "bac giang", "bac ninh" },
	{ "thai binh", "hung yen" }, { "hai duong", "hai phong" },
	{ "ha nam", "ninh binh" }, { "nam dinh", "ninh binh" },
	{ "quang binh", "quang tri" }, { "quang nam", "da nang" },
	{ "kon tum", "quang ngai" }, { "binh dinh", "gia lai" },
	{ "ninh thuan", "khanh hoa" }, { "phu yen", "dak lak" },
	{ "dak nong", "lam dong" }, { "binh thuan", "lam dong" },
	{ "binh phuoc", "dong nai" }, { "binh duong", "ho chi minh" },
	{ "ba ria vung tau", "ho chi minh" }, { "long an", "tay ninh" },
	{ "tien giang", "dong thap" }, { "ben tre", "vinh long" },
	{ "tra vinh", "vinh long" }, { "kien giang", "an giang" },
	{ "soc trang", "can tho" }, { "hau giang", "can tho" },
	{ "bac lieu", "ca mau" }, { "thua thien hue", "hue" },
	{ "tp ho chi minh", "ho chi minh" },
};

const char *
sh_province_today(const char *folded)
{
	size_t i;

	if (strncmp(folded, "tinh ", 5) == 0)
		folded += 5;
	else if (strncmp(folded, "thanh pho ", 10) == 0)
		folded += 10;
	for (i = 0; i < SH_COUNT(merged); i++)
		if (strcmp(folded, merged[i].before) == 0)
			return (merged[i].today);
		else if (strcmp(folded, merged[i].today) == 0)
			return (merged[i].today);
	return (sh_province_known(folded) ? folded : NULL);
}

/*
 * What the tenth digit of a tax code must be: 0..9, or 10.
 * Source: the formula that the tax administration publishes.
 */
static int
tax_check(const char *s)
{
	static const int weight[9] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
	int i, sum = 0;

	for (i = 0; i < 9; i++)
		sum += weight[i] * (s[i] - '0');
	return (10 - sum % 11);
}

/* Ten may be printed as 0; the codes of the organisations say no more. */
static int
tax_check_holds(const char *s)
{
	int want = tax_check(s);

	return (s[9] - '0' == (want == 10 ? 0 : want));
}

/* S without spaces and dots, letters upper; -1 when it is too long. */
static int
squeeze(const char *s, char *out, size_t size)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '.')
			continue;
		if (n + 1 >= size)
			return (-1);
		out[n++] = (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s);
	}
	out[n] = '\0';
	return (0);
}

static int
malformed(const char *s, struct sh_error *err)
{
	sh_error_param(err, "value", "%.40s", s);
	return (sh_error_set(err, SH_EARG, "id.malformed",
	    "\"%.40s\" has the form of no identifier", s));
}

/* C1234567 as Viet Nam prints it, and what other states do. */
static int
is_passport(const char *t)
{
	size_t letters = 0, n = strlen(t);

	while (t[letters] >= 'A' && t[letters] <= 'Z')
		letters++;
	return (letters >= 1 && letters <= 2 && n - letters >= 6 &&
	    n - letters <= 8 && sh_is_digits(t + letters, n - letters));
}

int
sh_id_parse(const char *s, struct sh_id *id, struct sh_error *err)
{
	char t[sizeof(id->value)];
	size_t n;

	memset(id, 0, sizeof(*id));
	if (squeeze(s, t, sizeof(t)))
		return (malformed(s, err));
	n = strlen(t);
	if (sh_is_digits(t, 12)) {
		id->kind = SH_ID_CITIZEN;
	} else if (sh_is_digits(t, 9)) {
		id->kind = SH_ID_OLD;
	} else if (is_passport(t)) {
		id->kind = SH_ID_PASSPORT;
	} else if (sh_is_digits(t, 10)) {
		id->kind = SH_ID_TAX;
	} else if (n == 13 && sh_is_digits(t, 13)) {
		/* Printed without its hyphen. */
		memmove(t + 11, t + 10, 4);
		t[10] = '-';
		id->kind = SH_ID_TAX;
	} else if (n == 14 && t[10] == '-' && sh_is_digits(t + 11, 3)) {
		t[10] = '\0';
		if (!sh_is_digits(t, 10))
			return (malformed(s, err));
		t[10] = '-';
		id->kind = SH_ID_TAX;
	} else {
		return (malformed(s, err));
	}
	if (id->kind == SH_ID_TAX && !tax_check_holds(t)) {
		id->kind = SH_ID_NONE;
		sh_error_param(err, "value", "%s", t);
		return (sh_error_set(err, SH_EARG, "id.check-digit",
		    "tax code \"%s\" has a wrong check digit", t));
	}
	memcpy(id->value, t, strlen(t) + 1);
	return (0);
}

int
sh_id_citizen(const struct sh_id *id, struct sh_citizen *c)
{
	const char *s = id->value;
	int g;

	if (id->kind != SH_ID_CITIZEN || !sh_is_digits(s, 12))
		return (-1);
	g = s[3] - '0';
	c->province = (unsigned)((s[0] - '0') * 100 + (s[1] - '0') * 10 +
	    (s[2] - '0'));
	c->province_name = sh_province_name(c->province);
	c->sex = g % 2 == 0 ? 'M' : 'F';
	c->birth_year = 1900 + 100 * (g / 2) + (s[4] - '0') * 10 +
	    (s[5] - '0');
	return (0);
}

unsigned
sh_id_doubts(const struct sh_id *id, int year)
{
	struct sh_citizen c;
	unsigned doubts = 0;

	if (sh_id_citizen(id, &c) == 0) {
		if (c.province_name == NULL)
			doubts |= SH_ID_PROVINCE_UNKNOWN;
		if (c.birth_year > year)
			doubts |= SH_ID_YEAR_FUTURE;
	} else if (id->kind == SH_ID_TAX && strlen(id->value) >= 10) {
		if (!tax_check_holds(id->value))
			doubts |= SH_ID_CHECK_DIGIT;
		else if (tax_check(id->value) == 10)
			doubts |= SH_ID_CHECK_TEN;
	}
	return (doubts);
}

int
sh_id_equal(const struct sh_id *a, const struct sh_id *b)
{
	return (a->kind == b->kind && strcmp(a->value, b->value) == 0);
}

/* LEN of an agency code's group at S: capitals and digits. */
static size_t
group_len(const char *s)
{
	size_t n = 0;

	while ((s[n] >= 'A' && s[n] <= 'Z') || (s[n] >= '0' && s[n] <= '9'))
		n++;
	return (n);
}

static int
is_ministry_or_province(const char *s, size_t n)
{
	return (n == 3 && s[0] >= 'A' && s[0] <= 'Z' &&
	    s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9');
}

/*
 * Groups of two or three joined by dots; the agency of the first level
 * stands first (2025) or last (2018).  Where they end, or NULL.
 */
static const char *
agency_end(const char *s)
{
	size_t n, ngroups = 0;
	int first = 0, last = 0;

	for (;;) {
		n = group_len(s);
		if (n < 2 || n > 3 || ++ngroups > 6)
			return (NULL);
		last = is_ministry_or_province(s, n);
		if (ngroups == 1)
			first = last;
		s += n;
		if (*s != '.')
			break;
		s++;
	}
	return (ngroups >= 2 && (first || last) ? s : NULL);
}

/* Six digits YYMMDD of a real day of this century. */
static int
is_short_date(const char *s)
{
	struct sh_date d;
	int i;

	for (i = 0; i < 6; i++)
		if (s[i] < '0' || s[i] > '9')
			return (0);
	d.year = 2000 + (s[0] - '0') * 10 + (s[1] - '0');
	d.month = (s[2] - '0') * 10 + (s[3] - '0');
	d.day = (s[4] - '0') * 10 + (s[5] - '0');
	return (sh_date_valid(d));
}

int
sh_dossier_code_valid(const char *s)
{
	size_t n;

	/* Rule: TT 01/2018/TT-VPCP Art. 19; TT 03/2025/TT-VPCP Art. 13. */
	if ((s = agency_end(s)) == NULL || *s != '-' || !is_short_date(s + 1))
		return (0);
	s += 7;
	if (*s++ != '-')
		return (0);
	for (n = 0; s[n] >= '0' && s[n] <= '9'; n++)
		;
	return (n >= 4 && n <= 10 && s[n] == '\0');
}

int
sh_procedure_code_valid(const char *s)
{
	size_t i, n, ngroups = 0;

	if (s[0] < '1' || s[0] > '9' || s[1] != '.')
		return (0);
	for (i = 2; i < 8; i++)
		if (s[i] < '0' || s[i] > '9')
			return (0);
	for (s += 8; *s == '.'; s += n) {
		s++;
		n = group_len(s);
		if (n < 2 || n > 3 || ++ngroups > 6)
			return (0);
	}
	return (*s == '\0');
}

int
sh_mrz_check(const char *s, size_t len)
{
	static const int weight[3] = { 7, 3, 1 };
	size_t i;
	int sum = 0, v;

	/* Rule: ICAO Doc 9303-3 4.9. */
	for (i = 0; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			v = s[i] - '0';
		else if (s[i] >= 'A' && s[i] <= 'Z')
			v = s[i] - 'A' + 10;
		else if (s[i] == '<')
			v = 0;
		else
			return (-1);
		sum += weight[i % 3] * v;
	}
	return (sum % 10);
}
