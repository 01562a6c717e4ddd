#include "pipeline/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* A number of so many characters stands in a longer word by itself only. */
#define WITHIN	9
/* Dirt is never read as a word of so many digits. */
#define MANY_DIGITS	6

struct sh_sheet *
sh_sheet_new(const struct sh_paper_type *type, size_t nfields,
    struct sh_error *err)
{
	struct sh_sheet *s;

	if ((s = sh_alloc(1, sizeof(*s), "a sheet", err)) == NULL)
		return (NULL);
	s->type = type;
	s->says = sh_alloc(nfields + 1, sizeof(*s->says), "a sheet", err);
	s->tokens = sh_alloc(SH_SHEET_TOKENS_MAX, sizeof(*s->tokens),
	    "a sheet", err);
	if (s->says == NULL || s->tokens == NULL ||
	    sh_buf_puts(&s->text, " ", err)) {
		sh_sheet_free(s);
		return (NULL);
	}
	return (s);
}

void
sh_sheet_free(struct sh_sheet *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->nsays; i++)
		free(s->says[i].value);
	free(s->says);
	free(s->number);
	free(s->places);
	free(s->tokens);
	sh_buf_free(&s->text);
	free(s);
}

static int
add_place(struct sh_sheet *s, size_t page, struct sh_box box, int what,
    struct sh_error *err)
{
	struct sh_place *p;

	if (sh_grow(&s->places, &s->placecap, s->nplaces + 1,
	    sizeof(*s->places), "places", err))
		return (-1);
	p = &s->places[s->nplaces++];
	memset(p, 0, sizeof(*p));
	p->page = page;
	p->what = what;
	p->at.box = box;
	return (0);
}

int
sh_sheet_is_exact(enum sh_field_kind kind)
{
	return (kind == SH_FIELD_ID || kind == SH_FIELD_NUMBER ||
	    kind == SH_FIELD_DATE || kind == SH_FIELD_MONEY ||
	    kind == SH_FIELD_AREA);
}

/* Another value there is another paper; a square code proves itself. */
static int
is_telling(const struct sh_field_def *def, const char *method)
{
	return ((def->critical || def->kind == SH_FIELD_NAME ||
	    def->kind == SH_FIELD_MRZ || sh_sheet_is_exact(def->kind)) &&
	    def->kind != SH_FIELD_QR && strcmp(method, "qr") != 0);
}

int
sh_sheet_say(struct sh_sheet *s, const struct sh_field_def *def,
    const char *value, double confidence, const char *method, size_t page,
    struct sh_box box, struct sh_error *err)
{
	struct sh_saying *v = &s->says[s->nsays];
	int own = s->type->number_field != NULL && strcmp(def->name,
	    s->type->number_field) == 0;

	if ((is_telling(def, method) && add_place(s, page, box, own ?
	    SH_PLACE_OWN : SH_PLACE_TELLING, err)) ||
	    (own && s->number == NULL && (s->number = sh_text_fold_dup(value,
	    err)) == NULL) || (v->value = sh_strdup(value, err)) == NULL)
		return (-1);
	v->def = def;
	v->confidence = confidence;
	s->nsays++;
	return (0);
}

const struct sh_saying *
sh_sheet_says(const struct sh_sheet *s, const char *field)
{
	size_t i;

	for (i = 0; field != NULL && i < s->nsays; i++)
		if (strcmp(s->says[i].def->name, field) == 0)
			return (&s->says[i]);
	return (NULL);
}

/* FNV-1a, 32 bit: two words are compared letter by letter only if equal. */
static uint32_t
hash(const uint8_t *p, size_t len)
{
	uint32_t h = 2166136261u;

	while (len-- > 0)
		h = (h ^ *p++) * 16777619u;
	return (h);
}

