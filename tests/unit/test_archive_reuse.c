/* archive/: who is the same, receipts, notices, the clocks, destruction. */
#include "archive/act.h"
#include "archive/backup.h"
#include "archive/retention.h"
#include "archive/reuse.h"
#include "base/secret.h"
#include "tests/unit/archive_scene.h"

static struct sh_catalogue *catalogue;
static struct sh_signer *signer;

static int
setup_all(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret pass;
	char *dir = test_mkdir(), path[200];

	(void)state;
	must(sh_catalogue_load(NULL, &catalogue, &err));
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
	sh_catalogue_free(catalogue);
	return (0);
}

static int
setup(void **state)
{
	return (scene_setup(state, "", catalogue));
}

/* Document N of a real type, in a dossier of its own year. */
static struct sh_document_id
file_paper(struct test *t, unsigned n, const struct sh_holder *holder,
    const char *type, const char *dossier)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_doc d;
	struct sh_document_id id;
	enum sh_accession_state state;

	fixture_make(&d, n, 1, 0);
	d.holders[0] = *holder;
	d.acc.type = sh_catalogue_type(catalogue, type);
	d.acc.dossier = dossier;
	d.acc.procedure = "1.004222";
	d.acc.component = "03";
	d.acc.issued = (struct sh_date){ 2026, 1, 1 };
	must(sh_archive_accede(t->ar, &d.acc, &id, &state, &err));
	fixture_free(&d);
	return (id);
}

static struct sh_holder
citizen(const char *number)
{
	struct sh_holder h = { .id = { .kind = SH_ID_CITIZEN },
	    .name = "Nguyễn Văn Thử", .role = "subject" };

	(void)snprintf(h.id.value, sizeof(h.id.value), "%s", number);
	return (h);
}

static struct sh_holder
other(enum sh_id_kind kind, const char *number)
{
	struct sh_holder h = citizen(number);

	h.id.kind = kind;
	return (h);
}

static size_t
holds(struct test *t, const struct sh_holder *h)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_query q = { .limit = 1000 };
	json_t *a;
	size_t n;

	if (h->id.kind == SH_ID_NONE) {
		q.name = h->name;
		q.birth = h->birth;
	} else {
		q.holder = &h->id;
	}
	must(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err));
	n = json_array_size(json_object_get(a, "documents"));
	json_decref(a);
	return (n);
}

/* The archive agrees with itself. */
static void
expect_whole(struct test *t)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a, *list;
	char *s;

	must(sh_archive_check(t->ar, NULL, NULL, &a, &err));
	list = json_object_get(a, "findings");
	if (json_array_size(list) > 0) {
		s = json_dumps(list, JSON_INDENT(1));
		fail_msg("%s", s);
	}
	json_decref(a);
}

/* ---- who is the same ----------------------------------------------------- */

static void
an_old_number_finds_both_ways(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder new = citizen("027090098192");
	struct sh_holder old = other(SH_ID_OLD, "125012345");
	struct sh_holder third = citizen("027090098193");
	struct sh_query q = { .limit = 3, .holder = &old.id };
	json_t *a, *v, *seen = json_object();
	char cursor[100] = "";
	unsigned i;

	for (i = 0; i < 40; i++)
		(void)file_paper(t, i, i % 2 ? &new : &old, "gplx", "D1");
	assert_int_equal(holds(t, &new), 20);
	must(sh_archive_alias(t->ar, &fixture_reader, &new, &old,
	    "Xác nhận số CMND", &err));
	must(sh_archive_alias(t->ar, &fixture_reader, &new, &old,
	    "Xác nhận số CMND", &err));
	assert_int_equal(holds(t, &new), 40);
	assert_int_equal(holds(t, &old), 40);
	/* Page by page, each once, the newest first. */
	do {
		q.after = cursor[0] != '\0' ? cursor : NULL;
		must(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err));
		json_array_foreach(json_object_get(a, "documents"), i, v)
			assert_int_equal(json_object_set_new_nocheck(seen,
			    sh_member(v, "id"), json_true()), 0);
		if (sh_member(a, "next") != NULL)
			(void)snprintf(cursor, sizeof(cursor), "%s",
			    sh_member(a, "next"));
		i = sh_member(a, "next") != NULL;
		json_decref(a);
	} while (i);
	assert_int_equal(json_object_size(seen), 40);
	json_decref(seen);
	must_fail(sh_archive_alias(t->ar, &fixture_reader, &third, &old, "x",
	    &err), SH_ECONFLICT);
	must_fail(sh_archive_alias(t->ar, &fixture_reader, &old, &new, "x",
	    &err), SH_EARG);
	must_fail(sh_archive_alias(t->ar, &fixture_reader, &third, &new, "x",
	    &err), SH_EARG);
	must_fail(sh_archive_alias(t->ar, &fixture_reader, &third,
	    &(struct sh_holder){ .id = { SH_ID_PASSPORT, "B1234567" } }, "",
	    &err), SH_EARG);
	expect_whole(t);
}

