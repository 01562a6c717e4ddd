#include "ocr/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "ocr/fields.h"
#include "ocr/phrase.h"

#define NAME_MAX_BYTES	200
#define WORDS_MAX	12

#define COMMON	16	/* of the families: together nine tenths of all people */

/* Family names that nearly all Vietnamese bear, and those of minorities. */
static const char *const families[] = { "nguyễn", "trần", "lê", "phạm",
    "hoàng", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô",
    "dương", "lý", "đào", "đinh", "đoàn", "lâm", "trịnh", "mai", "cao", "tô",
    "hà", "lưu", "tạ", "lương", "châu", "trương", "vương", "thái", "tống",
    "quách", "chu", "kiều", "phùng", "nông", "thạch", "vi", "lò", "triệu",
    "la", "tăng", "quan", "từ", "khổng", "doãn", "thân", "lục", "ông",
    "nghiêm", "mạc", "cù", "giang", "âu", "diệp", "hứa", "tôn", "viên",
    "bạch", "kim", "sơn", "danh", "lường", "hoa", "giáp", "đàm", "ninh",
    "khúc", "cung", "tưởng", "trang", "quảng", "thiều", "mã", "lã", "lữ",
    "phí", "đồng", "vàng", "giàng", "sùng", "thào", "lầu", "hạng", "cầm",
    "hoàn", "khương", "thẩm", "ma", "hầu", "tòng", "cà", "bế", "ksor", "y",
    "h", "rơ", "siu", "nay", "êban", "niê", "ninh", "tiêu", "ứng", "an",
    "bàn", "biện", "bành", "cái", "công", "điêu", "đái", "đậu",
    "giản", "hàn", "hình", "kha", "khưu",
    "lại", "lạc", "lai", "lư", "liêu", "lộ", "lộc", "mẫn", "ngọ",
    "ngụy", "nhâm", "nhan", "nhữ", "ngân", "phó", "phương", "quản", "sầm",
    "sử", "tất", "thi", "tiết", "trà", "trì", "trình", "tào", "ung", "uông", "văn", "vòng", "xa", "yên", "tần", "khuất", "quàng",
    "bạc", "lù", "vừ", "phàn", "tẩn", "chảo", "hờ", "lỳ", "vì", "cil",
    "kpă", "rcom", "nhâm", "đồng", "phạn", "tiêu", "thịnh", "kon", "lèng" };

