/*
 * Places and the offices that stand in them: provinces with their codes,
 * invented communes and districts, addresses.
 *
 * A place knows both of its lives: until 30 June 2025 a commune lies in a
 * district of one of 63 provinces, from 1 July 2025 on directly in one of 34
 * (Rule: Decision 19/2025/QĐ-TTg).  What is printed depends on the day.
 */
#ifndef SH_SAMPLES_PLACE_H
#define SH_SAMPLES_PLACE_H

#include "base/clock.h"
#include "samples/keep.h"
#include "samples/rng.h"

struct sh_province {
	int code;		/* in citizens' numbers */
	const char *name;	/* "Bắc Ninh" */
	const char *kind;	/* "tỉnh" or "thành phố" */
	const char *agency;	/* code of its people's committee, "H05" */
	const char *now;	/* the province that it is part of now */
	int central;		/* 1 if that is a city under the centre */
};

struct sh_place {
	const struct sh_province *province;
	const char *kind;	/* "xã", "phường", "thị trấn" */
	const char *name;
	const char *district_kind;
	const char *district;
	const char *street;	/* "đường Lê Lợi", "Thôn Đông" */
	int house;		/* 0: none, as in a village */
};

/* 1 from the day on which districts ended. */
int sh_place_two_levels(struct sh_date day);

/* PROVINCE NULL: any. */
void sh_place_make(struct sh_place *p, struct sh_rng *r,
    const struct sh_province *province);

/*
 * What a template calls PLACE.ATTR on the day: unit "phường Thủy Xuân",
 * short "Thủy Xuân", committee "Ủy ban nhân dân phường Thủy Xuân", district
 * "huyện Tiên Du" ("" when there is none), province "tỉnh Bắc Ninh", city
 * "Bắc Ninh", line "Số 4, đường Lê Lợi", address (all of it), region
 * (address without the line), code "H05", superior (the agency above).
 * NULL: no such attribute.  In the arena.
 */
const char *sh_place_attr(const struct sh_place *p, const char *attr,
    struct sh_date day, struct sh_arena *a);

#endif
