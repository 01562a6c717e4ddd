/*
 * Archives for tests: a place, a small catalogue, documents of invented
 * people whose content follows from a number.
 */
#ifndef SH_TESTS_ARCHIVE_FIXTURE_H
#define SH_TESTS_ARCHIVE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/mem.h"

static const struct sh_paper_type fixture_types[] = {
	{ .slug = "giay-khai-sinh", .name = "Giấy khai sinh",
	    .validity = SH_VALID_ALWAYS },
	{ .slug = "giay-chung-nhan-ket-hon",
	    .name = "Giấy chứng nhận kết hôn", .validity = SH_VALID_ALWAYS },
	{ .slug = "phieu-ly-lich-tu-phap", .name = "Phiếu lý lịch tư pháp",
	    .validity = SH_VALID_MONTHS, .validity_months = 6 },
	{ .slug = "ho-chieu", .name = "Hộ chiếu",
	    .validity = SH_VALID_UNTIL, .validity_field = "expires" },
	{ .slug = "xac-nhan-cu-tru", .name = "Xác nhận thông tin về cư trú",
	    .validity = SH_VALID_SUPERSEDED },
	{ .slug = "xn-tinh-trang-hon-nhan",
	    .name = "Giấy xác nhận tình trạng hôn nhân",
	    .validity = SH_VALID_PURPOSE, .validity_months = 6 },
	{ .slug = "chung-minh-nhan-dan", .name = "Chứng minh nhân dân",
	    .validity = SH_VALID_VOID, .void_from = { 2025, 1, 1 } },
};

enum fixture_type { BIRTH, MARRIAGE, RECORD, PASSPORT, RESIDENCE, SINGLE,
	OLD_CARD };

static const struct sh_reader fixture_reader = {
	.name = "Cán bộ Một Cửa", .agency = "H05.12",
	.purpose = "1.001193"
};

/* Places below the folder DIR. */
struct fixture_place {
	struct sh_archive_place place;
	char engine[400], keys[400], search[400];
};

static inline void
fixture_place(struct fixture_place *p, const char *dir, const char *options)
{
	(void)snprintf(p->engine, sizeof(p->engine), "lmdb:%s/archive%s", dir,
	    options);
	(void)snprintf(p->keys, sizeof(p->keys), "%s/keys", dir);
	(void)snprintf(p->search, sizeof(p->search), "%s/search", dir);
	p->place = (struct sh_archive_place){ .engine = p->engine,
	    .keys = p->keys, .search = p->search };
}

static inline uint32_t
fixture_draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return ((*seed >> 8) % n);
}

/* One accession with all that it points to. */
struct fixture_doc {
	struct sh_accession acc;
	struct sh_holder holders[2];
	struct sh_rendition renditions[3];
	char names[2][80];
	char dossier[64];
	char number[40];
	char issuer[80];
	char text[4096];
	uint8_t pdf[4096];
	uint8_t original[20000];
};

/*
 * Document N of person PERSON (with a spouse when TWO): its bytes, number,
 * text and dates follow from N alone.
 */
