#include "samples/place.h"

#include <string.h>

#include "base/mem.h"

/*
 * Source: codes of Circular 59/2021/TT-BCA; agency codes of the provinces
 * before July 2025 in alphabetical order; the mergers of Resolution
 * 202/2025/QH15.
 */
static const struct sh_province provinces[] = {
	{ 1, "Hà Nội", "thành phố", "H26", "Hà Nội", 1 },
	{ 2, "Hà Giang", "tỉnh", "H22", "Tuyên Quang", 0 },
	{ 4, "Cao Bằng", "tỉnh", "H14", "Cao Bằng", 0 },
	{ 6, "Bắc Kạn", "tỉnh", "H03", "Thái Nguyên", 0 },
	{ 8, "Tuyên Quang", "tỉnh", "H60", "Tuyên Quang", 0 },
	{ 10, "Lào Cai", "tỉnh", "H38", "Lào Cai", 0 },
	{ 11, "Điện Biên", "tỉnh", "H18", "Điện Biên", 0 },
	{ 12, "Lai Châu", "tỉnh", "H35", "Lai Châu", 0 },
	{ 14, "Sơn La", "tỉnh", "H52", "Sơn La", 0 },
	{ 15, "Yên Bái", "tỉnh", "H63", "Lào Cai", 0 },
	{ 17, "Hòa Bình", "tỉnh", "H28", "Phú Thọ", 0 },
	{ 19, "Thái Nguyên", "tỉnh", "H55", "Thái Nguyên", 0 },
	{ 20, "Lạng Sơn", "tỉnh", "H37", "Lạng Sơn", 0 },
	{ 22, "Quảng Ninh", "tỉnh", "H49", "Quảng Ninh", 0 },
	{ 24, "Bắc Giang", "tỉnh", "H02", "Bắc Ninh", 0 },
	{ 25, "Phú Thọ", "tỉnh", "H44", "Phú Thọ", 0 },
	{ 26, "Vĩnh Phúc", "tỉnh", "H62", "Phú Thọ", 0 },
	{ 27, "Bắc Ninh", "tỉnh", "H05", "Bắc Ninh", 0 },
	{ 30, "Hải Dương", "tỉnh", "H23", "Hải Phòng", 1 },
	{ 31, "Hải Phòng", "thành phố", "H24", "Hải Phòng", 1 },
	{ 33, "Hưng Yên", "tỉnh", "H31", "Hưng Yên", 0 },
	{ 34, "Thái Bình", "tỉnh", "H54", "Hưng Yên", 0 },
	{ 35, "Hà Nam", "tỉnh", "H25", "Ninh Bình", 0 },
	{ 36, "Nam Định", "tỉnh", "H40", "Ninh Bình", 0 },
	{ 37, "Ninh Bình", "tỉnh", "H42", "Ninh Bình", 0 },
	{ 38, "Thanh Hóa", "tỉnh", "H56", "Thanh Hóa", 0 },
	{ 40, "Nghệ An", "tỉnh", "H41", "Nghệ An", 0 },
	{ 42, "Hà Tĩnh", "tỉnh", "H27", "Hà Tĩnh", 0 },
	{ 44, "Quảng Bình", "tỉnh", "H46", "Quảng Trị", 0 },
	{ 45, "Quảng Trị", "tỉnh", "H50", "Quảng Trị", 0 },
	{ 46, "Thừa Thiên Huế", "tỉnh", "H57", "Huế", 1 },
	{ 48, "Đà Nẵng", "thành phố", "H17", "Đà Nẵng", 1 },
	{ 49, "Quảng Nam", "tỉnh", "H47", "Đà Nẵng", 1 },
	{ 51, "Quảng Ngãi", "tỉnh", "H48", "Quảng Ngãi", 0 },
	{ 52, "Bình Định", "tỉnh", "H08", "Gia Lai", 0 },
	{ 54, "Phú Yên", "tỉnh", "H45", "Đắk Lắk", 0 },
	{ 56, "Khánh Hòa", "tỉnh", "H32", "Khánh Hòa", 0 },
	{ 58, "Ninh Thuận", "tỉnh", "H43", "Khánh Hòa", 0 },
	{ 60, "Bình Thuận", "tỉnh", "H11", "Lâm Đồng", 0 },
	{ 62, "Kon Tum", "tỉnh", "H34", "Quảng Ngãi", 0 },
	{ 64, "Gia Lai", "tỉnh", "H21", "Gia Lai", 0 },
	{ 66, "Đắk Lắk", "tỉnh", "H15", "Đắk Lắk", 0 },
	{ 67, "Đắk Nông", "tỉnh", "H16", "Lâm Đồng", 0 },
	{ 68, "Lâm Đồng", "tỉnh", "H36", "Lâm Đồng", 0 },
	{ 70, "Bình Phước", "tỉnh", "H10", "Đồng Nai", 0 },
	{ 72, "Tây Ninh", "tỉnh", "H53", "Tây Ninh", 0 },
	{ 74, "Bình Dương", "tỉnh", "H09", "Hồ Chí Minh", 1 },
	{ 75, "Đồng Nai", "tỉnh", "H19", "Đồng Nai", 0 },
	{ 77, "Bà Rịa - Vũng Tàu", "tỉnh", "H06", "Hồ Chí Minh", 1 },
	{ 79, "Hồ Chí Minh", "thành phố", "H29", "Hồ Chí Minh", 1 },
	{ 80, "Long An", "tỉnh", "H39", "Tây Ninh", 0 },
	{ 82, "Tiền Giang", "tỉnh", "H58", "Đồng Tháp", 0 },
	{ 83, "Bến Tre", "tỉnh", "H07", "Vĩnh Long", 0 },
	{ 84, "Trà Vinh", "tỉnh", "H59", "Vĩnh Long", 0 },
	{ 86, "Vĩnh Long", "tỉnh", "H61", "Vĩnh Long", 0 },
	{ 87, "Đồng Tháp", "tỉnh", "H20", "Đồng Tháp", 0 },
	{ 89, "An Giang", "tỉnh", "H01", "An Giang", 0 },
	{ 91, "Kiên Giang", "tỉnh", "H33", "An Giang", 0 },
	{ 92, "Cần Thơ", "thành phố", "H13", "Cần Thơ", 1 },
	{ 93, "Hậu Giang", "tỉnh", "H30", "Cần Thơ", 1 },
	{ 94, "Sóc Trăng", "tỉnh", "H51", "Cần Thơ", 1 },
	{ 95, "Bạc Liêu", "tỉnh", "H04", "Cà Mau", 0 },
	{ 96, "Cà Mau", "tỉnh", "H12", "Cà Mau", 0 },
};

