#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ZONE_S	(7 * 3600)
#define DAY_S	86400

int64_t
sh_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (ts.tv_sec);
}

int64_t
sh_monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

double
sh_cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/*
 * Days since 1970-01-01 of a civil date, and back: the proleptic Gregorian
 * calendar counted in eras of 400 years that begin on 1 March.
 */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return (era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468);
}

static struct sh_date
civil_from_days(int64_t z)
{
	struct sh_date d;
	int64_t era, doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = (int)(yoe + era * 400 + (d.month <= 2));
	return (d);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return (a / b - (a % b < 0));
}

void
sh_time_print(int64_t when, char out[SH_TIME_LEN])
{
	struct sh_date d;
	int64_t local = when + ZONE_S, day = floor_div(local, DAY_S);
	int s = (int)(local - day * DAY_S);

	d = civil_from_days(day);
	if (d.year < 0 || d.year > 9999) {
		d = (struct sh_date){ 0, 1, 1 };
		s = 0;
	}
	/* The casts let the compiler see that the text fits. */
	(void)snprintf(out, SH_TIME_LEN, "%04u-%02u-%02uT%02u:%02u:%02u+07:00",
	    (unsigned)d.year % 10000, (unsigned)d.month % 100,
	    (unsigned)d.day % 100, (unsigned)s / 3600 % 100,
	    (unsigned)s / 60 % 60, (unsigned)s % 60);
}

static int
digits(const char *s, unsigned n, int *vp)
{
	int v = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return (-1);
		v = v * 10 + (*s - '0');
	}
	*vp = v;
	return (0);
}

int
sh_time_parse(const char *s, int64_t *whenp)
{
	struct sh_date d;
	char day[SH_DATE_LEN];
	int h, m, sec, zh = 0, zm = 0, sign = 1;

	if (strlen(s) < 20)
		return (-1);
	memcpy(day, s, 10);
	day[10] = '\0';
	if (sh_date_parse(day, &d) || (s[10] != 'T' && s[10] != ' ') ||
	    digits(s + 11, 2, &h) || s[13] != ':' || digits(s + 14, 2, &m) ||
	    s[16] != ':' || digits(s + 17, 2, &sec) ||
	    h > 23 || m > 59 || sec > 60)
		return (-1);
	s += 19;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++)
			;
	if (*s == 'Z') {
		s++;
	} else {
		if (*s != '+' && *s != '-')
			return (-1);
		sign = *s == '-' ? -1 : 1;
		if (digits(s + 1, 2, &zh) || s[3] != ':' ||
		    digits(s + 4, 2, &zm) || zh > 23 || zm > 59)
			return (-1);
		s += 6;
	}
	if (*s != '\0')
		return (-1);
	*whenp = days_from_civil(d.year, d.month, d.day) * DAY_S +
	    h * 3600 + m * 60 + sec - sign * (zh * 3600 + zm * 60);
	return (0);
}

struct sh_date
sh_date_at(int64_t when)
{
	return (civil_from_days(floor_div(when + ZONE_S, DAY_S)));
}

int64_t
sh_date_start(struct sh_date d)
{
	return (days_from_civil(d.year, d.month, d.day) * DAY_S - ZONE_S);
}

static int
month_days(int year, int month)
{
	static const int n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31 };

	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return (29);
	return (n[month - 1]);
}

int
sh_date_valid(struct sh_date d)
{
	return (d.year >= 1 && d.year <= 9999 && d.month >= 1 &&
	    d.month <= 12 && d.day >= 1 && d.day <= month_days(d.year,
	    d.month));
}

int
sh_date_parse(const char *s, struct sh_date *dp)
{
	struct sh_date d;

	if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' ||
	    digits(s, 4, &d.year) || digits(s + 5, 2, &d.month) ||
	    digits(s + 8, 2, &d.day) || !sh_date_valid(d))
		return (-1);
	*dp = d;
	return (0);
}

void
sh_date_print(struct sh_date d, char out[SH_DATE_LEN])
{
	(void)snprintf(out, SH_DATE_LEN, "%04u-%02u-%02u",
	    (unsigned)d.year % 10000, (unsigned)d.month % 100,
	    (unsigned)d.day % 100);
}

int
sh_date_compare(struct sh_date a, struct sh_date b)
{
	if (a.year != b.year)
		return (a.year < b.year ? -1 : 1);
	if (a.month != b.month)
		return (a.month < b.month ? -1 : 1);
	return (a.day < b.day ? -1 : a.day > b.day);
}

struct sh_date
sh_date_add_months(struct sh_date d, int months)
{
	int64_t n = (int64_t)d.year * 12 + d.month - 1 + months;
	int last;

	d.year = (int)floor_div(n, 12);
	d.month = (int)(n - (int64_t)d.year * 12) + 1;
	if (d.day > (last = month_days(d.year, d.month)))
		d.day = last;
	return (d);
}

struct sh_date
sh_date_add_days(struct sh_date d, int days)
{
	return (civil_from_days(days_from_civil(d.year, d.month, d.day) +
	    days));
}
