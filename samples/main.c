/*
 * sample: papers, dossiers and back catalogues of nobody, with their truth.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/text.h"
#include "samples/cmd.h"
#include "samples/font.h"
#include "samples/scenario.h"
#include "samples/wear.h"

/* Fontconfig keeps its configuration until the process ends. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return ("leak:libfontconfig\n");
}

#define NEEDS_TYPE	0x01
#define NEEDS_PROCEDURE	0x02
#define NEEDS_OUTPUT	0x04

static const struct command {
	const char *name;
	int (*run)(const struct sh_options *, struct sh_error *);
	unsigned needs;
	unsigned dpi, n;		/* defaults */
	const char *degrade;
	const char *usage;
} commands[] = {
	{ "page", sh_cmd_page, NEEDS_TYPE | NEEDS_OUTPUT, 300, 1, "",
	  "page --type SLUG -o FILE [--seed N] [--variant K] [--degrade LIST]\n"
	  "      [--dpi D] [--grey|--bilevel] [--quality Q] [--certified|"
	  "--photocopy]\n"
	  "      [--facts name=value;...] [--vector]\n"
	  "  one paper as FILE (.jpg .png .tif .pdf), truth as FILE.json" },
	{ "dossier", sh_cmd_dossier, NEEDS_PROCEDURE | NEEDS_OUTPUT, 300, 1,
	  "scan",
	  "dossier --procedure CODE -o DIR [--seed N] [--after DAYS] "
	  "[--me WHO]\n"
	  "      [--carrier KIND] [--with LIST] [--dpi D] [--degrade LIST]\n"
	  "      [--capture K] [--things K] [--earlier DIR,...]\n"
	  "  what one applicant brings: dossier.json, scans, truth.json" },
	{ "set", sh_cmd_set, NEEDS_OUTPUT, 0, 1, "",
	  "set -o DIR [--dossiers K] [--seed N] [--dpi D]\n"
	  "  K dossiers of people who come again, all kinds mixed" },
	{ "catalogue", sh_cmd_catalogue, NEEDS_OUTPUT, 150, 1000, "scan",
	  "catalogue -o DIR [-n PAGES] [--seed N] [--same %] [--rescan %]\n"
	  "      [--blank %] [--broken %] [--dpi D] [--degrade LIST]\n"
	  "      [--type SLUG,...]\n"
	  "  a back catalogue, a JPEG a page, manifest.jsonl" },
	{ "texts", sh_cmd_texts, 0, 300, 1, "",
	  "texts [--type SLUG] [-n N] [--seed N] [-o FILE] [--readings]\n"
	  "      [--noise N] [--variant K] [--certified]\n"
	  "  N papers of a type (of each type) as text, a line of JSON each;\n"
	  "  --readings: words in place, N in a thousand misread" },
	{ "hostile", sh_cmd_hostile, NEEDS_OUTPUT, 300, 1, "",
	  "hostile -o DIR\n"
	  "  broken and malicious files, manifest.tsv" },
	{ "types", sh_cmd_types, 0, 300, 1, "",
	  "types\n  the paper types: name, slug, variants, title" },
	{ "procedures", sh_cmd_procedures, 0, 300, 1, "",
	  "procedures\n  the procedures: code, name" },
};

static void
help(FILE *out)
{
	size_t i;

	(void)fputs("sample COMMAND [OPTION ...]: papers of nobody, with "
	    "their truth\n\n", out);
	for (i = 0; i < SH_COUNT(commands); i++)
		(void)fprintf(out, "sample %s\n", commands[i].usage);
	(void)fprintf(out, "\n--degrade, parted by commas:\n%s",
	    sh_wear_help());
	(void)fprintf(out, "\ndossiers:\n%s", sh_scenario_help());
	(void)fputs("\nThe same seed gives the same bytes. --font FAMILY "
	    "replaces Liberation Serif.\n\n"
	    "examples:\n"
	    "  sample page --type giay-khai-sinh --seed 7 -o khai-sinh.jpg\n"
	    "  sample page --type cccd --seed 7 --degrade photo,exif=6 -o "
	    "the.jpg\n"
	    "  sample dossier --procedure 1.001193 --seed 7 -o d1\n"
	    "  sample dossier --procedure 1.004222 --seed 7 --after 40 "
	    "--carrier pdf \\\n      --with backs,turned -o d2\n"
	    "  sample set --dossiers 50 --seed 1 -o set\n"
	    "  sample catalogue -n 10000 --same 10 --rescan 5 --blank 8 "
	    "--broken 1 -o old\n"
	    "  sample texts -n 200 -o train.jsonl\n", out);
}

