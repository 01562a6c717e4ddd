/* An archive of its own for each test, and what tests ask of one. */
#ifndef SH_TESTS_ARCHIVE_SCENE_H
#define SH_TESTS_ARCHIVE_SCENE_H

#include "tests/unit/test.h"

#include <unistd.h>

#include "base/fs.h"
#include "tests/unit/archive_fixture.h"

struct test {
	char *dir;
	struct fixture_place p;
	const struct sh_catalogue *catalogue;
	struct sh_archive *ar;
};

static inline int
scene_setup(void **state, const char *options,
    const struct sh_catalogue *catalogue)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = calloc(1, sizeof(*t));

	t->dir = test_mkdir();
	t->catalogue = catalogue;
	fixture_place(&t->p, t->dir, options);
	must(sh_archive_create(&t->p.place, &err));
	must(sh_archive_open(&t->p.place, catalogue, 0, &t->ar, &err));
	*state = t;
	return (0);
}

static inline int
teardown(void **state)
{
	struct test *t = *state;

	sh_archive_close(t->ar);
	test_rmdir(t->dir);
	free(t);
	return (0);
}

static inline void
reopen(struct test *t, int readonly)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_archive_close(t->ar);
	t->ar = NULL;
	must(sh_archive_open(&t->p.place, t->catalogue, readonly, &t->ar,
	    &err));
}

static inline struct sh_document_id
accede(struct sh_archive *ar, const struct sh_accession *acc,
    enum sh_accession_state want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	enum sh_accession_state state;

	must(sh_archive_accede(ar, acc, &id, &state, &err));
	assert_int_equal(state, want);
	return (id);
}

/* The check finds nothing wrong; its answer's counts. */
static inline void
expect_sound(struct sh_archive *ar, int documents, int blobs,
    int unreferenced)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	json_t *a;

	must(sh_archive_check(ar, NULL, NULL, &a, &err));
	if (json_array_size(json_object_get(a, "findings")) > 0) {
		must(sh_json_print(a, 1, &b, &err));
		fail_msg("%s", (char *)b.data);
	}
	assert_int_equal(json_integer_value(json_object_get(a, "documents")),
	    documents);
	if (blobs >= 0)
		assert_int_equal(json_integer_value(json_object_get(a,
		    "blobs")), blobs);
	assert_int_equal(json_integer_value(json_object_get(a,
	    "unreferenced")), unreferenced);
	json_decref(a);
}

static inline json_t *
show(struct sh_archive *ar, const struct sh_document_id *id)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *v;

	must(sh_archive_show(ar, &fixture_reader, id, &v, &err));
	return (v);
}

static inline void
expect_rendition(struct sh_archive *ar, const struct sh_document_id *id,
    const char *name, const void *want, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	int fd;

	fd = sh_memfd("rendition", &err);
	must(sh_archive_get(ar, &fixture_reader, id, name, fd, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	must(sh_fs_read_fd(fd, 64 << 20, &b, &err));
	assert_int_equal(b.len, len);
	assert_true(len == 0 || memcmp(b.data, want, len) == 0);
	(void)close(fd);
	sh_buf_free(&b);
}

static inline size_t
count_found(struct sh_archive *ar, const struct sh_query *q)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;
	size_t n;

	must(sh_archive_find(ar, &fixture_reader, q, &a, &err));
	n = json_array_size(json_object_get(a, "documents"));
	json_decref(a);
	return (n);
}

#endif
