/*
 * Two captures of a sheet, its later issue, its copy, and the same form
 * filled with something else.
 */
#include "pipeline/kin.h"
#include "tests/unit/page_text.h"

#define MARRIAGE(number, day, wife, id)	\
	"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n" \
	"Số: " number "\nGIẤY CHỨNG NHẬN KẾT HÔN\n" \
	"Họ, chữ đệm, tên chồng: LÊ XUÂN HUY\n" \
	"Ngày, tháng, năm sinh: 20/01/1994\nDân tộc: Kinh Quốc tịch: Việt Nam\n" \
	"Giấy tờ tùy thân: 082094907099\nHọ, chữ đệm, tên vợ: " wife "\n" \
	"Ngày, tháng, năm sinh: 16/07/1993\n" \
	"Giấy tờ tùy thân: " id "\n" \
	"Nơi đăng ký kết hôn: Ủy ban nhân dân phường Đại Lâm\n" \
	"Ngày, tháng, năm đăng ký: " day "\n"

#define WIFE	"NGUYỄN THỊ KIM TRANG"
#define WIFE_ID	"033193997083"

#define FORM(number, day) \
	"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n" \
	"TỜ KHAI ĐĂNG KÝ KHAI SINH\nKính gửi: Ủy ban nhân dân phường Đại Lâm\n" \
	"Họ, chữ đệm, tên người yêu cầu: Nguyễn Thị Kim Trang\n" \
	"Số định danh cá nhân/CCCD: 033193997083\n" \
	"Họ, chữ đệm, tên: LÊ ĐỨC ĐIỀN\nĐiện thoại liên hệ: " number "\n" \
	"Ngày, tháng, năm sinh: 24/09/2024 Giới tính: Nam Dân tộc: Kinh\n" \
	"Tiền Giang, ngày " day " tháng 10 năm 2024\nNgười yêu cầu\n"

static struct sh_catalogue *catalogue;

static int
load(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	return (sh_catalogue_load(NULL, &catalogue, &err));
}

static int
unload(void **state)
{
	(void)state;
	sh_catalogue_free(catalogue);
	return (0);
}

/* Fields are (name, value) pairs up to NULL, all read so with CONFIDENCE. */
static struct sh_sheet *
sheet_by(const char *method, const char *type, const char *text,
    double confidence, const char *const *fields)
{
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_paper_type *t = sh_catalogue_type(catalogue, type);
	struct sh_page *p = text_page(text, text + strlen(text), confidence);
	struct sh_sheet *s;
	size_t i;

	must_ptr(t);
	p->confidence = confidence;
	must_ptr(s = sh_sheet_new(t, t->nfields, &err));
	for (i = 0; fields[i] != NULL; i += 2) {
		const struct sh_field_def *d = sh_paper_type_field(t,
		    fields[i]);

		must_ptr(d);
		must(sh_sheet_say(s, d, fields[i + 1], confidence, method, 0,
		    (struct sh_box){ 0, 0, 1, 1 }, &err));
	}
	must(sh_sheet_add_page(s, p, &err));
	sh_page_free(p);
	return (s);
}

static struct sh_sheet *
sheet(const char *type, const char *text, double confidence,
    const char *const *fields)
{
	return (sheet_by("anchor", type, text, confidence, fields));
}

static struct sh_sheet *
marriage(const char *text, double confidence, const char *number,
    const char *day, const char *wife_id)
{
	const char *fields[] = { "number", number, "registration_date", day,
	    "husband_name", "LÊ XUÂN HUY", "wife_name", WIFE,
	    "wife_id_number", wife_id, NULL };

	return (sheet("giay-ket-hon", text, confidence, fields));
}

static struct sh_sheet *
form(const char *text, double confidence, const char *day)
{
	const char *fields[] = { "name", "Nguyễn Thị Kim Trang", "id_number",
	    WIFE_ID, "sign_date", day, NULL };

	return (sheet("to-khai", text, confidence, fields));
}

/* Everywhere the pictures show this. */
static void
see(struct sh_sheet *s, enum sh_look look)
{
	size_t i;

	for (i = 0; i < s->nplaces; i++)
		s->places[i].at.look = look;
}

/* By what was read of them alone. */
static struct sh_kin
kin_read(struct sh_sheet *a, struct sh_sheet *b)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_kin k;

	must(sh_kin_compare(a, b, &k, &err));
	sh_kin_look(a, b, &k);
	sh_sheet_free(a);
	sh_sheet_free(b);
	return (k);
}

/* Where their pictures are the same, too. */
static struct sh_kin
kin(struct sh_sheet *a, struct sh_sheet *b)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_kin k;

	must(sh_kin_compare(a, b, &k, &err));
	assert_int_not_equal(k.kinship, SH_KIN_RESCAN);
	see(a, SH_LOOK_SAME);
	see(b, SH_LOOK_SAME);
	sh_kin_look(a, b, &k);
	sh_sheet_free(a);
	sh_sheet_free(b);
	return (k);
}

