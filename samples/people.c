#include "samples/people.h"

#include <string.h>

#include "base/mem.h"
#include "samples/number.h"

static const char *const kin_words[SH_KIN_COUNT] = {
	"husband", "wife", "child", "son", "elder", "grandma", "single",
	"stranger", "other"
};

static const struct {
	const char *name;
	unsigned weight;
	const char *ethnicity;		/* NULL: Kinh */
} families[] = {
	{ "Nguyễn", 30, NULL }, { "Trần", 11, NULL }, { "Lê", 9, NULL },
	{ "Phạm", 7, NULL }, { "Hoàng", 5, NULL }, { "Huỳnh", 4, NULL },
	{ "Phan", 4, NULL }, { "Vũ", 4, NULL }, { "Võ", 3, NULL },
	{ "Đặng", 3, NULL }, { "Bùi", 3, NULL }, { "Đỗ", 3, NULL },
	{ "Hồ", 2, NULL }, { "Ngô", 2, NULL }, { "Dương", 2, NULL },
	{ "Lý", 1, NULL }, { "Đinh", 1, NULL }, { "Trịnh", 1, NULL },
	{ "Mai", 1, NULL }, { "Đào", 1, NULL }, { "Đoàn", 1, NULL },
	{ "Lương", 1, NULL }, { "Tạ", 1, NULL }, { "Cao", 1, NULL },
	{ "Tô", 1, NULL }, { "Châu", 1, NULL }, { "Quách", 1, "Mường" },
	{ "Nông", 1, "Tày" }, { "Lò", 1, "Thái" }, { "Giàng", 1, "Mông" },
	{ "Triệu", 1, "Dao" }, { "Thạch", 1, "Khmer" }, { "Vi", 1, "Nùng" },
};

static const char *const male_middle[] = {
	"Văn", "Văn", "Văn", "Hữu", "Đức", "Công", "Quang", "Minh", "Xuân",
	"Ngọc", "Đình", "Thế", "Quốc", "Bá", "Trọng", "Tiến", "Gia", "Viết",
};
static const char *const female_middle[] = {
	"Thị", "Thị", "Thị", "Thị Ngọc", "Thị Thu", "Thị Thanh", "Thị Kim",
	"Thị Mỹ", "Thị Hồng", "Ngọc", "Thùy", "Khánh", "Phương", "Diệu",
	"Thị Bích", "Hoài", "Bảo",
};
static const char *const male_given[] = {
	"An", "Bách", "Bình", "Chiến", "Cường", "Dũng", "Duy", "Đạt", "Điền",
	"Đức", "Giang", "Hải", "Hào", "Hiếu", "Hoàng", "Hùng", "Huy", "Hưng",
	"Khải", "Khoa", "Kiên", "Lâm", "Long", "Lộc", "Mạnh", "Nam", "Nghĩa",
	"Nhật", "Phong", "Phúc", "Quân", "Quyết", "Sơn", "Tài", "Thắng",
	"Thành", "Thịnh", "Toàn", "Trí", "Trung", "Tuấn", "Tùng", "Việt",
	"Vinh", "Vượng",
};
static const char *const female_given[] = {
	"Anh", "Ánh", "Châu", "Chi", "Cúc", "Diễm", "Dung", "Duyên", "Đào",
	"Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Huệ", "Huyền", "Hương",
	"Lan", "Lệ", "Liên", "Linh", "Loan", "Ly", "Mai", "Nga", "Ngân",
	"Nguyệt", "Nhàn", "Nhung", "Oanh", "Phượng", "Quyên", "Quỳnh", "Tâm",
	"Thảo", "Thơm", "Thu", "Thủy", "Thương", "Trang", "Trâm", "Tuyết",
	"Uyên", "Vân", "Xuyến", "Yến",
};
static const char *const jobs[] = {
	"Công nhân", "Nông dân", "Giáo viên", "Kế toán", "Buôn bán", "Lái xe",
	"Kỹ sư xây dựng", "Lao động tự do", "Nhân viên văn phòng", "Thợ may",
	"Y sĩ", "Thợ điện",
};
static const char *const features[] = {
	"Nốt ruồi C: 1 cm dưới đuôi mắt phải",
	"Sẹo chấm C: 2 cm trên sau cánh mũi trái",
	"Nốt ruồi C: 3 cm sau cánh mũi phải",
	"Sẹo C: 1,5 cm trên đuôi mày trái",
	"Nốt ruồi C: 2 cm trước cánh mũi trái", "Tàn nhang hai gò má",
};

#define PICK(r, list)	(list[sh_rng_below((r), SH_COUNT(list))])

enum sh_kin
sh_kin_from_word(const char *word)
{
	unsigned i;

	for (i = 0; i < SH_KIN_COUNT; i++)
		if (strcmp(kin_words[i], word) == 0)
			break;
	return ((enum sh_kin)i);
}

const char *
sh_kin_word(enum sh_kin kin)
{
	return (kin_words[kin]);
}

