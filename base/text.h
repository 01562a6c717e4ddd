/*
 * Vietnamese text: checked UTF-8, NFC, folding, numbers.
 *
 * Inputs are bytes with a length; they need not end in NUL and are not
 * trusted.  Outputs are appended to a caller's buffer.
 *
 * Errors: SH_EFORMAT "text.utf8", the bytes are not UTF-8 (surrogates,
 * overlong forms and U+0000 count as wrong).
 */
#ifndef SH_BASE_TEXT_H
#define SH_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* 1 if the bytes are UTF-8 without U+0000, else 0. */
int sh_text_is_utf8(const void *s, size_t len);

/* Unicode NFC; text that is NFC already costs one pass. */
int sh_text_nfc(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The form that search and comparison use: NFC, lower case, no marks,
 * d for đ, runs of anything but letters and digits as one space, ends
 * trimmed.  "Đặng Thị Ngọc-Ánh" becomes "dang thi ngoc anh".
 */
int sh_text_fold(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* Lower and upper case of Vietnamese text, NFC. */
int sh_text_lower(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_text_upper(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * What may be shown or stored as one line: NFC, control, bidirectional and
 * zero-width characters removed, white space as single spaces, ends trimmed.
 */
int sh_text_clean(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* The folded string in fresh memory; NULL with err set. */
char *sh_text_fold_dup(const char *s, struct sh_error *err);

/*
 * Decode one character at P (END bounds it); its length in bytes, or 0 when
 * the bytes are not UTF-8.
 */
size_t sh_utf8_get(const char *p, const char *end, uint32_t *cp);
/* Encode CP into OUT[4]; the length. */
size_t sh_utf8_put(uint32_t cp, char *out);
/* Characters in a string of checked UTF-8. */
size_t sh_utf8_count(const char *s, size_t len);

/* 1 if it changes how a line looks without being seen. */
int sh_is_hidden(uint32_t cp);
/* 1 if it is a letter of any script. */
int sh_is_letter(uint32_t cp);

/* A character folded: 0 when it vanishes (a mark), else the folded one. */
uint32_t sh_fold_char(uint32_t cp);

/* Exactly decimal digits, no sign, at most MAX; -1 otherwise. */
int sh_parse_u64(const char *s, uint64_t max, uint64_t *vp);
/* 1 if S is exactly N ASCII digits. */
int sh_is_digits(const char *s, size_t n);

#endif
