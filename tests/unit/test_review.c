/* The arithmetic of sampling; a kept dossier comes back as it was. */
#include "tests/unit/test.h"

#include <math.h>

#include "base/json.h"
#include "pipeline/aql.h"
#include "pipeline/kept.h"

/* ISO 2859-1, table 2-A, general level II. */
static void
plans_are_the_standards(void **state)
{
	static const struct {
		size_t lot;
		const char *aql;
		size_t n, ac;
	} t[] = {
		{ 0, "1.0", 0, 0 }, { 1, "1.0", 1, 0 }, { 9, "1.0", 9, 0 },
		{ 90, "1.0", 13, 0 }, { 150, "1.0", 13, 0 },
		{ 151, "1.0", 50, 1 }, { 500, "1.0", 50, 1 },
		{ 1200, "1.0", 80, 2 }, { 3200, "1.0", 125, 3 },
		{ 10000, "1.0", 200, 5 }, { 35000, "1.0", 315, 7 },
		{ 600000, "1.0", 1250, 21 }, { 1200, "2.5", 80, 5 },
		{ 1000000, "2.5", 500, 21 }, { 500, "0.65", 80, 1 },
		{ 280, "0.40", 32, 0 }, { 3200, "1.5", 125, 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sh_aql_plan p = sh_aql_plan_of(t[i].lot, t[i].aql);

		if (p.sample != t[i].n || p.accept != t[i].ac)
			fail_msg("lot %zu at %s: %zu, %zu", t[i].lot,
			    t[i].aql, p.sample, p.accept);
	}
}

static void
near(double got, double want)
{
	if (fabs(got - want) > 0.0005)
		fail_msg("%f is not %f", got, want);
}

static void
intervals_are_exact(void **state)
{
	double low, high;

	(void)state;
	/* Figures of the beta distribution. */
	sh_rate_interval(0, 80, &low, &high);
	near(low, 0);
	near(high, 0.0451);
	sh_rate_interval(1, 50, &low, &high);
	near(low, 0.0005);
	near(high, 0.1065);
	sh_rate_interval(10, 200, &low, &high);
	near(low, 0.0242);
	near(high, 0.0900);
	sh_rate_interval(5, 5, &low, &high);
	near(low, 0.4782);
	near(high, 1);
}

/* A job of every kind of page and with a draft that a person touched. */
static struct sh_job *
make_job(const struct sh_catalogue *c)
{
	struct sh_dossier *d = calloc(1, sizeof(*d));
	struct sh_error err = SH_ERROR_INIT, why = SH_ERROR_INIT;
	struct sh_draft *draft;
	struct sh_job *j;
	size_t i, at;

	d->dirfd = -1;
	d->code = strdup("H05.12-261121-0001");
	d->procedure_code = strdup("1.001193");
	d->procedure = sh_catalogue_procedure(c, "1.001193");
	must(sh_id_parse("027090098192", &d->holder, &err));
	d->holder_name = strdup("Lê Thị Hoa");
	d->holder_birth = (struct sh_date){ 1990, 2, 28 };
	d->received_at = 1700000000;
	d->scans = calloc(1, sizeof(*d->scans));
	d->scans[d->nscans++] = strdup("a.tif");
	must(sh_job_new(d, c, &j, &err));
	for (i = 0; i < 3; i++) {
		must(sh_job_feed(j, 0, (uint32_t)i, &at, &err));
		memset(j->fed[i].digest.b, (int)i + 1, SH_DIGEST_LEN);
	}
	(void)sh_error_set(&why, SH_EFORMAT, "image.truncated", "cut off");
	must(sh_job_set_aside(j, 2, &why, &err));
	j->fed[0].kind = SH_FED_DOCUMENT;
	j->fed[0].rescan = 2;
	j->fed[0].image.bytes = 12345;
	j->fed[0].image.coding = SH_IMAGE_G4;
	j->fed[1].kind = SH_FED_SEPARATOR;
	j->fed[1].separator = strdup("cccd");
	j->npending = 0;
	j->since = 1700000100;
	j->drafts = draft = calloc(1, sizeof(*j->drafts));
	j->ndrafts = 1;
	draft->pages = calloc(1, sizeof(*draft->pages));
	draft->npages = 1;
	draft->guess.type = sh_catalogue_type(c, "giay-khai-sinh");
	draft->guess.confidence = 0.75;
	draft->fields.field = calloc(1, sizeof(*draft->fields.field));
	draft->fields.n = 1;
	draft->fields.field[0].def = sh_paper_type_field(draft->guess.type,
	    "name");
	draft->fields.field[0].value = strdup("Lê Văn Nam");
	draft->fields.field[0].confidence = 0.5;
	draft->fields.field[0].box = (struct sh_box){ 1, 2, 3, 4 };
	draft->fields.field[0].method = "anchor";
	draft->fields.field[0].doubt = "field.qr-differs";
	draft->parties.party = calloc(1, sizeof(*draft->parties.party));
	draft->parties.n = 1;
	draft->parties.party[0].name = strdup("Lê Văn Nam");
	draft->parties.party[0].role = "subject";
	draft->parties.party[0].files = 1;
	draft->component = &d->procedure->components[0];
	sh_draft_wait(draft, "holder.other-person");
	draft->review = json_pack("{s:[{s:s}]}", "decisions", "what",
	    "retype");
	return (j);
}

static void
kept_comes_back(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf a = SH_BUF_INIT, b = SH_BUF_INIT;
	struct sh_catalogue *c;
	struct sh_job *j, *k;
	json_t *v;

	(void)state;
	must(sh_catalogue_load(NULL, &c, &err));
	j = make_job(c);
	must_ptr(v = sh_kept_to_json(j, 0, &err));
	must(sh_json_print(v, 0, &a, &err));
	must(sh_kept_from_json(v, c, &k, &err));
	must_ptr(v = sh_kept_to_json(k, 0, &err));
	must(sh_json_print(v, 0, &b, &err));
	json_decref(v);
	assert_string_equal((char *)a.data, (char *)b.data);
	assert_int_equal(k->nfed, 3);
	assert_string_equal(k->fed[2].failure->key, "image.truncated");
	assert_string_equal(k->drafts[0].fields.field[0].value,
	    "Lê Văn Nam");
	assert_ptr_equal(k->drafts[0].component,
	    &k->dossier->procedure->components[0]);
	assert_string_equal(k->drafts[0].reasons[0], "holder.other-person");
	must(sh_job_account(k, &err));
	/* What is left of it once all was decided names nobody. */
	must_ptr(v = sh_kept_to_json(k, 1, &err));
	sh_buf_reset(&b);
	must(sh_json_print(json_object_get(v, "drafts"), 0, &b, &err));
	assert_null(strstr((char *)b.data, "Nam"));
	json_decref(v);
	/* Damage is damage. */
	must_ptr(v = sh_kept_to_json(j, 0, &err));
	(void)json_array_set_new(json_object_get(json_array_get(
	    json_object_get(v, "drafts"), 0), "pages"), 0, json_integer(3));
	sh_job_free(k);
	must_fail(sh_kept_from_json(v, c, &k, &err), SH_EFIXITY);
	assert_null(k);
	sh_job_free(j);
	sh_catalogue_free(c);
	sh_buf_free(&a);
	sh_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_are_the_standards),
		cmocka_unit_test(intervals_are_exact),
		cmocka_unit_test(kept_comes_back),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
