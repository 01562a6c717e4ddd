/*
 * Every page of the shared samples as PDF/A-1b, as fed, some of
 * them in layers: what preflight, qpdf and pdftotext make of the file.
 */
#include "tests/unit/test.h"
#include "tests/unit/shell.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/image.h"
#include "ocr/layers.h"

#define PAGES_MAX	200
#define LAYERED		12	/* one page in so many */
#define FILE_MAX	((size_t)64 << 20)

static struct {
	struct sh_pdfa_page page[PAGES_MAX];
	struct sh_pdfa_layers layers[PAGES_MAX];
	size_t n, nlayered;
	int images;
	uint64_t at;
	struct sh_buf text;	/* a word a line: what the truth says */
} all;

/* The truth's lines, spread over the page. */
static struct sh_page *
reading(const json_t *truth, const struct sh_pixels *px)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = sh_page_new(&err);
	char *copy, *rest, *line, *word;
	int y = 40, step, n = 1;

	must_ptr(p);
	p->width_px = px->width_px;
	p->height_px = px->height_px;
	p->dpi = p->dpi_y = px->dpi_x > 0 ? px->dpi_x : 300;
	p->dpi_known = 1;
	must_ptr(copy = sh_asprintf(&err, "%s", json_string_value(
	    json_object_get(truth, "text"))));
	for (rest = copy; *rest != '\0'; rest++)
		n += *rest == '\n';
	step = (px->height_px - 80) / n;
	for (rest = copy; (line = strsep(&rest, "\n")) != NULL; y += step) {
		int room = px->width_px - 80, x = 40, h = step * 2 / 3;
		int chars = (int)sh_utf8_count(line, strlen(line));

		if (chars == 0)
			continue;
		must(sh_page_add_line(p, (struct sh_box){ x, y, room, h },
		    (int32_t[4]){ x, y + h, x + room, y + h }, 0, &err));
		while ((word = strsep(&line, " ")) != NULL) {
			int w = (int)sh_utf8_count(word, strlen(word)) *
			    room / (chars + 1);

			if (*word == '\0')
				continue;
			must(sh_page_add_word(p, word, (struct sh_box){ x, y,
			    w > 0 ? w : 1, h }, 0.9, &err));
			must(sh_buf_printf(&all.text, &err, "%s\n", word));
			x += w + room / (chars + 1);
		}
	}
	free(copy);
	return (p);
}

static void
keep(const struct sh_buf *b)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_write_all(all.images, b->data, b->len, &err));
	all.at += b->len;
}

static void
in_layers(const struct sh_pixels *px, struct sh_pdfa_page *to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdfa_layers *of = &all.layers[all.n];
	struct sh_layers l;
	size_t i;
#define MOVE(im)	((im).fd = all.images, (im).offset += all.at)

	must(sh_layers_make(px, px->dpi_x, &l, &err));
	*of = l.of;
	MOVE(of->background);
	for (i = 0; i < of->nstencils; i++) {
		MOVE(of->stencil[i].ink);
		MOVE(of->stencil[i].mask);
	}
	for (i = 0; i < of->npatches; i++)
		MOVE(of->patch[i].image);
#undef MOVE
	keep(&l.bytes);
	sh_layers_clear(&l);
	to->layers = of;
	all.nlayered++;
}

static void
take(const struct sh_image_page *ip, const json_t *truth)
{
	struct sh_pdfa_page *to = &all.page[all.n];

	if (all.n == PAGES_MAX || ip->needs_raster)
		return;
	to->page = reading(truth, &ip->pixels);
	to->exif_orientation = 1;
	if (all.n % LAYERED == 0 && ip->coding == SH_IMAGE_JPEG) {
		in_layers(&ip->pixels, to);
	} else {
		to->image = (struct sh_page_image){ .fd = all.images,
		    .offset = all.at, .bytes = ip->coded.len,
		    .coding = ip->coding, .width_px = ip->coded_width_px,
		    .height_px = ip->coded_height_px,
		    .components = ip->components };
		keep(&ip->coded);
	}
	all.n++;
}

static void
take_dossier(const char *folder)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char path[1400];
	json_t *truth, *dossier, *page, *name;
	size_t i, k;

	(void)snprintf(path, sizeof(path), "%s/truth.json", folder);
	assert_non_null(truth = json_load_file(path, 0, NULL));
	(void)snprintf(path, sizeof(path), "%s/dossier.json", folder);
	assert_non_null(dossier = json_load_file(path, 0, NULL));
	json_array_foreach(json_object_get(dossier, "scans"), i, name) {
		struct sh_image *im;
		struct sh_image_page ip;
		uint32_t n = 0;

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    json_string_value(name));
		sh_buf_reset(&b);
		must(sh_fs_read(path, FILE_MAX, &b, &err));
		must(sh_image_open(b.data, b.len, &im, &err));
		while (sh_image_next(im, &ip, &n, &err) == 1) {
			json_array_foreach(json_object_get(truth, "pages"),
			    k, page)
				if (json_integer_value(json_object_get(page,
				    "scan")) == (json_int_t)i &&
				    json_integer_value(json_object_get(page,
				    "page")) == (json_int_t)n)
					take(&ip, page);
			sh_image_page_clear(&ip);
		}
		sh_image_close(im);
	}
	json_decref(truth);
	json_decref(dossier);
	sh_buf_free(&b);
}

static void
every_sample_is_pdfa(void **state)
{
	static const struct sh_pdfa_info info = { SH_PDFA_1B, "Mẫu", NULL,
	    NULL, 1700000000 };
	struct sh_error err = SH_ERROR_INIT;
	const char *root = test_shared("samples/dossiers");
	char *dir, path[1100], *out;
	struct dirent **names = NULL;
	int n, i, fd;

	(void)state;
	if (root == NULL)
		test_skip();
	dir = test_mkdir();
	assert_true((all.images = sh_memfd("images", &err)) >= 0);
	assert_true((n = scandir(root, &names, NULL, alphasort)) > 2);
	for (i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", root,
		    names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			take_dossier(path);
		free(names[i]);
	}
	free(names);
	assert_true(all.n > 20 && all.nlayered > 3);
	(void)snprintf(path, sizeof(path), "%s/all.pdf", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	must(sh_pdfa_write(fd, &info, all.page, all.n, &err));
	(void)close(fd);
	print_message("# %zu pages, %zu of them in layers\n", all.n,
	    all.nlayered);
	out = run("tests/tools/preflight.sh %s 2>&1", path);
	if (strstr(out, "is a valid PDF/A-1b file") == NULL)
		fail_msg("%s", out);
	free(out);
	free(run("qpdf --check %s 2>&1", path));
	/* Every word comes back, in the order of the writing. */
	out = run("pdftotext -raw %s - | tr -s ' \\f\\n' '\\n' | "
	    "sed '/^$/d'", path);
	if (strcmp(out, (char *)all.text.data) != 0) {
		for (i = 0; out[i] == (char)all.text.data[i]; i++)
			;
		fail_msg("text differs at byte %d: %.60s", i, out + i);
	}
	free(out);
	while (all.n > 0) {
		struct sh_page *p;

		memcpy(&p, &all.page[--all.n].page, sizeof(p));
		sh_page_free(p);
	}
	(void)close(all.images);
	sh_buf_free(&all.text);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_is_pdfa),
	};

	return (cmocka_run_group_tests_name("pdfa samples", tests, NULL,
	    NULL));
}
