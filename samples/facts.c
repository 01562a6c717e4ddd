#include "samples/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "samples/number.h"

struct sh_fact {
	const char *name, *value;
};

struct sh_bind {
	const char *name;
	const struct sh_person *person;
	const struct sh_place *place;
};

void
sh_facts_start(struct sh_facts *f, struct sh_arena *a,
    const struct sh_facts *up, const struct sh_family *family, uint64_t seed)
{
	*f = (struct sh_facts){ .arena = a, .up = up, .family = family };
	sh_rng_start(&f->rng, seed);
}

/* An arena's array, grown to hold one more. */
static void *
more(struct sh_arena *a, void *old, size_t n, size_t *capp, size_t size)
{
	void *p;

	if (n < *capp)
		return (old);
	*capp = *capp == 0 ? 32 : 2 * *capp;
	p = sh_arena_get(a, *capp, size);
	if (n > 0)
		memcpy(p, old, n * size);
	return (p);
}

void
sh_facts_set(struct sh_facts *f, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < f->nvars; i++)
		if (strcmp(f->vars[i].name, name) == 0) {
			f->vars[i].value = value;
			return;
		}
	f->vars = more(f->arena, f->vars, f->nvars, &f->vars_cap,
	    sizeof(*f->vars));
	f->vars[f->nvars++] = (struct sh_fact){ sh_arena_dup(f->arena, name),
	    value };
}

static void
bind(struct sh_facts *f, struct sh_bind b)
{
	size_t i;

	b.name = sh_arena_dup(f->arena, b.name);
	for (i = 0; i < f->nbinds; i++)
		if (strcmp(f->binds[i].name, b.name) == 0) {
			f->binds[i] = b;
			return;
		}
	f->binds = more(f->arena, f->binds, f->nbinds, &f->binds_cap,
	    sizeof(*f->binds));
	f->binds[f->nbinds++] = b;
}

void
sh_facts_bind(struct sh_facts *f, const char *name, const struct sh_person *p)
{
	bind(f, (struct sh_bind){ name, p, NULL });
}

void
sh_facts_bind_place(struct sh_facts *f, const char *name,
    const struct sh_place *p)
{
	bind(f, (struct sh_bind){ name, NULL, p });
}

static const struct sh_bind *
bound(const struct sh_facts *f, const char *name)
{
	size_t i;

	for (; f != NULL; f = f->up)
		for (i = 0; i < f->nbinds; i++)
			if (strcmp(f->binds[i].name, name) == 0)
				return (&f->binds[i]);
	return (NULL);
}

const struct sh_person *
sh_facts_person(const struct sh_facts *f, const char *name)
{
	const struct sh_bind *b = bound(f, name);
	enum sh_kin kin;

	if (b != NULL)
		return (b->person);
	if (f->family == NULL ||
	    (kin = sh_kin_from_word(name)) == SH_KIN_COUNT)
		return (NULL);
	return (&f->family->person[kin]);
}

static const char *
upper_case(struct sh_facts *f, const char *s)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_error err = SH_ERROR_INIT;
	const char *out;

	if (*s == '\0')
		return ("");
	if (sh_text_upper(s, strlen(s), &b, &err) == -1)
		sh_keep_die();
	out = sh_arena_ndup(f->arena, (const char *)b.data, b.len);
	sh_buf_free(&b);
	return (out);
}

static const char *
attribute(struct sh_facts *f, const char *head, const char *attr)
{
	const struct sh_bind *b = bound(f, head);
	const struct sh_person *p;

	if (b != NULL && b->place != NULL)
		return (sh_place_attr(b->place, attr, f->day, f->arena));
	if ((p = sh_facts_person(f, head)) != NULL)
		return (sh_person_attr(p, attr, f->day, f->arena));
	return (NULL);
}

const char *
sh_facts_get(struct sh_facts *f, const char *name)
{
	const struct sh_facts *g;
	const char *dot, *head, *value;
	char *attr, *p;
	size_t i;
	int upper = 0;

	for (g = f; g != NULL; g = g->up)
		for (i = 0; i < g->nvars; i++)
			if (strcmp(g->vars[i].name, name) == 0)
				return (g->vars[i].value);
	if ((dot = strchr(name, '.')) == NULL)
		return (NULL);
	head = sh_arena_ndup(f->arena, name, (size_t)(dot - name));
	attr = sh_arena_dup(f->arena, dot + 1);
	for (p = attr; *p != '\0'; p++)
		if (isupper((unsigned char)*p)) {
			*p = (char)tolower((unsigned char)*p);
			upper = 1;
		}
	if ((value = attribute(f, head, attr)) == NULL)
		return (NULL);
	return (upper ? upper_case(f, value) : value);
}

/* ---- functions ---------------------------------------------------------- */

