/*
 * How well captures of one sheet are told from filled copies of one form:
 *
 *	sample texts -n N | pairs [--copies C] [--others P] [--procs K]
 *	    [--seed S] [--verbose]
 *
 * Each paper of the lines is read twice with the errors of recognition and
 * must be a rescan of itself; against other papers of its type, and against
 * itself with another digit or a word of capital letters changed, it must
 * not.  Of each paper that has a number C copies are made with a digit of it
 * changed; every two of different numbers are compared.
 *
 * The picture of a paper is its text in cells: two papers look the same where
 * the same is printed, but for some dirt.  Where recognition makes two
 * different numbers one, only their pictures tell them apart: those pairs are
 * counted by themselves.  An alteration elsewhere may go unseen where it was
 * read unsurely twice and the paper's number is the same.  The exit status is
 * 1 when two papers of different numbers were taken for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/fields.h"
#include "pipeline/kin.h"
#include "tests/tools/misread.h"

#define PAPERS_MAX	4000
#define COPIES_MAX	64
#define PROCS_MAX	8

struct paper {
	const struct sh_paper_type *type;
	char *text;
	char *number;			/* its own, or NULL */
	struct sh_sheet *first;		/* its first capture */
};

static struct sh_sheet *
sheet(const struct sh_catalogue *c, const struct sh_paper_type *type,
    const char *text)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = capture(text);
	const struct sh_page *pages = p;
	struct sh_fields f = { NULL, 0 };
	struct sh_sheet *s;
	size_t i;

	must(sh_fields_extract(c, type, &pages, 1, 0, &f, &err));
	must_ptr(s = sh_sheet_new(type, f.n, &err));
	for (i = 0; i < f.n; i++)
		must(sh_sheet_say(s, f.field[i].def, f.field[i].value,
		    f.field[i].confidence, f.field[i].method,
		    f.field[i].page, f.field[i].box, &err));
	must(sh_sheet_add_page(s, p, &err));
	sh_fields_clear(&f);
	sh_page_free(p);
	return (s);
}

/* ---- what their pictures show --------------------------------------------- */

#define DIRT		0.001	/* places that look otherwise by dirt */

/* The character in a cell of the drawn text; 0: nothing stands there. */
static uint32_t
cell(const char *text, int32_t line, int32_t col)
{
	const char *end;
	uint32_t cp = 0;

	for (; line > 0 && (text = strchr(text, '\n')) != NULL; line--)
		text++;
	if (line != 0 || text == NULL)
		return (0);
	for (end = text + strcspn(text, "\n"); text < end && col >= 0; col--)
		text += sh_utf8_get(text, end, &cp);
	return (col >= 0 || cp == ' ' ? 0 : cp);
}

/* Both are drawn in cells, so that what is printed at a place is known. */
static enum sh_look
printed(struct sh_box b, const char *text, const char *other)
{
	int32_t line, col;
	int ink = 0;
	uint32_t c;

	if (b.x < TEXT_LEFT || b.y < TEXT_TOP)
		return (SH_LOOK_NOTHING);
	for (line = (b.y - TEXT_TOP) / TEXT_CELL_H; line <= (b.y + b.h - 1 -
	    TEXT_TOP) / TEXT_CELL_H; line++)
		for (col = (b.x - TEXT_LEFT) / TEXT_CELL_W; col <= (b.x +
		    b.w - 1 - TEXT_LEFT) / TEXT_CELL_W; col++) {
			c = cell(text, line, col);
			if (c != cell(other, line, col))
				return (SH_LOOK_DIFFERENT);
			ink |= c != 0;
		}
	return (!ink ? SH_LOOK_NOTHING : rnd() < DIRT ? SH_LOOK_DIFFERENT :
	    SH_LOOK_SAME);
}

static void
see(struct sh_sheet *s, const char *text, const char *other)
{
	size_t i;

	for (i = 0; i < s->nplaces; i++)
		s->places[i].at.look = printed(s->places[i].at.box, text,
		    other);
}

/* ---- the same form, filled with something else --------------------------- */