enum {
	OPT_VARIANT = 256, OPT_GREY, OPT_BILEVEL, OPT_QUALITY, OPT_CERTIFIED,
	OPT_PHOTOCOPY, OPT_FACTS, OPT_VECTOR, OPT_AFTER, OPT_ME, OPT_CARRIER,
	OPT_WITH, OPT_DOSSIERS, OPT_SAME, OPT_RESCAN, OPT_BLANK, OPT_BROKEN,
	OPT_FONT, OPT_THINGS, OPT_CAPTURE, OPT_EARLIER, OPT_READINGS,
	OPT_NOISE
};

static const struct option options[] = {
	{ "type", 1, NULL, 't' }, { "procedure", 1, NULL, 'p' },
	{ "seed", 1, NULL, 's' }, { "output", 1, NULL, 'o' },
	{ "degrade", 1, NULL, 'd' }, { "dpi", 1, NULL, 'r' },
	{ "help", 0, NULL, 'h' }, { "variant", 1, NULL, OPT_VARIANT },
	{ "grey", 0, NULL, OPT_GREY }, { "bilevel", 0, NULL, OPT_BILEVEL },
	{ "quality", 1, NULL, OPT_QUALITY },
	{ "certified", 0, NULL, OPT_CERTIFIED },
	{ "photocopy", 0, NULL, OPT_PHOTOCOPY },
	{ "facts", 1, NULL, OPT_FACTS }, { "vector", 0, NULL, OPT_VECTOR },
	{ "after", 1, NULL, OPT_AFTER }, { "me", 1, NULL, OPT_ME },
	{ "carrier", 1, NULL, OPT_CARRIER }, { "with", 1, NULL, OPT_WITH },
	{ "dossiers", 1, NULL, OPT_DOSSIERS },
	{ "same", 1, NULL, OPT_SAME }, { "rescan", 1, NULL, OPT_RESCAN },
	{ "blank", 1, NULL, OPT_BLANK }, { "broken", 1, NULL, OPT_BROKEN },
	{ "font", 1, NULL, OPT_FONT }, { "things", 1, NULL, OPT_THINGS },
	{ "capture", 1, NULL, OPT_CAPTURE },
	{ "earlier", 1, NULL, OPT_EARLIER },
	{ "readings", 0, NULL, OPT_READINGS },
	{ "noise", 1, NULL, OPT_NOISE }, { NULL, 0, NULL, 0 }
};

static int
number(const char *s, uint64_t lo, uint64_t hi, uint64_t *vp,
    struct sh_error *err)
{
	if (sh_parse_u64(s, hi, vp) == -1 || *vp < lo)
		return (sh_error_set(err, SH_EARG, "sample.usage",
		    "%s is not a number from %llu to %llu", s,
		    (unsigned long long)lo, (unsigned long long)hi));
	return (0);
}

/* A number from LO to HI into *P. */
static int
small(const char *s, unsigned lo, unsigned hi, unsigned *p,
    struct sh_error *err)
{
	uint64_t v;

	if (number(s, lo, hi, &v, err) == -1)
		return (-1);
	*p = (unsigned)v;
	return (0);
}

/* One option that takes a number; 1 if C is one. */
static int
set_number(struct sh_options *o, int c, const char *arg, struct sh_error *err)
{
	unsigned v = 0;
	const struct {
		int c;
		unsigned lo, hi, *p;
	} table[] = {
		{ 'r', 20, 1200, &o->dpi }, { 'n', 0, 100000000, &o->n },
		{ OPT_QUALITY, 1, 100, &o->quality },
		{ OPT_VARIANT, 0, 99, &v }, { OPT_AFTER, 0, 20000, &v },
		{ OPT_DOSSIERS, 0, 9999999, &o->dossiers },
		{ OPT_SAME, 0, 90, &o->same },
		{ OPT_RESCAN, 0, 90, &o->rescan },
		{ OPT_BLANK, 0, 90, &o->blank },
		{ OPT_BROKEN, 0, 90, &o->broken },
		{ OPT_THINGS, 0, 1000, &o->things },
		{ OPT_NOISE, 0, 1000, &o->noise },
		{ OPT_CAPTURE, 0, 1000000, &o->capture }
	};
	size_t i;

	if (c == 's')
		return (number(arg, 0, UINT64_MAX, &o->seed, err) == -1 ? -1 :
		    1);
	for (i = 0; i < SH_COUNT(table); i++)
		if (table[i].c == c) {
			if (small(arg, table[i].lo, table[i].hi, table[i].p,
			    err) == -1)
				return (-1);
			if (c == OPT_VARIANT)
				o->variant = (int)v;
			if (c == OPT_AFTER)
				o->after = (int)v;
			return (1);
		}
	return (0);
}

