/* schemas/catalogue: paper types and procedures as data. */
#include "tests/unit/test.h"

#include <sys/wait.h>

#include "base/buf.h"
#include "base/mem.h"
#include "schemas/catalogue.h"

static struct sh_catalogue *
load(const char *dir)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_catalogue *c;

	must(sh_catalogue_load(dir, &c, &err));
	return (c);
}

static void
built_in_catalogue_is_whole(void **state)
{
	struct sh_catalogue *c = load(NULL);
	const struct sh_paper_type *t;
	const struct sh_procedure *p;
	size_t i, k;

	(void)state;
	assert_int_equal(sh_catalogue_ntypes(c), 52);
	assert_true(sh_catalogue_nprocedures(c) >= 40);
	for (i = 0; i < sh_catalogue_ntypes(c); i++) {
		t = sh_catalogue_type_at(c, i);
		assert_int_equal(t->index, i);
		assert_ptr_equal(sh_catalogue_type(c, t->slug), t);
		assert_true(t->nfields > 0);
		/* Whom is it filed under? */
		if (t->nholders == 0 && json_array_size(t->people) == 0)
			fail_msg("%s has no holder", t->slug);
	}
	for (i = 0; i < sh_catalogue_nprocedures(c); i++) {
		p = sh_catalogue_procedure_at(c, i);
		for (k = 0; k < p->ncomponents; k++)
			assert_true(p->components[k].ntypes > 0);
	}
	assert_null(sh_catalogue_type_at(c, 52));
	assert_null(sh_catalogue_type(c, "unknown"));
	sh_catalogue_free(c);
}

static void
entries_say_what_the_rules_say(void **state)
{
	struct sh_catalogue *c = load(NULL);
	const struct sh_paper_type *t;
	const struct sh_procedure *p;
	const struct sh_field_def *f;

	(void)state;
	t = sh_catalogue_type(c, "xn-tinh-trang-hon-nhan");
	assert_int_equal(t->validity, SH_VALID_PURPOSE);
	assert_int_equal(t->validity_months, 6);
	assert_int_equal(t->duplicate, SH_DUP_KEEP);
	assert_string_equal(t->number_field, "number");
	t = sh_catalogue_type(c, "cmnd");
	assert_int_equal(t->validity, SH_VALID_VOID);
	assert_int_equal(t->void_from.year, 2025);
	t = sh_catalogue_type(c, "cccd");
	assert_int_equal(t->validity, SH_VALID_UNTIL);
	assert_string_equal(t->validity_field, "expiry_date");
	assert_int_equal(t->retention_years, -1);
	assert_true(t->card);
	f = sh_paper_type_field(t, "id_number");
	assert_int_equal(f->kind, SH_FIELD_ID);
	assert_true(f->required && f->critical);
	assert_null(sh_paper_type_field(t, "none"));
	t = sh_catalogue_type(c, "giay-ket-hon");
	assert_int_equal(t->nholders, 2);
	assert_string_equal(t->holders[0].role, "wife");
	assert_string_equal(t->holders[1].birth_field, "husband_birth_date");
	t = sh_catalogue_type(c, "ho-chieu");
	assert_string_equal(t->holders[0].other_id_field, "passport_number");
	p = sh_catalogue_procedure(c, "1.001193");
	assert_string_equal(p->name, "Thủ tục đăng ký khai sinh");
	assert_string_equal(p->components[1].types[0]->slug,
	    "giay-chung-sinh");
	assert_ptr_equal(sh_catalogue_procedure(c, "1.001193.000.00.00.H13"),
	    p);
	assert_null(sh_catalogue_procedure(c, "1.00119"));
	assert_null(sh_catalogue_procedure(c, "9.999999"));
	sh_catalogue_free(c);
}

static void
installed_copy_is_the_same(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[300];
	struct sh_catalogue *own = load(NULL), *copy;
	struct sh_buf b = SH_BUF_INIT;

	(void)state;
	must(sh_catalogue_install(dir, &err));
	copy = load(dir);
	assert_true(sh_digest_equal(sh_catalogue_digest(own),
	    sh_catalogue_digest(copy)));
	sh_catalogue_free(copy);
	/* A change of one byte changes the digest. */
	(void)snprintf(path, sizeof(path), "%s/procedures.json", dir);
	must(sh_fs_read(path, 1 << 24, &b, &err));
	must(sh_buf_puts(&b, "\n", &err));
	must(sh_fs_replace(path, b.data, b.len, 0644, &err));
	copy = load(dir);
	assert_false(sh_digest_equal(sh_catalogue_digest(own),
	    sh_catalogue_digest(copy)));
	sh_catalogue_free(copy);
	sh_catalogue_free(own);
	sh_buf_free(&b);
	must_fail(sh_catalogue_load("/nonexistent", &copy, &err),
	    SH_ENOTFOUND);
	test_rmdir(dir);
}

/* The smallest catalogue; TYPE and FIELD go into its places. */
#define TYPES(head, type, find)						\
	"{\"labels\":{\"name\":[\"Họ tên\"]},\"patterns\":{\"year\":"	\
	"[\"9999\"]},\"contexts\":{\"mother\":{\"of\":[\"mẹ\"]}},"	\
	"\"others\":[],\"fields\":{}" head ",\"types\":[{\"slug\":\"a\"," \
	"\"name\":\"A\",\"name_en\":\"A\",\"validity\":{\"kind\":"	\
	"\"always\"},\"retention_years\":0,\"duplicate\":\"link\","	\
	"\"recognise\":{\"titles\":[\"A\"]},\"contexts\":[\"mother\"],"	\
	"\"fields\":[{\"name\":\"name\",\"kind\":\"name\",\"label\":"	\
	"\"Tên\",\"find\":" find "}],\"holders\":[]" type "}]}"
