/* sohoa: finds the command, reads its line, runs it. */
#include "pipeline/cmd/command.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "pipeline/version.h"

static const struct sh_command *
find_command(const char *name)
{
	const struct sh_command *c;

	for (c = sh_commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return (c);
	return (NULL);
}

static void
print_help(FILE *out)
{
	const struct sh_command *c;

	(void)fputs("sohoa: from paper to a signed document in an archive "
	    "keyed by the citizen's ID\n\n"
	    "  sohoa init /srv/sohoa\n"
	    "  sohoa intake --home /srv/sohoa hoso/0678/\n"
	    "  sohoa find --home /srv/sohoa --holder 027090098192\n\n"
	    "commands:\n", out);
	for (c = sh_commands; c->name != NULL; c++)
		(void)fprintf(out, "  %-11s %s\n", c->name, c->summary);
	(void)fputs("\n\"sohoa COMMAND --help\" tells more; so does "
	    "sohoa(1).\nSOHOA_HOME names the archive home, SOHOA_LANG=vi|en "
	    "the language.\n", out);
}

static void
print_command_help(const struct sh_command *c, FILE *out)
{
	const struct sh_option *o;
	char left[40];

	(void)fprintf(out, "%s\n\n%s\nusage: sohoa %s %s\n", c->summary,
	    c->examples, c->name, c->line);
	for (o = c->options; o->name != NULL; o++) {
		(void)snprintf(left, sizeof(left), "-%c, --%s%s%s", o->letter,
		    o->name, o->arg != NULL ? " " : "",
		    o->arg != NULL ? o->arg : "");
		(void)fprintf(out, "  %-26s %s\n", left, o->help);
	}
}

int
sh_args_usage(const struct sh_args *a, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "sohoa %s: ", a->command->name);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "; see sohoa %s --help\n", a->command->name);
	return (EX_USAGE);
}

static int
option_place(const struct sh_command *c, const char *name, size_t len)
{
	int i;

	for (i = 0; c->options[i].name != NULL; i++)
		if (strlen(c->options[i].name) == len &&
		    memcmp(c->options[i].name, name, len) == 0)
			return (i);
	return (-1);
}

static int
letter_place(const struct sh_command *c, char letter)
{
	int i;

	for (i = 0; c->options[i].name != NULL; i++)
		if (c->options[i].letter == letter)
			return (i);
	return (-1);
}

const char *
sh_args_get(const struct sh_args *a, const char *name)
{
	int i = option_place(a->command, name, strlen(name));

	assert(i >= 0);
	return (a->value[i]);
}

/* One option at ARGV[*ATP]; EX_USAGE or 0, -1 for help. */
static int
take_option(struct sh_args *a, int argc, char **argv, int *atp)
{
	const char *word = argv[*atp], *value = NULL, *eq;
	int i;

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return (-1);
	if (word[1] == '-') {
		eq = strchr(word, '=');
		i = option_place(a->command, word + 2, eq != NULL ?
		    (size_t)(eq - word - 2) : strlen(word + 2));
		value = eq != NULL ? eq + 1 : NULL;
	} else {
		i = letter_place(a->command, word[1]);
		if (word[2] != '\0')
			value = word + 2;
	}
	if (i < 0)
		return (sh_args_usage(a, "no option %s", word));
	if (a->command->options[i].arg == NULL) {
		if (value != NULL)
			return (sh_args_usage(a, "%s takes no value", word));
		value = "";
	} else if (value == NULL) {
		if (++*atp == argc)
			return (sh_args_usage(a, "%s wants %s", word,
			    a->command->options[i].arg));
		value = argv[*atp];
	}
	if (a->value[i] != NULL && a->command->options[i].arg != NULL)
		return (sh_args_usage(a, "--%s is given twice",
		    a->command->options[i].name));
	a->value[i] = value;
	return (0);
}

/* Options may stand anywhere; behind "--" everything is an operand. */
static int
parse(struct sh_args *a, int argc, char **argv)
{
	int i, r, n = 0, only_operands = 0;

	for (i = 0; i < argc; i++) {
		if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[n++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			only_operands = 1;
		} else if ((r = take_option(a, argc, argv, &i)) != 0) {
			return (r);
		}
	}
	a->operands = (const char *const *)argv;
	a->noperands = n;
	if (n < a->command->min_operands)
		return (sh_args_usage(a, "it wants %s", a->command->line));
	if (a->command->max_operands >= 0 && n > a->command->max_operands)
		return (sh_args_usage(a, "too many operands"));
	if (option_place(a->command, "json", 4) >= 0)
		a->json = sh_args_get(a, "json") != NULL;
	if (option_place(a->command, "quiet", 5) >= 0)
		a->quiet = sh_args_get(a, "quiet") != NULL;
	return (0);
}

static int
run(int argc, char **argv)
{
	struct sh_args a = { .lang = sh_lang_from_env() };
	struct sh_error err = SH_ERROR_INIT;
	int rc;

	if (argc < 2) {
		print_help(stderr);
		return (EX_USAGE);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return (EX_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("sohoa %s\n", SH_VERSION);
		return (EX_OK);
	}
	if ((a.command = find_command(argv[1])) == NULL) {
		(void)fprintf(stderr, "sohoa: no command %s; see "
		    "sohoa --help\n", argv[1]);
		return (EX_USAGE);
	}
	if ((rc = parse(&a, argc - 2, argv + 2)) != 0) {
		if (rc > 0)
			return (rc);
		print_command_help(a.command, stdout);
		return (EX_OK);
	}
	rc = a.command->run(&a, &err);
	if (rc >= 0)
		return (rc);
	(void)sh_error_told(&err);
	return (sh_print_error(&a, &err));
}

int
main(int argc, char **argv)
{
	static const struct rlimit no_core = { 0, 0 };
	int rc;

	/* Keys and people's papers do not belong in a core dump. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	rc = run(argc, argv);
	/* A full disk behind standard output is no success. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "sohoa: standard output: write failed\n");
		if (rc == 0)
			rc = EX_IOERR;
	}
	return (rc);
}
