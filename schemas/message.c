#include "schemas/message.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/json.h"

#define MESSAGES_MAX	(4 << 20)
#define OTHER		"error.other"	/* for a key without a sentence */

SH_EMBED(sh_messages_json, "schemas/messages.json");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static json_t *messages;	/* never changed, never freed */

static void
load(void)
{
	struct sh_error err = SH_ERROR_INIT;

	messages = sh_json_parse(sh_messages_json, sh_messages_json_size,
	    MESSAGES_MAX, &err);
}

enum sh_lang
sh_lang_from_env(void)
{
	static const char *const names[] = { "SOHOA_LANG", "LC_ALL",
	    "LC_MESSAGES", "LANG" };
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((s = getenv(names[i])) != NULL && *s != '\0')
			return (strncmp(s, "en", 2) == 0 ? SH_EN : SH_VI);
	return (SH_VI);
}

const char *
sh_message_text(const char *key, enum sh_lang lang)
{
	(void)pthread_once(&once, load);
	return (json_string_value(json_object_get(json_object_get(messages,
	    key), lang == SH_EN ? "en" : "vi")));
}

/* The value for the NAME of LEN bytes; "?" when the error has none. */
static const char *
value(const struct sh_error *error, const char *name, size_t len)
{
	unsigned i;

	if (len == 3 && memcmp(name, "key", 3) == 0)
		return (error->key);
	for (i = 0; i < error->nparam; i++)
		if (strlen(error->param[i].name) == len &&
		    memcmp(error->param[i].name, name, len) == 0)
			return (error->param[i].value);
	return ("?");
}

int
sh_message(const struct sh_error *error, enum sh_lang lang,
    struct sh_buf *out, struct sh_error *err)
{
	const char *s, *open, *shut;

	if ((s = sh_message_text(error->key, lang)) == NULL &&
	    (s = sh_message_text(OTHER, lang)) == NULL)
		return (sh_error_nomem(err, "sentences"));
	for (; (open = strchr(s, '{')) != NULL &&
	    (shut = strchr(open, '}')) != NULL; s = shut + 1)
		if (sh_buf_append(out, s, (size_t)(open - s), err) ||
		    sh_buf_puts(out, value(error, open + 1,
		    (size_t)(shut - open - 1)), err))
			return (-1);
	return (sh_buf_puts(out, s, err));
}