static void
add_token(struct sh_sheet *s, size_t at, size_t len, double confidence)
{
	struct sh_token *t;
	size_t i;

	if (s->ntokens == SH_SHEET_TOKENS_MAX)
		return;
	t = &s->tokens[s->ntokens++];
	t->at = (uint32_t)at;
	t->len = (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len);
	t->sure = confidence >= SH_SHEET_SURE;
	t->digits = t->agrees = 0;
	for (i = 0; i < t->len; i++)
		t->digits |= s->text.data[at + i] >= '0' &&
		    s->text.data[at + i] <= '9';
	t->hash = hash(s->text.data + at, t->len);
}

/*
 * Is the paper's own number what was read from AT on, or within it, as in the
 * lines for machines of a card?
 */
static int
shows_number(const struct sh_sheet *s, size_t at)
{
	const uint8_t *p = s->text.data + at;
	size_t len = s->text.len - at, n;

	if (s->number == NULL)
		return (0);
	n = strlen(s->number);
	return (len == n ? memcmp(p, s->number, n) == 0 : n >= WITHIN &&
	    len > n && memmem(p, len, s->number, n) != NULL);
}

/* "16/07/1993" folds to three tokens; a stop alone folds to none. */
static int
add_word(struct sh_sheet *s, const struct sh_word *w, struct sh_error *err)
{
	size_t from = s->text.len, first = from, at, before = s->ntokens, n;
	size_t digits = 0;
	int telling = 0, sure = 0, own;

	if (sh_text_fold(w->text, strlen(w->text), &s->text, err))
		return (-1);
	if (from == s->text.len)
		return (0);
	while (from < s->text.len) {
		for (at = from; at < s->text.len && s->text.data[at] != ' ';)
			at++;
		if (at > from)
			add_token(s, from, at - from, w->confidence);
		from = at + 1;
	}
	/* What was read badly may be dirt; one digit alone is as often. */
	for (n = before; n < s->ntokens; n++) {
		digits += s->tokens[n].digits ? s->tokens[n].len : 0;
		if (s->tokens[n].sure && s->tokens[n].len > 1) {
			telling |= s->tokens[n].digits;
			sure |= s->tokens[n].digits || s->tokens[n].len > 2;
		}
	}
	if (digits >= MANY_DIGITS)
		telling = sure = 1;
	own = shows_number(s, first);
	if (sure) {
		if (add_place(s, s->npages, w->box, own ? SH_PLACE_OWN :
		    telling ? SH_PLACE_TELLING : SH_PLACE_WORD, err))
			return (-1);
		s->places[s->nplaces - 1].token = before;
		s->places[s->nplaces - 1].ntokens = s->ntokens - before;
	}
	return (sh_buf_puts(&s->text, " ", err));
}

int
sh_sheet_add_page(struct sh_sheet *s, const struct sh_page *p,
    struct sh_error *err)
{
	size_t i;

	s->confidence = (s->confidence * (double)s->npages + p->confidence) /
	    (double)(s->npages + 1);
	if (s->npages == 0 || p->dpi < s->dpi)
		s->dpi = p->dpi;
	for (i = 0; i < p->nwords && s->ntokens < SH_SHEET_TOKENS_MAX; i++)
		if (add_word(s, &p->words[i], err))
			return (-1);
	for (i = 0; i < s->nplaces; i++)
		if (s->places[i].page == s->npages) {
			s->places[i].at.width_px = p->width_px;
			s->places[i].at.height_px = p->height_px;
			s->places[i].at.orientation = p->orientation;
		}
	s->npages++;
	return (0);
}

int
sh_sheet_look(struct sh_sheet *s, size_t page, struct sh_looks *l,
    struct sh_looks *held, struct sh_error *err)
{
	struct sh_look_at *at;
	size_t i, n = 0;
	int rc;

	at = sh_alloc(s->nplaces + 1, sizeof(*at), "places", err);
	if (at == NULL)
		return (-1);
	for (i = 0; i < s->nplaces; i++)
		if (s->places[i].page == page)
			at[n++] = s->places[i].at;
	rc = sh_likeness_look(l, held, at, n, err);
	for (i = n = 0; rc == 0 && i < s->nplaces; i++)
		if (s->places[i].page == page)
			s->places[i].at.look = at[n++].look;
	free(at);
	return (rc);
}
