/*
 * Papers that came before: what a later dossier repeats is found by
 * comparing its papers with them, so that truth cannot disagree with what
 * was written.
 */
#ifndef SH_SAMPLES_SEEN_H
#define SH_SAMPLES_SEEN_H

#include "samples/scenario.h"

struct sh_seen {
	struct sh_arena arena;
	struct sh_seen_paper *papers;
	size_t n, cap;
};

/*
 * Fill in what the documents of D, composed, repeat; then remember them.
 * SC tells how they are scanned.
 */
void sh_seen_link(struct sh_seen *seen, struct sh_dossier *d,
    const struct sh_scenario *sc);

/*
 * Remember the documents of the dossier in the folder DIR, which is called
 * like the folder, from its truth.json.
 */
int sh_seen_load(struct sh_seen *seen, const char *dir, struct sh_error *err)
    SH_MUST_CHECK;

void sh_seen_free(struct sh_seen *seen);

#endif
