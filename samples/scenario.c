#include "samples/scenario.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const char *const feedings[] = { "tiff", "jpeg", "pdf", "photo",
    "fax", "grey", "vector", "mixed" };
static const char *const withs[] = { "backs", "separators", "turned",
    "stranger", "certified", "photocopy", "unknown" };

int
sh_feeding_from_word(const char *word, enum sh_feeding *fp)
{
	unsigned i;

	for (i = 0; i < SH_COUNT(feedings); i++)
		if (strcmp(feedings[i], word) == 0) {
			*fp = (enum sh_feeding)i;
			return (0);
		}
	return (-1);
}

int
sh_with_parse(const char *list, unsigned *withp, struct sh_error *err)
{
	const char *s = list;
	size_t len;
	unsigned i;

	*withp = 0;
	for (; *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		for (i = 0; i < SH_COUNT(withs); i++)
			if (strlen(withs[i]) == len &&
			    memcmp(withs[i], s, len) == 0)
				break;
		if (i == SH_COUNT(withs))
			return (sh_error_set(err, SH_EARG, "sample.with",
			    "nothing special is called %.*s", (int)len, s));
		*withp |= 1u << i;
	}
	return (0);
}

const char *
sh_scenario_help(void)
{
	return (
	    "  --carrier  tiff jpeg pdf photo fax grey vector mixed\n"
	    "  --with     backs separators turned stranger certified "
	    "photocopy unknown\n");
}

struct sh_date
sh_scenario_day(uint64_t seed)
{
	struct sh_rng r;

	sh_rng_start(&r, sh_seed(seed, "day"));
	return (sh_date_add_days((struct sh_date){ 2022, 3, 1 },
	    sh_rng_range(&r, 0, 1500)));
}

/* ---- which papers ---------------------------------------------------- */

/* "cast.subject=me" says "me" for whoever applies. */
static const char *
whom(struct sh_arena *a, const char *more, const char *me)
{
	const char *at;

	while (more != NULL && (at = strstr(more, "=me")) != NULL &&
	    (at[3] == '\0' || at[3] == ';'))
		more = sh_arena_printf(a, "%.*s=%s%s", (int)(at - more), more,
		    me, at + 3);
	return (more);
}

/* The new card instead of the old one, when that is what they carry. */
static const struct sh_form *
card_of(const struct sh_case *c, const char *more, struct sh_date day,
    const struct sh_form *form)
{
	const char *who = more == NULL ? NULL :
	    strstr(more, "cast.subject=");
	enum sh_kin kin;
	char word[16];
	size_t len;

	if (who == NULL || strcmp(form->slug, "cccd") != 0)
		return (form);
	who += strlen("cast.subject=");
	len = strcspn(who, ";");
	if (len >= sizeof(word))
		return (form);
	memcpy(word, who, len);
	word[len] = '\0';
	kin = sh_kin_from_word(word);
	if (kin == SH_KIN_COUNT ||
	    !sh_person_renewed(&c->family.person[kin], day))
		return (form);
	return (sh_form_find("can-cuoc"));
}

static int
add_paper(struct sh_staged *s, const struct sh_scenario *sc,
    const struct sh_form_line *line, struct sh_date today,
    struct sh_error *err)
{
	struct sh_arena *a = &s->dossier.arena;
	const char *text = line->text;
	size_t len = strcspn(text, " ");
	struct sh_wanted w = { .variant = -1, .today = today };
	const char *slug = sh_arena_ndup(a, text, len);

	text += len;
	text += strspn(text, " ");
	w.more = *text == '\0' ? NULL : whom(a, text,
	    sh_kin_word(s->people.me->kin));
	if ((w.form = sh_form_find(slug)) == NULL)
		return (sh_form_fail(line, err, "no type %s", slug));
	w.form = card_of(&s->people, w.more, today, w.form);
	w.copy_seed = sh_seed_n(sc->seed, w.form->name, sc->capture);
	(void)sh_plan_document(&s->dossier, &s->people, &w);
	return (0);
}

/* 1 if somebody else wrote it: such papers come as copies too. */
static int
is_issued(const struct sh_document *d)
{
	static const char *const own[] = { "to-khai", "don-de-nghi", "ct01",
	    "giay-uy-quyen", "so-yeu-ly-lich", "ban-ve" };
	size_t i;

	for (i = 0; i < SH_COUNT(own); i++)
		if (strcmp(own[i], d->order.form->slug) == 0)
			return (0);
	return (1);
}

