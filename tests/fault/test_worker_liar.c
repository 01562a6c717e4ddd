/*
 * A worker that was taken over: this program plays it, under a name that
 * tells which lie.  Every lie is refused after two processes, none costs
 * the supervisor more than the page.
 */
#include "tests/unit/test_worker_make.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CONTROL		SH_WORKER_CONTROL

/* ---- the liar ------------------------------------------------------------- */

static void
say(const void *text, size_t len, const int *fds, size_t nfds)
{
	struct iovec iov = { (void *)(uintptr_t)text, len };
	char room[CMSG_SPACE(64 * sizeof(int))];
	struct msghdr m;
	struct cmsghdr *c;

	memset(&m, 0, sizeof(m));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (nfds > 0) {
		memset(room, 0, sizeof(room));
		m.msg_control = room;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	(void)!sendmsg(CONTROL, &m, MSG_NOSIGNAL);
}

static void
say_text(const char *text)
{
	say(text, strlen(text), NULL, 0);
}

/* The supervisor's next message and the descriptors that came with it. */
static void
hear(int *fds)
{
	char text[SH_MESSAGE_MAX], room[CMSG_SPACE(2 * sizeof(int))];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr m;

	memset(&m, 0, sizeof(m));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = room;
	m.msg_controllen = sizeof(room);
	if (recvmsg(CONTROL, &m, 0) <= 0)
		_exit(0);
	if (fds != NULL && CMSG_FIRSTHDR(&m) != NULL)
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), 2 * sizeof(int));
}

static int
sealed(size_t len, int seals)
{
	int fd = memfd_create("lie", MFD_ALLOW_SEALING);

	if (ftruncate(fd, (off_t)len) != 0 || (seals != 0 &&
	    fcntl(fd, F_ADD_SEALS, seals) != 0))
		_exit(1);
	return (fd);
}

#define ALL_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define DIGEST	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"
/* A page message in which one thing may be wrong. */
#define PAGE(n, w, h, ch, exif, digest, coding, bytes)			\
	"{\"page\":" n ",\"width\":" w ",\"height\":" h	\
	",\"channels\":" ch ",\"dpi_x\":300,\"dpi_y\":300,\"exif\":" exif \
	",\"digest\":\"" digest "\",\"coding\":\"" coding		\
	"\",\"components\":1,\"bytes\":" bytes "}"
#define GOOD	PAGE("0", "10", "10", "1", "1", DIGEST, "jpeg", "5")

struct lie {
	const char *name;
	const char *text;	/* the page's message; NULL: a special one */
	size_t pixels, coded;	/* bytes of the files; 0: none */
	int seals;
	const char *key;	/* how it ends; NULL: it is believed */
};

