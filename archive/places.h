/* Where on its pages a document says what was searched for. */
#ifndef SH_ARCHIVE_PLACES_H
#define SH_ARCHIVE_PLACES_H

#include "archive/archive_internal.h"
#include "archive/search.h"

/*
 * [{"page" (from 1), "boxes" [[x, y, w, h], …], "text"}, …] in the order of
 * the query's words: boxes are pixels of the upright page.  At most 100; none
 * when no reading was kept.
 */
int sh_places_of(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const struct sh_wanted *wanted, int exact,
    json_t **placesp, struct sh_error *err) SH_MUST_CHECK;

#endif