static struct sh_sheet *
held(void)
{
	return (marriage(MARRIAGE("22/2021", "21/05/2021", WIFE, WIFE_ID),
	    0.92, "22/2021", "2021-05-21", WIFE_ID));
}

static void
a_sheet_is_known_again(void **state)
{
	struct sh_kin k;

	(void)state;
	/* Marks lost, a letter wrong: the words still agree. */
	k = kin(marriage(MARRIAGE("22/2021", "21/05/2021",
	    "NGUYÊN THI KIN TRANG", WIFE_ID), 0.90, "22/2021", "2021-05-21",
	    WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	assert_false(k.better);
	assert_true(k.agreeing >= 4);
	k = kin(marriage(MARRIAGE("22/2021", "21/05/2021", WIFE, WIFE_ID),
	    0.97, "22/2021", "2021-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	assert_true(k.better);
}

static void
another_number_is_another_paper(void **state)
{
	struct sh_kin k;

	(void)state;
	k = kin(marriage(MARRIAGE("23/2021", "21/05/2021", WIFE, WIFE_ID),
	    0.97, "23/2021", "2021-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_OTHER);
	/* Not even when the readings are in doubt. */
	k = kin(marriage(MARRIAGE("23/2021", "21/05/2021", WIFE, WIFE_ID),
	    0.50, "23/2021", "2021-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_OTHER);
}

/* However surely it was read: a digit may be that of another paper. */
static void
without_a_picture_nothing_is_merged(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sheet *a = held(), *b = held();
	struct sh_kin k;
	size_t i;

	(void)state;
	must(sh_kin_compare(a, b, &k, &err));
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
	assert_string_equal(k.differs, "number");
	/* Nor when one place, on one of the two, looks otherwise. */
	see(a, SH_LOOK_SAME);
	see(b, SH_LOOK_SAME);
	for (i = 0; b->places[i].what != SH_PLACE_TELLING; i++)
		;
	b->places[i].at.look = SH_LOOK_DIFFERENT;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
	/* A word that was read alike may have a stain. */
	see(b, SH_LOOK_SAME);
	for (i = 0; b->places[i].what != SH_PLACE_WORD; i++)
		;
	b->places[i].at.look = SH_LOOK_DIFFERENT;
	k.kinship = SH_KIN_UNSURE;
	b->tokens[b->places[i].token].agrees = 0;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
	b->tokens[b->places[i].token].agrees = 1;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	/* Small print may melt. */
	k.kinship = SH_KIN_UNSURE;
	b->tokens[b->places[i].token].agrees = 0;
	b->places[i].at.box.h = 26;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	/* A stain on every second word is none. */
	for (i = 0; i < b->nplaces; i += 2)
		if (b->places[i].what == SH_PLACE_WORD)
			b->places[i].at.look = SH_LOOK_DIFFERENT;
	k.kinship = SH_KIN_UNSURE;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
	/* Nor when all but the number looks the same. */
	must(sh_kin_compare(a, b, &k, &err));
	see(b, SH_LOOK_SAME);
	for (i = 0; i < a->nplaces; i++)
		if (a->places[i].what == SH_PLACE_OWN)
			a->places[i].at.look = SH_LOOK_NOTHING;
	for (i = 0; i < b->nplaces; i++)
		if (b->places[i].what == SH_PLACE_OWN)
			b->places[i].at.look = SH_LOOK_NOTHING;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
	see(b, SH_LOOK_SAME);
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	assert_null(k.differs);
	sh_sheet_free(a);
	sh_sheet_free(b);
}

/* Of a paper that has a number it must have been read somewhere. */
static void
a_number_that_nobody_read_is_no_number(void **state)
{
	const char *fields[] = { "registration_date", "2021-05-21",
	    "husband_name", "LÊ XUÂN HUY", "wife_name", WIFE,
	    "wife_id_number", WIFE_ID, NULL };
	const char *text = MARRIAGE("22/2021", "21/05/2021", WIFE, WIFE_ID);
	struct sh_kin k;

	(void)state;
	k = kin(sheet("giay-ket-hon", text, 0.95, fields),
	    sheet("giay-ket-hon", text, 0.95, fields));
	assert_int_equal(k.kinship, SH_KIN_UNSURE);
}

/* Where the number was not taken from its place, it must be in the words. */
static void
a_number_is_looked_for_in_the_words(void **state)
{
	const char *fields[] = { "registration_date", "2021-05-21",
	    "husband_name", "LÊ XUÂN HUY", "wife_name", WIFE,
	    "wife_id_number", WIFE_ID, NULL };
	struct sh_kin k;

	(void)state;
	k = kin(sheet("giay-ket-hon", MARRIAGE("22/2021", "21/05/2021", WIFE,
	    WIFE_ID), 0.95, fields), held());
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	k = kin(sheet("giay-ket-hon", MARRIAGE("23/2021", "21/05/2021", WIFE,
	    WIFE_ID), 0.95, fields), held());
	assert_int_equal(k.kinship, SH_KIN_OTHER);
}

/* A square code is no print, but the lines for machines are. */
static void
a_number_is_seen_in_the_lines_for_machines(void **state)
{
#define CARD(lines) "CĂN CƯỚC CÔNG DÂN Đặc điểm nhận dạng\n" \
	"LÊ XUÂN HUY 21/05/1990 Cục trưởng cục cảnh sát\n" lines "\n"
	const char *fields[] = { "id_number", WIFE_ID, "name", "LÊ XUÂN HUY",
	    "birth_date", "1990-05-21", "issue_date", "2021-05-21", NULL };
	static const struct {
		const char *text;
		enum sh_kinship kinship;
	} cases[] = {
		{ CARD("IDVNM0900000070" WIFE_ID "<<7"), SH_KIN_RESCAN },
		{ CARD("IDVNM0900000070033193997084<<7"), SH_KIN_UNSURE },
		{ CARD("IDVNM"), SH_KIN_UNSURE },
	};
	struct sh_kin k;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		k = kin(sheet_by("qr", "cccd", cases[i].text, 0.97, fields),
		    sheet_by("qr", "cccd", cases[i].text, 0.97, fields));
		assert_int_equal(k.kinship, cases[i].kinship);
	}
#undef CARD
}

/* Misread in both captures: only their pictures know that it is another. */
static void
a_long_number_is_looked_at_however_it_was_read(void **state)
{
	struct sh_sheet *s = sheet("giay-ket-hon", MARRIAGE("22/2021",
	    "21/05/2021", WIFE, WIFE_ID), SH_SHEET_SURE - 0.1,
	    (const char *const[]){ NULL });
	struct sh_token *last;
	size_t i, telling = 0, own = 0;

	(void)state;
	for (i = 0; i < s->nplaces; i++) {
		last = &s->tokens[s->places[i].token + s->places[i].ntokens -
		    1];
		assert_true(last->digits);
		telling += s->places[i].what == SH_PLACE_TELLING;
		own += s->places[i].what == SH_PLACE_OWN;
	}
	/* The number, three dates, two of people; no word. */
	assert_int_equal(telling, 6);
	assert_int_equal(own, 0);
	sh_sheet_free(s);
}

/* One misread date makes no later issue. */
static void
a_date_alone_makes_no_newer_issue(void **state)
{
	struct sh_kin k;

	(void)state;
	k = kin(marriage(MARRIAGE("22/2021", "21/05/2023", WIFE, WIFE_ID),
	    0.97, "22/2021", "2023-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
}

static void
the_same_number_with_another_content_is_a_conflict(void **state)
{
	struct sh_kin k;

	(void)state;
	k = kin(marriage(MARRIAGE("22/2021", "21/05/2021", WIFE,
	    "033193997084"), 0.97, "22/2021", "2021-05-21", "033193997084"),
	    held());
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	assert_string_equal(k.differs, "wife_id_number");
	/* A digit that no field has, too. */
	k = kin_read(marriage(MARRIAGE("22/2021", "21/05/2021", WIFE,
	    "033193997084"), 0.97, "22/2021", "2021-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	assert_null(k.differs);
}

/* A word read surely in two ways, where the pictures show one. */
static void
pictures_settle_what_was_misread(void **state)
{
	const char *misread = MARRIAGE("22/2021", "21/05/2021", WIFE,
	    "033193997084");
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sheet *a = marriage(misread, 0.97, "22/2021", "2021-05-21",
	    WIFE_ID), *b = held();
	struct sh_kin k;

	(void)state;
	must(sh_kin_compare(a, b, &k, &err));
	see(a, SH_LOOK_SAME);
	see(b, SH_LOOK_SAME);
	/* One place that cannot be seen may be the one. */
	a->places[a->nplaces - 1].at.look = SH_LOOK_NOTHING;
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	see(a, SH_LOOK_SAME);
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	/* A field that was read surely otherwise is for a person all the same. */
	sh_sheet_free(a);
	a = marriage(misread, 0.97, "22/2021", "2021-05-21", "033193997084");
	must(sh_kin_compare(a, b, &k, &err));
	see(a, SH_LOOK_SAME);
	sh_kin_look(a, b, &k);
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	sh_sheet_free(a);
	sh_sheet_free(b);
}

static void
a_card_keeps_its_number_from_issue_to_issue(void **state)
{
	static const char *const old[] = { "id_number", WIFE_ID, "name", WIFE,
	    "issue_date", "2021-06-26", NULL };
	static const char *const new[] = { "id_number", WIFE_ID, "name", WIFE,
	    "issue_date", "2024-10-06", NULL };
	const char *was = "CĂN CƯỚC\nSố: " WIFE_ID "\nHọ và tên: " WIFE "\n"
	    "Ngày cấp: 26/06/2021\nCó giá trị đến: 16/07/2033\n";
	const char *is = "CĂN CƯỚC\nSố: " WIFE_ID "\nHọ và tên: " WIFE "\n"
	    "Ngày cấp: 06/10/2024\nCó giá trị đến: 16/07/2043\n";
	struct sh_kin k;

	(void)state;
	k = kin(sheet("can-cuoc", is, 0.95, new), sheet("can-cuoc", was,
	    0.95, old));
	assert_int_equal(k.kinship, SH_KIN_NEWER);
	k = kin(sheet("can-cuoc", was, 0.95, old), sheet("can-cuoc", is,
	    0.95, new));
	assert_int_equal(k.kinship, SH_KIN_OLDER);
}

static void
a_certified_copy_is_no_rescan(void **state)
{
	struct sh_sheet *copy = held();

	(void)state;
	copy->certified_copy = 1;
	assert_int_equal(kin(copy, held()).kinship, SH_KIN_COPY);
}

/* A form has no number: every number on it must agree. */
static void
forms_are_known_by_all_their_words(void **state)
{
	struct sh_kin k;

	(void)state;
	k = kin(form(FORM("0968340902", "13"), 0.90, "2024-10-13"),
	    form(FORM("0968340902", "13"), 0.95, "2024-10-13"));
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	k = kin(form(FORM("0968340902", "14"), 0.90, "2024-10-13"),
	    form(FORM("0968340902", "13"), 0.95, "2024-10-13"));
	assert_int_equal(k.kinship, SH_KIN_OTHER);
	/* A number that is in doubt keeps them apart as well. */
	k = kin(form(FORM("0968340903", "13"), 0.40, "2024-10-13"),
	    form(FORM("0968340902", "13"), 0.40, "2024-10-13"));
	assert_int_equal(k.kinship, SH_KIN_OTHER);
}

/* Whole pages look the same, stroke for stroke. */
static struct sh_kin
kin_pictured(struct sh_sheet *a, struct sh_sheet *b)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_kin k;

	must(sh_kin_compare(a, b, &k, &err));
	sh_kin_picture(a, b, &k);
	sh_sheet_free(a);
	sh_sheet_free(b);
	return (k);
}

static void
the_same_picture_is_the_same_sheet(void **state)
{
	struct sh_kin k;

	(void)state;
	k = kin_pictured(form(FORM("0968340903", "13"), 0.40, "2024-10-13"),
	    form(FORM("0968340902", "13"), 0.40, "2024-10-13"));
	assert_int_equal(k.kinship, SH_KIN_RESCAN);
	assert_true(k.pictured);
	assert_null(k.differs);
	k = kin_pictured(form(FORM("0968340902", "13"), 0.95, "2024-10-13"),
	    form(FORM("0968340902", "13"), 0.40, "2024-10-13"));
	assert_true(k.better);
	/* What both say surely, and not the same, is for a person. */
	k = kin_pictured(form(FORM("0968340902", "14"), 0.95, "2024-10-14"),
	    form(FORM("0968340902", "13"), 0.95, "2024-10-13"));
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	assert_string_equal(k.differs, "sign_date");
	k = kin_pictured(marriage(MARRIAGE("23/2021", "21/05/2021", WIFE,
	    WIFE_ID), 0.97, "23/2021", "2021-05-21", WIFE_ID), held());
	assert_int_equal(k.kinship, SH_KIN_CONFLICT);
	assert_string_equal(k.differs, "number");
	assert_false(k.pictured);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sheet_is_known_again),
		cmocka_unit_test(another_number_is_another_paper),
		cmocka_unit_test(without_a_picture_nothing_is_merged),
		cmocka_unit_test(the_same_picture_is_the_same_sheet),
		cmocka_unit_test(a_number_that_nobody_read_is_no_number),
		cmocka_unit_test(a_number_is_looked_for_in_the_words),
		cmocka_unit_test(a_number_is_seen_in_the_lines_for_machines),
		cmocka_unit_test(
		    a_long_number_is_looked_at_however_it_was_read),
		cmocka_unit_test(a_date_alone_makes_no_newer_issue),
		cmocka_unit_test(
		    the_same_number_with_another_content_is_a_conflict),
		cmocka_unit_test(pictures_settle_what_was_misread),
		cmocka_unit_test(a_card_keeps_its_number_from_issue_to_issue),
		cmocka_unit_test(a_certified_copy_is_no_rescan),
		cmocka_unit_test(forms_are_known_by_all_their_words),
	};

	return (cmocka_run_group_tests(tests, load, unload));
}
