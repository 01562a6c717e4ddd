/* The table of subcommands: names, options, help. */
#include "pipeline/cmd/command.h"

#define HOME	{ "home", 'H', "HOME", "archive home; else $SOHOA_HOME" }
#define JSON	{ "json", 'j', NULL, "one JSON object on standard output" }
#define PURPOSE	{ "purpose", 'p', "WHY", "dossier or procedure that you read for" }
#define USAGE	{ "usage", 'u', NULL, "afterwards, CPU and memory as JSON on stderr" }
#define QUIET	{ "quiet", 'q', NULL, "no progress" }
#define END	{ NULL, 0, NULL, NULL }

static const struct sh_option init_options[] = { JSON, END };
static const struct sh_option intake_options[] = {
	HOME,
	{ "holder", 'i', "ID", "holder of loose files" },
	{ "procedure", 'c', "CODE", "procedure of loose files" },
	{ "readers", 'r', "N", "reading processes; 0: one per core" },
	{ "result", 'R', NULL, "the scans are the procedure's result" },
	JSON, USAGE, QUIET, END
};
static const struct sh_option read_options[] = {
	{ "holder", 'i', "ID", "say who the holder is" },
	{ "procedure", 'c', "CODE", "say what the papers are for" },
	{ "readers", 'r', "N", "reading processes; 0: one per core" },
	{ "text", 't', NULL, "only the words, page by page" },
	JSON, USAGE, QUIET, END
};
static const struct sh_option find_options[] = {
	HOME,
	{ "holder", 'i', "ID", "documents of this holder" },
	{ "type", 't', "SLUG", "of this paper type, with --holder" },
	{ "number", 'n', "NO", "with this number and symbol" },
	{ "text", 'w', "WORDS", "with these words; \"in quotes\" a phrase" },
	{ "exact", 'x', NULL, "marks count: \"má\" is not \"mà\"" },
	{ "limit", 'l', "N", "at most so many (20)" },
	{ "after", 'a', "CURSOR", "go on behind an earlier answer" },
	PURPOSE, JSON, END
};
static const struct sh_option show_options[] = { HOME, PURPOSE, JSON, END };
static const struct sh_option get_options[] = {
	HOME,
	{ "rendition", 'r', "NAME", "pdf (default), text, alto, reading, record" },
	{ "output", 'o', "FILE", "where to; - is standard output" },
	PURPOSE, END
};
static const struct sh_option need_options[] = {
	HOME,
	{ "day", 'd', "YYYY-MM-DD", "as of this day; else today" },
	PURPOSE, JSON, END
};
static const struct sh_option verify_options[] = {
	HOME,
	{ "all", 'a', NULL, "every document of the archive" },
	{ "roots", 'R', "DIR", "PEM files of the roots to trust" },
	PURPOSE, JSON, QUIET, END
};
static const struct sh_option check_options[] = { HOME, JSON, QUIET, END };
static const struct sh_option cover_options[] = {
	HOME,
	{ "procedure", 'c', "CODE", "of a dossier that is given by its code" },
	{ "components", 'k', "CODES", "only these, such as 01,04" },
	{ "output", 'o', "FILE", "where to; - is standard output" },
	END
};
static const struct sh_option review_options[] = {
	HOME,
	{ "officer", 'o', "NAME", "who decides; else the system's user" },
	{ "dossier", 'd', "CODE", "only what waits of this dossier" },
	{ "reason", 'R', "KEY", "only what waits for this reason" },
	{ "limit", 'l', "N", "at most so many" },
	{ "name", 'n', "NAME", "name of the holder, with reassign" },
	{ "crops", 'C', "DIR", "where pictures go; else the session's memory" },
	{ "from", 'f', "DAY", "first day of the lot, with sample" },
	{ "to", 't', "DAY", "last day of the lot, with sample" },
	PURPOSE, JSON, END
};
static const struct sh_option seal_options[] = {
	HOME,
	{ "renew", 'r', NULL, "stamp all evidence again" },
	{ "rehash", 'R', "DIGEST", "hash it anew first: SHA-384, SHA-512" },
	JSON, END
};
static const struct sh_option prove_options[] = {
	HOME,
	{ "output", 'o', "DIR", "folder for what proves it" },
	{ "since", 's', "SEAL", "that the archive only grew since this seal" },
	END
};
static const struct sh_option status_options[] = { HOME, JSON, END };
static const struct sh_option report_options[] = {
	HOME,
	{ "from", 'f', "DAY", "first day; else the first of this month" },
	{ "to", 't', "DAY", "last day; else today" },
	{ "drill", 'D', "CODE", "the dossiers behind an indicator" },
	{ "csv", 'c', NULL, "a line for each agency, as CSV" },
	{ "svg", 's', "FILE", "a page with plots, too" },
	JSON, END
};
static const struct sh_option completion_options[] = { END };

