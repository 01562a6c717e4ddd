/*
 * Is a paper of somebody else caught that slipped into a dossier?
 *
 *	sample texts -n N | swaps [--swaps S] [--seed K] [--verbose]
 *
 * Each dossier has a citizen's card, another paper of that citizen, and one
 * of somebody else; the next one has instead a paper into which the
 * citizen's name was put: of a namesake, whom nobody can tell where the
 * paper has neither number nor birth.  All are captured with the errors
 * of recognition.  Caught is what waits for a person.  A third dossier has
 * only the citizen's own papers: what waits there costs a person's time.
 * Prints the counts by paper type; the exit status is 1 when fewer than 99
 * in a hundred were caught of strangers, or a paper was filed under the
 * citizen that names another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/divide.h"
#include "pipeline/match.h"
#include "tests/tools/misread.h"

#define PAPERS_MAX	20000

struct paper {
	const char *type;
	char *text;
	const char *id, *name, *birth;
	json_t *line;
	unsigned long swapped, caught;
};

static struct paper papers[PAPERS_MAX];
static size_t npapers;

static int
by_holder(const void *a, const void *b)
{
	const struct paper *p = a, *q = b;
	int c = strcmp(p->id, q->id);

	return (c != 0 ? c : strcmp(p->type, q->type));
}

static void
load(void)
{
	struct sh_error err = SH_ERROR_INIT;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while (npapers < PAPERS_MAX && (len = getline(&line, &cap, stdin)) >
	    0) {
		struct paper *p = &papers[npapers];
		json_t *v, *h;

		must_ptr(v = sh_json_parse(line, (size_t)len, 1 << 20, &err));
		h = json_array_get(json_object_get(v, "holders"), 0);
		p->type = json_string_value(json_object_get(v, "type"));
		p->id = json_string_value(json_object_get(h, "id"));
		p->name = json_string_value(json_object_get(h, "name"));
		p->birth = json_string_value(json_object_get(json_object_get(
		    v, "fields"), "birth_date"));
		p->line = v;
		if (p->type == NULL || p->id == NULL || p->name == NULL ||
		    strlen(p->id) != 12) {
			json_decref(v);
			continue;
		}
		must_ptr(p->text = sh_strdup(json_string_value(
		    json_array_get(json_object_get(v, "sides"), 0)), &err));
		npapers++;
	}
	free(line);
	qsort(papers, npapers, sizeof(*papers), by_holder);
}

static int
is_card(const struct paper *p)
{
	return (strcmp(p->type, "cccd") == 0 ||
	    strcmp(p->type, "can-cuoc") == 0);
}

static int
has(const char *text, const char *words)
{
	struct sh_error err = SH_ERROR_INIT;
	char *a, *b;
	int found;

	must_ptr(a = sh_text_fold_dup(text, &err));
	must_ptr(b = sh_text_fold_dup(words, &err));
	found = strstr(a, b) != NULL;
	free(a);
	free(b);
	return (found);
}

/* Does the text name one of the paper's people? */
static int
names_any(const char *text, const struct paper *p)
{
	const char *s;
	json_t *h;
	size_t i;

	json_array_foreach(json_object_get(p->line, "holders"), i, h)
		if (((s = json_string_value(json_object_get(h, "id"))) !=
		    NULL && has(text, s)) || ((s = json_string_value(
		    json_object_get(h, "name"))) != NULL && has(text, s)))
			return (1);
	return (0);
}

/* TEXT with every FROM, as written and in capitals, as TO. */
static char *
renamed(const char *text, const char *from, const char *to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf a = SH_BUF_INIT, b = SH_BUF_INIT, out = SH_BUF_INIT;
	const char *p = text;

	must(sh_text_upper(from, strlen(from), &a, &err));
	must(sh_text_upper(to, strlen(to), &b, &err));
	must(sh_buf_append(&a, "", 1, &err));
	must(sh_buf_append(&b, "", 1, &err));
	while (*p != '\0') {
		if (strncmp(p, from, strlen(from)) == 0) {
			must(sh_buf_puts(&out, to, &err));
			p += strlen(from);
		} else if (strncmp(p, (char *)a.data, a.len - 1) == 0) {
			must(sh_buf_puts(&out, (char *)b.data, &err));
			p += a.len - 1;
		} else {
			must(sh_buf_append(&out, p++, 1, &err));
		}
	}
	sh_buf_free(&a);
	sh_buf_free(&b);
	return (sh_buf_steal(&out, &err));
}

static void
feed(struct sh_job *j, const char *paper, uint32_t scan)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *page;
	size_t index;
	char *text;

	must_ptr(text = sh_strdup(paper, &err));
	wrap(text);
	page = capture(text);
	must(sh_job_feed(j, scan, 0, &index, &err));
	must(sh_job_read(j, index, page, &err));
	sh_page_free(page);
	free(text);
}

/* The draft with the fed page. */
static const struct sh_draft *
draft_of(const struct sh_job *j, size_t page)
{
	size_t i, k;

	for (i = 0; i < j->ndrafts; i++)
		for (k = 0; k < j->drafts[i].npages; k++)
			if (j->drafts[i].pages[k] == page)
				return (&j->drafts[i]);
	return (NULL);
}

enum outcome { WAITS, FILED_ELSEWHERE, FILED };