const char *
sh_kin_relation(enum sh_kin head, const struct sh_person *m)
{
	if (m->kin == head)
		return ("Chủ hộ");
	switch (m->kin) {
	case SH_KIN_HUSBAND:
		return (head == SH_KIN_WIFE ? "Chồng" : "Con");
	case SH_KIN_WIFE:
		return (head == SH_KIN_HUSBAND ? "Vợ" : "Con dâu");
	case SH_KIN_CHILD:
	case SH_KIN_SON:
		return (head == SH_KIN_HUSBAND || head == SH_KIN_WIFE ?
		    "Con" : "Cháu");
	case SH_KIN_ELDER:
		return (head == SH_KIN_HUSBAND ? "Cha" : head == SH_KIN_WIFE ?
		    "Cha chồng" : "Chồng");
	case SH_KIN_GRANDMA:
		return (head == SH_KIN_HUSBAND ? "Mẹ" : head == SH_KIN_WIFE ?
		    "Mẹ chồng" : "Vợ");
	default:
		return ("Ở nhờ");
	}
}

static unsigned
pick_family(struct sh_rng *r)
{
	unsigned i, sum = 0, n;

	for (i = 0; i < SH_COUNT(families); i++)
		sum += families[i].weight;
	n = sh_rng_below(r, sum);
	for (i = 0; n >= families[i].weight; i++)
		n -= families[i].weight;
	return (i);
}

static const char *
full_name(struct sh_arena *a, const char *family, const char *middle,
    const char *given)
{
	return (sh_arena_printf(a, "%s %s %s", family, middle, given));
}

const char *
sh_people_name(struct sh_arena *a, struct sh_rng *r, int male)
{
	const char *family = families[pick_family(r)].name;
	const char *middle = male ? PICK(r, male_middle) :
	    PICK(r, female_middle);

	return (full_name(a, family, middle, male ? PICK(r, male_given) :
	    PICK(r, female_given)));
}

static struct sh_date
later(struct sh_date d, struct sh_rng *r, int lo, int hi)
{
	return (sh_date_add_days(d, sh_rng_range(r, lo, hi)));
}

static struct sh_date
years(struct sh_date d, int n)
{
	return (sh_date_add_months(d, 12 * n));
}

/*
 * The day of issue between LO and HI, or no card: nobody has one before the
 * age of MIN_AGE.
 */
static struct sh_date
card(const struct sh_person *p, struct sh_rng *r, struct sh_date lo,
    struct sh_date hi, int min_age)
{
	struct sh_date first = years(p->birth, min_age), none = { 0, 0, 0 };
	int64_t days;

	if (sh_date_compare(first, lo) > 0)
		lo = first;
	days = (sh_date_start(hi) - sh_date_start(lo)) / 86400;
	if (days <= 0)
		return (none);
	return (later(lo, r, 0, (int)days));
}

/* What depends on the name, sex and birth day, which are set. */
static void
finish(struct sh_person *p, struct sh_rng *r, struct sh_arena *a,
    const struct sh_place *home)
{
	int born = p->birth.year;

	p->name = full_name(a, p->family, p->middle, p->given);
	if (home != NULL)
		p->home = *home;
	else
		sh_place_make(&p->home, r, NULL);
	/* Two of three live in the province of their birth. */
	sh_place_make(&p->origin, r, sh_rng_chance(r, 66) ?
	    p->home.province : NULL);
	sh_number_citizen(p->id, p->origin.province->code, p->male, born, r);
	if (born < 2000 || (born < 2004 && sh_rng_chance(r, 70)))
		*sh_number_put(p->old_id, 9, 100000000 +
		    sh_rng_below(r, 300000000)) = '\0';
	*sh_number_put(p->phone, 10, 900000000 +
	    sh_rng_below(r, 100000000)) = '\0';
	p->religion = sh_rng_chance(r, 85) ? "Không" :
	    sh_rng_chance(r, 50) ? "Phật giáo" : "Thiên chúa giáo";
	p->job = PICK(r, jobs);
	p->feature = PICK(r, features);
	p->cccd = card(p, r, (struct sh_date){ 2021, 2, 1 },
	    (struct sh_date){ 2024, 6, 28 }, 14);
	p->can_cuoc = card(p, r, (struct sh_date){ 2024, 7, 1 },
	    (struct sh_date){ 2025, 12, 20 }, 14);
	p->renewed = sh_rng_chance(r, 45);
	p->passport = card(p, r, (struct sh_date){ 2019, 3, 1 },
	    (struct sh_date){ 2025, 10, 1 }, 14);
	p->passport_number[0] = p->passport.year >= 2023 ? 'P' : 'C';
	*sh_number_put(p->passport_number + 1, 7, sh_rng_below(r, 10000000)) =
	    '\0';
}

static void
make(struct sh_person *p, struct sh_rng *r, struct sh_arena *a, int male,
    struct sh_date birth, const struct sh_place *home)
{
	unsigned f = pick_family(r);