static void
a_child_gets_its_number(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder child = { .name = "Lê Thị Thử", .role = "subject",
	    .birth = { 2026, 1, 31 } };
	struct sh_holder numbered = child;
	json_t *a, *v;
	size_t n;

	(void)file_paper(t, 1, &child, "giay-chung-sinh", "D1");
	(void)file_paper(t, 2, &child, "giay-khai-sinh", "D1");
	numbered.id.kind = SH_ID_CITIZEN;
	(void)strcpy(numbered.id.value, "027326000123");
	assert_int_equal(holds(t, &numbered), 0);
	must(sh_archive_file(t->ar, &fixture_reader, &numbered,
	    "Giấy khai sinh số 12", &n, &err));
	assert_int_equal(n, 2);
	must(sh_archive_file(t->ar, &fixture_reader, &numbered,
	    "Giấy khai sinh số 12", &n, &err));
	assert_int_equal(holds(t, &numbered), 2);
	assert_int_equal(holds(t, &child), 2);
	must(sh_archive_need_of(t->ar, &fixture_reader, "1.001193", &child,
	    (struct sh_date){ 2026, 2, 1 }, &a, &err));
	v = json_array_get(json_object_get(a, "components"), 1);
	assert_string_equal(sh_member(v, "type"), "giay-chung-sinh");
	assert_non_null(sh_member(v, "document"));
	json_decref(a);
	numbered.name = "Lê Thị Khác";
	must_fail(sh_archive_file(t->ar, &fixture_reader, &numbered, "x", &n,
	    &err), SH_ENOTFOUND);
	expect_whole(t);
}

static void
a_branch_stands_on_its_enterprise(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder firm = other(SH_ID_TAX, "2300000011");
	struct sh_holder branch = other(SH_ID_TAX, "2300000011-001");
	const struct sh_procedure *p = NULL;
	const struct sh_component *c = NULL;
	size_t i, k, m;
	json_t *a, *v;

	(void)file_paper(t, 1, &firm, "gcn-dkdn", "D1");
	/* A procedure that asks for the enterprise's certificate. */
	for (i = 0; i < sh_catalogue_nprocedures(catalogue) && c == NULL;
	    i++) {
		p = sh_catalogue_procedure_at(catalogue, i);
		for (k = 0; k < p->ncomponents && c == NULL; k++)
			for (m = 0; m < p->components[k].ntypes; m++)
				if (strcmp(p->components[k].types[m]->slug,
				    "gcn-dkdn") == 0)
					c = &p->components[k];
	}
	assert_non_null(c);
	must(sh_archive_need(t->ar, &fixture_reader, p->code, &branch.id,
	    (struct sh_date){ 2026, 6, 1 }, &a, &err));
	v = json_array_get(json_object_get(a, "components"),
	    (size_t)(c - p->components));
	assert_string_equal(sh_member(v, "state"), "held");
	json_decref(a);
}

/* ---- reuse --------------------------------------------------------------- */

static json_t *
reuse(struct test *t, const struct sh_document_id *id,
    const struct sh_holder *h, const char *dossier, const char *component,
    int instead, enum sh_code want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_reuse u = { .document = *id, .holder = h,
	    .dossier = dossier, .procedure = "1.004222",
	    .component = component, .day = { 2026, 6, 1 },
	    .instead = instead };
	json_t *a = NULL;

	if (want == SH_OK)
		must(sh_archive_reuse(t->ar, &fixture_reader, &u, signer, &a,
		    &err));
	else
		must_fail(sh_archive_reuse(t->ar, &fixture_reader, &u,
		    signer, &a, &err), want);
	return (a);
}

static json_t *
dossier(struct test *t, const char *code)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;

	must(sh_archive_dossier(t->ar, &fixture_reader, code, NULL,
	    "{holder}.{type}.{id}", &a, &err));
	return (a);
}

/* The first component of the catalogue that names TYPE. */
static const struct sh_component *
component_for(const char *type)
{
	const struct sh_procedure *p = sh_catalogue_procedure(catalogue,
	    "1.004222");
	size_t i, k;

	for (i = 0; i < p->ncomponents; i++)
		for (k = 0; k < p->components[i].ntypes; k++)
			if (strcmp(p->components[i].types[k]->slug, type) ==
			    0)
				return (&p->components[i]);
	return (NULL);
}