#define GOOD	"[{\"label\":\"name\",\"of\":\"mother\"}]"
#define PROCS(x) "{\"procedures\":[{\"code\":\"1.000001\",\"name\":\"P\"," \
	"\"components\":[{\"code\":\"01\",\"name\":\"C\",\"types\":[" x "]}]}]}"

static void
try(const char *types, const char *procedures, const char *entry,
    const char *part)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[300];
	struct sh_catalogue *c;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/paper-types.json", dir);
	must(sh_fs_replace(path, types, strlen(types), 0644, &err));
	(void)snprintf(path, sizeof(path), "%s/procedures.json", dir);
	must(sh_fs_replace(path, procedures, strlen(procedures), 0644, &err));
	rc = sh_catalogue_load(dir, &c, &err);
	if (entry == NULL) {
		must(rc);
		sh_catalogue_free(c);
	} else {
		assert_int_equal(rc, -1);
		assert_null(c);
		assert_int_equal(err.code, SH_EFORMAT);
		assert_string_equal(err.key, "catalogue.entry");
		assert_string_equal(err.param[0].name, "entry");
		assert_string_equal(err.param[0].value, entry);
		if (strstr(err.text, part) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text,
			    part);
	}
	test_rmdir(dir);
}

static void
wrong_entries_are_named(void **state)
{
	static const char good[] = TYPES("", "", GOOD);
	static const char procs[] = PROCS("\"a\"");

	(void)state;
	try(good, procs, NULL, NULL);
	try("{", procs, "paper-types.json", "line 1");
	try(good, "[]", "procedures.json", "procedures");
	try(TYPES("", "", "[]"), procs, "a", "field name");
	try(TYPES("", "", "[{\"label\":\"nom\"}]"), procs, "a",
	    "unknown label \"nom\"");
	try(TYPES("", "", "[{\"label\":\"name\",\"of\":\"father\"}]"), procs,
	    "a", "no context \"father\"");
	try(TYPES("", "", "[{\"at\":\"moon\"}]"), procs, "a",
	    "unknown place");
	try(TYPES("", "", "[{\"lable\":\"name\"}]"), procs, "a",
	    "unknown member \"lable\"");
	try(TYPES("", "", "[{\"pattern\":\"day\"}]"), procs, "a",
	    "unknown pattern \"day\"");
	try(TYPES("", ",\"number\":\"no\"", GOOD), procs, "a",
	    "\"no\", which it has not");
	try(TYPES("", ",\"people\":[{\"role\":\"r\",\"from\":\"sky\"}]",
	    GOOD), procs, "a", "unknown \"sky\"");
	try(good, PROCS("\"b\""), "procedure 1.000001",
	    "unknown paper type \"b\"");
	try(good, PROCS(""), "procedure 1.000001", "no paper satisfies");
	try(good, "{\"procedures\":[{\"code\":\"1\",\"name\":\"P\","
	    "\"components\":[]}]}", "procedure 1", "no procedure code");
	/* The same slug twice. */
	try("{\"labels\":{},\"patterns\":{},\"contexts\":{},\"fields\":{},"
	    "\"types\":[{\"slug\":\"A b\"}]}", procs, "A b", "no slug");
	try("{\"labels\":{},\"patterns\":{\"p\":[\"9{0}\"]},\"contexts\":{},"
	    "\"fields\":{},\"types\":[]}", procs, "paper-types.json",
	    "9{0}");
	try("{\"labels\":{},\"patterns\":{},\"contexts\":{},"
	    "\"fields\":{},\"types\":{}}", procs, "paper-types.json",
	    "types");
}

/* Published shapes, checked by a validator that is not ours. */
static void
files_keep_their_schemas(void **state)
{
	static const char *const names[] = { "paper-types", "procedures" };
	char cmd[600];
	size_t i;

	(void)state;
	if (system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") !=
	    0) {
		print_message("# python3-jsonschema is not here: skipped\n");
		test_skip();
	}
	for (i = 0; i < SH_COUNT(names); i++) {
		(void)snprintf(cmd, sizeof(cmd), "/usr/bin/python3 -c '"
		    "import json, jsonschema as j\n"
		    "s = json.load(open(\"schemas/%s.schema.json\"))\n"
		    "v = json.load(open(\"schemas/%s.json\"))\n"
		    "j.Draft202012Validator.check_schema(s)\n"
		    "j.Draft202012Validator(s).validate(v)\n"
		    "v[\"extra\"] = 1\n"
		    "assert not j.Draft202012Validator(s).is_valid(v)'",
		    names[i], names[i]);
		assert_int_equal(system(cmd), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_catalogue_is_whole),
		cmocka_unit_test(entries_say_what_the_rules_say),
		cmocka_unit_test(installed_copy_is_the_same),
		cmocka_unit_test(wrong_entries_are_named),
		cmocka_unit_test(files_keep_their_schemas),
	};

	return (cmocka_run_group_tests_name("catalogue", tests, NULL, NULL));
}
