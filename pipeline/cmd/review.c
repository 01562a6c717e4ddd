/* sohoa review: the queue, one act a call; without one, item after item. */
#include "pipeline/review.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/cmd/command.h"

#define LINE_MAX_BYTES	4096

struct desk {
	const struct sh_args *a;
	struct sh_home *h;
	struct sh_pool *pool;
	const char *who;
	char *crops;		/* folder of pictures; NULL: none */
};

static const struct {
	const char *name;
	enum sh_review_what what;
	int nwords;		/* behind the item */
} acts[] = {
	{ "accept", SH_REVIEW_ACCEPT, 0 },
	{ "link", SH_REVIEW_LINK, 0 },
	{ "correct", SH_REVIEW_CORRECT, -1 },	/* one or more */
	{ "split", SH_REVIEW_SPLIT, 1 },
	{ "merge", SH_REVIEW_MERGE, 1 },
	{ "retype", SH_REVIEW_RETYPE, 1 },
	{ "reassign", SH_REVIEW_REASSIGN, 1 },
	{ "rescan", SH_REVIEW_RESCAN, 1 },
	{ "dismiss", SH_REVIEW_DISMISS, 1 },
};

/* ---- to people -------------------------------------------------------------------- */

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

static void
print_reasons(const json_t *v)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(v, "reasons"), i, r)
		(void)printf("    ! %s\n", text(r, "text"));
}

static void
print_line(const json_t *v, enum sh_lang lang)
{
	long long age = json_integer_value(json_object_get(v, "age_s"));

	(void)printf("%-18s %s %3lld:%02lld  %-32s %s\n", text(v, "item"),
	    json_is_true(json_object_get(v, "overdue")) ? "!!" : "  ",
	    age / 3600, age / 60 % 60, *text(v, "type_name") != '\0' ?
	    text(v, "type_name") : strcmp(text(v, "kind"), "page") == 0 ?
	    lang == SH_VI ? "(trang để riêng)" : "(page set aside)" :
	    strcmp(text(v, "kind"), "sample") == 0 ?
	    lang == SH_VI ? "(mẫu kiểm tra)" : "(sample)" :
	    lang == SH_VI ? "(chưa rõ loại)" : "(unknown type)",
	    text(v, "dossier"));
	print_reasons(v);
}

static void
print_field(const json_t *f, enum sh_lang lang)
{
	const json_t *box = json_object_get(f, "box");
	double c = json_number_value(json_object_get(f, "confidence"));

	(void)printf("  %c %-24s ", json_is_true(json_object_get(f,
	    "confirmed")) ? '+' : json_is_true(json_object_get(f, "critical"))
	    ? '*' : ' ', text(f, "name"));
	if (box == NULL) {
		(void)printf("%s", lang == SH_VI ? "(không có)" : "(none)");
	} else {
		(void)printf("%s  (%.0f%%, %s", text(f, "value"), c * 100,
		    text(f, "method"));
		if (*text(f, "doubt") != '\0')
			(void)printf(", %s", text(f, "doubt"));
		(void)printf("; %s %lld: %lld,%lld %lldx%lld)",
		    lang == SH_VI ? "trang" : "page",
		    (long long)json_integer_value(json_object_get(f,
		    "page")) + 1,
		    (long long)json_integer_value(json_array_get(box, 0)),
		    (long long)json_integer_value(json_array_get(box, 1)),
		    (long long)json_integer_value(json_array_get(box, 2)),
		    (long long)json_integer_value(json_array_get(box, 3)));
	}
	if (json_integer_value(json_object_get(f, "keyed")) > 0)
		(void)printf("  %s", lang == SH_VI ?
		    "đã nhập một lần, chờ người thứ hai" :
		    "keyed once, waits for another person");
	(void)fputc('\n', stdout);
	if (*text(f, "crop") != '\0')
		(void)printf("      %s\n", text(f, "crop"));
}

