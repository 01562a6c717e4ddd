/*
 * Workers that are killed, stopped or hang in the middle of a page: the page
 * is tried in two processes, the pool goes on, nothing stays behind.
 */
#include "tests/unit/test_worker_make.h"

#include <signal.h>
#include <time.h>

static void
nap(void)
{
	static const struct timespec ms5 = { 0, 5000000 };

	(void)nanosleep(&ms5, NULL);
}

/* 1 when there was one to kill. */
static int
murder(const char *mode)
{
	pid_t pid = 0;

	if (find_children(mode, &pid) == 0)
		return (0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	return (1);
}

/* Turn the pool until its reader has that page, then stop the reader. */
static void
wait_for_work(struct sh_pool *p, pid_t not_this)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_reader *r = &p->readers[0];
	int i;

	for (i = 0; i < 6000; i++) {
		assert_true(sh_pool_wait(p, NULL, 0, &err) >= 0);
		if (r->ready && r->job != NULL && r->child.pid != not_this) {
			assert_int_equal(kill(r->child.pid, SIGSTOP), 0);
			return;
		}
		nap();
	}
	fail_msg("no reader took the page");
}

static void
a_killed_reader_costs_one_try(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_raster r;
	struct sh_page *page;
	uint64_t tag;
	pid_t first;
	int fds;

	(void)state;
	must_ptr(sh_pool_engine(p, &err));
	fds = count_fds();
	only_page(p, text_pdf("Nguyen Thi Thanh Dinh"), &r);
	must(sh_read_submit(p, &r, 7, &err));
	wait_for_work(p, 0);
	first = p->readers[0].child.pid;
	assert_true(murder("read"));
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), 1);
	assert_int_equal(tag, 7);
	must_ptr(page);
	assert_true(page->nwords > 0);
	sh_page_free(page);
	assert_int_not_equal(p->readers[0].child.pid, first);
	/* Twice is the page's fault. */
	must(sh_read_submit(p, &r, 8, &err));
	wait_for_work(p, 0);
	first = p->readers[0].child.pid;
	assert_true(murder("read"));
	wait_for_work(p, first);
	assert_true(murder("read"));
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), 1);
	assert_int_equal(tag, 8);
	assert_null(page);
	assert_int_equal(failure.code, SH_ELIBRARY);
	assert_string_equal(failure.key, "worker.killed");
	sh_error_clear(&failure);
	/* The next page is read as if nothing had been. */
	must(sh_read_submit(p, &r, 9, &err));
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), 1);
	assert_int_equal(tag, 9);
	must_ptr(page);
	sh_page_free(page);
	sh_raster_clear(&r);
	assert_int_equal(count_fds(), fds);
	sh_pool_free(p);
	no_children_left();
}

static void
a_stopped_reader_runs_out_of_time(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 1500, 0);
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_raster r;
	struct sh_page *page;
	uint64_t tag;
	pid_t first;

	(void)state;
	must_ptr(sh_pool_engine(p, &err));
	only_page(p, text_pdf("Nguyen Thi Thanh Dinh"), &r);
	must(sh_read_submit(p, &r, 1, &err));
	wait_for_work(p, 0);
	first = p->readers[0].child.pid;
	wait_for_work(p, first);
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), 1);
	assert_null(page);
	assert_int_equal(failure.code, SH_ELIMIT);
	assert_string_equal(failure.key, "page.time-limit");
	sh_raster_clear(&r);
	sh_pool_free(p);
	no_children_left();
}

/* Killed after every page: each page still comes, once, in order. */
static void
a_killed_decoder_goes_on_behind(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	int fd = tiff_file(6, 40, 40, -1);
	uint32_t page, n;
	uint8_t pixel;
	int killed = 0;

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	for (n = 0; n < 6; n++) {
		if (sh_decode_next(d, &r, &page, &err) != 1)
			fail_msg("page %u: [%s] %s", n, err.key, err.text);
		assert_int_equal(page, n);
		must(sh_pread_all(r.fd, &pixel, 1, 0, &err));
		assert_int_equal(pixel, 40 + n);
		sh_raster_clear(&r);
		/* The dead one's next page may lie in its socket. */
		killed += murder("decode");
	}
	assert_true(killed >= 2);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 0);
	sh_decode_close(d);
	(void)close(fd);
	sh_pool_free(p);
	no_children_left();
}

static void
a_stopped_decoder_is_replaced(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 3000, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	int fd = tiff_file(3, 2000, 2000, -1), got = 0, rc;
	uint32_t page;
	pid_t pid = 0;

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	assert_int_equal(find_children("decode", &pid), 1);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	while ((rc = sh_decode_next(d, &r, &page, &err)) != 0) {
		if (rc < 0)
			fail_msg("[%s] %s", err.key, err.text);
		got++;
		sh_raster_clear(&r);
	}
	assert_int_equal(got, 3);
	sh_decode_close(d);
	(void)close(fd);
	sh_pool_free(p);
	no_children_left();
}

/* What the supervisor leaves behind when it is killed: nothing. */
static void
workers_die_with_the_supervisor(void **state)
{
	int pipes[2], status, i;
	pid_t child, worker = 0;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		struct sh_pool *p = start_pool(worker_path(), 0, 0);
		struct sh_error err = SH_ERROR_INIT;

		if (sh_pool_engine(p, &err) == NULL ||
		    write(pipes[1], &p->readers[0].child.pid,
		    sizeof(pid_t)) != sizeof(pid_t))
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(pipes[0], &worker, sizeof(worker)),
	    sizeof(worker));
	assert_int_equal(kill(worker, 0), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	for (i = 0; i < 400 && kill(worker, 0) == 0; i++) {
		char path[64], text[256] = "";
		FILE *f;

		/* An orphan that nobody reaps is dead as well. */
		(void)snprintf(path, sizeof(path), "/proc/%d/stat",
		    (int)worker);
		if ((f = fopen(path, "re")) != NULL) {
			if (fgets(text, sizeof(text), f) != NULL &&
			    strstr(text, ") Z ") != NULL)
				i = 1000;
			(void)fclose(f);
		}
		nap();
	}
	assert_int_not_equal(i, 400);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_reader_costs_one_try),
		cmocka_unit_test(a_stopped_reader_runs_out_of_time),
		cmocka_unit_test(a_killed_decoder_goes_on_behind),
		cmocka_unit_test(a_stopped_decoder_is_replaced),
		cmocka_unit_test(workers_die_with_the_supervisor),
	};

	sh_log_level((enum sh_level)(SH_ERR + 1));
	return (cmocka_run_group_tests_name("worker_death", tests, NULL,
	    NULL));
}
