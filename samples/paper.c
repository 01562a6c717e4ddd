#include "samples/paper.h"

#include <string.h>

static void *
more(struct sh_arena *a, void *old, size_t n, size_t *capp, size_t size,
    size_t first)
{
	void *p;

	if (n < *capp)
		return (old);
	*capp = *capp == 0 ? first : 2 * *capp;
	p = sh_arena_get(a, *capp, size);
	if (n > 0)
		memcpy(p, old, n * size);
	return (p);
}

struct sh_side *
sh_paper_side(struct sh_paper *p, double w, double h)
{
	struct sh_side *s;

	p->sides = more(&p->arena, p->sides, p->nsides, &p->sides_cap,
	    sizeof(*s), 4);
	s = &p->sides[p->nsides++];
	s->w = w;
	s->h = h;
	s->text_cap = 2048;
	s->text = sh_arena_get(&p->arena, s->text_cap, 1);
	return (s);
}

struct sh_item *
sh_side_item(struct sh_paper *p, struct sh_side *s, enum sh_item_kind kind)
{
	struct sh_item *it;

	s->items = more(&p->arena, s->items, s->nitems, &s->items_cap,
	    sizeof(*it), 128);
	it = &s->items[s->nitems++];
	*it = (struct sh_item){ .kind = kind };
	return (it);
}

void
sh_side_read(struct sh_paper *p, struct sh_side *s, const char *line)
{
	size_t len = strlen(line);
	char *text;

	if (s->len + len + 2 > s->text_cap) {
		s->text_cap = 2 * (s->len + len + 2);
		text = sh_arena_get(&p->arena, s->text_cap, 1);
		memcpy(text, s->text, s->len);
		s->text = text;
	}
	if (s->len > 0)
		s->text[s->len++] = '\n';
	memcpy(s->text + s->len, line, len + 1);
	s->len += len;
}

int
sh_paper_field(struct sh_paper *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nfields; i++)
		if (strcmp(p->fields[i].name, name) == 0)
			return (p->fields[i].value == NULL ? (int)i : -1);
	p->fields = more(&p->arena, p->fields, p->nfields, &p->fields_cap,
	    sizeof(*p->fields), 24);
	p->fields[p->nfields].name = name;
	return ((int)p->nfields++);
}

void
sh_paper_holder(struct sh_paper *p, const char *role, const char *id,
    const char *name)
{
	struct sh_paper_holder *h;

	p->holders = more(&p->arena, p->holders, p->nholders,
	    &p->holders_cap, sizeof(*h), 4);
	h = &p->holders[p->nholders++];
	h->role = role;
	h->id = id;
	h->name = name;
}

void
sh_paper_free(struct sh_paper *p)
{
	sh_arena_free(&p->arena);
	*p = (struct sh_paper){ .slug = NULL };
}
