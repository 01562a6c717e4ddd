#include "samples/raster.h"

#include <stdlib.h>

#include "samples/keep.h"

void
sh_raster_new(struct sh_raster *r, unsigned w, unsigned h, unsigned dpi)
{
	r->w = w;
	r->h = h;
	r->dpi = dpi;
	r->px = sh_keep((size_t)w * h, 3);
}

void
sh_raster_free(struct sh_raster *r)
{
	free(r->px);
	r->px = NULL;
}
