/* Values that no label announces: number, date, issuer, title, signer. */
#include "ocr/fields_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
span_seg(const struct sh_view *v, uint32_t seg, struct sh_span *s)
{
	uint32_t i;

	for (i = 0; i < v->seg[seg].n && s->n < SH_SPAN_MAX; i++)
		s->atom[s->n++] = v->seg[seg].first + i;
}

static void
span_run(struct sh_span *s, uint32_t from, uint32_t end)
{
	for (; from < end && s->n < SH_SPAN_MAX; from++)
		s->atom[s->n++] = from;
}

static int
take_mended(struct sh_find *f, const struct sh_span *s, const char *method,
    enum sh_mend mend, struct sh_proposal *p)
{
	if (s->n == 0)
		return (0);
	if (sh_find_text(f, s, 0, s->n, mend, &p->value))
		return (-1);
	if (*p->value == '\0') {
		sh_proposal_free(p);
		return (0);
	}
	sh_find_place(&f->v, s, 0, s->n, p);
	p->method = method;
	return (1);
}

static int
take_text(struct sh_find *f, const struct sh_span *s, const char *method,
    struct sh_proposal *p)
{
	return (take_mended(f, s, method, SH_MEND_USUAL, p));
}

/* ---- the document's own number ---- */

static int
is_so(const struct sh_atom *a)
{
	return (strcmp(a->fold, "so") == 0 || strcmp(a->fold, "s6") == 0 ||
	    strcmp(a->fold, "s0") == 0 || strcmp(a->fold, "no") == 0);
}

/* "Số: …" at a segment's head, high on the first page. */
static int
find_number(struct sh_find *f, const struct sh_field_def *def,
    struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	int32_t limit;
	uint32_t row, seg, end;
	int r;

	if (f->head.number != SH_NONE && f->head.number < v->natoms) {
		const struct sh_atom *a = &v->atom[f->head.number - 1];
		struct sh_span s = { .n = 0 };

		span_run(&s, f->head.number, v->seg[a->seg].first +
		    v->seg[a->seg].n);
		/* The date may stand in the same segment. */
		if ((r = sh_find_value(f, def, &s, NULL, 0, p)) != 0) {
			p->method = "anchor";
			return (r);
		}
	}
	if (v->npages == 0)
		return (0);
	limit = v->pages[0]->height_px * 55 / 100;
	for (row = f->head.row; row < f->head.end; row++)
		for (seg = v->row[row].first; seg < v->row[row].first +
		    v->row[row].n; seg++) {
			const struct sh_seg *g = &v->seg[seg];
			struct sh_span s = { .n = 0 };

			/* "Số:      318/UBND" was written into a form. */
			if (g->n == 1 && seg + 1 < v->row[row].first +
			    v->row[row].n && v->atom[g->first].flags &
			    SH_ATOM_COLON && v->atom[g[1].first].flags &
			    SH_ATOM_DIGITS)
				end = g[1].first + g[1].n;
			else
				end = g->first + g->n;
			if (f->row_out[row] || g->box.y > limit ||
			    !is_so(&v->atom[g->first]) || end < g->first + 2 ||
			    (f->occ_at[g->first] != 0 && f->occ[f->occ_at[
			    g->first] - 1].end != g->first + 1) ||
			    !(v->atom[g->first].flags & (SH_ATOM_COLON |
			    SH_ATOM_SLASH | SH_ATOM_STOP) ||
			    v->atom[g->first + 1].flags & SH_ATOM_DIGITS))
				continue;
			span_run(&s, g->first + 1, end);
			if ((r = sh_find_value(f, def, &s, NULL, 0, p)) !=
			    0) {
				p->method = "anchor";
				if (r == 1)
					p->confidence *= 0.95;
				return (r);
			}
		}
	return (0);
}

/* ---- dates that stand alone ---- */

