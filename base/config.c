#include "base/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define CONFIG_MAX	(64 * 1024)
#define VALUE_MAX	1024

struct sh_config {
	const struct sh_setting *table;
	size_t n;
	char **value;
};

struct sh_config *
sh_config_new(const struct sh_setting *table, struct sh_error *err)
{
	struct sh_config *c;
	size_t i;

	if ((c = sh_alloc(1, sizeof(*c), "the configuration", err)) == NULL)
		return (NULL);
	c->table = table;
	while (table[c->n].name != NULL)
		c->n++;
	c->value = sh_alloc(c->n, sizeof(*c->value), "the configuration", err);
	if (c->value == NULL)
		goto bad;
	for (i = 0; i < c->n; i++)
		if ((c->value[i] = sh_strdup(table[i].dflt, err)) == NULL)
			goto bad;
	return (c);
bad:
	sh_config_free(c);
	return (NULL);
}

void
sh_config_free(struct sh_config *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; c->value != NULL && i < c->n; i++)
		free(c->value[i]);
	free(c->value);
	free(c);
}

static size_t
find(const struct sh_config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->table[i].name, name) == 0)
			break;
	return (i);
}

static int
is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value), n;

	for (; *choices != '\0'; choices += n + (choices[n] == '|')) {
		n = strcspn(choices, "|");
		if (n == len && memcmp(choices, value, n) == 0)
			return (1);
	}
	return (0);
}

/* Decimal with an optional minus sign. */
static int
parse_int(const char *s, int64_t *vp)
{
	uint64_t u;
	int minus = *s == '-';

	if (sh_parse_u64(s + minus, INT64_MAX, &u))
		return (-1);
	*vp = minus ? -(int64_t)u : (int64_t)u;
	return (0);
}

int
sh_config_set(struct sh_config *c, const char *name, const char *value,
    struct sh_error *err)
{
	const struct sh_setting *s;
	size_t i = find(c, name);
	int64_t v;
	char *copy;

	if (i == c->n)
		return (sh_error_set(err, SH_EFORMAT, "config.line",
		    "no setting has the name \"%s\"", name));
	s = &c->table[i];
	if (strlen(value) > VALUE_MAX || !sh_text_is_utf8(value,
	    strlen(value)))
		return (sh_error_set(err, SH_EFORMAT, "config.line",
		    "%s: the value is too long or not UTF-8", name));
	if (s->kind == SH_SETTING_INT && (parse_int(value, &v) || v < s->lo ||
	    v > s->hi))
		return (sh_error_set(err, SH_EFORMAT, "config.line",
		    "%s: \"%s\" is no number from %lld to %lld", name, value,
		    (long long)s->lo, (long long)s->hi));
	if (s->kind == SH_SETTING_CHOICE && !is_choice(s->choices, value))
		return (sh_error_set(err, SH_EFORMAT, "config.line",
		    "%s: \"%s\" is none of %s", name, value, s->choices));
	if ((copy = sh_strdup(value, err)) == NULL)
		return (-1);
	free(c->value[i]);
	c->value[i] = copy;
	return (0);
}

static char *
trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	for (end = s + strlen(s); end > s && strchr(" \t\r", end[-1]) != NULL;
	    end--)
		;
	*end = '\0';
	return (s);
}

int
sh_config_load(struct sh_config *c, const char *path, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *line, *next, *eq, *name, *seen = NULL;
	unsigned n = 0;
	size_t i;
	int rc = -1;

	if (sh_fs_read(path, CONFIG_MAX, &b, err))
		goto out;
	if ((seen = sh_alloc(c->n, 1, "the configuration", err)) == NULL)
		goto out;
	for (line = (char *)b.data; line != NULL; line = next) {
		n++;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		line = trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		if ((eq = strchr(line, '=')) == NULL) {
			(void)sh_error_set(err, SH_EFORMAT, "config.line",
			    "no '=' in the line");
			goto where;
		}
		*eq = '\0';
		name = trim(line);
		if ((i = find(c, name)) < c->n && seen[i]++) {
			(void)sh_error_set(err, SH_EFORMAT, "config.line",
			    "%s is set twice", name);
			goto where;
		}
		if (sh_config_set(c, name, trim(eq + 1), err))
			goto where;
	}
	rc = 0;
	goto out;
where:
	sh_error_param(err, "line", "%u", n);
	(void)sh_error_context(err, "%s line %u", path, n);
out:
	free(seen);
	sh_buf_free(&b);
	return (rc);
}

int
sh_config_write(const struct sh_config *c, const char *path,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	for (i = 0; i < c->n; i++)
		if (sh_buf_printf(&b, err, "# %s\n%s = %s\n\n",
		    c->table[i].help, c->table[i].name, c->value[i]))
			goto out;
	rc = sh_fs_replace(path, b.data, b.len, 0644, err);
out:
	sh_buf_free(&b);
	return (rc);
}

const char *
sh_config_text(const struct sh_config *c, const char *name)
{
	size_t i = find(c, name);

	assert(i < c->n);
	return (c->value[i]);
}

int64_t
sh_config_int(const struct sh_config *c, const char *name)
{
	size_t i = find(c, name);
	int64_t v = 0;

	assert(i < c->n && c->table[i].kind == SH_SETTING_INT);
	(void)parse_int(c->value[i], &v);
	return (v);
}
