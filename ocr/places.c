/* Two addresses compared, across the reform of July 2025. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ocr/fields.h"
#include "ocr/phrase.h"
#include "schemas/identifier.h"

#define PARTS_MAX	8
#define PLACE_MAX	400

/* Folded parts, the largest unit last, without the words for their kinds. */
struct place {
	char text[PLACE_MAX];
	const char *part[PARTS_MAX];
	size_t n;
};

/* "tinh dak nong" is "dak nong". */
static char *
without_kind(char *s)
{
	static const char *const kinds[] = { "tinh ", "thanh pho ", "tp ",
	    "phuong ", "xa ", "thi tran ", "quan ", "huyen ", "thi xa ",
	    "dac khu " };
	size_t i;

	while (*s == ' ')
		s++;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(s, kinds[i], strlen(kinds[i])) == 0)
			return (s + strlen(kinds[i]));
	return (s);
}

static int
take_apart(const char *s, struct place *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	size_t len = 0, n, i;
	char *at[PARTS_MAX];
	int rc = -1;

	memset(p, 0, sizeof(*p));
	for (; s != NULL && *s != '\0'; s += n + (s[n] != '\0')) {
		n = strcspn(s, ",");
		sh_buf_reset(&b);
		if (sh_text_fold(s, n, &b, &err) || len + b.len + 1 >
		    PLACE_MAX || p->n == PARTS_MAX)
			goto out;
		if (b.len == 0)
			continue;
		at[p->n++] = p->text + len;
		memcpy(p->text + len, b.data, b.len);
		p->text[len + b.len] = '\0';
		len += b.len + 1;
	}
	if (p->n > 1 && strcmp(at[p->n - 1], "viet nam") == 0)
		p->n--;
	for (i = 0; i < p->n; i++)
		p->part[i] = without_kind(at[i]);
	rc = p->n == 0 ? -1 : 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* All parts of A stand in B, in their order; how many B has more. */
static int
stands_in(const struct place *a, const struct place *b, size_t *more)
{
	size_t i, k = 0;

	for (i = 0; i < a->n; i++, k++) {
		while (k < b->n && strcmp(a->part[i], b->part[k]) != 0)
			k++;
		if (k == b->n)
			return (0);
	}
	*more = b->n - a->n;
	return (1);
}

enum sh_likeness
sh_place_compare(const char *a, const char *b, const char **reason)
{
	struct place x, y;
	const char *ignored, *tx, *ty;
	size_t i, more = 0, wrong = 0;

	if (reason == NULL)
		reason = &ignored;
	*reason = "empty";
	if (take_apart(a, &x) || take_apart(b, &y))
		return (SH_DIFFERENT);
	*reason = "equal";
	if (stands_in(&x, &y, &more) && more == 0)
		return (SH_SAME);
	/* The province as it is called today. */
	tx = sh_province_today(x.part[x.n - 1]);
	ty = sh_province_today(y.part[y.n - 1]);
	*reason = "other-province";
	if (tx != NULL && ty != NULL && strcmp(tx, ty) != 0)
		return (SH_DIFFERENT);
	if (tx != NULL && ty != NULL) {
		int moved = strcmp(x.part[x.n - 1], y.part[y.n - 1]) != 0;

		x.part[x.n - 1] = tx;
		y.part[y.n - 1] = ty;
		*reason = moved ? "reform" : "shorter";
		if ((stands_in(&x, &y, &more) || stands_in(&y, &x, &more)))
			return (moved && more == 0 ? SH_SAME : SH_LIKELY);
	}
	*reason = "one-letter";
	for (i = 0; x.n == y.n && i < x.n; i++)
		wrong += sh_edit_distance(x.part[i], strlen(x.part[i]),
		    y.part[i], strlen(y.part[i]), 2);
	if (x.n == y.n && wrong <= 1)
		return (SH_LIKELY);
	*reason = "other-place";
	return (SH_DIFFERENT);
}