static int
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* A digit between FROM and TO that has another beside it; 0: there is none. */
static int
change_digit(char *from, char *to)
{
	size_t n = 0, pick;
	char *p;

	for (p = from; p < to; p++)
		n += is_digit(*p) && is_digit(p[1]);
	if (n == 0)
		return (0);
	pick = below(n);
	for (p = from;; p++)
		if (is_digit(*p) && is_digit(p[1]) && pick-- == 0)
			break;
	*p = (char)('0' + (*p - '0' + 1 + (int)below(9)) % 10);
	return (1);
}

/* The own number of the paper becomes another wherever it stands. */
static int
change_number(char *text, const char *number)
{
	char *p = text, other[128], *d;
	size_t len;
	int changed = 0;

	if (number == NULL || (len = strlen(number)) >= sizeof(other))
		return (0);
	(void)snprintf(other, sizeof(other), "%s", number);
	if (!change_digit(other, other + len)) {
		for (d = other; *d != '\0' && !is_digit(*d); d++)
			;
		if (*d == '\0')
			return (0);
		*d = *d == '9' ? '1' : (char)(*d + 1);
	}
	for (; (p = strstr(p, number)) != NULL; p += len, changed = 1)
		memcpy(p, other, len);
	return (changed);
}

/* A word of capital letters, such as a name, becomes another. */
static int
change_word(char *text)
{
	size_t n = 0, pick;
	char *p;

#define STARTS(p)	((p)[0] >= 'A' && (p)[0] <= 'Z' && (p)[1] >= 'A' && \
	(p)[1] <= 'Z' && (p)[2] >= 'A' && (p)[2] <= 'Z')
	for (p = text; *p != '\0'; p++)
		n += STARTS(p);
	if (n == 0)
		return (0);
	pick = below(n);
	for (p = text; !STARTS(p) || pick-- > 0; p++)
		;
#undef STARTS
	p[0] = p[0] == 'K' ? 'T' : 'K';
	p[1] = p[1] == 'O' ? 'E' : 'O';
	p[2] = p[2] == 'P' ? 'N' : 'P';
	return (1);
}

/* ---- counting ------------------------------------------------------------ */

struct count {
	unsigned long pairs, merged, asked;
};

/* ALIKE: different numbers that were read as one. */
enum { SAME, OTHER, NUMBER, ALIKE, DIGIT, WORD, KINDS };

/* A of TEXT and the first capture of P. */
static void
compare(struct sh_sheet *a, const char *text, const struct paper *p,
    struct sh_kin *kin)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_kin_compare(a, p->first, kin, &err));
	if (!sh_kin_is_open(kin))
		return;
	see(a, text, p->text);
	see(p->first, p->text, text);
	sh_kin_look(a, p->first, kin);
}

/* What was read of the sheet's own number, and how surely. */
static void
print_number(const struct sh_sheet *s)
{
	const struct sh_saying *n = sh_sheet_says(s, s->type->number_field);

	(void)printf("%s %.2f", n != NULL ? n->value : "unread", n != NULL ?
	    n->confidence : 0);
}

static void
tally(struct count *n, struct sh_sheet *a, const struct paper *p,
    const char *text, const char *kind, int verbose)
{
	struct sh_kin kin;

	compare(a, text, p, &kin);
	n->pairs++;
	n->merged += kin.kinship == SH_KIN_RESCAN;
	n->asked += kin.kinship == SH_KIN_CONFLICT ||
	    kin.kinship == SH_KIN_UNSURE;
	if (!verbose || (kin.kinship == SH_KIN_RESCAN) == (text == p->text))
		return;
	(void)printf("%s %s: %s, %u fields, %d bp, %s; ", kind,
	    p->type->slug, sh_kinship_word(kin.kinship), kin.agreeing,
	    kin.words_bp, kin.differs != NULL ? kin.differs : "-");
	print_number(p->first);
	(void)printf(", ");
	print_number(a);
	(void)printf("\n%s\n---\n%s\n", p->text, text);
}

/* Was the same own number read on both? */
static int
read_alike(const struct sh_sheet *a, const struct sh_sheet *b)
{
	return (a->number != NULL && b->number != NULL && strcmp(a->number,
	    b->number) == 0);
}

