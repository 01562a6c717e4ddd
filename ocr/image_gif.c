/* Source: w3.org/Graphics/GIF/spec-gif89a.txt. */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "base/mem.h"

#define BLOCKS_MAX	4096	/* extension blocks before the image */

struct gif {
	GifFileType *file;
	const uint8_t *at, *end;
	int ended_early;
	int transparent;	/* palette index, or -1 */
	uint8_t palette[256][3];
	unsigned npalette;
};

static int
on_read(GifFileType *file, GifByteType *dst, int len)
{
	struct gif *g = file->UserData;
	size_t n = (size_t)(g->end - g->at);

	if (len < 0)
		return (0);
	if (n < (size_t)len)
		g->ended_early = 1;
	else
		n = (size_t)len;
	memcpy(dst, g->at, n);
	g->at += n;
	return ((int)n);
}

static int
failed(const struct gif *g, struct sh_error *err)
{
	const char *text = g->file != NULL ? GifErrorString(g->file->Error) :
	    NULL;

	if (g->ended_early)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "GIF: the file ends early"));
	return (sh_error_set(err, SH_EFORMAT, "image.damaged", "GIF: %s",
	    text != NULL ? text : "not well formed"));
}

static int
read_extension(struct gif *g)
{
	GraphicsControlBlock control;
	GifByteType *block;
	int code, n = 0;

	if (DGifGetExtension(g->file, &code, &block) != GIF_OK)
		return (-1);
	while (block != NULL) {
		if (code == GRAPHICS_EXT_FUNC_CODE && block[0] == 4 &&
		    DGifExtensionToGCB(4, block + 1, &control) == GIF_OK)
			g->transparent = control.TransparentColor;
		if (++n > BLOCKS_MAX ||
		    DGifGetExtensionNext(g->file, &block) != GIF_OK)
			return (-1);
	}
	return (0);
}

/* Up to the next image: 1, 0 when there is none, -1. */
static int
find_image(struct gif *g)
{
	GifRecordType type;
	int n;

	for (n = 0; n < BLOCKS_MAX; n++) {
		if (DGifGetRecordType(g->file, &type) != GIF_OK)
			return (-1);
		if (type == IMAGE_DESC_RECORD_TYPE)
			return (1);
		if (type == TERMINATE_RECORD_TYPE)
			return (0);
		if (type == EXTENSION_RECORD_TYPE && read_extension(g) != 0)
			return (-1);
	}
	return (-1);
}

static int
read_palette(struct gif *g)
{
	const ColorMapObject *map = g->file->Image.ColorMap != NULL ?
	    g->file->Image.ColorMap : g->file->SColorMap;
	int i;

	if (map == NULL || map->ColorCount < 1 || map->ColorCount > 256)
		return (-1);
	for (i = 0; i < map->ColorCount; i++) {
		g->palette[i][0] = map->Colors[i].Red;
		g->palette[i][1] = map->Colors[i].Green;
		g->palette[i][2] = map->Colors[i].Blue;
	}
	g->npalette = (unsigned)map->ColorCount;
	/* What shows through is paper. */
	if (g->transparent >= 0 && g->transparent < map->ColorCount)
		memset(g->palette[g->transparent], 255, 3);
	return (0);
}

static int
read_rows(struct gif *g, struct sh_pixels *px, struct sh_error *err)
{
	static const int first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };
	const struct sh_colour colour = { .model = SH_COLOUR_PALETTE,
	    .nsamples = 1, .alpha = -1, .npalette = g->npalette,
	    .palette = (const uint8_t (*)[3])g->palette };
	const GifImageDesc *d = &g->file->Image;
	int pass, y, passes = d->Interlace ? 4 : 1;
	uint8_t *row;

	if ((row = sh_alloc((size_t)d->Width, 1, "a row", err)) == NULL)
		return (-1);
	for (pass = 0; pass < passes; pass++)
		for (y = passes > 1 ? first[pass] : 0; y < d->Height;
		    y += passes > 1 ? step[pass] : 1) {
			if (DGifGetLine(g->file, row, d->Width) != GIF_OK) {
				free(row);
				return (failed(g, err));
			}
			sh_colour_row(&colour, row, (size_t)d->Width,
			    px->data + ((size_t)(d->Top + y) *
			    (size_t)px->width_px + (size_t)d->Left) * 3);
		}
	free(row);
	return (0);
}

static int
decode(struct gif *g, struct sh_pixels *px, struct sh_error *err)
{
	const GifImageDesc *d = &g->file->Image;
	int width = g->file->SWidth, height = g->file->SHeight;

	if (find_image(g) != 1 || DGifGetImageDesc(g->file) != GIF_OK ||
	    read_palette(g) != 0)
		return (failed(g, err));
	/* Some writers leave the screen's size out. */
	if (width == 0 || height == 0) {
		width = d->Left + d->Width;
		height = d->Top + d->Height;
	}
	if (d->Left < 0 || d->Top < 0 || d->Width < 1 || d->Height < 1 ||
	    d->Left + d->Width > width || d->Top + d->Height > height)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "GIF: an image of %dx%d px leaves its screen", d->Width,
		    d->Height));
	if (sh_pixels_new(px, width, height, 3, err))
		return (-1);
	if (d->Width < width || d->Height < height)
		memset(px->data, 255, px->mapped);
	if (read_rows(g, px, err))
		return (-1);
	switch (find_image(g)) {
	case 1:
		return (sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
		    "GIF with a second image: it moves"));
	case 0:
		return (0);
	default:
		return (failed(g, err));
	}
}

static int
gif_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct gif g = { .at = im->data, .end = im->data + im->len,
	    .transparent = -1 };
	struct sh_span all = { im->data, im->len };
	int rc;

	if ((g.file = DGifOpen(&g, on_read, NULL)) == NULL)
		return (failed(&g, err));
	rc = decode(&g, &out->pixels, err);
	(void)DGifCloseFile(g.file, NULL);
	if (rc != 0 || sh_image_drop_colour(&out->pixels, err) ||
	    sh_image_code(out, 0, err))
		return (-1);
	return (sh_image_digest("gif", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_gif = {
	.kind = "gif", .open = sh_image_open_single, .page = gif_page
};