/* The segment is what the label before it announces. */
static int
is_cell(const struct sh_find *f, uint32_t seg)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg], *b = g - 1;
	uint32_t i;

	if (seg == v->row[g->row].first)
		return (0);
	/* Beside "Nơi nhận:" those who get it stand below. */
	for (i = b->first; i < b->first + b->n; i++)
		if (f->occ_at[i] != 0 && f->occ[f->occ_at[i] - 1].end ==
		    b->first + b->n)
			return (strncmp(v->atom[b->first].fold, "noi", 3) !=
			    0 || b->n != 2 || strcmp(v->atom[b->first +
			    1].fold, "nhan") != 0);
	return (0);
}

/* "nộp ngày 10 tháng 02 năm 2023,": the line is a part of a sentence. */
static int
is_mid_sentence(const struct sh_view *v, const struct sh_span *s, size_t to)
{
	const struct sh_atom *a = &v->atom[s->atom[0]];

	return (v->atom[s->atom[to - 1]].flags & SH_ATOM_COMMA ||
	    !(a->flags & (SH_ATOM_CAPITAL | SH_ATOM_DIGITS) ||
	    strlen(a->fold) < 3 || sh_edit_distance(a->fold, strlen(a->fold),
	    "ngay", 4, 2) <= 2));
}

/* "… tháng 8" or "… tháng 8 năm": the year stands in the next row. */
static void
add_year_below(const struct sh_view *v, uint32_t seg, struct sh_span *s)
{
	const struct sh_seg *g = &v->seg[seg], *b;
	const struct sh_atom *last = &v->atom[g->first + g->n - 1];
	const struct sh_row *r = &v->row[g->row] + 1;
	int word = strcmp(last->fold, "nam") == 0;
	uint32_t i;

	if (g->row + 1 >= v->nrows || r->page != r[-1].page || (!word &&
	    (g->n < 3 || strcmp(last[-1].fold, "thang") != 0)))
		return;
	for (i = r->first; i < r->first + r->n; i++) {
		b = &v->seg[i];
		if (b->box.x < g->box.x + g->box.w && g->box.x < b->box.x +
		    b->box.w && (word || strcmp(v->atom[b->first].fold,
		    "nam") == 0))
			span_seg(v, i, s);
	}
}

/*
 * A date that its segment ends with, a place or "ngày" and no label before
 * it: "Bắc Ninh, ngày 05 tháng 02 năm 2025".
 */
static int
date_line(const struct sh_find *f, uint32_t seg, struct sh_span *s,
    struct sh_date *d, size_t *from, size_t *to, unsigned *bad)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg];
	uint32_t i;
	size_t before;

	if (g->n > 24 || f->occ_at[g->first] != 0 || is_cell(f, seg))
		return (0);
	memset(s, 0, sizeof(*s));
	span_seg(v, seg, s);
	add_year_below(v, seg, s);
	if (!sh_find_date(v, s, d, from, to, bad) || *to + 2 < s->n)
		return (0);
	before = *from;
	/* "Điều 1. … ngày", "Căn cứ …" are longer or begin otherwise. */
	if (before > 9 || is_mid_sentence(v, s, *to))
		return (0);
	for (i = 0; i + 1 < before; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		/* "Làm tại: Đà Nẵng, ngày …" */
		if (f->occ_at[s->atom[i]] != 0 || (a->flags & SH_ATOM_DIGITS &&
		    !(i == 1 && (strcmp(a[-1].fold, "phuong") == 0 ||
		    strcmp(a[-1].fold, "quan") == 0))) ||
		    (a->flags & SH_ATOM_COLON && i > 1))
			return (0);
	}
	/* Before the day stands its word, or a place and a comma. */
	if (before == 0)
		return (1);
	{
		const struct sh_atom *a = &v->atom[s->atom[before - 1]];

		return (strncmp(a->fold, "ngay", 3) == 0 ||
		    strcmp(a->fold, "date") == 0 ||
		    a->flags & SH_ATOM_COMMA || sh_edit_distance(a->fold,
		    strlen(a->fold), "ngay", 4, 2) <= 2);
	}
}