/* Copies of the paper under other numbers: no two of them are one. */
static void
count_numbers(const struct sh_catalogue *c, const struct paper *p,
    size_t copies, struct count n[KINDS], int verbose)
{
	struct sh_error err = SH_ERROR_INIT;
	struct paper copy[COPIES_MAX];
	size_t i, k, made = 0;
	char *text;

	for (i = 0; p->number != NULL && i < copies; i++) {
		must_ptr(text = sh_strdup(p->text, &err));
		if (!change_number(text, p->number)) {
			free(text);
			break;
		}
		copy[made] = *p;
		copy[made].text = text;
		copy[made++].first = sheet(c, p->type, text);
	}
	for (i = 0; i < made; i++)
		for (k = 0; k < i; k++) {
			int alike = read_alike(copy[i].first, copy[k].first);

			if (strcmp(copy[i].text, copy[k].text) != 0)
				tally(&n[alike ? ALIKE : NUMBER],
				    copy[i].first, &copy[k], copy[i].text,
				    alike ? "alike" : "number", verbose);
		}
	for (i = 0; i < made; i++) {
		sh_sheet_free(copy[i].first);
		free(copy[i].text);
	}
}

static void
count_paper(const struct sh_catalogue *c, const struct paper *p,
    struct count n[KINDS], int verbose)
{
	static const char *const word[KINDS] = { "same", "other", "number",
	    "alike", "digit", "word" };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sheet *s = sheet(c, p->type, p->text);
	char *other;
	int i, kind, changed;

	tally(&n[SAME], s, p, p->text, word[SAME], verbose);
	sh_sheet_free(s);
	for (i = 0; i < 4; i++) {
		kind = i % 2 ? DIGIT : WORD;
		must_ptr(other = sh_strdup(p->text, &err));
		changed = kind == DIGIT ? change_digit(other, other +
		    strlen(other)) : change_word(other);
		if (changed) {
			s = sheet(c, p->type, other);
			tally(&n[kind], s, p, other, word[kind], verbose);
			sh_sheet_free(s);
		}
		free(other);
	}
}

static void
count_others(const struct paper *papers, size_t n, size_t from, size_t step,
    size_t wanted, struct count *out, int verbose)
{
	size_t i, k;

	for (i = from; i < n && out->pairs < wanted; i += step)
		for (k = i + 1; k < n && papers[k].type == papers[i].type &&
		    out->pairs < wanted; k++)
			if (strcmp(papers[i].text, papers[k].text) != 0)
				tally(out, papers[i].first, &papers[k],
				    papers[i].text, "other", verbose);
}

static int
by_type(const void *a, const void *b)
{
	const struct paper *x = a, *y = b;

	return (x->type != y->type ? (x->type > y->type ? 1 : -1) :
	    strcmp(x->text, y->text));
}

static size_t
load(const struct sh_catalogue *c, struct paper *papers)
{
	struct sh_error err = SH_ERROR_INIT;
	char *line = NULL;
	size_t cap = 0, n = 0;
	ssize_t len;
	json_t *v;

	while (n < PAPERS_MAX && (len = getline(&line, &cap, stdin)) > 0) {
		const char *type, *text;

		must_ptr(v = sh_json_parse(line, (size_t)len, 1 << 20, &err));
		type = json_string_value(json_object_get(v, "type"));
		text = json_string_value(json_array_get(json_object_get(v,
		    "sides"), 0));
		if (type != NULL && text != NULL && (papers[n].type =
		    sh_catalogue_type(c, type)) != NULL) {
			must_ptr(papers[n].text = sh_strdup(text, &err));
			wrap(papers[n].text);
			text = papers[n].type->number_field == NULL ? NULL :
			    json_string_value(json_object_get(
			    json_object_get(v, "fields"),
			    papers[n].type->number_field));
			if (text != NULL)
				must_ptr(papers[n].number = sh_strdup(text,
				    &err));
			papers[n].first = sheet(c, papers[n].type,
			    papers[n].text);
			n++;
		}
		json_decref(v);
	}
	free(line);
	qsort(papers, n, sizeof(*papers), by_type);
	return (n);
}