/* What becomes of TEXT, third in a dossier of CARD's holder. */
static enum outcome
file(const struct sh_catalogue *c, const struct paper *card,
    const struct paper *own, const char *text, const char **reason)
{
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_draft *d;
	struct sh_dossier *dossier;
	struct sh_job *j;
	enum outcome r = FILED_ELSEWHERE;
	json_t *v;
	size_t i;

	must_ptr(v = json_pack("{s:s, s:{s:s}, s:{s:s, s:s, s:s*}, s:[s,s,s]}",
	    "code", "H05.12-261101-0001", "procedure", "code", "1.004222", "holder",
	    "id", card->id, "name", card->name, "birth_date", card->birth,
	    "scans", "a", "b", "c"));
	must(sh_dossier_from_json(v, fileno(stdin), c, &dossier, &err));
	json_decref(v);
	must(sh_job_new(dossier, c, &j, &err));
	feed(j, card->text, 0);
	feed(j, own->text, 1);
	feed(j, text, 2);
	must(sh_divide(j, &err));
	must(sh_match(j, &err));
	must_ptr(d = draft_of(j, 2));
	*reason = d->nreasons > 0 ? d->reasons[0] : "-";
	for (i = 0; i < d->nholders; i++)
		if (sh_id_equal(&d->holders[i].id, &j->dossier->holder))
			r = FILED;
	if (d->state == SH_DRAFT_WAITS)
		r = WAITS;
	sh_job_free(j);
	return (r);
}

/* Another paper of the same citizen than the card at I. */
static size_t
own_paper(size_t i)
{
	size_t first = i, end = i;

	while (first > 0 && strcmp(papers[first - 1].id, papers[i].id) == 0)
		first--;
	while (end < npapers && strcmp(papers[end].id, papers[i].id) == 0)
		end++;
	return (first + below(end - first));
}

static void
print_types(void)
{
	size_t i, k;

	for (i = 0; i < npapers; i++) {
		unsigned long swapped = 0, caught = 0;

		for (k = 0; k < i && strcmp(papers[k].type, papers[i].type) !=
		    0; k++)
			;
		if (k < i)
			continue;
		for (k = i; k < npapers; k++)
			if (strcmp(papers[k].type, papers[i].type) == 0) {
				swapped += papers[k].swapped;
				caught += papers[k].caught;
			}
		if (swapped > 0)
			(void)printf("  %-30s %6lu of %6lu%s\n",
			    papers[i].type, caught, swapped, caught < swapped
			    ? "   <--" : "");
	}
}

int
main(int argc, char **argv)
{
	static const char *const words[] = { "waits", "filed elsewhere",
	    "filed under the citizen" };
	struct sh_error err = SH_ERROR_INIT;
	unsigned long n[3][3] = { { 0 } }, done = 0;
	size_t wanted = 1000, i, own, other;
	struct sh_catalogue *c;
	const char *reason;
	enum outcome r;
	int verbose = 0, k;

	for (k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--verbose") == 0)
			verbose = 1;
		else if (strcmp(argv[k], "--swaps") == 0 && k + 1 < argc)
			wanted = (size_t)atol(argv[++k]);
		else if (strcmp(argv[k], "--seed") == 0 && k + 1 < argc)
			rnd_state = (uint64_t)atol(argv[++k]) + 1;
		else
			return (64);
	}
	must(sh_catalogue_load(NULL, &c, &err));
	load();
	while (done < wanted) {
		struct paper *p;
		char *text;

		i = below(npapers);
		other = below(npapers);
		p = &papers[other];
		own = own_paper(i);
		/* Who is named by the citizen's papers, or names him, is no
		   stranger. */
		if (!is_card(&papers[i]) || names_any(p->text, &papers[i]) ||
		    names_any(papers[i].text, p) ||
		    names_any(papers[own].text, p))
			continue;
		done++;
		r = file(c, &papers[i], &papers[own], p->text, &reason);
		n[0][r]++;
		p->swapped++;
		p->caught += r == WAITS;
		if (verbose && r != WAITS)
			(void)printf("stranger, %s: %s\n%s\n---\n", p->type,
			    words[r], p->text);
		text = renamed(p->text, p->name, papers[i].name);
		r = file(c, &papers[i], &papers[own], text, &reason);
		free(text);
		n[1][r]++;
		if (verbose && r == FILED)
			(void)printf("namesake, %s: %s\n%s\n---\n", p->type,
			    words[r], p->text);
		other = own_paper(i);
		r = file(c, &papers[i], &papers[own], papers[other].text,
		    &reason);
		n[2][r]++;
		if (verbose && r == WAITS)
			(void)printf("own, %s: %s %s\n", papers[other].type,
			    words[r], reason);
	}
	(void)printf("%-34s%8s%17s%25s\n", "the third paper", words[0],
	    words[1], words[2]);
	for (k = 0; k < 3; k++)
		(void)printf("%-34s%8lu%17lu%25lu\n", k == 0 ?
		    "of somebody else" : k == 1 ? "of a namesake" :
		    "the citizen's own", n[k][0], n[k][1], n[k][2]);
	(void)printf("caught of somebody else's, by type:\n");
	print_types();
	sh_catalogue_free(c);
	for (i = 0; i < npapers; i++) {
		json_decref(papers[i].line);
		free(papers[i].text);
	}
	return (n[0][WAITS] * 100 < done * 99 || n[0][FILED] > 0);
}