/* Invented or common everywhere; which province they fall into is chance. */
static const char *const communes[] = {
	"An Bình", "An Khê Đông", "An Thạnh", "Ba Lòng", "Bình Khánh",
	"Bình Nguyên", "Cẩm Sơn", "Cao Thượng", "Châu Khê", "Chiềng Pha",
	"Đại Lâm", "Diên Thọ", "Đông Hưng", "Đồng Lạc", "Ea Drông",
	"Gia Thịnh", "Hải Ninh", "Hòa Lộc", "Hoằng Yến", "Hưng Thạnh",
	"Ia Krel", "Khánh Nhạc", "Kim Lũ", "Lạc Vệ", "Liên Châu", "Long Hậu",
	"Lương Phú", "Mỹ Hội", "Mường Pồn", "Nam Trung", "Ngọc Thiện",
	"Nghĩa Trụ", "Nhơn Mỹ", "Phong Thạnh", "Phú Lương", "Phú Quới",
	"Phước Hải", "Quế Tân", "Quỳnh Sơn", "Sơn Cẩm", "Suối Nho",
	"Tam Thuấn", "Tân Hiệp", "Tân Quới Đông", "Thạch Khoán", "Thanh Uyên",
	"Thới Thuận", "Thụy Lôi", "Tiên Nội", "Trà Ôn", "Trung Mầu",
	"Tuy Lộc", "Vạn Xuân", "Vân Tự", "Vĩnh Trạch", "Xuân Thới", "Yên Giả",
	"Yên Trạch", "Nà Phặc", "Bản Qua", "Đạ Tẻh", "Krông Nô",
};

static const char *const districts[] = {
	"Ân Phú", "Bình Lục", "Cẩm Xuyên", "Chợ Lách", "Đông Triều",
	"Gia Viễn", "Hưng Nguyên", "Kim Bảng", "Lạc Sơn", "Long Thành",
	"Mộc Châu", "Nam Sách", "Ngọc Hồi", "Phong Điền", "Phù Cừ",
	"Quảng Trạch", "Sơn Tịnh", "Tân Yên", "Thuận Thành", "Tiền Hải",
	"Trảng Bàng", "Văn Chấn", "Vĩnh Thạnh", "Yên Định",
};

static const char *const streets[] = {
	"Bạch Đằng", "Cách Mạng Tháng Tám", "Điện Biên Phủ", "Đinh Tiên Hoàng",
	"Hai Bà Trưng", "Hàm Nghi", "Hoàng Hoa Thám", "Huỳnh Thúc Kháng",
	"Lạc Long Quân", "Lê Hồng Phong", "Lê Thánh Tông", "Lý Thái Tổ",
	"Lý Thường Kiệt", "Mạc Đĩnh Chi", "Ngô Quyền", "Nguyễn Bỉnh Khiêm",
	"Nguyễn Du", "Nguyễn Thái Học", "Phan Chu Trinh", "Phan Bội Châu",
	"Phạm Ngũ Lão", "Trần Hưng Đạo", "Trần Quốc Toản", "Trưng Nữ Vương",
	"Tô Hiến Thành", "Võ Thị Sáu", "30 tháng 4", "19 tháng 5",
};