static void
print_item(const json_t *v, enum sh_lang lang)
{
	const json_t *x;
	size_t i;

	if (*text(v, "state") != '\0') {
		(void)printf("%s  %s  %s\n", text(v, "item"),
		    text(v, "state"), text(v, "document"));
		return;
	}
	print_line(v, lang);
	json_array_foreach(json_object_get(v, "holders"), i, x)
		(void)printf("  %s %s (%s)\n", text(x, "id"),
		    text(x, "name"), text(x, "role"));
	json_array_foreach(json_object_get(v, "pictures"), i, x)
		(void)printf("  %s\n", text(x, "crop"));
	json_array_foreach(json_object_get(v, "fields"), i, x)
		print_field(x, lang);
}

/* ---- acts ---------------------------------------------------------------------------- */

static int
give(const struct desk *d, json_t *take_v, struct sh_error *err)
{
	if (d->a->json)
		return (sh_print_json(take_v, err));
	print_item(take_v, d->a->lang);
	json_decref(take_v);
	return (EX_OK);
}

/* One FIELD=VALUE. */
static int
correct(const struct desk *d, const char *item, const char *word,
    json_t **answer, struct sh_error *err)
{
	struct sh_review_act act = { .what = SH_REVIEW_CORRECT, .item = item,
	    .who = d->who, .fd = -1 };
	const char *eq = strchr(word, '=');
	char *field;
	int rc;

	if (eq == NULL)
		return (sh_args_usage(d->a, "%s is not FIELD=VALUE", word));
	if ((field = sh_strndup(word, (size_t)(eq - word), err)) == NULL)
		return (-1);
	act.field = field;
	act.value = eq + 1;
	rc = sh_review_do(d->h, d->pool, &act, d->a->lang, answer, err);
	free(field);
	return (rc);
}

/* WORDS: the act, the item, what the act wants. */
static int
do_act(const struct desk *d, const char *const *words, int n,
    struct sh_error *err)
{
	struct sh_review_act act = { .item = words[1], .who = d->who,
	    .fd = -1, .value = n > 2 ? words[2] : NULL, .other = n > 2 ?
	    words[2] : NULL, .name = sh_args_get(d->a, "name") };
	json_t *answer = NULL;
	uint64_t page = 0;
	size_t i;
	int k, rc = 0;

