/*
 * Pictures on papers: seals, signatures, security patterns, portraits, QR.
 * Each is drawn inside the item's box, by chance from its seed only.
 */
#ifndef SH_SAMPLES_ART_H
#define SH_SAMPLES_ART_H

#include "samples/paper.h"

struct _cairo;

/* 1 if the picture lies on top of the text: ink of stamps and pens. */
int sh_art_is_ink(const struct sh_item *it);
/* WORN: stamps print unevenly; not wanted in vector files. */
void sh_art_draw(struct _cairo *cr, const struct sh_item *it, int worn);

/* 1 if there is a picture of that name. */
int sh_art_known(const char *name);

#endif