/* Middle and given names. */
static const char *const givens[] = { "văn", "thị", "hữu", "đức", "công",
    "quang", "minh", "ngọc", "thanh", "hồng", "xuân", "thu", "kim", "mỹ",
    "bích", "diệu", "khánh", "bảo", "gia", "quốc", "đình", "trọng", "tiến",
    "mạnh", "hùng", "dũng", "cường", "tuấn", "anh", "hải", "nam", "bình",
    "hòa", "hoà", "long", "sơn", "thắng", "thành", "trung", "kiên", "phong",
    "phúc", "tùng", "việt", "vinh", "khoa", "hiếu", "hoàng", "huy", "khang",
    "lâm", "lộc", "nghĩa", "nhân", "phát", "quân", "tài", "tâm", "tấn",
    "thịnh", "toàn", "trí", "tú", "lan", "hương", "hoa", "huệ", "hằng",
    "hạnh", "hiền", "yến", "oanh", "nga", "nhung", "trang", "thảo", "thủy",
    "thuỷ", "thúy", "thuý", "linh", "mai", "loan", "ly", "my", "ngân", "nhi",
    "như", "phượng", "phương", "quỳnh", "quyên", "tiên", "trâm", "trinh",
    "tuyết", "uyên", "vân", "vy", "duyên", "dung", "châu", "chi", "giang",
    "hà", "an", "ái", "bằng", "ba", "cảnh", "chính", "chung", "chiến",
    "cẩm", "danh", "diễm", "diệp", "đan", "đạt", "đăng", "đại", "định",
    "đông", "đồng", "được", "hạ", "hân", "hậu", "hảo", "hiệp", "hiệu",
    "hoài", "hoan", "hợp", "huấn", "hưng", "hường", "huyền", "huyên",
    "kha", "khải", "khôi", "kiều", "kỳ", "lệ", "liên", "liễu", "lợi",
    "luân", "lương", "lưu", "lý", "mẫn", "mến", "miên", "nguyên", "nguyệt",
    "nhàn", "nhật", "nhất", "ninh", "nữ", "phi", "phú", "phước", "phụng",
    "quý", "quyết", "quyền", "sang", "sinh", "sáng", "sâm", "tân", "thạch",
    "thái", "thắm", "thi", "thiện", "thiên", "thiệu", "thoa", "thơ", "thơm",
    "thông", "thuận", "thương", "thế", "thục", "thùy", "thuỳ", "tín",
    "tình", "tĩnh", "tôn", "triều", "triệu", "trúc", "trường", "tư", "tường",
    "ứng", "vi", "viên", "vũ", "vương", "xuyến", "ý", "yên", "ánh", "ấn",
    "bách", "bắc", "cúc", "cương", "du", "dân", "dương", "đài", "đào",
    "đoan", "đoàn", "đường", "hanh", "hội", "hồ", "hoạt", "khuê", "khiêm",
    "kiệt", "lành", "lân", "lĩnh", "lụa", "lượng", "luận", "mão", "mùi",
    "mười", "năm", "nết", "nghị", "nghiêm", "nhã", "nhẫn", "niên", "nương",
    "pháp", "phấn", "quảng", "sen", "song", "tam", "tạo", "thân", "thăng",
    "thận", "thật", "thêm", "thìn", "thích", "thiết", "thịnh", "thọ",
    "thoại", "thu", "thuần", "thuật", "thuyên", "tịnh", "tố", "toán",
    "toản", "trà", "trân", "trác", "trầm", "trọng", "trưởng", "trực",
    "tuệ", "tuyên", "tuyến", "tuyền", "út", "vĩnh", "vượng", "vỹ", "xuyên",
    "duy", "hợi", "tráng", "hiên", "hiển", "quyết", "khoát", "sắc", "sơn", "tý",
    "sửu", "dần", "mão", "tỵ", "ngọ", "thân", "dậu", "tuất", "mỵ", "lịch",
    "nhung", "vui", "xoan", "thoan", "thịnh", "bưởi", "thập", "bốn", "hải",
    "cư", "chức", "chuyên", "đoài", "hoán", "khuyến", "lam", "lượt", "miền",
    "bá", "viết", "khắc", "đắc", "sỹ", "sĩ", "tất", "hào", "thuyết",
    "huân", "huynh", "tuân", "lực", "luyện", "miễn", "ngữ", "nhâm",
    "nhiên", "quán", "quyến", "thạo", "tiệp", "trai", "trạch", "tri",
    "trụ", "tuyển", "úy", "uy", "đảm", "đạo", "đằng", "điền", "điệp",
    "đính", "đô", "đôn", "đủ", "hoạch", "hoành", "hàn", "hàm", "kế", "kết",
    "khả", "khoan", "khương", "kính", "lãm", "mẫu", "mô", "nghi", "nghiệp",
    "ngoan", "ngôn", "nhu", "phùng", "san", "soạn", "thao", "thấu", "thê",
    "thỏa", "thuấn", "thúc", "thụy", "thưởng", "tỉnh", "tổng", "trình",
    "truyền", "tu", "vận", "vệ", "viễn", "ẩn", "ân", "âu", "tài", "lạc",
    "dinh", "diên", "diện", "doanh", "gấm", "giáp", "hành", "hiệt", "hoạ",
    "họa", "khuyên", "kiểm", "lài", "lĩnh", "lệnh", "liêm", "lập", "mậu",
    "mừng", "nguyễn", "nho", "nhuận", "nhượng", "ngà", "phượng", "quảng",
    "quân", "rạng", "tặng", "thứ", "tiền", "toại", "tới", "trải", "tường",
    "tỏ", "vấn", "vọng", "xương", "nhường", "oánh", "phẩm", "phin", "quế", "sự", "thảnh", "thể", "thiêm",
    "toại", "trọn", "tụng", "ước", "vàng", "vĩ", "vịnh", "xứng" };

static int
fold_is(const char *word, const char *folded)
{
	const char *end = word + strlen(word);
	uint32_t cp;
	size_t n;

	for (; (n = sh_utf8_get(word, end, &cp)) > 0; word += n) {
		if ((cp = sh_fold_char(cp)) == 0)
			continue;
		if (cp >= 0x80 || (unsigned char)*folded++ != cp)
			return (0);
	}
	return (*folded == '\0');
}

int
sh_name_is_family(const char *folded)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (fold_is(families[i], folded))
			return (1);
	return (0);
}

int
sh_name_is_given(const char *folded)
{
	size_t i;

	for (i = 0; i < sizeof(givens) / sizeof(givens[0]); i++)
		if (fold_is(givens[i], folded))
			return (1);
	return (0);
}