	for (i = 0; i < SH_COUNT(acts); i++)
		if (strcmp(acts[i].name, words[0]) == 0)
			break;
	if (i == SH_COUNT(acts))
		return (sh_args_usage(d->a, "no act %s", words[0]));
	if (n < 2 || (acts[i].nwords >= 0 ? n - 2 != acts[i].nwords : n < 3))
		return (sh_args_usage(d->a, "%s wants other operands",
		    words[0]));
	act.what = acts[i].what;
	if (act.what == SH_REVIEW_CORRECT) {
		for (k = 2; k < n && rc == 0; k++) {
			json_decref(answer);
			answer = NULL;
			rc = correct(d, words[1], words[k], &answer, err);
		}
		return (rc != 0 ? rc : give(d, answer, err));
	}
	if (act.what == SH_REVIEW_SPLIT && sh_parse_u64(words[2], 1000000,
	    &page))
		return (sh_args_usage(d->a, "split wants a page"));
	act.page = (size_t)page;
	if (act.what == SH_REVIEW_RESCAN && (act.fd = open(words[2],
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return (sh_fs_unread(words[2], err));
	rc = sh_review_do(d->h, d->pool, &act, d->a->lang, &answer, err);
	if (act.fd >= 0)
		(void)close(act.fd);
	return (rc != 0 ? -1 : give(d, answer, err));
}

static int
list(const struct desk *d, struct sh_error *err)
{
	struct sh_review_filter f = {
		.dossier = sh_args_get(d->a, "dossier"),
		.reason = sh_args_get(d->a, "reason"),
	};
	const char *limit = sh_args_get(d->a, "limit");
	uint64_t n = 0;
	json_t *answer, *v;
	size_t i;

	if (limit != NULL && sh_parse_u64(limit, 1000000, &n))
		return (sh_args_usage(d->a, "--limit wants a number"));
	f.limit = (size_t)n;
	if (sh_review_list(d->h, &f, d->a->lang, &answer, err))
		return (-1);
	if (d->a->json)
		return (sh_print_json(answer, err));
	json_array_foreach(json_object_get(answer, "items"), i, v)
		print_line(v, d->a->lang);
	(void)printf(d->a->lang == SH_VI ? "%lld việc chờ\n" :
	    "%lld items wait\n", (long long)json_integer_value(
	    json_object_get(answer, "waiting")));
	json_decref(answer);
	return (EX_OK);
}

static int
show(const struct desk *d, const char *item, struct sh_error *err)
{
	json_t *answer;

	if (sh_review_show(d->h, d->pool, item, d->who, d->crops, d->a->lang,
	    &answer, err))
		return (-1);
	return (give(d, answer, err));
}

/* Days in Vietnam; both included. */
static int
sample(const struct desk *d, struct sh_error *err)
{
	const char *from = sh_args_get(d->a, "from");
	const char *to = sh_args_get(d->a, "to");
	struct sh_date a = sh_date_at(sh_now()), b = a;
	json_t *v;

	if ((from != NULL && sh_date_parse(from, &a)) ||
	    (to != NULL && sh_date_parse(to, &b)))
		return (sh_args_usage(d->a, "a day is yyyy-mm-dd"));
	if (sh_review_sample(d->h, sh_date_start(a), sh_date_start(
	    sh_date_add_days(b, 1)), &v, err))
		return (-1);
	if (d->a->json)
		return (sh_print_json(v, err));
	(void)printf(d->a->lang == SH_VI ?
	    "%lld giấy tờ, lấy mẫu %lld, đạt khi sai không quá %lld\n" :
	    "%lld documents, a sample of %lld, at most %lld may be wrong\n",
	    (long long)json_integer_value(json_object_get(v, "documents")),
	    (long long)json_integer_value(json_object_get(v, "sample")),
	    (long long)json_integer_value(json_object_get(v, "accept")));
	json_decref(v);
	return (EX_OK);
}

/* ---- one item after the other --------------------------------------------------------- */

/* Split a line into at most MAX words; the last takes the rest. */
static int
words_of(char *line, const char *item, const char *words[16])
{
	int n = 0;
	char *p = line;

	line[strcspn(line, "\n")] = '\0';
	while (n < 15) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		if (n == 1)
			words[n++] = item;
		words[n++] = p;
		/* A value keeps its spaces. */
		if (n > 2 && (strchr(p, '=') != NULL ||
		    strcmp(words[0], "dismiss") == 0))
			break;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	if (n == 1)
		words[n++] = item;
	return (n);
}

static int
reopen(struct desk *d, unsigned flags, struct sh_error *err)
{
	sh_home_close(d->h);
	d->h = NULL;
	return (sh_open_home(d->a, flags, &d->h, err));
}

/* 1: on to the next item, 0: the same again, -1: enough. */
static int
ask(struct desk *d, const char *item)
{
	struct sh_error err = SH_ERROR_INIT;
	char line[LINE_MAX_BYTES];
	const char *words[16];
	int n, rc = -1;

	(void)fputs(d->a->lang == SH_VI ?
	    "accept | link | correct TRƯỜNG=GIÁ TRỊ | split TRANG | merge VIỆC | "
	    "retype LOẠI |\nreassign SỐ | rescan TỆP | dismiss LÝ DO | next "
	    "| quit > " :
	    "accept | link | correct FIELD=VALUE | split PAGE | merge ITEM | "
	    "retype TYPE |\nreassign ID | rescan FILE | dismiss WHY | next "
	    "| quit > ", stdout);
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return (-1);
	n = words_of(line, item, words);
	if (n == 0 || strcmp(words[0], "next") == 0)
		return (1);
	if (strcmp(words[0], "quit") == 0)
		return (-1);
	/* The lock is held for the act, not while a person thinks. */
	if (reopen(d, SH_HOME_WRITE | SH_HOME_SIGN, &err) == 0)
		rc = do_act(d, words, n, &err);
	if (rc < 0)
		(void)sh_print_error(d->a, &err);
	sh_error_clear(&err);
	if (reopen(d, 0, &err)) {
		(void)sh_print_error(d->a, &err);
		return (-1);
	}
	return (rc == EX_OK && (strcmp(words[0], "accept") == 0 ||
	    strcmp(words[0], "link") == 0 ||
	    strcmp(words[0], "dismiss") == 0));
}

static int
go_through(struct desk *d, struct sh_error *err)
{
	struct sh_review_filter f = {
		.dossier = sh_args_get(d->a, "dossier"),
		.reason = sh_args_get(d->a, "reason"),
	};
	json_t *answer, *v;
	size_t i;
	int next = 1;

	if (sh_review_list(d->h, &f, d->a->lang, &answer, err))
		return (-1);
	json_array_foreach(json_object_get(answer, "items"), i, v) {
		if (show(d, text(v, "item"), err) < 0) {
			(void)sh_print_error(d->a, err);
			sh_error_clear(err);
			continue;
		}
		while ((next = ask(d, text(v, "item"))) == 0)
			;
		if (next < 0)
			break;
	}
	json_decref(answer);
	return (EX_OK);
}

/* ---- the command ------------------------------------------------------------------------ */

/* Memory of the session, not the disk, where there is one. */
static char *
crops_folder(const struct sh_args *a, struct sh_error *err)
{
	const char *dir = sh_args_get(a, "crops");
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (dir != NULL)
		return (sh_strdup(dir, err));
	if (run == NULL || *run != '/')
		run = "/dev/shm";
	return (sh_asprintf(err, "%s/sohoa-review-%u", run,
	    (unsigned)getuid()));
}

static int
run_word(struct desk *d, struct sh_error *err)
{
	const struct sh_args *a = d->a;
	const char *word = a->noperands > 0 ? a->operands[0] : "";
	json_t *v;

	if (a->noperands == 0)
		return (go_through(d, err));
	if (strcmp(word, "list") == 0 && a->noperands == 1)
		return (list(d, err));
	if (strcmp(word, "show") == 0 && a->noperands == 2)
		return (show(d, a->operands[1], err));
	if (strcmp(word, "sample") == 0 && a->noperands == 1)
		return (sample(d, err));
	if (strcmp(word, "quality") == 0 && a->noperands == 1)
		return (sh_review_quality(d->h, &v, err) == 0 ?
		    sh_print_json(v, err) : -1);
	return (do_act(d, a->operands, a->noperands, err));
}

int
sh_cmd_review(struct sh_args *a, struct sh_error *err)
{
	struct desk d = { .a = a };
	struct sh_pool_options po = { .readers = 1 };
	const char *word = a->noperands > 0 ? a->operands[0] : "";
	struct sh_reader who;
	unsigned flags = SH_HOME_WRITE | SH_HOME_SIGN;
	int rc = -1;

	if (*word == '\0' || strcmp(word, "list") == 0 || strcmp(word, "show") == 0 ||
	    strcmp(word, "quality") == 0)
		flags = 0;
	if (sh_open_home(a, flags, &d.h, err))
		return (-1);
	who = sh_reader_of(d.h, a);
	d.who = sh_args_get(a, "officer") != NULL ? sh_args_get(a, "officer")
	    : who.name;
	po.as_read = sh_home_reads_as_is(d.h);
	if (sh_pool_new(&po, &d.pool, err) == 0 &&
	    (d.crops = crops_folder(a, err)) != NULL)
		rc = run_word(&d, err);
	free(d.crops);
	sh_pool_free(d.pool);
	sh_home_close(d.h);
	return (rc);
}
