#include "ocr/spelling.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "schemas/identifier.h"

#define SLOTS	16384		/* a power of two; twice what is put in */
#define WORD_MAX	24	/* bytes; longer words are no syllables */

struct pair {
	char *fold;		/* "giay phep"; NULL: an empty slot */
	char *a, *b;		/* "giấy", "phép"; a NULL: spelt in two ways */
};

struct sh_spelling {
	struct pair slot[SLOTS];
	size_t n;
};

static size_t
slot_of(const struct sh_spelling *s, const char *fold)
{
	uint32_t h = 2166136261u;
	const char *p;
	size_t i;

	for (p = fold; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (i = h & (SLOTS - 1); s->slot[i].fold != NULL &&
	    strcmp(s->slot[i].fold, fold) != 0; i = (i + 1) & (SLOTS - 1))
		;
	return (i);
}

static int
put(struct sh_spelling *s, const char *fa, const char *fb, const char *a,
    const char *b, struct sh_error *err)
{
	struct pair *p;
	char *key;

	if (s->n >= SLOTS / 2)
		return (0);
	if ((key = sh_asprintf(err, "%s %s", fa, fb)) == NULL)
		return (-1);
	p = &s->slot[slot_of(s, key)];
	if (p->fold != NULL) {
		free(key);
		if (p->a != NULL && (strcmp(p->a, a) != 0 ||
		    strcmp(p->b, b) != 0)) {
			free(p->a);
			free(p->b);
			p->a = p->b = NULL;
		}
		return (0);
	}
	p->fold = key;
	s->n++;
	if ((p->a = sh_strdup(a, err)) == NULL ||
	    (p->b = sh_strdup(b, err)) == NULL)
		return (-1);
	return (0);
}

/* Every pair of neighbouring words of TEXT. */
static int
add_text(struct sh_spelling *s, const char *text, struct sh_error *err)
{
	struct sh_buf low = SH_BUF_INIT, fold = SH_BUF_INIT;
	char word[2][WORD_MAX], folded[2][WORD_MAX];
	const char *p, *end;
	uint32_t cp;
	size_t n, len = 0;
	int have = 0, rc = -1, k;

	if (text == NULL)
		return (0);
	if (sh_text_lower(text, strlen(text), &low, err))
		goto out;
	p = (char *)low.data;
	end = p + low.len;
	for (;; p += n) {
		n = sh_utf8_get(p, end, &cp);
		k = n > 0 && (cp >= 0x80 || (cp >= 'a' && cp <= 'z'));
		if (k && len + n < WORD_MAX) {
			memcpy(word[have ? 1 : 0] + len, p, n);
			len += n;
			continue;
		}
		if (len > 0) {
			int at = have ? 1 : 0;

			word[at][len] = '\0';
			sh_buf_reset(&fold);
			if (sh_text_fold(word[at], len, &fold, err))
				goto out;
			if (fold.len + 1 > WORD_MAX)
				fold.len = 0;
			memcpy(folded[at], fold.data, fold.len);
			folded[at][fold.len] = '\0';
			if (have) {
				if (put(s, folded[0], folded[1], word[0],
				    word[1], err))
					goto out;
				memcpy(word[0], word[1], WORD_MAX);
				memcpy(folded[0], folded[1], WORD_MAX);
			}
			have = 1;
			len = 0;
		}
		/* Only a space joins two words. */
		if (n > 0 && cp != ' ')
			have = 0;
		if (n == 0)
			break;
	}
	rc = 0;
out:
	sh_buf_free(&low);
	sh_buf_free(&fold);
	return (rc);
}

/* All strings below V. */
static int
add_all(struct sh_spelling *s, const json_t *v, struct sh_error *err)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(v))
		return (add_text(s, json_string_value(v), err));
	if (json_is_array(v)) {
		json_array_foreach(v, i, child)
			if (add_all(s, child, err))
				return (-1);
	} else if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, child)
			if (add_all(s, child, err))
				return (-1);
	}
	return (0);
}

struct sh_spelling *
sh_spelling_new(const struct sh_catalogue *c, struct sh_error *err)
{
	const json_t *shared = sh_catalogue_shared(c);
	const struct sh_paper_type *t;
	const struct sh_procedure *p;
	struct sh_spelling *s;
	unsigned code;
	size_t i, k;

	if ((s = sh_alloc(1, sizeof(*s), "spelling", err)) == NULL)
		return (NULL);
	if (add_all(s, json_object_get(shared, "others"), err) ||
	    add_all(s, json_object_get(shared, "labels"), err) ||
	    add_all(s, json_object_get(shared, "usual"), err))
		goto fail;
	for (i = 0; (t = sh_catalogue_type_at(c, i)) != NULL; i++)
		if (add_text(s, t->name, err) || add_all(s,
		    json_object_get(t->recognise, "titles"), err) ||
		    add_all(s, json_object_get(t->recognise, "words"), err))
			goto fail;
	for (i = 0; (p = sh_catalogue_procedure_at(c, i)) != NULL; i++) {
		if (add_text(s, p->name, err))
			goto fail;
		for (k = 0; k < p->ncomponents; k++)
			if (add_text(s, p->components[k].name, err))
				goto fail;
	}
	for (code = 1; code < 100; code++)
		if (add_text(s, sh_province_name(code), err))
			goto fail;
	return (s);
fail:
	sh_spelling_free(s);
	return (NULL);
}

void
sh_spelling_free(struct sh_spelling *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < SLOTS; i++) {
		free(s->slot[i].fold);
		free(s->slot[i].a);
		free(s->slot[i].b);
	}
	free(s);
}

int
sh_spelling_pair(const struct sh_spelling *s, const char *a, const char *b,
    const char **pa, const char **pb)
{
	char key[2 * WORD_MAX + 2];
	const struct pair *p;
	size_t n = strlen(a), m = strlen(b);

	if (n >= WORD_MAX || m >= WORD_MAX)
		return (0);
	memcpy(key, a, n);
	key[n] = ' ';
	memcpy(key + n + 1, b, m + 1);
	p = &s->slot[slot_of(s, key)];
	if (p->fold == NULL || p->a == NULL)
		return (0);
	*pa = p->a;
	*pb = p->b;
	return (1);
}