static int
set_option(struct sh_options *o, int c, const char *arg, const char **fontp,
    struct sh_error *err)
{
	int rc = set_number(o, c, arg, err);

	if (rc != 0)
		return (rc == 1 ? 0 : -1);
	switch (c) {
	case 't':
		o->type = arg;
		break;
	case 'p':
		o->procedure = arg;
		break;
	case 'o':
		o->output = arg;
		break;
	case 'd':
		o->degrade = arg;
		break;
	case OPT_GREY:
		o->depth = SH_DEPTH_GREY;
		break;
	case OPT_BILEVEL:
		o->depth = SH_DEPTH_BILEVEL;
		break;
	case OPT_CERTIFIED:
		o->copy = SH_COPY_CERTIFIED;
		break;
	case OPT_PHOTOCOPY:
		o->copy = SH_COPY_PHOTOCOPY;
		break;
	case OPT_FACTS:
		o->more = arg;
		break;
	case OPT_VECTOR:
		o->vector = 1;
		break;
	case OPT_READINGS:
		o->readings = 1;
		break;
	case OPT_ME:
		o->me = arg;
		break;
	case OPT_CARRIER:
		o->carrier = arg;
		break;
	case OPT_WITH:
		o->with = arg;
		break;
	case OPT_EARLIER:
		o->earlier = arg;
		break;
	case OPT_FONT:
		*fontp = arg;
		break;
	default:
		return (sh_error_set(err, SH_EARG, "sample.usage",
		    "unknown option (see: sample --help)"));
	}
	return (0);
}

static int
complete(const struct command *cmd, const struct sh_options *o,
    struct sh_error *err)
{
	const char *missing = cmd->needs & NEEDS_TYPE && o->type == NULL ?
	    "--type" : cmd->needs & NEEDS_PROCEDURE && o->procedure == NULL ?
	    "--procedure" : cmd->needs & NEEDS_OUTPUT && o->output == NULL ?
	    "-o" : NULL;

	if (missing == NULL)
		return (0);
	return (sh_error_set(err, SH_EARG, "sample.usage",
	    "%s is missing (see: sample --help)", missing));
}

static int
run(const struct command *cmd, int argc, char **argv, struct sh_error *err)
{
	struct sh_options o = { .degrade = cmd->degrade, .carrier = "tiff",
	    .with = "", .variant = -1, .dpi = cmd->dpi, .quality = 75,
	    .n = cmd->n, .dossiers = 10, .seed = 1, .same = 10, .rescan = 5,
	    .blank = 8, .broken = 1 };
	const char *font = NULL;
	int c, rc;

	while ((c = getopt_long(argc, argv, ":t:p:s:o:d:r:n:h", options,
	    NULL)) != -1) {
		if (c == 'h') {
			help(stdout);
			return (0);
		}
		if (set_option(&o, c, optarg, &font, err) == -1)
			return (-1);
	}
	if (optind < argc)
		return (sh_error_set(err, SH_EARG, "sample.usage",
		    "%s is one word too many", argv[optind]));
	if (complete(cmd, &o, err) == -1)
		return (-1);
	rc = sh_forms_load(err) == 0 && sh_font_open(font, err) == 0 ?
	    cmd->run(&o, err) : -1;
	sh_font_close();
	sh_forms_free();
	return (rc);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
		help(stdout);
		return (0);
	}
	for (i = 0; i < SH_COUNT(commands); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			break;
	if (i == SH_COUNT(commands)) {
		help(stderr);
		return (EX_USAGE);
	}
	if (run(&commands[i], argc - 1, argv + 1, &err) == -1) {
		(void)fprintf(stderr, "sample: %s\n", err.text);
		return (strcmp(err.key, "sample.usage") == 0 ? EX_USAGE :
		    sh_code_exit(err.code));
	}
	return (0);
}