	p->male = male;
	p->birth = birth;
	p->family = families[f].name;
	p->ethnicity = families[f].ethnicity != NULL ? families[f].ethnicity :
	    "Kinh";
	p->middle = male ? PICK(r, male_middle) : PICK(r, female_middle);
	p->given = male ? PICK(r, male_given) : PICK(r, female_given);
	finish(p, r, a, home);
	p->father_year = birth.year - sh_rng_range(r, 23, 36);
	p->mother_year = p->father_year + sh_rng_range(r, -1, 6);
	p->father = full_name(a, p->family, PICK(r, male_middle),
	    PICK(r, male_given));
	p->mother = sh_people_name(a, r, 0);
}

/* A child of the husband (FATHER) and MOTHER: their name, home, people. */
static void
child_of(struct sh_person *p, const struct sh_person *father,
    const struct sh_person *mother, struct sh_rng *r, struct sh_arena *a)
{
	p->family = father->family;
	p->ethnicity = father->ethnicity;
	finish(p, r, a, &father->home);
	p->origin = father->origin;
	sh_number_citizen(p->id, father->home.province->code, p->male,
	    p->birth.year, r);
	p->father = father->name;
	p->father_year = father->birth.year;
	p->mother = mother->name;
	p->mother_year = mother->birth.year;
}

void
sh_family_make(struct sh_family *f, uint64_t seed, struct sh_date base)
{
	struct sh_person *p = f->person;
	struct sh_rng rng, *r = &rng;
	struct sh_arena *a;
	struct sh_date d;
	unsigned i;

	*f = (struct sh_family){ .seed = seed, .base = base };
	a = &f->arena;
	sh_rng_start(r, sh_seed(seed, "family"));
	for (i = 0; i < SH_KIN_COUNT; i++)
		p[i].kin = (enum sh_kin)i;

	d = years(base, -sh_rng_range(r, 28, 46));
	make(&p[SH_KIN_HUSBAND], r, a, 1, later(d, r, -180, 180), NULL);
	make(&p[SH_KIN_WIFE], r, a, 0, later(p[SH_KIN_HUSBAND].birth, r,
	    -400, 1600), &p[SH_KIN_HUSBAND].home);
	f->marriage = later(years(base, -5), r, -900, 600);

	d = years(p[SH_KIN_HUSBAND].birth, -sh_rng_range(r, 24, 33));
	make(&p[SH_KIN_ELDER], r, a, 1, later(d, r, -180, 180),
	    &p[SH_KIN_HUSBAND].home);
	p[SH_KIN_ELDER].family = p[SH_KIN_HUSBAND].family;
	p[SH_KIN_ELDER].ethnicity = p[SH_KIN_HUSBAND].ethnicity;
	p[SH_KIN_ELDER].name = full_name(a, p[SH_KIN_ELDER].family,
	    p[SH_KIN_ELDER].middle, p[SH_KIN_ELDER].given);
	p[SH_KIN_ELDER].death = later(base, r, -10, -3);
	make(&p[SH_KIN_GRANDMA], r, a, 0, later(p[SH_KIN_ELDER].birth, r, 100,
	    1500), &p[SH_KIN_HUSBAND].home);
	p[SH_KIN_HUSBAND].father = p[SH_KIN_ELDER].name;
	p[SH_KIN_HUSBAND].father_year = p[SH_KIN_ELDER].birth.year;
	p[SH_KIN_HUSBAND].mother = p[SH_KIN_GRANDMA].name;
	p[SH_KIN_HUSBAND].mother_year = p[SH_KIN_GRANDMA].birth.year;

	for (i = SH_KIN_CHILD; i <= SH_KIN_SON; i++) {
		p[i].male = sh_rng_chance(r, 50);
		p[i].middle = p[i].male ? PICK(r, male_middle) :
		    PICK(r, female_middle);
		p[i].given = p[i].male ? PICK(r, male_given) :
		    PICK(r, female_given);
		p[i].birth = i == SH_KIN_CHILD ? later(base, r, -45, -8) :
		    later(f->marriage, r, 280, 700);
		child_of(&p[i], &p[SH_KIN_HUSBAND], &p[SH_KIN_WIFE], r, a);
	}
	make(&p[SH_KIN_SINGLE], r, a, sh_rng_chance(r, 50),
	    later(years(base, -sh_rng_range(r, 19, 26)), r, -180, 180), NULL);
	/* The stranger may be whom the single one marries. */
	make(&p[SH_KIN_STRANGER], r, a, !p[SH_KIN_SINGLE].male,
	    later(years(base, -sh_rng_range(r, 24, 50)), r, -180, 180), NULL);
	make(&p[SH_KIN_OTHER], r, a, sh_rng_chance(r, 50), later(years(base,
	    -sh_rng_range(r, 24, 68)), r, -180, 180), NULL);
}

void
sh_family_free(struct sh_family *f)
{
	sh_arena_free(&f->arena);
}