static void
a_receipt_is_one_and_tells_of_revocation(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder h = citizen("027090098192");
	struct sh_holder wrong = citizen("027090098193");
	const struct sh_component *c = component_for("gcn-qsdd");
	struct sh_document_id id, new;
	json_t *a, *b, *v;
	size_t i, n = 0;

	assert_non_null(c);
	id = file_paper(t, 1, &h, "gcn-qsdd", "D1");
	a = reuse(t, &id, &h, "D2", c->code, 0, SH_OK);
	b = reuse(t, &id, &h, "D2", c->code, 0, SH_OK);
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	json_decref(reuse(t, &id, &h, "D3", c->code, 0, SH_OK));
	assert_null(reuse(t, &id, &wrong, "D4", c->code, 0, SH_ECONFLICT));
	assert_null(reuse(t, &id, &h, "D4", c->code, 1, SH_ECONFLICT));
	assert_null(reuse(t, &id, &h, "D4", "99", 0, SH_ENOTFOUND));
	a = dossier(t, "D2");
	json_array_foreach(json_object_get(a, "components"), i, v) {
		if (strcmp(sh_member(v, "MaThanhPhanHoSo"), c->code) != 0)
			continue;
		assert_int_equal(json_integer_value(json_object_get(v,
		    "DuocTaiSuDung")), 1);
		assert_int_equal(json_integer_value(json_object_get(v,
		    "DuocSoHoa")), 0);
		assert_int_equal(strncmp(sh_member(v, "MaGiayToKetQua"),
		    "027090098192.gcn-qsdd.", 22), 0);
		n++;
	}
	assert_int_equal(n, 1);
	json_decref(a);
	expect_whole(t);
	/* A newer one takes its place: both dossiers are told. */
	new = file_paper(t, 2, &h, "gcn-qsdd", "D5");
	must(sh_archive_supersede(t->ar, &fixture_reader, &id, &new,
	    "cấp đổi", &err));
	must(sh_archive_proof(t->ar, &fixture_reader, &h, &id, &a, &err));
	n = 0;
	json_array_foreach(json_object_get(a, "events"), i, v) {
		v = json_object_get(v, "event");
		n += strcmp(sh_member(v, "event"), "notice") == 0 &&
		    strcmp(sh_member(v, "cause"), "supersede") == 0;
	}
	assert_int_equal(n, 2);
	json_decref(a);
	a = dossier(t, "D3");
	json_array_foreach(json_object_get(a, "components"), i, v)
		if (strcmp(sh_member(v, "MaThanhPhanHoSo"), c->code) == 0)
			assert_string_equal(sh_member(json_array_get(
			    json_object_get(v, "documents"), 0), "status"),
			    "superseded");
	json_decref(a);
	assert_null(reuse(t, &id, &h, "D6", c->code, 0, SH_ECONFLICT));
	must(sh_archive_revoke(t->ar, &fixture_reader, &new, "thu hồi",
	    &err));
	assert_null(reuse(t, &new, &h, "D6", c->code, 0, SH_ECONFLICT));
	must(sh_archive_show(t->ar, &fixture_reader, &id, &a, &err));
	assert_string_equal(sh_member(a, "status"), "superseded");
	json_decref(a);
	must_fail(sh_archive_supersede(t->ar, &fixture_reader, &id, &id, "x",
	    &err), SH_EARG);
	id = file_paper(t, 3, &wrong, "gcn-qsdd", "D5");
	must_fail(sh_archive_supersede(t->ar, &fixture_reader, &id, &new,
	    "x", &err), SH_ECONFLICT);
	expect_whole(t);
}

static void
another_paper_in_its_place(void **state)
{
	struct test *t = *state;
	struct sh_holder h = citizen("027090098192");
	const struct sh_component *c = component_for("gcn-qsdd");
	struct sh_document_id id;
	json_t *a, *v;
	size_t i;

	id = file_paper(t, 1, &h, "trich-do", "D1");
	assert_null(reuse(t, &id, &h, "D2", c->code, 0, SH_ECONFLICT));
	json_decref(reuse(t, &id, &h, "D2", c->code, 1, SH_OK));
	a = dossier(t, "D2");
	json_array_foreach(json_object_get(a, "components"), i, v)
		if (strcmp(sh_member(v, "MaThanhPhanHoSo"), c->code) == 0) {
			assert_int_equal(json_integer_value(json_object_get(
			    v, "DuocTaiSuDung")), 2);
			assert_string_equal(sh_member(v, "MaKetQuaThayThe"),
			    sh_member(v, "MaGiayToKetQua"));
		}
	json_decref(a);
}