/* Somebody else's paper slips in before the last one. */
static int
slip_in(struct sh_staged *s, const struct sh_scenario *sc,
    struct sh_date today, struct sh_rng *r, int unknown,
    struct sh_error *err)
{
	static const char *const slips[] = { "kham-suc-khoe", "ct07",
	    "giay-khai-sinh", "xn-tinh-trang-hon-nhan", "lltp" };
	static const char *const strange[] = { "hoa-don-dien", "moi-hop",
	    "thue-nha", "xet-nghiem" };
	struct sh_wanted w = { .variant = -1, .today = today };
	struct sh_dossier *d = &s->dossier;
	struct sh_document moved;
	size_t n;

	if (!unknown && s->others.me == NULL && sh_case_make(&s->others,
	    sh_seed(sc->seed, "others"), sh_date_add_days(today, -30), 0,
	    err) == -1)
		return (-1);
	w.form = sh_form_find(unknown ? strange[sh_rng_below(r,
	    SH_COUNT(strange))] : slips[sh_rng_below(r, SH_COUNT(slips))]);
	(void)sh_plan_document(d, unknown ? &s->people : &s->others, &w);
	n = d->ndocuments;
	if (n < 2)
		return (0);
	moved = d->documents[n - 1];
	d->documents[n - 1] = d->documents[n - 2];
	d->documents[n - 2] = moved;
	return (0);
}

static void
make_copies(struct sh_dossier *d, const struct sh_scenario *sc)
{
	struct sh_document *x;
	size_t i;
	int certified = (sc->with & SH_WITH_CERTIFIED) != 0,
	    photo = (sc->with & SH_WITH_PHOTOCOPY) != 0;

	for (i = d->ndocuments; i-- > 0; ) {
		x = &d->documents[i];
		if (!is_issued(x))
			continue;
		if (certified) {
			x->order.copy = SH_COPY_CERTIFIED;
			certified = 0;
		} else if (photo) {
			x->order.copy = SH_COPY_PHOTOCOPY;
			photo = 0;
		}
	}
}

/* ---- which scans ------------------------------------------------------ */

static struct sh_page *
add_page(struct sh_dossier *d, struct sh_scan *scan,
    const struct sh_scenario *sc, enum sh_page_kind kind, size_t document,
    size_t side)
{
	struct sh_page *p = sh_dossier_page(d, scan);
	const struct sh_document *x = &d->documents[document];

	p->kind = kind;
	p->document = document;
	p->side = side;
	p->wear = sc->wear;
	p->seed = sh_seed_n(sh_seed_n(x->order.seed, "capture", sc->capture),
	    kind == SH_PAGE_BLANK ? "back" : kind == SH_PAGE_SEPARATOR ?
	    "separator" : "side", side);
	if (kind == SH_PAGE_DOCUMENT && x->order.copy == SH_COPY_PHOTOCOPY)
		p->wear.has |= 1u << SH_WEAR_PHOTOCOPY;
	return (p);
}

static void
add_document_pages(struct sh_dossier *d, struct sh_scan *scan,
    const struct sh_scenario *sc, size_t document)
{
	size_t i, n = d->documents[document].paper.nsides;
	struct sh_page *p;

	if (sc->with & SH_WITH_SEPARATORS) {
		p = add_page(d, scan, sc, SH_PAGE_SEPARATOR, document, 0);
		p->separator_type = d->documents[document].order.form->slug;
		p->separator = sh_arena_printf(&d->arena, "SH1|%s|%s|%s|%zu",
		    d->code, p->separator_type, d->station, document + 1);
		if (sc->with & SH_WITH_BACKS)
			(void)add_page(d, scan, sc, SH_PAGE_BLANK, document,
			    0);
	}
	for (i = 0; i < n; i++)
		(void)add_page(d, scan, sc, SH_PAGE_DOCUMENT, document, i);
	if (sc->with & SH_WITH_BACKS && n % 2 == 1)
		(void)add_page(d, scan, sc, SH_PAGE_BLANK, document, n - 1);
}

static struct sh_scan *
add_scan(struct sh_dossier *d, const struct sh_scenario *sc, const char *name,
    int kind)
{
	struct sh_scan *s = sh_dossier_scan(d);

	*s = (struct sh_scan){ .name = name, .kind = kind, .dpi = sc->dpi,
	    .depth = sc->depth, .quality = sc->quality };
	return (s);
}