/* "Tây Ninh, ngày 22 tháng 6 năm 203": a line for the day that nobody reads. */
static int
is_broken_date(const struct sh_find *f, uint32_t seg)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg];
	struct sh_span s = { .n = 0 };
	struct sh_date d;
	uint32_t i;
	size_t from, to;
	unsigned bad, words = 0;

	if (g->n > 12 || f->occ_at[g->first] != 0 || is_cell(f, seg))
		return (0);
	for (i = g->first; i < g->first + g->n; i++)
		words |= strcmp(v->atom[i].fold, "ngay") == 0 ? 1u :
		    strcmp(v->atom[i].fold, "thang") == 0 ? 2u :
		    strcmp(v->atom[i].fold, "nam") == 0 ? 4u : 0;
	span_seg(v, seg, &s);
	return (words == 7 && !sh_find_date(v, &s, &d, &from, &to, &bad));
}

/* How much BEFORE words say that it is the day of signing. */
static int
telling(size_t before)
{
	return (before > 1 ? 2 : (int)before);
}

int
sh_find_date_line(struct sh_find *f, const char *where,
    struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	struct sh_span s, best;
	struct sh_date d, found = { 0, 0, 0 };
	uint32_t row, seg, top = f->head.body + 2, changes;
	size_t from, to, bfrom = 0, bto = 0;
	unsigned bad, bbad = 0;
	int at_top, want_top, want_bottom, want_first, have = 0, broken = 0;

	want_first = where != NULL && strcmp(where, "first") == 0;
	want_top = where == NULL || strcmp(where, "top") == 0 ||
	    strcmp(where, "any") == 0;
	want_bottom = where == NULL || strcmp(where, "top") != 0;
	changes = want_first ? sh_find_changes(f) : SH_NONE;
	for (row = 0; row < v->nrows; row++) {
		/* What was noted later has its own dates. */
		if (changes != SH_NONE && row >= changes &&
		    v->row[row].page == v->row[changes].page)
			continue;
		for (seg = v->row[row].first; !f->row_out[row] &&
		    seg < v->row[row].first + v->row[row].n; seg++) {
			if (!date_line(f, seg, &s, &d, &from, &to, &bad)) {
				broken |= is_broken_date(f, seg);
				continue;
			}
			at_top = v->row[row].page == 0 && row <= top &&
			    f->head.motto != SH_NONE;
			if (at_top ? !want_top : !want_bottom)
				continue;
			/* The head's date is the document's. */
			if (have == 2 || (have && want_first))
				continue;
			/* A place before it says more than a bare date. */
			if (have && telling(from) < telling(bfrom))
				continue;
			have = at_top && where == NULL ? 2 : 1;
			best = s;
			found = d;
			bfrom = from;
			bto = to;
			bbad = bad;
		}
	}
	if (!have)
		return (0);
	if ((p->value = sh_alloc(SH_DATE_LEN, 1, "date", f->err)) == NULL)
		return (-1);
	sh_date_print(found, p->value);
	sh_find_place(v, &best, bfrom, bto, p);
	p->method = "pattern";
	if ((bfrom == 0 || broken) && bto - bfrom < 4) {
		/* Figures alone; the day itself may stand elsewhere. */
		p->doubt = SH_DOUBT_ELSEWHERE;
	} else if (bbad > 0) {
		p->confidence *= 0.8;
		p->doubt = "field.corrected";
	}
	return (1);
}

/* "Hôm nay, …"; or the first words of a testimony: "Ngày …, tại …". */
static int
tells_today(const struct sh_view *v, uint32_t i)
{
	uint32_t row = v->atom[i].row;

	if (strcmp(v->atom[i].fold, "hom") == 0)
		return (strcmp(v->atom[i + 1].fold, "nay") == 0);
	return (strcmp(v->atom[i].fold, "ngay") == 0 && row > 0 &&
	    i == v->seg[v->row[row].first].first &&
	    v->row[row - 1].page == v->row[row].page &&
	    sh_find_testimony(v, row - 1));
}