/* ---- the clocks ---------------------------------------------------------- */

/* What is archived now is due in the future only: the day is asked for. */
static void
a_dossier_is_kept_as_long_as_its_longest_paper(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder h = citizen("027090098192");
	struct sh_document_id card, ten, permanent;
	int year = sh_date_at(sh_now()).year;
	char hold[SH_DOCUMENT_ID_LEN];
	json_t *a;

	card = file_paper(t, 1, &h, "cccd", "D1");
	must(sh_archive_retention(t->ar, &fixture_reader, &card, &a, &err));
	assert_int_equal(json_integer_value(json_object_get(a, "years")),
	    70);
	json_decref(a);
	ten = file_paper(t, 2, &h, "lltp", "D1");
	must(sh_archive_retention(t->ar, &fixture_reader, &card, &a, &err));
	assert_int_equal(json_integer_value(json_object_get(a, "years")),
	    10);
	json_decref(a);
	must(sh_archive_due(t->ar, &fixture_reader,
	    (struct sh_date){ year + 10, 12, 31 }, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")),
	    0);
	json_decref(a);
	must(sh_archive_due(t->ar, &fixture_reader,
	    (struct sh_date){ year + 11, 1, 1 }, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")),
	    2);
	json_decref(a);
	must(sh_archive_hold(t->ar, &fixture_reader, &ten, "vụ án",
	    (struct sh_date){ 0 }, hold, &err));
	must(sh_archive_due(t->ar, &fixture_reader,
	    (struct sh_date){ year + 11, 1, 1 }, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")),
	    1);
	json_decref(a);
	must(sh_archive_release(t->ar, &fixture_reader, &ten, hold, "xong",
	    &err));
	must_fail(sh_archive_release(t->ar, &fixture_reader, &ten, hold,
	    "xong", &err), SH_ENOTFOUND);
	permanent = file_paper(t, 3, &h, "giay-khai-sinh", "D1");
	must(sh_archive_retention(t->ar, &fixture_reader, &permanent, &a,
	    &err));
	assert_true(json_is_true(json_object_get(a, "permanent")));
	json_decref(a);
	must(sh_archive_due(t->ar, &fixture_reader,
	    (struct sh_date){ 9999, 1, 1 }, &a, &err));
	assert_int_equal(json_array_size(json_object_get(a, "documents")),
	    0);
	json_decref(a);
	expect_whole(t);
}

/* The act itself: who may, and when, is tested through the program. */
static void
dispose(struct test *t, const struct sh_document_id *id)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_tag document;
	json_t *act;

	memcpy(document.b, id->b, sizeof(document.b));
	must_ptr(act = sh_act_new(t->ar, "dispose", &fixture_reader, &err));
	must(sh_act_set_document(act, "document", &document, &err));
	must(sh_act_make(t->ar, act, NULL, &err));
	json_decref(act);
}

static void
what_is_destroyed_leaves_a_tombstone_and_nothing_else(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder h = citizen("027090098192");
	struct sh_document_id id, kept, two;
	enum sh_accession_state st;
	struct fixture_doc d;
	char hold[SH_DOCUMENT_ID_LEN];
	json_t *a, *v;
	size_t i, n = 0;

	id = file_paper(t, 1, &h, "hd-chuyen-nhuong", "D1");
	kept = file_paper(t, 2, &h, "gcn-qsdd", "D1");
	json_decref(reuse(t, &id, &h, "D2", "04", 0, SH_OK));
	(void)file_paper(t, 1, &h, "hd-chuyen-nhuong", "D7");	/* a link */
	must(sh_archive_hold(t->ar, &fixture_reader, &id, "vụ án",
	    (struct sh_date){ 0 }, hold, &err));
	must(sh_archive_supersede(t->ar, &fixture_reader, &id, &kept,
	    "cấp đổi", &err));
	must(sh_archive_supersede(t->ar, &fixture_reader, &kept, &id,
	    "cấp đổi", &err));
	fixture_make(&d, 9, 9, 1);
	must(sh_archive_accede(t->ar, &d.acc, &two, &st, &err));
	must(sh_archive_search_follow(t->ar, &err));
	dispose(t, &id);
	dispose(t, &two);
	must(sh_archive_search_follow(t->ar, &err));
	assert_int_equal(holds(t, &h), 1);
	assert_int_equal(holds(t, &d.holders[1]), 0);
	fixture_free(&d);
	must_fail(sh_archive_show(t->ar, &fixture_reader, &id, &a, &err),
	    SH_ENOTFOUND);
	must_fail(sh_archive_dossier(t->ar, &fixture_reader, "D2", NULL, "",
	    &a, &err), SH_ENOTFOUND);
	must(sh_archive_proof(t->ar, &fixture_reader, &h, &id, &a, &err));
	json_array_foreach(json_object_get(a, "events"), i, v)
		n += strcmp(sh_member(json_object_get(v, "event"), "event"),
		    "dispose") == 0;
	assert_int_equal(n, 1);
	json_decref(a);
	must(sh_archive_show(t->ar, &fixture_reader, &kept, &a, &err));
	json_decref(a);
	expect_whole(t);
}

/* ---- backups ------------------------------------------------------------- */

static int
take_head(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	(void)err;
	sh_hex(item->head.b, SH_DIGEST_LEN, hex);
	(void)fprintf(arg, "%llu %llu %s\n",
	    (unsigned long long)item->position,
	    (unsigned long long)item->sequence, hex);
	return (0);
}

/* Every chain's every head, in the order of the feed. */
static char *
heads(struct sh_archive *ar)
{
	struct sh_error err = SH_ERROR_INIT;
	char *all = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&all, &len);

	must(sh_engine_feed(ar->engine, 0, NULL, 0, take_head, f, &err));
	(void)fclose(f);
	return (all);
}

/* Restored from DIR with T's own keys: the same heads, and whole. */
static void
expect_restored(struct test *t, const char *dir)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test r = { .dir = test_mkdir() };
	char *was, *is;
	json_t *a;

	fixture_place(&r.p, r.dir, "");
	r.p.place.keys = t->p.keys;
	sh_archive_close(t->ar);
	must(sh_backup_restore(dir, &r.p.place, catalogue, UINT64_MAX, NULL,
	    NULL, &a, &err));
	json_decref(a);
	must(sh_archive_open(&t->p.place, catalogue, 0, &t->ar, &err));
	was = heads(t->ar);
	must(sh_archive_open(&r.p.place, catalogue, 1, &r.ar, &err));
	is = heads(r.ar);
	assert_string_equal(was, is);
	expect_whole(&r);
	sh_archive_close(r.ar);
	free(was);
	free(is);
	test_rmdir(r.dir);
}

