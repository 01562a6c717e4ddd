#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

size_t
sh_utf8_get(const char *p, const char *end, uint32_t *cp)
{
	ucs4_t c;
	int n;

	if (p >= end)
		return (0);
	if ((unsigned char)*p < 0x80) {
		*cp = (unsigned char)*p;
		return (1);
	}
	n = u8_mbtoucr(&c, (const uint8_t *)p, (size_t)(end - p));
	if (n <= 0)
		return (0);
	*cp = c;
	return ((size_t)n);
}

size_t
sh_utf8_put(uint32_t cp, char *out)
{
	int n = u8_uctomb((uint8_t *)out, cp, 4);

	return (n > 0 ? (size_t)n : 0);
}

size_t
sh_utf8_count(const char *s, size_t len)
{
	size_t n = 0;

	for (; len > 0; s++, len--)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return (n);
}

int
sh_text_is_utf8(const void *s, size_t len)
{
	return (memchr(s, 0, len) == NULL && u8_check(s, len) == NULL);
}

static int
check(const void *s, size_t len, struct sh_error *err)
{
	if (!sh_text_is_utf8(s, len))
		return (sh_error_set(err, SH_EFORMAT, "text.utf8",
		    "text is not UTF-8"));
	return (0);
}

static int
is_ascii(const uint8_t *s, size_t len)
{
	for (; len > 0; s++, len--)
		if (*s >= 0x80)
			return (0);
	return (1);
}

/* Take over what libunistring allocated. */
static int
take(uint8_t *p, size_t len, struct sh_buf *out, struct sh_error *err)
{
	int rc;

	if (p == NULL)
		return (sh_error_nomem(err, "text"));
	rc = sh_buf_append(out, p, len, err);
	free(p);
	return (rc);
}

int
sh_text_nfc(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	size_t n;
	uint8_t *p;

	if (check(s, len, err))
		return (-1);
	if (is_ascii(s, len))
		return (sh_buf_append(out, s, len, err));
	p = u8_normalize(UNINORM_NFC, s, len, NULL, &n);
	return (take(p, n, out, err));
}

static int
change_case(const void *s, size_t len, int upper, struct sh_buf *out,
    struct sh_error *err)
{
	size_t n;
	uint8_t *p;

	if (check(s, len, err))
		return (-1);
	if (len == 0)
		return (sh_buf_append(out, "", 0, err));
	p = upper ? u8_toupper(s, len, "vi", UNINORM_NFC, NULL, &n) :
	    u8_tolower(s, len, "vi", UNINORM_NFC, NULL, &n);
	return (take(p, n, out, err));
}

int
sh_text_lower(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	return (change_case(s, len, 0, out, err));
}

int
sh_text_upper(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	return (change_case(s, len, 1, out, err));
}

int
sh_is_letter(uint32_t cp)
{
	if (cp < 0x80)
		return ((cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z'));
	return (uc_is_alpha(cp));
}

uint32_t
sh_fold_char(uint32_t cp)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int n;

	if (cp < 0x80)
		return (cp >= 'A' && cp <= 'Z' ? cp + 32 : cp);
	cp = uc_tolower(cp);
	/* đ has no decomposition; ð is what a foreign keyboard gives for it. */
	if (cp == 0x111 || cp == 0xf0)
		return ('d');
	if (uc_is_general_category(cp, UC_CATEGORY_M))
		return (0);
	while ((n = uc_canonical_decomposition(cp, parts)) > 0)
		cp = uc_tolower(parts[0]);
	return (cp);
}

int
sh_text_fold(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	const char *p = s, *end = p + len;
	char tmp[4];
	uint32_t cp;
	size_t n, start = out->len;
	int gap = 0;

	if (check(s, len, err) || sh_buf_append(out, "", 0, err))
		return (-1);
	for (; p < end; p += n) {
		if ((n = sh_utf8_get(p, end, &cp)) == 0)
			return (sh_error_set(err, SH_EFORMAT, "text.utf8",
			    "text is not UTF-8"));
		if ((cp = sh_fold_char(cp)) == 0)
			continue;
		if (cp < 0x80 ? !((cp >= 'a' && cp <= 'z') ||
		    (cp >= '0' && cp <= '9')) : !uc_is_alnum(cp)) {
			gap = 1;
			continue;
		}
		if (gap && out->len > start &&
		    sh_buf_append(out, " ", 1, err))
			return (-1);
		gap = 0;
		if (sh_buf_append(out, tmp, sh_utf8_put(cp, tmp), err))
			return (-1);
	}
	return (0);
}

char *
sh_text_fold_dup(const char *s, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;

	if (sh_text_fold(s, strlen(s), &b, err)) {
		sh_buf_free(&b);
		return (NULL);
	}
	return (sh_buf_steal(&b, err));
}

int
sh_is_hidden(uint32_t cp)
{
	return ((cp >= 0x200b && cp <= 0x200f) ||
	    (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x206f) ||
	    (cp >= 0xfff9 && cp <= 0xfffb) || cp == 0xfeff || cp == 0xad ||
	    cp == 0x61c || (cp >= 0xe0000 && cp <= 0xe007f));
}

int
sh_text_clean(const void *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_buf nfc = SH_BUF_INIT;
	const char *p, *end;
	uint32_t cp;
	size_t n, start = out->len;
	int gap = 0, rc = -1;

	if (sh_text_nfc(s, len, &nfc, err) || sh_buf_append(out, "", 0, err))
		goto out;
	p = (const char *)nfc.data;
	end = p + nfc.len;
	for (; p < end && (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
		if (sh_is_hidden(cp))
			continue;
		if (cp < 0x20 || (cp >= 0x7f && cp <= 0xa0) ||
		    uc_is_space(cp)) {
			gap = 1;
			continue;
		}
		if (gap && out->len > start && sh_buf_append(out, " ", 1, err))
			goto out;
		gap = 0;
		if (sh_buf_append(out, p, n, err))
			goto out;
	}
	rc = 0;
out:
	sh_buf_free(&nfc);
	return (rc);
}

int
sh_parse_u64(const char *s, uint64_t max, uint64_t *vp)
{
	uint64_t v = 0;

	if (*s == '\0')
		return (-1);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' ||
		    __builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return (-1);
	}
	if (v > max)
		return (-1);
	*vp = v;
	return (0);
}

int
sh_is_digits(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return (0);
	return (s[n] == '\0');
}
