/*
 * What art.c and art_print.c share.
 */
#ifndef SH_SAMPLES_ART_INTERNAL_H
#define SH_SAMPLES_ART_INTERNAL_H

#include "samples/paper.h"
#include "samples/rng.h"

struct _cairo;

void sh_art_colour(struct _cairo *cr, uint32_t rgb, double alpha);
void sh_art_star(struct _cairo *cr, double x, double y, double radius);

void sh_art_qr(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_emblem(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_portrait(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_guilloche(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_card(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_finger(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_chip(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_frame(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_parcel(struct _cairo *cr, const struct sh_item *it, int worn);
void sh_art_plan(struct _cairo *cr, const struct sh_item *it, int worn);

#endif
