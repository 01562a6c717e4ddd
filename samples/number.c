#include "samples/number.h"

char *
sh_number_put(char *out, unsigned width, unsigned n)
{
	unsigned i;

	for (i = width; i-- > 0; n /= 10)
		out[i] = (char)('0' + n % 10);
	return (out + width);
}

void
sh_number_citizen(char out[13], int province, int male, int year,
    struct sh_rng *r)
{
	char *p = sh_number_put(out, 3, (unsigned)province);

	p = sh_number_put(p, 1, (unsigned)(2 * (year / 100 - 19) + !male));
	p = sh_number_put(p, 2, (unsigned)year);
	*sh_number_put(p, 6, sh_rng_below(r, 1000000)) = '\0';
}

void
sh_number_tax(char out[11], int province, struct sh_rng *r)
{
	static const int weight[9] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
	int i, sum;

	/* A sum that would give the digit 10 is passed over: sources differ
	 * on what it means. */
	do {
		(void)sh_number_put(sh_number_put(out, 2, (unsigned)province),
		    7, sh_rng_below(r, 10000000));
		for (i = sum = 0; i < 9; i++)
			sum += weight[i] * (out[i] - '0');
	} while (sum % 11 == 0);
	out[9] = (char)('0' + 10 - sum % 11);
	out[10] = '\0';
}

int
sh_number_mrz_check(const char *s, size_t len)
{
	static const int weight[3] = { 7, 3, 1 };
	size_t i;
	int v, sum = 0;

	for (i = 0; i < len; i++) {
		v = s[i] >= '0' && s[i] <= '9' ? s[i] - '0' :
		    s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 10 : 0;
		sum += v * weight[i % 3];
	}
	return (sum % 10);
}

char *
sh_number_digits(struct sh_arena *a, struct sh_rng *r, unsigned n)
{
	char *s = sh_arena_get(a, n + 1, 1);
	unsigned i;

	for (i = 0; i < n; i++)
		s[i] = (char)('0' + (i == 0 ? 1 + sh_rng_below(r, 9) :
		    sh_rng_below(r, 10)));
	return (s);
}

char *
sh_number_dots(struct sh_arena *a, long long n)
{
	if (n < 1000)
		return (sh_arena_printf(a, "%lld", n));
	return (sh_arena_printf(a, "%s.%03lld", sh_number_dots(a, n / 1000),
	    n % 1000));
}

static const char *const digit[] = { "không", "một", "hai", "ba", "bốn",
    "năm", "sáu", "bảy", "tám", "chín" };

/* 0..999; FULL: hundreds are said even when there are none. */
static char *
below_1000(struct sh_arena *a, int n, int full)
{
	int h = n / 100, t = n / 10 % 10, u = n % 10;
	const char *head = "", *unit;

	if (h > 0 || full)
		head = sh_arena_printf(a, "%s trăm%s", digit[h],
		    n % 100 != 0 ? " " : "");
	if (n % 100 == 0)
		return (sh_arena_dup(a, head));
	if (t == 0)
		return (sh_arena_printf(a, "%s%s%s", head,
		    *head != '\0' ? "linh " : "", digit[u]));
	unit = u == 1 && t > 1 ? " mốt" : u == 5 ? " lăm" :
	    u == 4 && t > 1 ? " tư" :
	    u == 0 ? "" : sh_arena_printf(a, " %s", digit[u]);
	if (t == 1)
		return (sh_arena_printf(a, "%smười%s", head, unit));
	return (sh_arena_printf(a, "%s%s mươi%s", head, digit[t], unit));
}

char *
sh_number_words(struct sh_arena *a, long long n)
{
	static const struct {
		long long value;
		const char *name;
	} step[] = {
		{ 1000000000, "tỷ" }, { 1000000, "triệu" }, { 1000, "nghìn" }
	};
	const char *out = "";
	size_t i;

	if (n <= 0)
		return (sh_arena_dup(a, digit[0]));
	for (i = 0; i < 3; i++)
		if (n >= step[i].value) {
			out = sh_arena_printf(a, "%s%s%s %s", out,
			    *out != '\0' ? " " : "",
			    below_1000(a, (int)(n / step[i].value % 1000),
			    *out != '\0'), step[i].name);
			n %= step[i].value;
		}
	if (n > 0)
		out = sh_arena_printf(a, "%s%s%s", out, *out != '\0' ? " " : "",
		    below_1000(a, (int)n, *out != '\0'));
	return (sh_arena_dup(a, out));
}