static const char *const villages[] = {
	"Thôn Đoài", "Thôn Đông", "Thôn Thượng", "Thôn Hạ", "Thôn Trung Tiến",
	"Thôn 3", "Thôn 7", "Xóm Đình", "Xóm Mới", "Xóm 9", "Ấp Bình Hòa",
	"Ấp Tân Phước", "Ấp 4", "Bản Nậm Cang", "Bản Pá Khoang", "Buôn Kuốp",
	"Khu phố 2", "Tổ dân phố số 5", "Tổ 12", "Khóm Vĩnh Phước",
};

int
sh_place_two_levels(struct sh_date day)
{
	return (sh_date_compare(day, (struct sh_date){ 2025, 7, 1 }) >= 0);
}

static const char *
pick(struct sh_rng *r, const char *const *list, size_t n)
{
	return (list[sh_rng_below(r, (unsigned)n)]);
}

void
sh_place_make(struct sh_place *p, struct sh_rng *r,
    const struct sh_province *province)
{
	int city;

	if (province == NULL)
		province = &provinces[sh_rng_below(r, SH_COUNT(provinces))];
	p->province = province;
	city = strcmp(province->kind, "thành phố") == 0;
	p->name = pick(r, communes, SH_COUNT(communes));
	p->district = pick(r, districts, SH_COUNT(districts));
	switch (sh_rng_below(r, 10)) {
	case 0: case 1: case 2: case 3:
		p->kind = "phường";
		p->district_kind = city ? "quận" :
		    sh_rng_chance(r, 60) ? "thành phố" : "thị xã";
		break;
	case 4:
		p->kind = "thị trấn";
		p->district_kind = "huyện";
		break;
	default:
		p->kind = "xã";
		p->district_kind = sh_rng_chance(r, 85) ? "huyện" : "thị xã";
	}
	if (strcmp(p->kind, "phường") == 0 || sh_rng_chance(r, 20)) {
		p->house = sh_rng_range(r, 1, 480);
		p->street = pick(r, streets, SH_COUNT(streets));
	} else {
		p->house = 0;
		p->street = pick(r, villages, SH_COUNT(villages));
	}
}

/* The province of today, for its agency's code. */
static const struct sh_province *
province_now(const struct sh_place *p)
{
	const char *now = p->province->now;
	size_t i;

	for (i = 0; i < SH_COUNT(provinces); i++)
		if (strcmp(provinces[i].name, now) == 0)
			return (&provinces[i]);
	return (p->province);	/* Huế: the city kept its province's row */
}

static const char *
unit(const struct sh_place *p, int two, struct sh_arena *a)
{
	/* Townships became communes. */
	const char *kind = two && strcmp(p->kind, "thị trấn") == 0 ? "xã" :
	    p->kind;

	return (sh_arena_printf(a, "%s %s", kind, p->name));
}

static const char *
province(const struct sh_place *p, int two, struct sh_arena *a)
{
	const char *name = two ? p->province->now : p->province->name;
	const char *kind = !two ? p->province->kind :
	    p->province->central ? "thành phố" : "tỉnh";

	return (sh_arena_printf(a, "%s %s", kind, name));
}

static const char *
line(const struct sh_place *p, struct sh_arena *a)
{
	if (p->house == 0)
		return (p->street);
	return (sh_arena_printf(a, "Số %d, đường %s", p->house, p->street));
}

static const char *
region(const struct sh_place *p, int two, struct sh_arena *a)
{
	if (two)
		return (sh_arena_printf(a, "%s, %s", unit(p, 1, a),
		    province(p, 1, a)));
	return (sh_arena_printf(a, "%s, %s %s, %s", unit(p, 0, a),
	    p->district_kind, p->district, province(p, 0, a)));
}

const char *
sh_place_attr(const struct sh_place *p, const char *attr, struct sh_date day,
    struct sh_arena *a)
{
	int two = sh_place_two_levels(day);

	if (strcmp(attr, "unit") == 0)
		return (unit(p, two, a));
	if (strcmp(attr, "short") == 0)
		return (p->name);
	if (strcmp(attr, "committee") == 0)
		return (sh_arena_printf(a, "Ủy ban nhân dân %s",
		    unit(p, two, a)));
	if (strcmp(attr, "district") == 0)
		return (two ? "" : sh_arena_printf(a, "%s %s",
		    p->district_kind, p->district));
	if (strcmp(attr, "province") == 0)
		return (province(p, two, a));
	if (strcmp(attr, "city") == 0)
		return (strcmp(two ? p->province->now : p->province->name,
		    "Hồ Chí Minh") == 0 ? "TP. Hồ Chí Minh" :
		    two ? p->province->now : p->province->name);
	if (strcmp(attr, "line") == 0)
		return (line(p, a));
	if (strcmp(attr, "address") == 0)
		return (sh_arena_printf(a, "%s, %s", line(p, a),
		    region(p, two, a)));
	if (strcmp(attr, "region") == 0)
		return (region(p, two, a));
	if (strcmp(attr, "superior") == 0)
		return (two ? province(p, two, a) : sh_arena_printf(a, "%s %s",
		    p->district_kind, p->district));
	if (strcmp(attr, "code") == 0)
		return (two ? province_now(p)->agency :
		    p->province->agency);
	return (NULL);
}