/* "Hôm nay, ngày 28 tháng 02 năm 2022", the last one in the document. */
static int
find_today(struct sh_find *f, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	struct sh_span s;
	struct sh_date d;
	size_t from, to;
	uint32_t i, k;
	unsigned bad;
	int found = 0;

	for (i = 0; i + 1 < v->natoms; i++) {
		if (f->row_out[v->atom[i].row] || !tells_today(v, i))
			continue;
		memset(&s, 0, sizeof(s));
		for (k = i + 1; k < v->natoms && s.n < 24; k++)
			s.atom[s.n++] = k;
		if (!sh_find_date(v, &s, &d, &from, &to, &bad))
			continue;
		sh_proposal_free(p);
		p->value = sh_alloc(SH_DATE_LEN, 1, "date", f->err);
		if (p->value == NULL)
			return (-1);
		sh_date_print(d, p->value);
		sh_find_place(v, &s, from, to, p);
		p->method = "anchor";
		found = 1;
	}
	return (found);
}

/* ---- who issued it ---- */

/* "ỦY BAN NHÂN DÂN" and "TÒA ÁN NHÂN DÂN" need the name of a place. */
static int
is_unfinished(const struct sh_view *v, struct sh_run r)
{
	static const char *const tails[] = { "uybannhandan", "ubnd",
	    "toaannhandan", "hoidongnhandan", "viienkiemsatnhandan",
	    "vienkiemsatnhandan", "chicucthue", "congan", "cucthue",
	    "baohiemxahoi", "vanphongdangkydatdai", "phongtuphap" };
	char text[128];
	size_t len, i;

	len = sh_view_join(v, r.first, r.end, text, sizeof(text));
	/* "… NHÀ VÀ THỊ" "TRƯỜNG …" is a market, not a school. */
	if (strcmp(v->atom[r.end - 1].fold, "thi") == 0)
		return (1);
	for (i = 0; i < SH_COUNT(tails); i++)
		if (sh_edit_distance(text, len, tails[i], strlen(tails[i]),
		    1) <= 1)
			return (1);
	return (0);
}

/* 1 if an agency's name begins so; else the line finishes the one before. */
static int
begins_agency(const struct sh_view *v, struct sh_run r)
{
	static const char *const words[] = { "so", "phong", "bo", "cuc",
	    "ban", "truong", "ubnd", "hdnd", "tand", "vksnd", "bv", "ubmttq",
	    "cty", "vpcc", "vpdk", "htx", "doi", "tram", "khoa", "vien",
	    "uyban", "chicuc", "congan", "congty", "toaan", "trungtam",
	    "benhvien", "vanphong", "hoidong", "hoi", "hocvien", "nganhang",
	    "khobac", "baohiem", "tongcuc", "tongcong", "daihoc", "chinhphu",
	    "quochoi", "liendoan", "hoptac", "hokinh", "doanhnghiep",
	    "tapdoan", "nhamay", "thanhtra", "thuetinh", "chinhanh", "bophan",
	    "coquan", "coso", "donvi", "doan", "mattran", "bochi",
	    "hatkiem", "banquan", "todan" };
	char two[64];
	size_t i;

	/* "BÀN GIAO ĐẤT" is no board. */
	if (strncmp(v->atom[r.first].text, "BÀ", strlen("BÀ")) == 0)
		return (0);
	(void)snprintf(two, sizeof(two), "%s%s", v->atom[r.first].fold,
	    r.first + 1 < r.end ? v->atom[r.first + 1].fold : "");
	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(v->atom[r.first].fold, words[i]) == 0 ||
		    strcmp(two, words[i]) == 0)
			return (1);
	return (0);
}

/* "TÒA ÁN NHÂN DÂN HUYỆN …" between the motto and the title. */
static int
find_centred_issuer(struct sh_find *f, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	struct sh_span s = { .n = 0 };
	uint32_t row;

	for (row = f->head.row; row < f->head.end && row < f->head.body + 6;
	    row++) {
		const struct sh_seg *g = &v->seg[v->row[row].first];
		struct sh_run r = { g->first, g->first + g->n };

		if (f->row_out[row] || v->row[row].n != 1 || g->n < 3 ||
		    !sh_view_is_upper(v, v->row[row].first))
			continue;
		if (s.n > 0 && !is_unfinished(v, (struct sh_run){ s.atom[0],
		    s.atom[s.n - 1] + 1 }))
			break;
		if (s.n == 0 && !begins_agency(v, r))
			continue;
		span_run(&s, r.first, r.end);
	}
	return (take_text(f, &s, "pattern", p));
}