static inline void
fixture_make(struct fixture_doc *d, unsigned n, unsigned person, int two)
{
	static const char *const family[] = { "Nguyễn", "Trần", "Lê", "Phạm",
	    "Đặng", "Bùi", "Đỗ", "Võ" };
	static const char *const given[] = { "Thị Ngọc Ánh", "Văn Đức",
	    "Hoàng Yến", "Quốc Bảo", "Minh Châu", "Thu Hằng", "Đình Khôi",
	    "Bích Liên" };
	static const char *const words[] = { "ủy", "ban", "nhân", "dân",
	    "xã", "chứng", "nhận", "đăng", "ký", "hộ", "tịch", "cấp", "ngày",
	    "tháng", "năm", "công", "dân", "quốc", "gia", "việt", "nam",
	    "người", "đi", "khai", "sinh", "kết", "hôn", "nơi", "thường",
	    "trú" };
	uint32_t seed = n * 2654435761u + 1;
	struct sh_error err = SH_ERROR_INIT;
	size_t i, len = 0, size;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < 2; i++) {
		struct sh_holder *h = &d->holders[i];
		unsigned p = person * 2 + (unsigned)i;

		h->id.kind = SH_ID_CITIZEN;
		(void)snprintf(h->id.value, sizeof(h->id.value),
		    "027%u%02u%06u", (unsigned)i, p % 100, p % 1000000);
		(void)snprintf(d->names[i], sizeof(d->names[i]), "%s %s %u",
		    family[p % 8], given[p / 8 % 8], p);
		h->name = d->names[i];
		h->role = two ? i == 0 ? "husband" : "wife" : "subject";
		h->birth = (struct sh_date){ 1990, 1 + (int)(p % 12), 1 };
	}
	(void)snprintf(d->dossier, sizeof(d->dossier),
	    "H05.000.016-261121-%04u", n);
	(void)snprintf(d->number, sizeof(d->number), "%u/2020/TLKS-BS", n);
	(void)snprintf(d->issuer, sizeof(d->issuer),
	    "Ủy ban nhân dân phường Thử Nghiệm %u", n % 50);
	len += (size_t)snprintf(d->text, sizeof(d->text),
	    "GIẤY TỜ SỐ %s\nHọ và tên: %s\n", d->number, d->names[0]);
	for (i = 0; i < 200; i++)
		len += (size_t)snprintf(d->text + len, sizeof(d->text) - len,
		    "%s ", words[fixture_draw(&seed, SH_COUNT(words))]);
	(void)snprintf(d->text + len, sizeof(d->text) - len, "riêng%u.\n", n);
	for (i = 0; i < sizeof(d->pdf); i++)
		d->pdf[i] = (uint8_t)fixture_draw(&seed, 256);
	size = 1000 + fixture_draw(&seed, sizeof(d->original) - 1000);
	for (i = 0; i < size; i++)
		d->original[i] = (uint8_t)fixture_draw(&seed, 256);
	d->renditions[0] = (struct sh_rendition){ "pdf", "application/pdf",
	    -1, d->pdf, sizeof(d->pdf) };
	d->renditions[1] = (struct sh_rendition){ "original", "image/tiff",
	    -1, d->original, size };
	d->renditions[2] = (struct sh_rendition){ "text", "text/plain", -1,
	    d->text, strlen(d->text) };
	d->acc = (struct sh_accession){
		.holders = d->holders, .nholders = two ? 2 : 1,
		.dossier = d->dossier, .procedure = "1.001193",
		.component = "TP01", .type = &fixture_types[two ? MARRIAGE :
		    BIRTH], .confidence_bp = 9700, .copy = "certified-copy",
		.number = d->number, .issuer = d->issuer,
		.issued = { 2020, 1 + (int)(n % 12), 1 + (int)(n % 28) },
		.provenance = "seen", .station = "Q05", .actor =
		    "Trần Thị Cán Bộ", .received_at = 1795140000 + n,
		.text = d->text, .renditions = d->renditions,
		.nrenditions = 3
	};
	if (sh_sha256(d->original, size, &d->acc.content, &err))
		abort();
	d->acc.fields = json_pack("{s:{s:s,s:i,s:s},s:{s:s,s:i}}",
	    "full_name", "value", d->names[0], "confidence_bp", 9900,
	    "method", "ocr", "number", "value", d->number, "confidence_bp",
	    9800);
	d->acc.pages = json_pack("[{s:i,s:i,s:i}]", "page", 1, "width_px",
	    2480, "height_px", 3508);
	d->acc.made_by = json_pack("{s:s,s:s}", "sohoa", "1.0", "engine",
	    "tesseract 5.3.0");
}

static inline void
fixture_free(struct fixture_doc *d)
{
	json_decref((json_t *)(uintptr_t)d->acc.fields);
	json_decref((json_t *)(uintptr_t)d->acc.pages);
	json_decref((json_t *)(uintptr_t)d->acc.made_by);
}

#endif
