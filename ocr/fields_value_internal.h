/*
 * What the files of ocr/fields_value share: a span as folded ASCII, and a
 * reader for each kind of value.  A reader fills the proposal's value, place
 * and confidence: 1, 0 when there is none, -1 on errors.
 */
#ifndef SH_OCR_FIELDS_VALUE_INTERNAL_H
#define SH_OCR_FIELDS_VALUE_INTERNAL_H

#include "ocr/fields_internal.h"

#define SH_SCAN_MAX	1024

/* A span as folded ASCII, with the atom that each character comes from. */
struct sh_scan {
	char s[SH_SCAN_MAX + 1];
	uint16_t at[SH_SCAN_MAX + 1];	/* index into the span */
	size_t n;
};

/* ---- fields_scan.c ---- */

/* "21 / 11": a slash of its own stands before the span's atom I. */
int sh_slash_apart(const struct sh_view *v, const struct sh_span *s, size_t i);
/* Capitals stay capitals: patterns tell them apart. */
void sh_scan_span(const struct sh_view *v, const struct sh_span *s,
    struct sh_scan *c);
/* WORD at P, one letter wrong if it is long; its length, or 0. */
size_t sh_scan_word(const char *p, const char *word);
int sh_is_digit(char c);
/* The digit that a letter stands for; 0 when it resembles none. */
char sh_digit_for(char c);

/* ---- fields_value_text.c ---- */

/* CUT: the end of a sentence ends the value. */
int sh_value_text(struct sh_find *f, const struct sh_span *s, int cut,
    enum sh_mend mend, struct sh_proposal *p) SH_MUST_CHECK;
/* Where [FROM, TO) ends without stray marks that the reading mistrusted. */
size_t sh_span_without_noise(const struct sh_view *v,
    const struct sh_span *s, size_t from, size_t to);

/* ---- fields_value_name.c ---- */

int sh_value_name(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
int sh_value_organisation(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;

/* ---- fields_value_place.c ---- */

int sh_value_place(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;

/* ---- fields_value_date.c, _id.c, _number.c, _pattern.c ---- */

int sh_value_date(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
int sh_value_id(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
/* How far the number's own structure speaks for it. */
void sh_value_weigh_id(struct sh_proposal *p, unsigned corrected);
int sh_value_number(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
int sh_value_money(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
int sh_value_area(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p) SH_MUST_CHECK;
int sh_value_pattern(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, struct sh_proposal *p)
    SH_MUST_CHECK;

#endif