static int
find_issuer(struct sh_find *f, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	const struct sh_heading *h = &f->head;
	struct sh_span s = { .n = 0 };
	uint32_t first, i;

	if (h->nissuer == 0)
		return (find_centred_issuer(f, p));
	/*
	 * The last line is the agency, those before it the one above; but a
	 * line may finish the one before: "TÒA ÁN NHÂN DÂN" "HUYỆN …".
	 */
	first = h->nissuer - 1;
	while (first > 0 && (is_unfinished(v, h->issuer[first - 1]) ||
	    !begins_agency(v, h->issuer[first])))
		first--;
	for (i = first; i < h->nissuer; i++)
		span_run(&s, h->issuer[i].first, h->issuer[i].end);
	/* "XÃ VĂN BÀN" is no "văn bản". */
	return (take_mended(f, &s, "pattern", SH_MEND_SURE, p));
}

/* ---- title and subject ---- */

/* The block and line of it where a title of the type begins. */
static int
find_title(struct sh_find *f, struct sh_title_block *b, uint32_t *line,
    size_t *taken)
{
	struct sh_title_block block[16];
	struct sh_phrases p = { .n = 0 };
	const json_t *r = f->type->recognise, *s;
	uint32_t atoms[160], k;
	struct sh_match m;
	size_t i, n, count;
	int rc = -1;

	json_array_foreach(json_object_get(r, "titles"), i, s)
		if (sh_phrases_add(&p, json_string_value(s), f->err) < 0)
			goto out;
	json_array_foreach(json_object_get(r, "soft"), i, s)
		if (sh_phrases_add(&p, json_string_value(s), f->err) < 0)
			goto out;
	sh_heading_titles(&f->v, &f->head, block, SH_COUNT(block), &count);
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		for (*line = 0; *line < block[i].nsegs && rc == 0; ++*line) {
			for (n = 0, k = *line; k < block[i].nsegs; k++) {
				const struct sh_seg *g =
				    &f->v.seg[block[i].seg[k]];
				uint32_t a;

				for (a = 0; a < g->n && n < SH_COUNT(atoms);
				    a++)
					atoms[n++] = g->first + a;
			}
			if (!sh_phrases_match(&p, &f->v, atoms, n, &m))
				continue;
			*b = block[i];
			*taken = m.n;
			rc = 1;
			break;
		}
out:
	sh_phrases_free(&p);
	return (rc);
}

/* The segment stands alone under the middle of the title, away from margins. */
static int
is_centred(const struct sh_view *v, uint32_t title, uint32_t seg)
{
	const struct sh_box *b = &v->seg[seg].box, *t = &v->seg[title].box;
	uint32_t page = v->row[v->seg[seg].row].page;
	int32_t width = v->pages[page]->width_px;

	return (v->row[v->seg[seg].row].n == 1 &&
	    b->x - v->left[page] > width / 20 &&
	    abs(2 * b->x + b->w - 2 * t->x - t->w) < width / 16);
}

/* "V/v" as one word: "Vv", "V⁄%". */
static int
is_about(const struct sh_atom *a)
{
	return (strcmp(a->fold, "vv") == 0 || ((a->text[0] == 'V' ||
	    a->text[0] == 'v') && (a->text[1] == '/' || strncmp(a->text + 1,
	    "⁄", strlen("⁄")) == 0) && strlen(a->fold) <= 2));
}

static int
starts_about(const struct sh_view *v, uint32_t first, uint32_t end)
{
	return (first + 1 < end && ((strcmp(v->atom[first].fold, "ve") == 0 &&
	    strcmp(v->atom[first + 1].fold, "viec") == 0) ||
	    (strcmp(v->atom[first].fold, "v") == 0 &&
	    strcmp(v->atom[first + 1].fold, "v") == 0)));
}