/* A file for each side of the document. */
static void
add_singles(struct sh_dossier *d, const struct sh_scenario *sc,
    size_t document, int photo, unsigned *np)
{
	struct sh_scan *s;
	struct sh_page *p;
	size_t i;

	for (i = 0; i < d->documents[document].paper.nsides; i++) {
		s = add_scan(d, sc, sh_arena_printf(&d->arena, photo ?
		    "IMG_%04u.jpg" : "scan-%u.jpg", photo ? 2040 + ++*np :
		    ++*np), SH_CARRIER_JPEG);
		p = add_page(d, s, sc, SH_PAGE_DOCUMENT, document, i);
		if (photo) {
			s->camera = 1;
			p->wear = (struct sh_wear){ .has = 1u <<
			    SH_WEAR_PHOTO | 1u << SH_WEAR_EXIF | 1u <<
			    SH_WEAR_NOISE | 1u << SH_WEAR_BLUR };
			p->wear.value[SH_WEAR_NOISE] = 2.5;
			p->wear.value[SH_WEAR_BLUR] = 0.7;
		}
	}
}

static int
is_card(const struct sh_document *x)
{
	return (strcmp(x->order.form->slug, "cccd") == 0 ||
	    strcmp(x->order.form->slug, "can-cuoc") == 0);
}

static void
feed(struct sh_dossier *d, const struct sh_scenario *sc)
{
	struct sh_scan *s = NULL;
	unsigned n = 0;
	size_t i, k;

	switch (sc->feeding) {
	case SH_FEED_JPEG:
	case SH_FEED_PHOTO:
		for (i = 0; i < d->ndocuments; i++)
			add_singles(d, sc, i, sc->feeding == SH_FEED_PHOTO,
			    &n);
		return;
	case SH_FEED_VECTOR:
		for (i = 0; i < d->ndocuments; i++) {
			s = add_scan(d, sc, sh_arena_printf(&d->arena,
			    "%zu.pdf", i + 1), SH_VECTOR);
			for (k = 0; k < d->documents[i].paper.nsides; k++)
				(void)add_page(d, s, sc, SH_PAGE_DOCUMENT, i,
				    k);
		}
		return;
	case SH_FEED_PDF:
		s = add_scan(d, sc, "hoso.pdf", SH_CARRIER_PDF);
		break;
	default:
		s = add_scan(d, sc, "0001.tif", SH_CARRIER_TIFF);
	}
	if (sc->feeding == SH_FEED_FAX)
		s->depth = SH_DEPTH_BILEVEL;
	if (sc->feeding == SH_FEED_GREY) {
		s->depth = SH_DEPTH_GREY;
		s->quality = 0;
	}
	for (i = 0; i < d->ndocuments; i++)
		if (sc->feeding != SH_FEED_MIXED ||
		    !is_card(&d->documents[i]))
			add_document_pages(d, s, sc, i);
	if (sc->feeding == SH_FEED_MIXED)
		for (i = 0; i < d->ndocuments; i++)
			if (is_card(&d->documents[i]))
				add_singles(d, sc, i, 1, &n);
}

/* One side upside down, one sideways where there are enough. */
static void
turn(struct sh_dossier *d, struct sh_rng *r)
{
	static const enum sh_wear_kind turns[] = { SH_WEAR_ROT180,
	    SH_WEAR_ROT90, SH_WEAR_ROT270 };
	size_t i, j, k = 0;

	for (i = 0; i < d->nscans; i++)
		for (j = 0; j < d->scans[i].npages; j++)
			if (d->scans[i].pages[j].kind == SH_PAGE_DOCUMENT &&
			    d->scans[i].kind != SH_VECTOR &&
			    sh_rng_chance(r, k == 0 ? 60 : 25)) {
				d->scans[i].pages[j].wear.has |= 1u <<
				    turns[k % 3];
				k++;
			}
}

/* ---- the dossier -------------------------------------------------------- */

/* Rule: TT 01/2018/TT-VPCP Art. 19 before July 2025, TT 03/2025/TT-VPCP
 * Art. 13 since, with two digits more on a central system. */
static void
number(struct sh_dossier *d, const struct sh_place *desk,
    struct sh_date today, struct sh_rng *r)
{
	const char *agency = sh_place_attr(desk, "code", today, &d->arena);
	int a = sh_rng_range(r, 10, 39), b = sh_rng_range(r, 1, 130),
	    n = sh_rng_range(r, 1, 1990), system = sh_rng_range(r, 1, 9);