/* The next word of *SP, in the arena; "" at the end. */
static const char *
word(struct sh_facts *f, const char **sp)
{
	const char *s = *sp + strspn(*sp, " ");
	size_t len = strcspn(s, " ");

	*sp = s + len;
	return (sh_arena_ndup(f->arena, s, len));
}

static const char *
iso(struct sh_facts *f, struct sh_date d)
{
	char out[SH_DATE_LEN];

	sh_date_print(d, out);
	return (sh_arena_dup(f->arena, out));
}

/* "LO..HI" as a number in between. */
static int
between(struct sh_facts *f, const char *s)
{
	const char *dots = strstr(s, "..");
	int lo = atoi(s);

	return (dots == NULL ? lo : sh_rng_range(&f->rng, lo, atoi(dots + 2)));
}

int
sh_facts_day(struct sh_facts *f, const struct sh_form_line *line,
    const char *text, struct sh_date *dayp, struct sh_error *err)
{
	const char *s = text, *base = word(f, &s), *sign = word(f, &s);
	const char *value = sh_facts_get(f, base);
	int n;

	if (sh_date_parse(value != NULL ? value : base, dayp) == -1)
		return (sh_form_fail(line, err, "no day: %s", text));
	if (*sign == '\0')
		return (0);
	n = between(f, word(f, &s));
	*dayp = sh_date_add_days(*dayp, *sign == '-' ? -n : n);
	return (0);
}

static int
call(struct sh_facts *f, const struct sh_form_line *line, const char *name,
    const char *args, const char **valuep, struct sh_error *err)
{
	const struct sh_person *p;
	struct sh_date d;
	const char *a, *b;
	long long lo, hi, step;

	if (strcmp(name, "date") == 0) {
		if (sh_facts_day(f, line, args, &d, err) == -1)
			return (-1);
		*valuep = iso(f, d);
		return (0);
	}
	a = word(f, &args);
	b = word(f, &args);
	lo = atoll(a);
	hi = atoll(b);
	if (strcmp(name, "rand") == 0)
		*valuep = sh_arena_printf(f->arena, "%lld", lo +
		    (long long)(sh_rng_next(&f->rng) %
		    (uint64_t)(hi - lo + 1)));
	else if (strcmp(name, "digits") == 0)
		*valuep = sh_number_digits(f->arena, &f->rng, (unsigned)lo);
	else if (strcmp(name, "money") == 0) {
		/* LO HI STEP */
		step = atoll(word(f, &args));
		*valuep = sh_arena_printf(f->arena, "%lld", lo + step *
		    (long long)(sh_rng_next(&f->rng) %
		    (uint64_t)((hi - lo) / step + 1)));
	} else if (strcmp(name, "name") == 0)
		*valuep = sh_people_name(f->arena, &f->rng, *a == 'm' ? 1 :
		    *a == 'f' ? 0 : sh_rng_chance(&f->rng, 55));
	else if (strcmp(name, "tax") == 0) {
		char *tax = sh_arena_get(f->arena, 11, 1);

		sh_number_tax(tax, (int)lo, &f->rng);
		*valuep = tax;
	} else if (strcmp(name, "relation") == 0) {
		if ((p = sh_facts_person(f, b)) == NULL ||
		    sh_facts_person(f, a) == NULL)
			return (sh_form_fail(line, err, "nobody: %s %s", a, b));
		*valuep = sh_kin_relation(sh_facts_person(f, a)->kin, p);
	} else
		return (sh_form_fail(line, err, "no such name: %s", name));
	return (0);
}

/* ---- filters ------------------------------------------------------------ */

/* Rule: NĐ 30/2020/NĐ-CP, Appendix I: days and the first two months with 0. */
static const char *
date_filter(struct sh_facts *f, const char *filter, struct sh_date d)
{
	struct sh_arena *a = f->arena;
	const char *zero = d.month < 3 ? "0" : "";

	if (strcmp(filter, "dmy") == 0)
		return (sh_arena_printf(a, "%02d/%02d/%04d", d.day, d.month,
		    d.year));
	if (strcmp(filter, "dash") == 0)
		return (sh_arena_printf(a, "%02d-%02d-%04d", d.day, d.month,
		    d.year));
	if (strcmp(filter, "dot") == 0)
		return (sh_arena_printf(a, "%02d.%02d.%04d", d.day, d.month,
		    d.year));
	if (strcmp(filter, "long") == 0)
		return (sh_arena_printf(a, "ngày %02d tháng %s%d năm %d",
		    d.day, zero, d.month, d.year));
	if (strcmp(filter, "words") == 0)
		return (sh_arena_printf(a, "%s%s, tháng %s, năm %s",
		    d.day <= 10 ? "mùng " : "", sh_number_words(a, d.day),
		    d.month == 4 ? "tư" : d.month == 1 ? "một" :
		    sh_number_words(a, d.month), sh_number_words(a, d.year)));
	if (strcmp(filter, "year") == 0)
		return (sh_arena_printf(a, "%d", d.year));
	if (strcmp(filter, "month") == 0)
		return (sh_arena_printf(a, "%02d", d.month));
	if (strcmp(filter, "day") == 0)
		return (sh_arena_printf(a, "%02d", d.day));
	return (NULL);
}

