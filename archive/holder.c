/* Whom documents are filed under. */
#include "archive/archive_internal.h"

#include <string.h>

#include "base/text.h"

static int
malformed(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EARG, "holder.malformed",
	    "a holder %s", what));
}

/* Normal form: digits, capitals and the hyphen of a branch. */
static int
is_normal(const char *s)
{
	size_t n = strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return (n > 0 && s[n] == '\0');
}

/* No number: the folded name and the day of birth, as far as known. */
static int
name_key(const char *name, struct sh_date birth, struct sh_buf *b,
    struct sh_error *err)
{
	char day[SH_DATE_LEN] = "";
	size_t start = b->len;

	if (name == NULL)
		return (malformed(err, "with neither number nor name"));
	if (sh_text_fold(name, strlen(name), b, err))
		return (-1);
	if (b->len == start)
		return (malformed(err, "with neither number nor name"));
	if (birth.year != 0) {
		if (!sh_date_valid(birth))
			return (malformed(err, "born on no day"));
		sh_date_print(birth, day);
	}
	if (sh_buf_append(b, "", 1, err))
		return (-1);
	return (sh_buf_puts(b, day, err));
}

int
sh_holder_tag(struct sh_archive *ar, const struct sh_id *id,
    const char *name, struct sh_date birth, struct sh_tag *out,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint8_t kind = (uint8_t)id->kind;
	int rc = -1;

	if (id->kind < SH_ID_NONE || id->kind > SH_ID_PASSPORT)
		return (malformed(err, "of an unknown kind"));
	if (sh_buf_append(&b, &kind, 1, err))
		goto out;
	if (id->kind == SH_ID_NONE) {
		if (name_key(name, birth, &b, err))
			goto out;
	} else if (memchr(id->value, 0, sizeof(id->value)) == NULL ||
	    !is_normal(id->value)) {
		(void)malformed(err, "whose number is not in its normal form");
		goto out;
	} else if (sh_buf_puts(&b, id->value, err)) {
		goto out;
	}
	rc = sh_vault_tag(ar->vault, SH_NAME_HOLDER, b.data, b.len, out, err);
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_holder_id(const json_t *holder, struct sh_id *id, struct sh_error *err)
{
	const char *kind, *value;

	memset(id, 0, sizeof(*id));
	if (sh_json_str(holder, "kind", 0, 20, &kind, err) ||
	    sh_json_str(holder, "id", 0, sizeof(id->value) - 1, &value, err))
		return (-1);
	if (kind == NULL || value == NULL)
		return (0);
	id->kind = sh_id_kind_from_word(kind);
	memcpy(id->value, value, strlen(value));
	return (0);
}

static int
add_tag(struct sh_archive *ar, const json_t *holder,
    struct sh_tag tags[SH_HOLDERS_MAX], size_t *np, struct sh_error *err)
{
	const char *birth = sh_member(holder, "birth");
	struct sh_date day = { 0 };
	struct sh_id id;
	struct sh_tag t;
	size_t i;

	if (birth != NULL && sh_date_parse(birth, &day))
		return (malformed(err, "born on no day"));
	if (sh_holder_id(holder, &id, err) ||
	    sh_holder_tag(ar, &id, sh_member(holder, "name"), day, &t, err))
		return (-1);
	for (i = 0; i < *np; i++)
		if (memcmp(&tags[i], &t, sizeof(t)) == 0)
			return (0);
	if (*np == SH_HOLDERS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "holder.many",
		    "more than %d holders", SH_HOLDERS_MAX));
	tags[(*np)++] = t;
	return (0);
}

int
sh_holder_tags(struct sh_archive *ar, const json_t *record,
    struct sh_tag tags[SH_HOLDERS_MAX], size_t *np, struct sh_error *err)
{
	json_t *holders, *h;
	size_t i;

	if (sh_json_array(record, "holders", 1, SH_HOLDERS_MAX, &holders,
	    err))
		return (-1);
	json_array_foreach(holders, i, h)
		if (add_tag(ar, h, tags, np, err))
			return (-1);
	return (0);
}

static int
same_text(const json_t *a, const json_t *b, const char *name)
{
	const char *x = sh_member(a, name), *y = sh_member(b, name);

	return (x == NULL || y == NULL ? x == y : strcmp(x, y) == 0);
}

int
sh_holder_listed(const json_t *holders, const json_t *h)
{
	const json_t *k;
	size_t i;

	/* A number names a person, however the name was spelt. */
	json_array_foreach(holders, i, k)
		if (same_text(k, h, "kind") && same_text(k, h, "id") &&
		    (sh_member(h, "id") != NULL || (same_text(k, h, "name") &&
		    same_text(k, h, "birth"))))
			return (1);
	return (0);
}
