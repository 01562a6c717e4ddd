/* schemas/message: the sentences that people read. */
#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/json.h"
#include "schemas/message.h"

static void
says(const struct sh_error *e, enum sh_lang lang, const char *part, int want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;

	must(sh_message(e, lang, &b, &err));
	assert_int_equal(strstr((char *)b.data, part) != NULL, want);
	sh_buf_free(&b);
}

static void
sentences_carry_their_values(void **state)
{
	struct sh_error e = SH_ERROR_INIT;

	(void)state;
	(void)sh_error_set(&e, SH_EARG, "id.check-digit", "x");
	says(&e, SH_VI, "?", 1);
	sh_error_param(&e, "value", "%s", "{value}");
	says(&e, SH_EN, "tax code {value} has", 1);
	sh_error_clear(&e);
	(void)sh_error_set(&e, SH_EARG, "id.check-digit", "x");
	sh_error_param(&e, "value", "%s", "9999999998");
	says(&e, SH_VI, "Mã số thuế 9999999998 sai", 1);
	says(&e, SH_EN, "tax code 9999999998 has", 1);
	sh_error_clear(&e);
	(void)sh_error_set(&e, SH_EARG, "never.seen-key", "x");
	says(&e, SH_VI, "never.seen-key", 1);
	says(&e, SH_EN, "never.seen-key", 1);
	assert_null(sh_message_text("never.seen-key", SH_VI));
}

static void
every_sentence_is_whole(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	const char *key, *vi, *en;
	json_t *all, *v;

	(void)state;
	must_ptr(all = sh_json_load("schemas/messages.json", 1 << 22, &err));
	json_object_foreach(all, key, v) {
		assert_int_equal(json_object_size(v), 2);
		assert_non_null(vi = sh_message_text(key, SH_VI));
		assert_non_null(en = sh_message_text(key, SH_EN));
		if (strchr(".!?", vi[strlen(vi) - 1]) == NULL ||
		    strchr(".!?", en[strlen(en) - 1]) == NULL)
			fail_msg("%s has no full stop", key);
		/* The same values stand in both. */
		for (; (vi = strchr(vi, '{')) != NULL; vi++) {
			char name[32];
			size_t n = strcspn(vi, "}");

			assert_true(n > 1 && n + 1 < sizeof(name));
			memcpy(name, vi, n + 1);
			name[n + 1] = '\0';
			if (strstr(en, name) == NULL)
				fail_msg("%s: %s is not in English", key,
				    name);
		}
	}
	json_decref(all);
}

static void
language_follows_the_environment(void **state)
{
	(void)state;
	unsetenv("SOHOA_LANG");
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	assert_int_equal(sh_lang_from_env(), SH_VI);
	setenv("LANG", "en_GB.UTF-8", 1);
	assert_int_equal(sh_lang_from_env(), SH_EN);
	setenv("LC_ALL", "vi_VN.UTF-8", 1);
	assert_int_equal(sh_lang_from_env(), SH_VI);
	setenv("LC_ALL", "", 1);
	assert_int_equal(sh_lang_from_env(), SH_EN);
	setenv("SOHOA_LANG", "vi", 1);
	assert_int_equal(sh_lang_from_env(), SH_VI);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_carry_their_values),
		cmocka_unit_test(every_sentence_is_whole),
		cmocka_unit_test(language_follows_the_environment),
	};

	return (cmocka_run_group_tests_name("message", tests, NULL, NULL));
}