static const char *
capital(struct sh_facts *f, const char *s)
{
	uint32_t cp;
	size_t n = sh_utf8_get(s, s + strlen(s), &cp);
	const char *first;

	if (n == 0)
		return (s);
	first = upper_case(f, sh_arena_ndup(f->arena, s, n));
	return (sh_arena_printf(f->arena, "%s%s", first, s + n));
}

static const char *
lower(struct sh_facts *f, const char *s)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_error err = SH_ERROR_INIT;
	const char *out;

	if (sh_text_lower(s, strlen(s), &b, &err) == -1)
		sh_keep_die();
	out = sh_arena_ndup(f->arena, b.len > 0 ? (const char *)b.data : "",
	    b.len);
	sh_buf_free(&b);
	return (out);
}

static int
apply(struct sh_facts *f, const struct sh_form_line *line, const char *filter,
    const char **valuep, struct sh_error *err)
{
	struct sh_arena *a = f->arena;
	const char *v = *valuep, *s = filter, *name = word(f, &s);
	struct sh_date d;
	int n, isdate = sh_date_parse(v, &d) == 0;

	if (strcmp(name, "upper") == 0)
		*valuep = upper_case(f, v);
	else if (strcmp(name, "lower") == 0)
		*valuep = lower(f, v);
	else if (strcmp(name, "cap") == 0)
		*valuep = capital(f, v);
	else if (strcmp(name, "dots") == 0)
		*valuep = sh_number_dots(a, atoll(v));
	else if (strcmp(name, "money") == 0)
		*valuep = capital(f, sh_arena_printf(a, "%s đồng",
		    sh_number_words(a, atoll(v))));
	else if (strcmp(name, "spell") == 0)
		*valuep = sh_number_words(a, atoll(v));
	else if (strncmp(name, "pad", 3) == 0 && name[3] != '\0')
		*valuep = sh_arena_printf(a, "%0*lld", name[3] - '0', atoll(v));
	else if (strcmp(name, "spaced") == 0 && strlen(v) == 12)
		*valuep = sh_arena_printf(a, "%.3s %.3s %.6s", v, v + 3, v + 6);
	else if (strcmp(name, "plus") == 0)
		*valuep = sh_arena_printf(a, "%lld", atoll(v) +
		    atoll(word(f, &s)));
	else if (strcmp(name, "last2") == 0 && strlen(v) >= 2)
		*valuep = v + strlen(v) - 2;
	else if (isdate && strcmp(name, "years") == 0) {
		n = between(f, word(f, &s));
		*valuep = iso(f, sh_date_add_months(d, 12 * n));
	} else if (isdate && strcmp(name, "days") == 0) {
		n = between(f, word(f, &s));
		*valuep = iso(f, sh_date_add_days(d, n));
	} else if (*v == '\0')
		;	/* no day, no card: nothing to print */
	else if (!isdate || (*valuep = date_filter(f, name, d)) == NULL)
		return (sh_form_fail(line, err, "filter %s on '%s'", filter,
		    v));
	return (0);
}

/* A filter that leaves only a part of a date. */
static int
is_part(const char *filter)
{
	return (strncmp(filter, "year", 4) == 0 ||
	    strncmp(filter, "month", 5) == 0 || strncmp(filter, "day", 3) == 0);
}

int
sh_facts_eval(struct sh_facts *f, const struct sh_form_line *line,
    const char *expr, const char **valuep, const char **rawp,
    struct sh_error *err)
{
	const char *bar = strchr(expr, '|'), *s, *name, *value, *part;
	size_t len = bar == NULL ? strlen(expr) : (size_t)(bar - expr);
	struct sh_date d;

	s = sh_arena_ndup(f->arena, expr, len);
	if ((value = sh_facts_get(f, s)) == NULL) {
		name = word(f, &s);
		if (call(f, line, name, s, &value, err) == -1)
			return (-1);
	}
	if (rawp != NULL)
		*rawp = value;
	while (bar != NULL) {
		part = bar + 1;
		bar = strchr(part, '|');
		len = bar == NULL ? strlen(part) : (size_t)(bar - part);
		if (apply(f, line, sh_arena_ndup(f->arena, part, len), &value,
		    err) == -1)
			return (-1);
		/* Moved, a date is another one; cut, it is none. */
		if (rawp != NULL && (sh_date_parse(value, &d) == 0 ||
		    is_part(part)))
			*rawp = value;
	}
	*valuep = value;
	return (0);
}