	if (!sh_place_two_levels(today)) {
		d->code_style = "old";
		d->code = sh_arena_printf(&d->arena,
		    "000.00.%02d.%s-%02d%02d%02d-%04d", a, agency,
		    today.year % 100, today.month, today.day, n);
	} else if (sh_rng_chance(r, 15)) {
		d->code_style = "central";
		d->code = sh_arena_printf(&d->arena,
		    "%s.%03d.%02d-%02d%02d%02d-%02d%04d", agency, b, a,
		    today.year % 100, today.month, today.day, system, n);
	} else {
		d->code_style = "new";
		d->code = sh_arena_printf(&d->arena,
		    "%s.%03d.%02d-%02d%02d%02d-%04d", agency, b, a,
		    today.year % 100, today.month, today.day, n);
	}
	d->station = sh_arena_printf(&d->arena, "QUAY-%02d",
	    sh_rng_range(r, 1, 8));
	d->received = sh_date_start(today) + sh_rng_range(r, 7 * 3600 + 2400,
	    16 * 3600 + 1800);
}

static const char *
note(struct sh_arena *a, const struct sh_scenario *sc)
{
	const char *s = feedings[sc->feeding];
	unsigned i;

	for (i = 0; i < SH_COUNT(withs); i++)
		if (sc->with >> i & 1)
			s = sh_arena_printf(a, "%s, %s", s, withs[i]);
	return (s);
}

/* Who applies: as said, or one of those whom the procedure allows. */
static int
applicant(struct sh_case *c, const struct sh_scenario *sc,
    const struct sh_form_line *line, struct sh_rng *r, struct sh_error *err)
{
	const char *who[4], *s = line->text;
	enum sh_kin kin;
	size_t n = 0, len;

	for (; *s != '\0' && n < 4; s += len, s += strspn(s, " ")) {
		len = strcspn(s, " ");
		who[n++] = sh_arena_ndup(&c->arena, s, len);
	}
	if (n == 0)
		return (sh_form_fail(line, err, "me nobody"));
	kin = sh_kin_from_word(sc->me != NULL ? sc->me :
	    who[sh_rng_below(r, (unsigned)n)]);
	if (kin == SH_KIN_COUNT)
		return (sh_error_set(err, SH_EARG, "sample.me",
		    "nobody is called %s", sc->me));
	sh_case_applicant(c, kin);
	return (0);
}

int
sh_scenario_stage(const struct sh_scenario *sc, struct sh_staged *s,
    struct sh_error *err)
{
	const struct sh_form_procedure *proc;
	const struct sh_form_line *line;
	struct sh_dossier *d = &s->dossier;
	struct sh_date base = sh_scenario_day(sc->seed), today;
	struct sh_rng r;
	char label[64];
	size_t i;

	*s = (struct sh_staged){ .dossier = { .name = sc->name } };
	if ((proc = sh_form_procedure_find(sc->procedure)) == NULL)
		return (sh_error_set(err, SH_EARG, "sample.procedure",
		    "no procedure has the code %s (see: sample procedures)",
		    sc->procedure));
	today = sh_date_add_days(base, sc->after);
	(void)snprintf(label, sizeof(label), "%s %d", proc->code, sc->after);
	sh_rng_start(&r, sh_seed(sc->seed, label));
	if (sh_case_make(&s->people, sc->seed, base, sc->things, err) == -1)
		return (-1);
	d->procedure = proc->code;
	d->procedure_name = proc->name;
	for (i = proc->lines.from; i < proc->lines.to; i++) {
		line = sh_form_line_at(i);
		if (strcmp(line->cmd, "me") == 0) {
			if (applicant(&s->people, sc, line, &r, err) == -1)
				return (-1);
		} else if (add_paper(s, sc, line, today, err) == -1)
			return (-1);
	}
	d->holder = s->people.me;
	d->note = note(&d->arena, sc);
	number(d, &s->people.me->home, today, &r);
	if ((sc->with & SH_WITH_STRANGER && slip_in(s, sc, today, &r, 0,
	    err) == -1) || (sc->with & SH_WITH_UNKNOWN && slip_in(s, sc,
	    today, &r, 1, err) == -1))
		return (-1);
	make_copies(d, sc);
	if (sh_dossier_compose(d, err) == -1)
		return (-1);
	feed(d, sc);
	if (sc->with & SH_WITH_TURNED)
		turn(d, &r);
	return (0);
}

void
sh_staged_free(struct sh_staged *s)
{
	sh_dossier_free(&s->dossier);
	sh_case_free(&s->people);
	sh_case_free(&s->others);
}