struct result {
	struct count n[KINDS];
	unsigned long wrong;	/* different papers that were merged */
};

/* Every STEP-th paper from FROM on. */
static void
count_all(const struct sh_catalogue *c, const struct paper *papers, size_t n,
    size_t from, size_t step, size_t copies, size_t others,
    struct result *out, int verbose)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = from; i < n; i += step) {
		count_paper(c, &papers[i], out->n, verbose);
		count_numbers(c, &papers[i], copies, out->n, verbose);
	}
	count_others(papers, n, from, step, others / step, &out->n[OTHER],
	    verbose);
	out->wrong = out->n[OTHER].merged + out->n[NUMBER].merged +
	    out->n[ALIKE].merged;
}

/* One process for each part of the papers. */
static void
share_out(const struct sh_catalogue *c, const struct paper *papers, size_t n,
    size_t procs, size_t copies, size_t others, struct result *sum,
    int verbose)
{
	struct result part;
	int fd[PROCS_MAX][2], status;
	size_t i, k;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < procs; i++) {
		assert_int_equal(pipe(fd[i]), 0);
		if (fork() == 0) {
			rnd_state += i * 1000003;
			count_all(c, papers, n, i, procs, copies, others,
			    &part, verbose);
			(void)fflush(stdout);
			_exit(write(fd[i][1], &part, sizeof(part)) !=
			    sizeof(part));
		}
		(void)close(fd[i][1]);
	}
	for (i = 0; i < procs; i++) {
		assert_int_equal(read(fd[i][0], &part, sizeof(part)),
		    sizeof(part));
		assert_true(wait(&status) > 0 && status == 0);
		for (k = 0; k < KINDS; k++) {
			sum->n[k].pairs += part.n[k].pairs;
			sum->n[k].merged += part.n[k].merged;
			sum->n[k].asked += part.n[k].asked;
		}
		sum->wrong += part.wrong;
	}
}

int
main(int argc, char **argv)
{
	static struct paper papers[PAPERS_MAX];
	static char said[1 << 26];
	struct sh_error err = SH_ERROR_INIT;
	static const char *const kinds[KINDS] = { "the same paper, "
	    "captured twice", "other papers of its type",
	    "another own number", "another one, read as the same",
	    "another digit", "another word" };
	struct sh_catalogue *c;
	struct result r;
	size_t others = 100000, copies = 20, procs = 2, npapers, i;
	int verbose = 0, k;

	for (k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--verbose") == 0)
			verbose = 1;
		else if (strcmp(argv[k], "--others") == 0 && k + 1 < argc)
			others = (size_t)atol(argv[++k]);
		else if (strcmp(argv[k], "--copies") == 0 && k + 1 < argc)
			copies = (size_t)atol(argv[++k]);
		else if (strcmp(argv[k], "--procs") == 0 && k + 1 < argc)
			procs = (size_t)atol(argv[++k]);
		else if (strcmp(argv[k], "--seed") == 0 && k + 1 < argc)
			rnd_state = (uint64_t)atol(argv[++k]) + 1;
		else
			return (64);
	}
	if (copies > COPIES_MAX || procs < 1 || procs > PROCS_MAX)
		return (64);
	/* Whole papers are printed, and several processes print them. */
	if (verbose)
		(void)setvbuf(stdout, said, _IOFBF, sizeof(said));
	must(sh_catalogue_load(NULL, &c, &err));
	npapers = load(c, papers);
	share_out(c, papers, npapers, procs, copies, others, &r, verbose);
	(void)printf("%4zu papers%27s pairs   merged    asked\n", npapers,
	    "");
	for (k = 0; k < KINDS; k++)
		(void)printf("%-32s %9lu %8lu %8lu\n", kinds[k],
		    r.n[k].pairs, r.n[k].merged, r.n[k].asked);
	(void)printf("%lu different papers merged\n", r.wrong);
	for (i = 0; i < npapers; i++) {
		sh_sheet_free(papers[i].first);
		free(papers[i].text);
		free(papers[i].number);
	}
	sh_catalogue_free(c);
	return (r.wrong > 0);
}