static const struct lie page_lies[] = {
	{ "good", GOOD, 100, 5, ALL_SEALS, NULL },
	{ "no-files", GOOD, 0, 0, 0, "worker.protocol" },
	{ "one-file", GOOD, 100, 0, ALL_SEALS, "worker.protocol" },
	{ "unsealed", GOOD, 100, 5, 0, "worker.protocol" },
	{ "half-sealed", GOOD, 100, 5, F_SEAL_SHRINK | F_SEAL_GROW,
	    "worker.protocol" },
	{ "short", GOOD, 99, 5, ALL_SEALS, "worker.protocol" },
	{ "long", GOOD, 100, 6, ALL_SEALS, "worker.protocol" },
	{ "other-page", PAGE("1", "10", "10", "1", "1", DIGEST, "jpeg", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "negative", PAGE("0", "-10", "10", "1", "1", DIGEST, "jpeg", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "wide", PAGE("0", "30001", "1", "1", "1", DIGEST, "jpeg", "5"),
	    30001, 5, ALL_SEALS, "worker.protocol" },
	{ "giant", PAGE("0", "30000", "30000", "1", "1", DIGEST, "jpeg",
	    "5"), 900000000, 5, ALL_SEALS, "worker.protocol" },
	{ "two-channels", PAGE("0", "10", "10", "2", "1", DIGEST, "jpeg",
	    "5"), 200, 5, ALL_SEALS, "worker.protocol" },
	{ "turned", PAGE("0", "10", "10", "1", "9", DIGEST, "jpeg", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "digest", PAGE("0", "10", "10", "1", "1", "xyz", "jpeg", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "coding", PAGE("0", "10", "10", "1", "1", DIGEST, "jpx", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "float", PAGE("0", "10.5", "10", "1", "1", DIGEST, "jpeg", "5"),
	    100, 5, ALL_SEALS, "worker.protocol" },
	{ "twice", "{\"page\":0,\"page\":0}", 0, 0, 0,
	    "worker.protocol" },
	{ "empty-object", "{}", 0, 0, 0, "worker.protocol" },
	{ "raster-bomb", "{\"page\":0,\"raster_x\":1200,"
	    "\"raster_y\":1200,\"width_pt\":14400,\"height_pt\":14400,\"digest\":\"" DIGEST
	    "\"}", 0, 0, 0, "worker.protocol" },
	{ "error-code", "{\"page\":0,\"error\":{\"code\":\"ok\","
	    "\"key\":\"a.b\",\"text\":\"\",\"sys\":0,\"params\":{}}}", 0, 0,
	    0, "worker.protocol" },
	{ "error-key", "{\"page\":0,\"error\":{\"code\":"
	    "\"format\",\"key\":\"../../x\",\"text\":\"\",\"sys\":0,"
	    "\"params\":{}}}", 0, 0, 0, "worker.protocol" },
	{ "error-true", "{\"page\":0,\"error\":{\"code\":"
	    "\"format\",\"key\":\"image.damaged\",\"text\":\"a\\nb\","
	    "\"sys\":0,\"params\":{\"value\":\"\\u001b[2J\"}}}", 0, 0, 0,
	    "image.damaged" },
	{ "no-memory", "{\"page\":0,\"error\":{\"code\":"
	    "\"no-memory\",\"key\":\"memory.none\",\"text\":\"a\",\"sys\":0,"
	    "\"params\":{}}}", 0, 0, 0, "page.memory-limit" },
	{ "text", "not JSON", 0, 0, 0, "worker.protocol" },
	{ "array", "[1]", 0, 0, 0, "worker.protocol" },
	{ "file", NULL, 0, 0, 0, "worker.protocol" },
	{ "many-files", NULL, 0, 0, 0, "worker.protocol" },
	{ "deep", NULL, 0, 0, 0, "worker.protocol" },
	{ "large", NULL, 0, 0, 0, "worker.protocol" },
	{ "hang", NULL, 0, 0, 0, "page.time-limit" },
	{ "abort", NULL, 0, 0, 0, "worker.killed" },
	{ "leave", NULL, 0, 0, 0, "worker.killed" },
	{ "deaf", NULL, 0, 0, 0, "worker.killed" },
	{ "flood", NULL, 0, 0, 0, NULL },
};

static void
tell(const struct lie *l)
{
	int fds[2];

	fds[0] = l->pixels > 0 ? sealed(l->pixels, l->seals) : -1;
	fds[1] = l->coded > 0 ? sealed(l->coded, l->seals) : -1;
	say(l->text, strlen(l->text), fds, (size_t)(l->pixels > 0) +
	    (size_t)(l->coded > 0));
}

static void
tell_special(const char *name)
{
	static char big[SH_MESSAGE_MAX + 100];
	int fds[40], i;

	if (strcmp(name, "file") == 0) {
		/* Files of the system instead of memory of its own. */
		fds[0] = fds[1] = open("/proc/self/exe", O_RDONLY);
		say(GOOD, strlen(GOOD), fds, 2);
	} else if (strcmp(name, "many-files") == 0) {
		for (i = 0; i < 40; i++)
			fds[i] = sealed(100, ALL_SEALS);
		say(GOOD, strlen(GOOD), fds, 40);
	} else if (strcmp(name, "deep") == 0) {
		memset(big, '[', SH_MESSAGE_MAX);
		say(big, SH_MESSAGE_MAX, NULL, 0);
	} else if (strcmp(name, "large") == 0) {
		memset(big, ' ', sizeof(big));
		memcpy(big, "{}", 2);
		say(big, sizeof(big), NULL, 0);
	} else if (strcmp(name, "abort") == 0) {
		abort();
	} else if (strcmp(name, "leave") == 0) {
		_exit(3);
	} else if (strcmp(name, "deaf") == 0) {
		/* Closes its ends and lives on. */
		(void)close(CONTROL);
		(void)close(2);
	} else if (strcmp(name, "flood") == 0) {
		memset(big, 'x', sizeof(big));
		for (i = 0; i < 500; i++)
			(void)!write(2, big, sizeof(big));
		tell(&page_lies[0]);
	}
}

static void
lie_about_a_reading(const char *name)
{
	int fds[2];

	say_text(strcmp(name, "ready-wrong") == 0 ? "{\"ready\":5}" :
	    "{\"ready\":\"liar 1\"}");
	if (strcmp(name, "unasked") == 0)
		say_text("{\"bytes\":10}");
	hear(fds);
	if (strcmp(name, "reading-huge") == 0) {
		say_text("{\"bytes\":1099511627776}");
	} else if (strcmp(name, "reading-missing") == 0) {
		say_text("{\"bytes\":1000}");
	} else if (strcmp(name, "reading-text") == 0) {
		(void)!write(fds[1], "not JSON", 8);
		say_text("{\"bytes\":8}");
	} else if (strcmp(name, "reading-shape") == 0) {
		(void)!write(fds[1], "{\"words\":7}", 11);
		say_text("{\"bytes\":11}");
	} else if (strcmp(name, "reading-deep") == 0) {
		static char deep[100000];

		memset(deep, '[', sizeof(deep));
		(void)!write(fds[1], deep, sizeof(deep));
		say_text("{\"bytes\":100000}");
	}
	for (;;)
		(void)pause();
}

/* argv: name, mode, ... */
static void
play(const char *name, const char *mode)
{
	size_t i;

	if (strcmp(mode, "read") == 0)
		lie_about_a_reading(name);
	if (strcmp(name, "open-text") == 0)
		say_text("\x01\x02garbage");
	else if (strcmp(name, "open-negative") == 0)
		say_text("{\"open\":\"tiff\",\"npages\":-1}");
	else if (strcmp(name, "open-endless") == 0)
		say_text("{\"open\":\"tiff\",\"npages\":4000000000}");
	else if (strcmp(name, "open-leave") == 0)
		_exit(0);
	else if (strcmp(name, "poison") == 0)
		say_text("{\"open\":\"tiff\",\"npages\":100}");
	else if (strncmp(name, "open-", 5) != 0)
		say_text("{\"open\":\"tiff\",\"npages\":3}");
	hear(NULL);
	if (strcmp(name, "poison") == 0)
		_exit(1);
	for (i = 0; i < SH_COUNT(page_lies); i++)
		if (strcmp(name, page_lies[i].name) == 0) {
			if (page_lies[i].text != NULL)
				tell(&page_lies[i]);
			else
				tell_special(name);
		}
	for (;;)
		(void)pause();
}

/* ---- the tests ----------------------------------------------------------------- */

static char *folder;

/* This program under the name of a lie. */
static const char *
liar(const char *name)
{
	static char path[512];
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	(void)snprintf(path, sizeof(path), "%s/liar-%s", folder, name);
	(void)unlink(path);
	assert_int_equal(symlink(self, path), 0);
	return (path);
}

static void
lies_about_pages_are_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	struct sh_pool *p;
	int fd = tiff_file(1, 5, 5, -1), fds = count_fds(), rc;
	uint32_t page;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(page_lies); i++) {
		const struct lie *l = &page_lies[i];

		p = start_pool(liar(l->name), strcmp(l->name, "hang") == 0 ?
		    200 : 20000, 0);
		must(sh_decode_open(p, fd, &d, &err));
		rc = sh_decode_next(d, &r, &page, &err);
		if (l->key == NULL ? rc != 1 : rc != -1 ||
		    strcmp(err.key, l->key) != 0)
			fail_msg("%s: %d [%s] %s", l->name, rc, err.key,
			    err.text);
		assert_int_equal(page, 0);
		assert_null(strchr(err.text, '\n'));
		sh_error_clear(&err);
		sh_raster_clear(&r);
		sh_decode_close(d);
		sh_pool_free(p);
		if (count_fds() != fds)
			fail_msg("%s leaves descriptors", l->name);
		no_children_left();
	}
	(void)close(fd);
}

static void
lies_about_files_are_refused(void **state)
{
	static const struct {
		const char *name, *key;
	} lies[] = { { "open-text", "worker.protocol" },
	    { "open-negative", "worker.protocol" },
	    { "open-endless", "worker.protocol" },
	    { "open-leave", "worker.killed" },
	    { "open-hang", "page.time-limit" } };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_pool *p;
	int fd = tiff_file(1, 5, 5, -1), fds = count_fds();
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(lies); i++) {
		p = start_pool(liar(lies[i].name), strcmp(lies[i].name,
		    "open-hang") == 0 ? 200 : 20000, 0);
		assert_int_equal(sh_decode_open(p, fd, &d, &err), -1);
		if (strcmp(err.key, lies[i].key) != 0)
			fail_msg("%s: [%s] %s", lies[i].name, err.key,
			    err.text);
		sh_error_clear(&err);
		sh_pool_free(p);
		assert_int_equal(count_fds(), fds);
		no_children_left();
	}
	(void)close(fd);
}

/* Page after page ends its worker: at some point the file is given up. */
static void
a_poisoned_file_is_given_up(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pool *p = start_pool(liar("poison"), 20000, 0);
	struct sh_decoding *d;
	struct sh_raster r;
	int fd = tiff_file(1, 5, 5, -1), n = 0;
	uint32_t page;

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	while (sh_decode_next(d, &r, &page, &err) == -1 &&
	    strcmp(err.key, "worker.killed") == 0) {
		assert_int_equal(page, n);
		n++;
		sh_error_clear(&err);
	}
	assert_int_equal(n, 15);
	assert_int_equal(err.code, SH_ELIMIT);
	assert_string_equal(err.key, "file.deaths");
	sh_error_clear(&err);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 0);
	sh_decode_close(d);
	(void)close(fd);
	sh_pool_free(p);
	no_children_left();
}

static void
lies_about_readings_are_refused(void **state)
{
	static const char *const lies[] = { "reading-huge",
	    "reading-missing", "reading-text", "reading-shape",
	    "reading-deep", "unasked" };
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_pool *real = start_pool(worker_path(), 0, 0), *p;
	struct sh_page *page;
	struct sh_raster r;
	uint64_t tag;
	int fds, rc;
	size_t i;

	(void)state;
	only_page(real, tiff_file(1, 50, 50, -1), &r);
	sh_pool_free(real);
	fds = count_fds();
	for (i = 0; i < SH_COUNT(lies); i++) {
		p = start_pool(liar(lies[i]), 20000, 0);
		must(sh_read_submit(p, &r, i, &err));
		rc = sh_read_wait(p, 1, &tag, &page, &failure, &err);
		if (rc != 1 || page != NULL ||
		    strcmp(failure.key, "worker.protocol") != 0)
			fail_msg("%s: %d [%s] [%s]", lies[i], rc,
			    failure.key, err.key);
		assert_int_equal(tag, i);
		sh_error_clear(&failure);
		sh_pool_free(p);
		assert_int_equal(count_fds(), fds);
		no_children_left();
	}
	/* One that never comes up breaks the pool, not the program. */
	p = start_pool(liar("ready-wrong"), 20000, 0);
	assert_null(sh_pool_engine(p, &err));
	assert_string_equal(err.key, "worker.start");
	sh_error_clear(&err);
	assert_int_equal(sh_read_submit(p, &r, 1, &err), -1);
	sh_pool_free(p);
	sh_raster_clear(&r);
	no_children_left();
}

/*
 * A drawing with a flood of complaints: their end is noticed all the same,
 * and the supervisor does not spin until the time limit.
 */
static void
a_noisy_drawing_ends(void **state)
{
	static const char script[] = "#!/bin/sh\n"
	    "if [ \"$1\" = raster ]; then\n"
	    "	i=0\n"
	    "	while [ $i -lt 300 ]; do\n"
	    "		head -c 4000 /dev/zero >&2 2>/dev/null\n"
	    "		i=$((i + 1))\n"
	    "	done\n"
	    "	printf 'P5 2 1 255\\nab' >&6\n"
	    "	exit 0\n"
	    "fi\n"
	    "exec %s%s \"$@\"\n";
	struct sh_error err = SH_ERROR_INIT;
	char path[300], text[1200];
	struct sh_raster r;
	struct sh_pool *p;
	struct rusage ru;
	uint8_t pixels[2];
	int n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/noisy", folder);
	n = snprintf(text, sizeof(text), script, worker_path()[0] == '/' ?
	    "" : "./", worker_path());
	must(sh_fs_replace(path, text, (size_t)n, 0700, &err));
	p = start_pool(path, 25000, 0);
	only_page(p, text_pdf("x"), &r);
	assert_int_equal(getrusage(RUSAGE_SELF, &ru), 0);
	assert_true(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec < 10);
	assert_int_equal(r.width_px, 2);
	must(sh_pread_all(r.fd, pixels, 2, 0, &err));
	assert_memory_equal(pixels, "ab", 2);
	sh_raster_clear(&r);
	sh_pool_free(p);
}

static int
setup(void **state)
{
	(void)state;
	folder = test_mkdir();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	test_rmdir(folder);
	return (0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies_about_pages_are_refused),
		cmocka_unit_test(lies_about_files_are_refused),
		cmocka_unit_test(a_poisoned_file_is_given_up),
		cmocka_unit_test(lies_about_readings_are_refused),
		cmocka_unit_test(a_noisy_drawing_ends),
	};
	const char *name = strstr(argv[0], "/liar-");

	if (name != NULL && argc > 1)
		play(name + 6, argv[1]);
	sh_log_level((enum sh_level)(SH_ERR + 1));
	return (cmocka_run_group_tests_name("worker_liar", tests, setup,
	    teardown));
}
