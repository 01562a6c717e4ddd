/*
 * Time.  int64_t seconds since 1970 UTC everywhere; printed in Vietnam's
 * zone (+07:00, no summer time), the only zone the desks know.
 */
#ifndef SH_BASE_CLOCK_H
#define SH_BASE_CLOCK_H

#include <stdint.h>

#include "base/error.h"

#define SH_TIME_LEN	26	/* "2026-11-21T09:30:00+07:00" and NUL */
#define SH_DATE_LEN	11	/* "2026-11-21" and NUL */

struct sh_date {
	int year;		/* 1..9999; 0 means no date */
	int month;		/* 1..12 */
	int day;		/* 1..31 */
};

int64_t sh_now(void);
/* Milliseconds of a clock that never jumps. */
int64_t sh_monotonic_ms(void);
/* CPU seconds that this process has used. */
double sh_cpu_seconds(void);

void sh_time_print(int64_t when, char out[SH_TIME_LEN]);
/* RFC 3339 with any zone offset; -1 when S is anything else. */
int sh_time_parse(const char *s, int64_t *whenp);

/* The day in Vietnam at the moment WHEN. */
struct sh_date sh_date_at(int64_t when);
/* The first second of the day in Vietnam. */
int64_t sh_date_start(struct sh_date d);
int sh_date_valid(struct sh_date d);
/* Exactly yyyy-mm-dd of a real day; -1 when S is anything else. */
int sh_date_parse(const char *s, struct sh_date *dp);
void sh_date_print(struct sh_date d, char out[SH_DATE_LEN]);
int sh_date_compare(struct sh_date a, struct sh_date b);
/* Calendar arithmetic: 31 January + 1 month is the last of February. */
struct sh_date sh_date_add_months(struct sh_date d, int months);
struct sh_date sh_date_add_days(struct sh_date d, int days);

#endif