/* "Chủ tịch Ủy ban …", "Giám đốc Sở …": who decides, below the subject. */
static int
begins_office(const struct sh_view *v, const struct sh_seg *g)
{
	static const char *const words[] = { "chu", "pho", "giam", "bo",
	    "hoi", "uy", "truong", "cuc", "thu", "chanh", "vien", "tong",
	    "hieu", "ban", "so" };
	size_t i;

	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(v->atom[g->first].fold, words[i]) == 0)
			return (1);
	return (0);
}

/*
 * Lines below the title that say what it is about: "Về việc …", or centred
 * ones, up to the body.
 */
static void
span_below_title(const struct sh_find *f, uint32_t title, struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	uint32_t row = v->seg[title].row, page = v->row[row].page;
	uint32_t seg, lines = 0;
	int32_t width = 0, middle = 0;
	int about = 0, full = 0;

	for (row++; row < v->nrows && v->row[row].page == page && lines < 6;
	    row++, lines++) {
		const struct sh_row *r = &v->row[row];
		const struct sh_seg *g = &v->seg[r->first];
		const char *fold = v->atom[g->first].fold;

		if (r->y - v->row[row - 1].y > 4 * r->h || r->n > 2 ||
		    f->row_out[row])
			return;
		if (f->occ_at[g->first] != 0 || strcmp(fold, "can") == 0 ||
		    strcmp(fold, "kinh") == 0 || strcmp(fold, "xet") == 0 ||
		    strcmp(fold, "hom") == 0)
			return;
		/* "(Áp dụng đối với …)" says who fills it in. */
		if (v->atom[g->first].flags & SH_ATOM_OPEN &&
		    !is_about(&v->atom[g->first]))
			return;
		/* A dash or a rule under the title. */
		if (g->n == 1 && strlen(fold) <= 2)
			continue;
		if (lines == 0)
			about = starts_about(v, g->first, g->first + g->n);
		/* Another heading in capitals is who decides. */
		if (sh_view_is_upper(v, r->first) && !about)
			return;
		if (is_centred(v, title, r->first) ? lines > 0 && v->atom[g->first]
		    .flags & SH_ATOM_CAPITAL && about && !full &&
		    begins_office(v, g) :
		    !about || (lines > 0 && v->atom[g->first].flags &
		    SH_ATOM_CAPITAL && (begins_office(v, g) || abs(2 *
		    g->box.x + g->box.w - middle) > width / 8)))
			return;
		/* A subject's next line is shorter: it is centred. */
		if (!about && width > 0 && g->box.w > width)
			return;
		width = g->box.w;
		middle = 2 * g->box.x + g->box.w;
		full = g->box.x + g->box.w > v->right[page] -
		    (v->right[page] - v->left[page]) / 8;
		for (seg = r->first; seg < r->first + r->n; seg++)
			span_seg(v, seg, s);
	}
}

/* The whole title, all its lines. */
static int
find_full_title(struct sh_find *f, struct sh_proposal *p)
{
	struct sh_title_block b;
	struct sh_span s = { .n = 0 };
	uint32_t line, k;
	size_t taken, n;
	int r;

	if ((r = find_title(f, &b, &line, &taken)) <= 0)
		return (r);
	for (k = line; k < b.nsegs; k++)
		span_seg(&f->v, b.seg[k], &s);
	n = s.n;
	/* Only the kind stands in capitals: what it asks for stands below. */
	if (n == taken)
		span_below_title(f, b.seg[b.nsegs - 1], &s);
	return (take_text(f, &s, "title", p));
}

