/* archive/: a person erased, here and in every copy; everybody else's kept. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "archive/act.h"
#include "archive/backup.h"
#include "archive/erase.h"
#include "archive/keystore.h"
#include "archive/retention.h"
#include "base/secret.h"
#include "tests/unit/archive_scene.h"

#define COUNT	8	/* documents; two of each person, every fourth shared */

static struct sh_signer *signer;
static const struct sh_reader first = { .name = "Văn thư", .agency = "H05.12",
	.purpose = "erasure", .basis = "Law 91/2025/QH15" };
static const struct sh_reader second = { .name = "Lưu trữ viên",
	.agency = "H05.12", .purpose = "erasure" };

static int
setup_all(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret pass;
	char *dir = test_mkdir(), path[200];

	(void)state;
	must(sh_secret_new(&pass, 8, &err));
	memset(pass.data, 'p', pass.len);
	must(sh_signer_make_test_keys(dir, &pass, sh_now(), &err));
	(void)snprintf(path, sizeof(path), "%s/agency.p12", dir);
	must(sh_signer_open_p12(path, &pass, &signer, &err));
	sh_secret_free(&pass);
	test_rmdir(dir);
	return (0);
}

static int
teardown_all(void **state)
{
	(void)state;
	sh_signer_close(signer);
	return (0);
}

static void
make(struct fixture_doc *d, unsigned n)
{
	fixture_make(d, n, n / 2, n % 4 == 0);
}

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	static char access[400];
	struct fixture_doc d;
	struct test *t;
	unsigned n;

	if (scene_setup(state, "", NULL))
		return (-1);
	t = *state;
	(void)snprintf(access, sizeof(access), "%s/access", t->dir);
	t->p.place.access = access;
	reopen(t, 0);
	for (n = 0; n < COUNT; n++) {
		make(&d, n);
		(void)accede(t->ar, &d.acc, SH_ACCEDED);
		fixture_free(&d);
	}
	must(sh_archive_search_follow(t->ar, &err));
	return (0);
}

static struct sh_document_id
id_of(struct sh_archive *ar, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	struct fixture_doc d;

	make(&d, n);
	must(sh_archive_document_id(ar, &d.acc, &id, &err));
	fixture_free(&d);
	return (id);
}

/* A letter for each document: '#' whole, '.' cannot be had. */
static const char *
readable(struct sh_archive *ar)
{
	static char s[COUNT + 1];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	struct fixture_doc d;
	unsigned n;
	int fd;

	for (n = 0; n < COUNT; n++) {
		make(&d, n);
		id = id_of(ar, n);
		fd = sh_memfd("rendition", &err);
		s[n] = sh_archive_get(ar, &fixture_reader, &id, "pdf", fd,
		    &err) == 0 ? '#' : '.';
		(void)close(fd);
		sh_error_clear(&err);
		if (s[n] == '#')
			expect_rendition(ar, &id, "pdf", d.pdf,
			    sizeof(d.pdf));
		fixture_free(&d);
	}
	return (s);
}

static int
found(struct sh_archive *ar, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_query q = { .limit = 10 };
	char word[40];
	json_t *a;
	int r;

	(void)snprintf(word, sizeof(word), "riêng%u", n);
	q.text = word;
	must(sh_archive_find(ar, &fixture_reader, &q, &a, &err));
	r = (int)json_array_size(json_object_get(a, "documents"));
	json_decref(a);
	return (r);
}

/* Person 2 has documents 4, shared with a wife, and 5. */
static void
erase(struct test *t, char proposal[SH_DOCUMENT_ID_LEN])
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_doc d;
	json_t *list;

	make(&d, 4);
	must(sh_archive_propose_erasure(t->ar, &first, &d.holders[0],
	    "người dân yêu cầu", proposal, &err));
	must(sh_archive_erase(t->ar, &second, proposal, signer, &list, &err));
	assert_int_equal(json_array_size(json_object_get(json_object_get(list,
	    "list"), "documents")), 2);
	json_decref(list);
	fixture_free(&d);
}

static void
expect_erased(struct sh_archive *ar, const char *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	json_t *a;

	assert_string_equal(readable(ar), want);
	must(sh_archive_check(ar, NULL, NULL, &a, &err));
	if (json_array_size(json_object_get(a, "findings")) > 0) {
		must(sh_json_print(a, 1, &b, &err));
		fail_msg("%s", (char *)b.data);
	}
	json_decref(a);
}