const char *
sh_name_spelling(const char *folded, int family)
{
	const char *const *list = family ? families : givens;
	size_t i, n = family ? sizeof(families) / sizeof(families[0]) :
	    sizeof(givens) / sizeof(givens[0]);
	const char *found = NULL;

	for (i = 0; i < n; i++)
		if (fold_is(list[i], folded)) {
			if (found != NULL && strcmp(found, list[i]) != 0)
				return (NULL);
			found = list[i];
		}
	return (found);
}

int
sh_name_is_common(const char *family)
{
	size_t i;

	for (i = 0; i < COMMON; i++)
		if (strcmp(families[i], family) == 0)
			return (1);
	return (0);
}

int
sh_name_syllable(const char *word, int family)
{
	const char *const *list = family ? families : givens;
	size_t i, n = family ? sizeof(families) / sizeof(families[0]) :
	    sizeof(givens) / sizeof(givens[0]);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf low = SH_BUF_INIT;
	int found = 0;

	if (sh_text_lower(word, strlen(word), &low, &err) == 0 &&
	    low.len > 0)
		for (i = 0; i < n && !found; i++)
			found = strcmp(list[i], (char *)low.data) == 0;
	sh_buf_free(&low);
	return (found);
}

/* Words of a name in lower case; their folded forms beside them. */
struct words {
	char low[NAME_MAX_BYTES], fold[NAME_MAX_BYTES];
	const char *l[WORDS_MAX], *f[WORDS_MAX];
	size_t n;
};

static size_t
cut_words(char *s, const char **out, size_t max)
{
	size_t n = 0;
	char *save, *p;

	for (p = strtok_r(s, " ", &save); p != NULL && n < max;
	    p = strtok_r(NULL, " ", &save))
		out[n++] = p;
	return (n);
}

static int
split(const char *s, struct words *w)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf low = SH_BUF_INIT, fold = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	memset(w, 0, sizeof(*w));
	if (sh_text_lower(s, strlen(s), &low, &err) ||
	    sh_text_fold(s, strlen(s), &fold, &err) ||
	    low.len + 1 > sizeof(w->low) || fold.len + 1 > sizeof(w->fold) ||
	    low.len == 0)
		goto out;
	/* In both forms the same signs part the words. */
	for (i = 0; i < low.len; i++)
		if (low.data[i] < 0x80 && !(low.data[i] >= 'a' &&
		    low.data[i] <= 'z') && !(low.data[i] >= '0' &&
		    low.data[i] <= '9'))
			low.data[i] = ' ';
	memcpy(w->low, low.data, low.len + 1);
	memcpy(w->fold, fold.data, fold.len + 1);
	w->n = cut_words(w->low, w->l, WORDS_MAX);
	if (cut_words(w->fold, w->f, WORDS_MAX) != w->n || w->n == 0)
		goto out;
	rc = 0;
out:
	sh_buf_free(&low);
	sh_buf_free(&fold);
	return (rc);
}

/* Tone marks stand in one of two places. */
int
sh_name_same(const char *a, const char *b)
{
	static const char *const pairs[][2] = { { "oà", "òa" },
	    { "oá", "óa" }, { "oả", "ỏa" }, { "oã", "õa" }, { "oạ", "ọa" },
	    { "oè", "òe" }, { "oé", "óe" }, { "oẻ", "ỏe" }, { "oẹ", "ọe" },
	    { "uỳ", "ùy" }, { "uý", "úy" }, { "uỷ", "ủy" }, { "uỹ", "ũy" },
	    { "uỵ", "ụy" } };
	const char *p, *q;
	size_t i;

	if (strcmp(a, b) == 0)
		return (1);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int k;

		for (k = 0; k < 2; k++) {
			p = strstr(a, pairs[i][k]);
			q = strstr(b, pairs[i][1 - k]);
			if (p != NULL && q != NULL && p - a == q - b &&
			    strncmp(a, b, (size_t)(p - a)) == 0 &&
			    strcmp(p + strlen(pairs[i][k]),
			    q + strlen(pairs[i][1 - k])) == 0)
				return (1);
		}
	}
	return (0);
}

/* 1 if S has no letter with a mark: a machine line, a foreign keyboard. */
static int
is_plain(const struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->l[i], w->f[i]) != 0)
			return (0);
	return (1);
}

/* Words of A in any order among those of B. */
static int
same_set(const struct words *a, const struct words *b)
{
	unsigned used = 0;
	size_t i, k;

	for (i = 0; i < a->n; i++) {
		for (k = 0; k < b->n; k++)
			if (!(used >> k & 1) &&
			    strcmp(a->f[i], b->f[k]) == 0)
				break;
		if (k == b->n)
			return (0);
		used |= 1u << k;
	}
	return (1);
}