/* "V/v …" under the number of a letter, in the left column. */
static int
find_about(struct sh_find *f, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	struct sh_span s = { .n = 0 };
	uint32_t row, seg, end, at = SH_NONE;
	int32_t x = 0;

	for (row = f->head.row; row < f->head.end && row < f->head.body + 6;
	    row++) {
		const struct sh_row *r = &v->row[row];

		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_seg *g = &v->seg[seg];

			end = g->first + g->n;
			if (at == SH_NONE && starts_about(v, g->first, end)) {
				at = row;
				x = g->box.x + g->box.w;
				span_run(&s, g->first + 2, end);
				break;
			}
			if (at == SH_NONE && is_about(&v->atom[g->first])) {
				at = row;
				x = g->box.x + g->box.w;
				span_run(&s, g->first + 1, end);
				break;
			}
			/* Its next lines, in the same column. */
			if (at != SH_NONE && row > at) {
				if ((f->occ_at[g->first] != 0 &&
				    !sh_find_honorific(f, &f->occ[f->occ_at[
				    g->first] - 1])) || g->box.x > x || v->row[row].y -
				    v->row[row - 1].y > 2 * r->h + r->h / 2 ||
				    v->atom[g->first].flags &
				    SH_ATOM_CAPITAL)
					return (take_text(f, &s, "anchor",
					    p));
				span_seg(v, seg, &s);
				break;
			}
		}
	}
	return (take_text(f, &s, "anchor", p));
}

static int
find_subject(struct sh_find *f, struct sh_proposal *p)
{
	struct sh_title_block b;
	struct sh_span s = { .n = 0 };
	const struct sh_view *v = &f->v;
	uint32_t line, k;
	size_t taken, i;
	int r;

	if (json_is_true(json_object_get(f->type->recognise, "untitled")))
		return (find_about(f, p));
	if ((r = find_title(f, &b, &line, &taken)) <= 0)
		return (r < 0 ? r : find_about(f, p));
	for (k = line; k < b.nsegs; k++)
		span_seg(v, b.seg[k], &s);
	if (s.n > taken) {
		/* "THÔNG BÁO VỀ VIỆC …": what follows the kind. */
		for (i = taken; i + 1 < s.n; i++)
			if (starts_about(v, s.atom[i], s.atom[i] + 2))
				break;
		if (i + 1 < s.n) {
			memmove(s.atom, s.atom + i, (s.n - i) *
			    sizeof(s.atom[0]));
			s.n -= i;
		}
		return (take_text(f, &s, "title", p));
	}
	s.n = 0;
	span_below_title(f, b.seg[b.nsegs - 1], &s);
	return (take_text(f, &s, "title", p));
}

/* ---- the present owner of land ---- */

static int
find_transfer(struct sh_find *f, const struct sh_field_def *def,
    struct sh_proposal *p)
{
	struct sh_persons all = { NULL };
	struct sh_proposal *from = NULL;
	size_t i;
	int rc = -1;

	if (sh_find_persons(f, &all))
		goto out;
	for (i = 0; i < all.n; i++)
		if (all.person[i].moved)
			from = def->kind == SH_FIELD_ID ?
			    &all.person[i].id : &all.person[i].name;
	rc = 0;
	if (from != NULL && from->value != NULL) {
		*p = *from;
		from->value = NULL;
		p->method = "pattern";
		rc = 1;
	}
out:
	sh_persons_free(&all);
	return (rc);
}

int
sh_find_at(struct sh_find *f, const struct sh_field_def *def, const char *at,
    const char *where, struct sh_proposal *p)
{
	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
	if (strcmp(at, "number") == 0)
		return (find_number(f, def, p));
	if (strcmp(at, "date") == 0)
		return (sh_find_date_line(f, where, p));
	if (strcmp(at, "today") == 0)
		return (find_today(f, p));
	if (strcmp(at, "issuer") == 0)
		return (find_issuer(f, p));
	if (strcmp(at, "title") == 0)
		return (find_full_title(f, p));
	if (strcmp(at, "subject") == 0)
		return (find_subject(f, p));
	if (strcmp(at, "signer") == 0)
		return (sh_find_signer(f, where, p));
	if (strcmp(at, "name") == 0)
		return (sh_find_lone_name(f, p));
	if (strcmp(at, "transfer") == 0)
		return (find_transfer(f, def, p));
	return (0);	/* "mrz" and "qr": fields_card.c */
}