/* ---- tests --------------------------------------------------------------- */

static void
it_takes_two_and_a_legal_basis(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id = id_of(t->ar, 5);
	char p[SH_DOCUMENT_ID_LEN], hold[SH_DOCUMENT_ID_LEN];
	struct fixture_doc d, none;
	json_t *a;

	make(&d, 4);
	fixture_make(&none, 99, 99, 0);
	must_fail(sh_archive_propose_erasure(t->ar, &second, &d.holders[0],
	    "x", p, &err), SH_EARG);
	must_fail(sh_archive_propose_erasure(t->ar, &first, &none.holders[0],
	    "x", p, &err), SH_ENOTFOUND);
	must_fail(sh_archive_erasures(t->ar, &first, &d.holders[0], &a,
	    &err), SH_ENOTFOUND);
	must(sh_archive_hold(t->ar, &first, &id, "vụ án",
	    (struct sh_date){ 0 }, hold, &err));
	must_fail(sh_archive_propose_erasure(t->ar, &first, &d.holders[0],
	    "x", p, &err), SH_ECONFLICT);
	must(sh_archive_release(t->ar, &first, &id, hold, "xong", &err));
	must(sh_archive_propose_erasure(t->ar, &first, &d.holders[0], "x", p,
	    &err));
	must_fail(sh_archive_erase(t->ar, &first, p, signer, &a, &err),
	    SH_EDENIED);
	must_fail(sh_archive_erase(t->ar, &second,
	    "00112233445566778899aabbccddeeff", signer, &a, &err),
	    SH_ENOTFOUND);
	/* A hold that came after the proposal. */
	must(sh_archive_hold(t->ar, &second, &id, "vụ án",
	    (struct sh_date){ 0 }, hold, &err));
	must_fail(sh_archive_erase(t->ar, &second, p, signer, &a, &err),
	    SH_ECONFLICT);
	must(sh_archive_release(t->ar, &first, &id, hold, "xong", &err));
	must(sh_archive_erasure(t->ar, &first, p, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")), 2);
	json_decref(a);
	expect_erased(t->ar, "########");
	must(sh_archive_erase(t->ar, &second, p, signer, &a, &err));
	json_decref(a);
	must_fail(sh_archive_erase(t->ar, &second, p, signer, &a, &err),
	    SH_ECONFLICT);
	expect_erased(t->ar, "#####.##");
	fixture_free(&d);
	fixture_free(&none);
}

static void
nothing_of_them_is_left_and_all_of_the_others(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_query q = { .limit = 10 };
	char p[SH_DOCUMENT_ID_LEN];
	enum sh_accession_state st;
	struct sh_document_id id;
	struct fixture_doc d;
	json_t *a, *e;

	/* Somebody has read what is erased next; the journal knows. */
	assert_string_equal(readable(t->ar), "########");
	erase(t, p);
	assert_int_equal(found(t->ar, 5), 0);
	assert_int_equal(found(t->ar, 4), 1);
	assert_int_equal(found(t->ar, 6), 1);
	make(&d, 4);
	q.holder = &d.holders[0].id;
	if (sh_archive_find(t->ar, &fixture_reader, &q, &a, &err) == 0) {
		assert_int_equal(json_array_size(json_object_get(a,
		    "documents")), 0);
		json_decref(a);
	}
	sh_error_clear(&err);
	q.holder = &d.holders[1].id;
	must(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")), 1);
	json_decref(a);
	/* Reads are folded into the chains that are left. */
	reopen(t, 0);
	expect_erased(t->ar, "#####.##");
	/* What was done, by whom, on what list. */
	must(sh_archive_erasures(t->ar, &second, &d.holders[0], &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "events")), 2);
	e = json_object_get(json_array_get(json_object_get(a, "events"), 1),
	    "event");
	assert_string_equal(sh_member(e, "event"), "erase");
	assert_string_equal(sh_member(e, "proposed_by"), first.name);
	assert_string_equal(sh_member(e, "actor"), second.name);
	assert_int_equal(strlen(sh_member(e, "list")), 64);
	json_decref(a);
	/* Nothing is filed under that number again. */
	fixture_free(&d);
	fixture_make(&d, 50, 2, 0);
	must_fail(sh_archive_accede(t->ar, &d.acc, &id, &st, &err),
	    SH_ENOTFOUND);
	fixture_free(&d);
}

/* Another process that has read everything, and reads again when told. */
static void
reading_process(const struct test *t, int in, int out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_archive *ar;
	char c;

	must(sh_archive_open(&t->p.place, NULL, 1, &ar, &err));
	if (strcmp(readable(ar), "########") != 0)
		_exit(1);
	if (write(out, "r", 1) != 1)
		_exit(3);
	if (read(in, &c, 1) != 1 || strcmp(readable(ar), "#####.##") != 0)
		_exit(2);
	sh_archive_close(ar);
	_exit(0);
}

static void
who_reads_meanwhile_forgets_them_too(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	char p[SH_DOCUMENT_ID_LEN], c;
	struct sh_archive *reader;
	int to[2], from[2], status;
	pid_t pid;

	sh_archive_close(t->ar);
	t->ar = NULL;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	if ((pid = fork()) == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		reading_process(t, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	must(sh_archive_open(&t->p.place, NULL, 1, &reader, &err));
	assert_string_equal(readable(reader), "########");
	assert_int_equal(read(from[0], &c, 1), 1);
	erase(t, p);
	assert_string_equal(readable(reader), "#####.##");
	assert_int_equal(write(to[1], "e", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sh_archive_close(reader);
	(void)close(to[1]);
	(void)close(from[0]);
}

/* Where this process can write, MASKED stands so often without its mask. */
#define MASK	0x5a

static unsigned
in_memory(const uint8_t masked[SH_KEY_LEN])
{
	const size_t step = 1 << 16;
	unsigned long long from, to, at;
	char line[400], mode[8];
	uint8_t *b;
	unsigned n = 0;
	size_t i, k;
	ssize_t got;
	FILE *maps;
	int mem;

	/* Shared, hence not looked at itself. */
	b = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS, -1, 0);
	assert_true(b != MAP_FAILED);
	assert_non_null(maps = fopen("/proc/self/maps", "r"));
	assert_true((mem = open("/proc/self/mem", O_RDONLY)) >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) != 3 ||
		    strncmp(mode, "rw-p", 4) != 0)
			continue;
		for (at = from; at < to; at += step - SH_KEY_LEN) {
			got = pread(mem, b, to - at < step ? to - at : step,
			    (off_t)at);
			for (i = 0; got > 0 && i + SH_KEY_LEN <= (size_t)got;
			    i++) {
				for (k = 0; k < SH_KEY_LEN && (b[i + k] ^
				    MASK) == masked[k]; k++)
					;
				n += k == SH_KEY_LEN;
			}
		}
	}
	(void)fclose(maps);
	(void)close(mem);
	(void)munmap(b, step);
	return (n);
}

/* Nobody asks any more: whose document was read last is not known either. */
static void
who_has_read_keeps_no_key(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	/* Its shadow is terabytes, and what is freed stays. */
	(void)in_memory;
	(void)state;
	test_skip();
#else
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	uint8_t masked[SH_KEY_LEN], *key;
	struct sh_secret kek = SH_SECRET_INIT, room = SH_SECRET_INIT;
	struct sh_keystore *k;
	struct sh_tag tag;
	struct fixture_doc d;
	uint32_t version = 0;
	char path[500];
	size_t i;

	sh_archive_close(t->ar);
	must(sh_archive_open(&t->p.place, NULL, 1, &t->ar, &err));
	make(&d, COUNT - 1);
	must(sh_holder_tag(t->ar, &d.holders[0].id, d.holders[0].name,
	    d.holders[0].birth, &tag, &err));
	(void)snprintf(path, sizeof(path), "%s/archive.key",
	    t->p.place.keys);
	must(sh_secret_load(&kek, path, 64, &err));
	(void)snprintf(path, sizeof(path), "%s/holders/table",
	    t->p.place.keys);
	must(sh_keystore_open(path, kek.data, 0, &k, &err));
	must(sh_secret_new(&room, SH_KEY_LEN, &err));
	key = room.data;
	assert_int_equal(sh_keystore_get(k, &tag, &version, key, &err), 1);
	for (i = 0; i < SH_KEY_LEN; i++)
		masked[i] = key[i] ^ MASK;
	assert_int_equal(in_memory(masked), 1);
	sh_wipe(key, SH_KEY_LEN);
	assert_string_equal(readable(t->ar), "########");
	assert_int_equal(in_memory(masked), 0);
	sh_keystore_close(k);
	sh_secret_free(&room);
	sh_secret_free(&kek);
	fixture_free(&d);
#endif
}

static void
copy(const char *from, const char *to)
{
	char command[1000];

	(void)snprintf(command, sizeof(command), "cp -a '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static void
backup(struct test *t, const char *dir)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_backup_made made;

	must(sh_archive_backup(t->ar, dir, NULL, 0, &made, &err));
	assert_true(made.number > 0);
}

/* DIR restored with the KEYS: what can be read there. */
static void
expect_restored(const char *dir, const char *keys, const char *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test r = { .dir = test_mkdir() };
	json_t *a;

	fixture_place(&r.p, r.dir, "");
	copy(keys, r.p.keys);
	must(sh_backup_restore(dir, &r.p.place, NULL, UINT64_MAX, NULL, NULL,
	    &a, &err));
	json_decref(a);
	must(sh_archive_open(&r.p.place, NULL, 0, &r.ar, &err));
	expect_erased(r.ar, want);
	assert_int_equal(found(r.ar, 5), want[5] == '#');
	sh_archive_close(r.ar);
	test_rmdir(r.dir);
}

static void
backups_cannot_be_read_of_them_alone(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	char *old = test_mkdir(), *more = test_mkdir(), *late = test_mkdir();
	char p[SH_DOCUMENT_ID_LEN], folder[300], keys[320], files[300];
	char engine[310];
	struct sh_document_id id = id_of(t->ar, 4);
	struct sh_tag document;
	struct fixture_doc d;
	struct sh_archive *ar;
	json_t *act;

	backup(t, old);
	backup(t, more);
	/* A destruction before the erasure, in an increment of its own. */
	memcpy(document.b, id_of(t->ar, 7).b, 16);
	must_ptr(act = sh_act_new(t->ar, "dispose", &first, &err));
	must(sh_act_set_document(act, "document", &document, &err));
	must(sh_act_make(t->ar, act, NULL, &err));
	json_decref(act);
	memcpy(document.b, id.b, 16);
	must_ptr(act = sh_act_new(t->ar, "dispose", &first, &err));
	must(sh_act_set_document(act, "document", &document, &err));
	must(sh_act_make(t->ar, act, NULL, &err));
	json_decref(act);
	backup(t, more);
	(void)snprintf(folder, sizeof(folder), "%s/archive", t->dir);
	(void)snprintf(files, sizeof(files), "%s/copy", t->dir);
	(void)snprintf(keys, sizeof(keys), "%s/keys.old", t->dir);
	make(&d, 5);
	must(sh_archive_propose_erasure(t->ar, &first, &d.holders[0], "x", p,
	    &err));
	fixture_free(&d);
	copy(t->p.keys, keys);
	sh_archive_close(t->ar);
	copy(folder, files);
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	must(sh_archive_erase(t->ar, &second, p, signer, &act, &err));
	json_decref(act);
	expect_erased(t->ar, "####..#.");
	/* From before everything: the wife still has document 4. */
	expect_restored(old, t->p.keys, "#####.##");
	expect_restored(more, t->p.keys, "####..#.");
	/* With the keys of then it is as it was then ... */
	expect_restored(old, keys, "########");
	/* ... but not once the backup knows of the erasure. */
	backup(t, more);
	backup(t, late);
	expect_restored(more, t->p.keys, "####..#.");
	expect_restored(more, keys, "####..#.");
	expect_restored(late, t->p.keys, "####..#.");
	/* The very files of then. */
	(void)snprintf(engine, sizeof(engine), "lmdb:%s", files);
	sh_archive_close(t->ar);
	t->p.place.engine = engine;
	must(sh_archive_open(&t->p.place, NULL, 0, &ar, &err));
	expect_erased(ar, "####..#.");
	sh_archive_close(ar);
	t->p.place.engine = t->p.engine;
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	test_rmdir(old);
	test_rmdir(more);
	test_rmdir(late);
}

/* ---- destruction --------------------------------------------------------- */

#define MANY	120

/* The sealed bytes that an archive's index has of a document. */
struct trace {
	struct sh_tag document;
	uint8_t b[4096];
	size_t len;
};

static int
take_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct trace *trace = arg;

	(void)err;
	if (memcmp(t->sort + 8, trace->document.b, 16) != 0)
		return (0);
	memcpy(trace->b + trace->len, t->value, t->len);
	trace->len += t->len;
	return (0);
}

static void
take_trace(struct sh_archive *ar, const struct sh_holder *h,
    const struct sh_tag *document, struct trace *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_range r = { .table = SH_TABLE_LIST };
	struct sh_tag holder;

	out->document = *document;
	must(sh_holder_tag(ar, &h->id, h->name, h->birth, &holder, &err));
	must(sh_engine_get(ar->engine, &holder, document, out->b, &out->len,
	    &err));
	r.term = holder;
	must(sh_engine_scan(ar->engine, &r, take_entry, out, &err));
}

/* How many traces have sixteen bytes in a row that the file has too. */
static unsigned
found_in(const char *path, const struct trace *traces, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	unsigned i, found = 0;
	size_t at;

	must(sh_fs_read(path, 256 << 20, &b, &err));
	for (i = 0; i < n; i++)
		for (at = 0; at + 16 <= traces[i].len; at += 12)
			if (memmem(b.data, b.len, traces[i].b + at, 16) !=
			    NULL) {
				found++;
				break;
			}
	sh_buf_free(&b);
	return (found);
}

static void
nothing_sealed_is_left_of_what_was_destroyed(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct trace *traces = calloc(MANY, sizeof(*traces));
	struct sh_tag document;
	struct sh_document_id id;
	struct fixture_doc d;
	char path[400];
	unsigned n, gone = 0;
	json_t *act;

	(void)snprintf(path, sizeof(path), "%s/archive/data.mdb", t->dir);
	/* In one chain's order and across chains: pages of any past. */
	for (n = 0; n < MANY; n++) {
		fixture_make(&d, 100 + n, 100 + n % 7, 0);
		id = accede(t->ar, &d.acc, SH_ACCEDED);
		memcpy(document.b, id.b, 16);
		if (n % 3 != 0) {
			take_trace(t->ar, &d.holders[0], &document,
			    &traces[gone++]);
		}
		fixture_free(&d);
	}
	assert_int_equal(found_in(path, traces, gone), gone);
	for (n = 0; n < MANY; n++) {
		if (n % 3 == 0)
			continue;
		fixture_make(&d, 100 + n, 100 + n % 7, 0);
		must(sh_archive_document_id(t->ar, &d.acc, &id, &err));
		memcpy(document.b, id.b, 16);
		must_ptr(act = sh_act_new(t->ar, "dispose", &first, &err));
		must(sh_act_set_document(act, "document", &document, &err));
		must(sh_act_make(t->ar, act, NULL, &err));
		json_decref(act);
		fixture_free(&d);
	}
	/* How many of the pages were used again is chance. */
	assert_true(found_in(path, traces, gone) > 0);
	must(sh_purge(t->ar, &err));
	assert_int_equal(found_in(path, traces, gone), 0);
	reopen(t, 0);
	expect_sound(t->ar, COUNT + MANY - (int)gone, -1, (int)gone * 3);
	/* Life goes on over the pages that were cleared. */
	for (n = 0; n < MANY; n++) {
		fixture_make(&d, 500 + n, 100 + n % 11, 0);
		(void)accede(t->ar, &d.acc, SH_ACCEDED);
		fixture_free(&d);
	}
	reopen(t, 0);
	expect_sound(t->ar, COUNT + 2 * MANY - (int)gone, -1, (int)gone * 3);
	free(traces);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(it_takes_two_and_a_legal_basis),
		T(nothing_of_them_is_left_and_all_of_the_others),
		T(who_reads_meanwhile_forgets_them_too),
		T(who_has_read_keeps_no_key),
		T(backups_cannot_be_read_of_them_alone),
		T(nothing_sealed_is_left_of_what_was_destroyed),
	};

	return (cmocka_run_group_tests_name("archive erasure", tests,
	    setup_all, teardown_all));
}