/* "N. V. An" for "Nguyễn Văn An": initials, the last word whole. */
static int
initials(const struct words *a, const struct words *b)
{
	size_t i;

	if (a->n != b->n || a->n < 2 ||
	    strcmp(a->f[a->n - 1], b->f[b->n - 1]) != 0)
		return (0);
	for (i = 0; i + 1 < a->n; i++)
		if (a->f[i][0] != b->f[i][0] || (a->f[i][1] != '\0' &&
		    strcmp(a->f[i], b->f[i]) != 0))
			return (0);
	return (1);
}

/* 1 if the words differ only by i for y, "Lí" and "Lý". */
static int
same_but_y(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b && !((*a == 'i' && *b == 'y') || (*a == 'y' &&
		    *b == 'i')))
			return (0);
	return (*a == *b);
}

/* Letters of all words, "LETHI HONG" and "LE THI HONG" being one. */
static void
run_together(const struct words *w, char *out)
{
	size_t i;

	for (*out = '\0', i = 0; i < w->n; i++)
		out = stpcpy(out, w->f[i]);
}

/* A machine line holds 30 or 39 letters: a long name's end is cut off. */
static int
is_cut(const struct words *a, const struct words *b)
{
	size_t i;

	if (a->n < 3 || a->n > b->n)
		return (0);
	for (i = 0; i + 1 < a->n; i++)
		if (strcmp(a->f[i], b->f[i]) != 0)
			return (0);
	return (strncmp(a->f[i], b->f[i], strlen(a->f[i])) == 0 &&
	    is_plain(a));
}

static enum sh_likeness
compare_even(const struct words *x, const struct words *y,
    const char **reason)
{
	size_t i, marks = 0, folds = 0, near = 0, ys = 0;

	for (i = 0; i < x->n; i++) {
		marks += (size_t)sh_name_same(x->l[i], y->l[i]);
		folds += strcmp(x->f[i], y->f[i]) == 0;
		ys += (size_t)same_but_y(x->f[i], y->f[i]);
		near += strlen(x->f[i]) > 3 && sh_edit_distance(x->f[i],
		    strlen(x->f[i]), y->f[i], strlen(y->f[i]), 1) == 1;
	}
	*reason = "equal";
	if (marks == x->n)
		return (SH_SAME);
	if (folds == x->n) {
		/* No marks at all say nothing against them. */
		*reason = "marks-left-out";
		if (is_plain(x) || is_plain(y))
			return (x->n > 1 ? SH_SAME : SH_LIKELY);
		/* One mark misread, or another person: ask. */
		*reason = "marks";
		return (SH_LIKELY);
	}
	*reason = "i-y";
	if (ys == x->n)
		return (SH_LIKELY);
	*reason = "order";
	if (x->n > 1 && same_set(x, y))
		return (SH_LIKELY);
	*reason = "initials";
	if (initials(x, y) || initials(y, x))
		return (SH_LIKELY);
	*reason = "cut";
	if (is_cut(x, y) || is_cut(y, x))
		return (SH_LIKELY);
	*reason = "one-letter";
	if (x->n > 2 && folds + 1 == x->n && near == 1)
		return (SH_LIKELY);
	*reason = "other-words";
	return (SH_DIFFERENT);
}

enum sh_likeness
sh_name_compare_why(const char *a, const char *b, const char **reason)
{
	char one[NAME_MAX_BYTES], two[NAME_MAX_BYTES];
	struct words x, y;
	const char *ignored;

	if (reason == NULL)
		reason = &ignored;
	*reason = "empty";
	if (a == NULL || b == NULL || split(a, &x) || split(b, &y))
		return (SH_DIFFERENT);
	if (x.n == y.n)
		return (compare_even(&x, &y, reason));
	*reason = "cut";
	if (is_cut(&x, &y) || is_cut(&y, &x))
		return (SH_LIKELY);
	/* A middle name left out, first and last alike. */
	*reason = "middle-name";
	if (x.n > 1 && y.n > 1 && strcmp(x.f[0], y.f[0]) == 0 &&
	    strcmp(x.f[x.n - 1], y.f[y.n - 1]) == 0 &&
	    (x.n < y.n ? same_set(&x, &y) : same_set(&y, &x)))
		return (SH_LIKELY);
	*reason = "parted";
	run_together(&x, one);
	run_together(&y, two);
	if (strcmp(one, two) == 0)
		return (SH_LIKELY);
	*reason = "other-number";
	return (SH_DIFFERENT);
}

enum sh_likeness
sh_name_compare(const char *a, const char *b)
{
	return (sh_name_compare_why(a, b, NULL));
}