const struct sh_command sh_commands[] = {
	{ "init", "HOME", "make an archive home with keys and configuration",
	    "  sohoa init /srv/sohoa\n",
	    init_options, 1, 1, sh_cmd_init },
	{ "intake", "[--home HOME] DOSSIER... | --holder ID --procedure CODE FILE...",
	    "take dossiers' scans in: read, sign, archive",
	    "  sohoa intake --home /srv/sohoa hoso/0678/\n"
	    "  sohoa intake --holder 027090098192 --procedure 1.004222 scan-*.jpg\n",
	    intake_options, 1, -1, sh_cmd_intake },
	{ "read", "DOSSIER... | FILE...",
	    "read and classify without archiving anything",
	    "  sohoa read scan.tif\n"
	    "  sohoa read --json hoso/0678/ > reading.json\n"
	    "  sohoa read --text scan.pdf\n",
	    read_options, 1, -1, sh_cmd_read },
	{ "find", "--holder ID [--type SLUG] | --number NO | --text WORDS",
	    "find documents, newest first",
	    "  sohoa find --holder 027090098192\n"
	    "  sohoa find --number 16/2019\n"
	    "  sohoa find --text 'dang ky ket hon'\n",
	    find_options, 0, 0, sh_cmd_find },
	{ "show", "DOCUMENT", "show a document's record",
	    "  sohoa show 5f3a0c1e9b7d4426a1f0e2d3c4b5a697\n",
	    show_options, 1, 1, sh_cmd_show },
	{ "get", "DOCUMENT [--rendition NAME] [-o FILE]",
	    "get a document's signed PDF or another rendition",
	    "  sohoa get 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -o giay.pdf\n"
	    "  sohoa get 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -r text -o -\n",
	    get_options, 1, 1, sh_cmd_get },
	{ "need", "PROCEDURE HOLDER",
	    "what a procedure needs: held, expired or missing",
	    "  sohoa need 1.004222 027090098192\n",
	    need_options, 2, 2, sh_cmd_need },
	{ "verify", "FILE.pdf... | DOCUMENT... | --all",
	    "verify signatures: verdict with reasons",
	    "  sohoa verify giay.pdf\n"
	    "  sohoa verify --home /srv/sohoa --all\n",
	    verify_options, 0, -1, sh_cmd_verify },
	{ "check", "", "check the archive: every record, every digest",
	    "  sohoa check --home /srv/sohoa\n",
	    check_options, 0, 0, sh_cmd_check },
	{ "cover", "DOSSIER | CODE --procedure CODE [-o FILE]",
	    "print a dossier's cover sheets as PDF",
	    "  sohoa cover hoso/0678/ -o to-phan-cach.pdf\n"
	    "  sohoa cover H05.12-261121-0001 --procedure 1.001193 -o - | lp\n",
	    cover_options, 1, 1, sh_cmd_cover },
	{ "review", "[list | show ITEM | ACT ITEM ... | sample | quality]",
	    "decide what waits for a person",
	    "  sohoa review\n"
	    "  sohoa review list --json\n"
	    "  sohoa review correct 3fa2c1d0-5b21e0aa id_number=027090098192\n"
	    "  sohoa review accept 3fa2c1d0-5b21e0aa --officer 'Lê Thị Hoa'\n"
	    "  sohoa review sample --from 2026-11-01 --to 2026-11-30\n",
	    review_options, 0, -1, sh_cmd_review },
	{ "seal", "[--renew | --rehash DIGEST]",
	    "seal the archive's changes, renew its evidence",
	    "  sohoa seal --home /srv/sohoa\n"
	    "  sohoa seal --rehash SHA-512\n",
	    seal_options, 0, 0, sh_cmd_seal },
	{ "prove", "DOCUMENT -o DIR | --since SEAL -o DIR",
	    "proof and evidence that a stranger can check",
	    "  sohoa prove 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -o proof/\n"
	    "  sohoa prove --since 12 -o proof/\n",
	    prove_options, 0, 1, sh_cmd_prove },
	{ "status", "", "how the archive stands: seals, time stamps",
	    "  sohoa status --home /srv/sohoa\n",
	    status_options, 0, 0, sh_cmd_status },
	{ "report", "[--from DAY] [--to DAY] [--drill CODE]",
	    "figures of digitising, by agency and level",
	    "  sohoa report --from 2026-11-01 --to 2026-11-30\n"
	    "  sohoa report --drill REUSED_DIGITIZED_DATA\n"
	    "  sohoa report --csv > thang-11.csv\n"
	    "  sohoa report --svg thang-11.svg\n",
	    report_options, 0, 0, sh_cmd_report },
	{ "completion", "bash", "print shell completion",
	    "  sohoa completion bash > /etc/bash_completion.d/sohoa\n",
	    completion_options, 1, 1, sh_cmd_completion },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }
};
