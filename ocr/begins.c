#include "ocr/begins.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
sh_begins_numbered(const struct sh_view *v, const struct sh_heading *h)
{
	const struct sh_seg *s;
	const struct sh_atom *a;
	int32_t centre, width = v->pages[h->page]->width_px;

	if (h->row == h->end || v->row[h->row].n != 1)
		return (0);
	s = &v->seg[v->row[h->row].first];
	a = &v->atom[s->first];
	centre = s->box.x + s->box.w / 2;
	return (s->n == 1 && a->flags & SH_ATOM_DIGITS &&
	    strlen(a->fold) <= 2 && strcmp(a->fold, "1") != 0 &&
	    strcmp(a->fold, "0") != 0 && centre > width * 2 / 5 &&
	    centre < width * 3 / 5);
}

/* "III. THÔNG TIN …", "Điều 5", "PHẦN 2": a part of something. */
static int
begins_part(const struct sh_view *v, uint32_t seg)
{
	static const char *const words[] = { "dieu", "phan", "chuong", "muc",
	    "phuluc", "trang" };
	const struct sh_atom *a = &v->atom[v->seg[seg].first];
	size_t i;

	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(a->fold, words[i]) == 0)
			return (1);
	return (a->flags & (SH_ATOM_STOP | SH_ATOM_SHUT | SH_ATOM_DASH |
	    SH_ATOM_DIGITS) && strlen(a->fold) <= 4);
}

int
sh_begins_headed(const struct sh_view *v, const struct sh_heading *h)
{
	int32_t left = v->npages > 0 ? v->left[0] : 0, width;
	uint32_t row, k, letters;

	width = v->npages > 0 ? v->right[0] - left : 0;
	for (row = h->row; row < h->end && row < h->row + 8;
	    row++) {
		const struct sh_seg *s = &v->seg[v->row[row].first];

		if (s->box.y > v->pages[0]->height_px * 2 / 5 ||
		    begins_part(v, v->row[row].first))
			return (0);
		if (v->row[row].n != 1 || abs(2 * (s->box.x - left) +
		    s->box.w - width) > width / 3 || s->box.w > width * 4 / 5)
			continue;
		for (letters = 0, k = s->first; k < s->first + s->n; k++)
			letters += (uint32_t)strlen(v->atom[k].fold);
		if (letters >= 7 && (row == h->row ||
		    sh_view_is_upper(v, v->row[row].first)))
			return (1);
	}
	return (0);
}

int
sh_begins_letter(const struct sh_view *v)
{
	uint32_t row, i;

	for (row = 0; row < v->nrows && row < 4; row++) {
		const struct sh_seg *s = &v->seg[v->row[row].first];
		int day = 0, year = 0;

		if (v->row[row].page != 0 || s->n > 12)
			break;
		for (i = s->first; i < s->first + s->n; i++) {
			day |= strcmp(v->atom[i].fold, "thang") == 0;
			year |= strcmp(v->atom[i].fold, "nam") == 0;
		}
		if (day && year)
			return (1);
	}
	return (0);
}

/* What the titles of papers of all sorts begin with, spaces left out. */
static int
is_paper_word(const struct sh_view *v, const struct sh_seg *s)
{
	static const char *const words[] = { "phieu", "giaychungnhan",
	    "giayxacnhan", "giayuyquyen", "giaycam", "giaydenghi",
	    "giaygioithieu", "giaymoi", "giaykham", "giayra", "giaybao",
	    "giaynop", "giayphep", "tokhai", "totrinh", "bienban", "bienlai",
	    "hopdong", "quyetdinh", "thongbao", "hoadon", "donxin",
	    "dondenghi", "donkhieunai", "donthuoc", "chungchi", "trichluc",
	    "vanban", "baocao", "kehoach", "bancam", "soyeulylich" };
	char text[40];
	size_t i;

	(void)sh_view_join(v, s->first, s->first + s->n, text, sizeof(text));
	for (i = 0; i < SH_COUNT(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return (1);
	return (0);
}

int
sh_begins_named(const struct sh_view *v, const struct sh_heading *h)
{
	uint32_t row;

	for (row = h->row; row < h->end && row < h->row + 8;
	    row++) {
		const struct sh_seg *s = &v->seg[v->row[row].first];
		int32_t off = 2 * s->box.x + s->box.w - v->left[0] -
		    v->right[0];

		if (s->box.y > v->pages[0]->height_px / 4)
			break;
		if (v->row[row].n == 1 && s->n >= 2 &&
		    abs(off) < (v->right[0] - v->left[0]) / 4 &&
		    sh_view_is_upper(v, v->row[row].first) &&
		    is_paper_word(v, s))
			return (1);
	}
	return (0);
}