static void
backup(struct test *t, const char *dir, uint32_t want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_backup_made made;

	must(sh_archive_backup(t->ar, dir, NULL, 0, &made, &err));
	assert_int_equal(made.number, want);
}

static void
a_backup_is_the_archive_again(void **state)
{
	struct test *t = *state;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_holder h = citizen("027090098192");
	struct sh_holder old = other(SH_ID_OLD, "125012345");
	struct sh_document_id id, kept, two;
	enum sh_accession_state st;
	char *steps = test_mkdir(), *once = test_mkdir();
	struct fixture_doc d;

	id = file_paper(t, 1, &h, "hd-chuyen-nhuong", "D1");
	kept = file_paper(t, 2, &old, "gcn-qsdd", "D1");
	must(sh_archive_alias(t->ar, &fixture_reader, &h, &old, "x", &err));
	backup(t, steps, 1);
	backup(t, steps, 0);
	json_decref(reuse(t, &id, &h, "D2", "04", 0, SH_OK));
	fixture_make(&d, 1, 9, 1);
	d.holders[0] = h;	/* a link that brings the document to a wife */
	must(sh_archive_accede(t->ar, &d.acc, &two, &st, &err));
	assert_int_equal(st, SH_ACCEDED_LINKED);
	fixture_free(&d);
	fixture_make(&d, 9, 9, 1);
	must(sh_archive_accede(t->ar, &d.acc, &two, &st, &err));
	fixture_free(&d);
	must(sh_archive_supersede(t->ar, &fixture_reader, &kept, &id,
	    "cấp đổi", &err));
	backup(t, steps, 2);
	expect_restored(t, steps);
	dispose(t, &two);
	dispose(t, &id);
	(void)file_paper(t, 5, &h, "gplx", "D1");
	backup(t, steps, 3);
	backup(t, once, 1);
	expect_restored(t, steps);
	expect_restored(t, once);
	test_rmdir(steps);
	test_rmdir(once);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(an_old_number_finds_both_ways),
		T(a_child_gets_its_number),
		T(a_branch_stands_on_its_enterprise),
		T(a_receipt_is_one_and_tells_of_revocation),
		T(another_paper_in_its_place),
		T(a_dossier_is_kept_as_long_as_its_longest_paper),
		T(what_is_destroyed_leaves_a_tombstone_and_nothing_else),
		T(a_backup_is_the_archive_again),
	};

	return (cmocka_run_group_tests(tests, setup_all, teardown_all));
}
