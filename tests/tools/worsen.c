/*
 * An archived document as an older engine would have read it, for tests of
 * reading again:
 *
 *	worsen HOME DOCUMENT [FIELD=VALUE]
 *
 * Every third word of its readings is cut and doubted; the field's value,
 * when given, is what was read.  What was archived is superseded; prints the
 * worse document's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "pipeline/home.h"
#include "pipeline/reread.h"

#define OLDER		"tesseract 4.1.0 vie 00000000"

static struct sh_error err = SH_ERROR_INIT;

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "worsen: %s: [%s] %s\n", what, err.key,
	    err.text);
	exit(70);
}

static json_t *
readings(struct sh_archive *ar, const struct sh_document_id *id)
{
	struct sh_reader who = { .machine = 1, .name = "worsen",
	    .agency = "H05", .purpose = "test" };
	int fd = sh_memfd("reading", &err);
	json_t *v;
	off_t n;
	void *p;

	check(sh_archive_get(ar, &who, id, "reading", fd, &err), "reading");
	n = lseek(fd, 0, SEEK_END);
	p = mmap(NULL, (size_t)n, PROT_READ, MAP_SHARED, fd, 0);
	v = sh_json_parse(p, (size_t)n, 1 << 28, &err);
	check(v == NULL ? -1 : 0, "reading");
	(void)munmap(p, (size_t)n);
	(void)close(fd);
	return (v);
}

/* Page by page with every third word cut to its first letter. */
static void
worsen(json_t *page)
{
	json_t *line, *word;
	size_t i, k, n = 0;
	char first[2] = "";

	json_array_foreach(json_object_get(page, "lines"), i, line)
		json_array_foreach(json_object_get(line, "words"), k, word) {
			if (n++ % 3 != 0)
				continue;
			first[0] = json_string_value(json_object_get(word,
			    "text"))[0];
			if ((unsigned char)first[0] < 0x80)
				(void)json_object_set_new(word, "text",
				    json_string(first));
			(void)json_object_set_new(word, "confidence_e3",
			    json_integer(300));
		}
}

int
main(int argc, char **argv)
{
	struct sh_page *page[16];
	struct sh_reader who = { .name = "worsen", .agency = "H05",
	    .purpose = "test" };
	struct sh_document_id id;
	struct sh_home *h;
	json_t *record, *all, *fields, *v;
	char name[SH_DOCUMENT_ID_LEN], *value;
	size_t i, n;

	if (argc < 3 || sh_document_id_parse(argv[2], &id))
		return (64);
	check(sh_home_open(argv[1], SH_HOME_WRITE, &h, &err), argv[1]);
	who.machine = 1;
	check(sh_archive_show(h->archive, &who, &id, &record, &err),
	    argv[2]);
	all = readings(h->archive, &id);
	n = json_array_size(all);
	for (i = 0; i < n && i < 16; i++) {
		worsen(json_array_get(all, i));
		check(sh_page_from_json(json_array_get(all, i), &page[i],
		    &err), "a page");
	}
	fields = json_object_get(record, "fields");
	if (argc > 3 && (value = strchr(argv[3], '=')) != NULL) {
		*value++ = '\0';
		v = json_object_get(fields, argv[3]);
		(void)json_object_set_new(v, "value", json_string(value));
	}
	who.machine = 0;
	check(sh_reread_replace(h, &who, record,
	    (const struct sh_page *const *)page, n, fields, OLDER, &id,
	    &err), "the older version");
	sh_document_id_print(&id, name);
	(void)printf("%s\n", name);
	for (i = 0; i < n; i++)
		sh_page_free(page[i]);
	json_decref(all);
	json_decref(record);
	sh_home_close(h);
	return (0);
}
