/* The table of subcommands: names, options, help. */
#include "pipeline/cmd/command.h"

#define HOME	{ "home", 'H', "HOME", "archive home; else $SOHOA_HOME" }
#define JSON	{ "json", 'j', NULL, "one JSON object on standard output" }
#define PURPOSE	{ "purpose", 'p', "WHY", "dossier or procedure that you read for" }
#define BASIS	{ "basis", 'B', "LAW", "legal basis that you read on" }
#define WHY	PURPOSE, BASIS
#define NAME	{ "name", 'N', "NAME", "of a holder without a number" }
#define BIRTH	{ "birth", 'b', "YYYY-MM-DD", "and the day of birth" }
#define REASON	{ "reason", 'm', "WHY", "why, for the record" }
#define EVIDENCE { "evidence", 'e', "WHAT", "how that is known" }
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
	{ "reuse", 'U', "MODE", "what is held, not scanned: auto, ask, never" },
	JSON, USAGE, QUIET, END
};
static const struct sh_option read_options[] = {
	{ "holder", 'i', "ID", "say who the holder is" },
	{ "procedure", 'c', "CODE", "say what the papers are for" },
	{ "readers", 'r', "N", "reading processes; 0: one per core" },
	{ "text", 't', NULL, "only the words, page by page" },
	{ "svg", 's', NULL, "a picture: words in their places, how sure, fields" },
	JSON, USAGE, QUIET, END
};
static const struct sh_option bulk_options[] = {
	HOME,
	{ "readers", 'r', "N", "reading processes; 0: one per core" },
	{ "reuse", 'U', "MODE", "what is held, not scanned: auto, ask, never" },
	{ "wait", 'w', "S", "wait so many seconds for disk or signer (300)" },
	{ "cause", 'c', "KEY", "retry: only rows with this cause" },
	{ "csv", 'C', NULL, "report: CSV instead of JSONL" },
	{ "output", 'o', "FILE", "report: where to; - is standard output" },
	JSON, USAGE, QUIET, END
};
static const struct sh_option find_options[] = {
	HOME,
	{ "holder", 'i', "ID", "documents of this holder" },
	NAME, BIRTH,
	{ "type", 't', "SLUG", "of this paper type, with --holder" },
	{ "number", 'n', "NO", "with this number and symbol" },
	{ "text", 'w', "WORDS", "with these words; \"in quotes\" a phrase" },
	{ "exact", 'x', NULL, "marks count: \"má\" is not \"mà\"" },
	{ "places", 'P', NULL, "with --text: where on the pages, with --json" },
	{ "limit", 'l', "N", "at most so many (20)" },
	{ "after", 'a', "CURSOR", "go on behind an earlier answer" },
	WHY, JSON, END
};
static const struct sh_option show_options[] = { HOME, WHY, JSON, END };
static const struct sh_option get_options[] = {
	HOME,
	{ "rendition", 'r', "NAME", "pdf (default), preview, original, text, alto, reading, record" },
	{ "output", 'o', "FILE", "where to; - is standard output" },
	WHY, END
};
static const struct sh_option need_options[] = {
	HOME,
	{ "day", 'd', "YYYY-MM-DD", "as of this day; else today" },
	NAME, BIRTH,
	WHY, JSON, END
};
static const struct sh_option reuse_options[] = {
	HOME,
	{ "holder", 'i', "ID", "whose document it is" },
	NAME, BIRTH,
	{ "dossier", 'D', "CODE", "dossier that relies on it" },
	{ "procedure", 'c', "CODE", "the dossier's procedure" },
	{ "component", 'C', "CODE", "component that it satisfies" },
	{ "day", 'd', "YYYY-MM-DD", "it counts on this day; else today" },
	{ "instead", 'I', NULL, "in place of the paper that is named" },
	{ "national", 'n', NULL, "it comes from the national store" },
	{ "output", 'o', "FILE", "receipt; its signature to FILE.p7s" },
	WHY, JSON, END
};
static const struct sh_option alias_options[] = {
	HOME, EVIDENCE, WHY, JSON, END
};
static const struct sh_option file_options[] = {
	HOME, NAME, BIRTH, EVIDENCE, WHY, JSON, END
};
static const struct sh_option dossier_options[] = {
	HOME,
	{ "procedure", 'c', "CODE", "else the one that its papers name" },
	WHY, JSON, END
};
static const struct sh_option reread_options[] = {
	HOME,
	{ "where", 'w', "CONDITIONS", "model<X, engine!=current, confidence<0.9, archived<DAY, sohoa<X" },
	{ "type", 't', "SLUG", "only documents of that type" },
	{ "document", 'd', "DOCUMENT", "only that one" },
	{ "dry-run", 'n', NULL, "read and compare, change nothing" },
	{ "readers", 'r', "N", "reading processes; 0: one per core" },
	WHY, JSON, QUIET, END
};
static const struct sh_option end_options[] = {
	HOME, REASON, WHY, JSON, END
};
static const struct sh_option hold_options[] = {
	HOME, REASON,
	{ "until", 'u', "YYYY-MM-DD", "last day of the hold" },
	{ "release", 'r', "HOLD", "end this hold" },
	WHY, JSON, END
};
static const struct sh_option dispose_options[] = {
	HOME,
	{ "due", 'd', NULL, "documents whose term is over" },
	{ "day", 'D', "YYYY-MM-DD", "on this day; else today" },
	{ "propose", 'P', NULL, "propose to destroy the documents named" },
	{ "show", 's', "PROPOSAL", "what a proposal names" },
	{ "approve", 'a', "PROPOSAL", "destroy it: the second person" },
	{ "output", 'o', "FILE", "destruction list; signature to FILE.p7s" },
	{ "proof", 'f', "DOCUMENT", "what the chain says of it" },
	{ "holder", 'i', "ID", "in whose chain" },
	NAME, BIRTH, REASON, WHY, JSON, END
};
static const struct sh_option erase_options[] = {
	HOME,
	{ "propose", 'P', NULL, "propose to erase the holder" },
	{ "holder", 'i', "ID", "whom" },
	NAME, BIRTH,
	{ "show", 's', "PROPOSAL", "what a proposal takes" },
	{ "approve", 'a', "PROPOSAL", "erase: the second person" },
	{ "output", 'o', "FILE", "signed list; signature to FILE.p7s" },
	{ "proof", 'f', NULL, "what the register says of the holder" },
	REASON, WHY, JSON, END
};
static const struct sh_option verify_options[] = {
	HOME,
	{ "all", 'a', NULL, "every document of the archive" },
	{ "roots", 'R', "DIR", "PEM files of the roots to trust" },
	{ "fetch", 'f', NULL, "ask trusted issuers about revocation" },
	{ "report", 'o', "FILE", "the verdict as a page to print" },
	WHY, JSON, QUIET, END
};
static const struct sh_option copy_options[] = {
	HOME,
	{ "form", 'f', "FORM", "sao-y, trich-sao (some pages), sao-luc" },
	{ "pages", 'P', "PAGES", "of an extract, from 1: 2,4-6" },
	{ "output", 'o', "FILE", "where to; - is standard output" },
	WHY, END
};
static const struct sh_option sign_options[] = {
	HOME,
	{ "output", 'o', "FILE", "where the signed file goes" },
	{ "as", 'a', "WHO", "officer (default) or agency, of the home" },
	{ "key", 'k', "KEY", "FILE.p12, pkcs11:DRIVER?token=LABEL, csc:ADDRESS?credential=ID" },
	{ "pin-fd", 'P', "N", "descriptor to read its PIN from; else asks" },
	{ "roots", 'R', "DIR", "PEM files of the roots to trust" },
	{ "level", 'l', "LEVEL", "b, t, lt or lta; else the home's" },
	{ "tsa", 't', "URL", "time-stamping authority; else the home's" },
	{ "place", 'w', "WHERE", "visible: left, right; none (default)" },
	{ "field", 'f', "NAME", "name of the signature field" },
	{ "reason", 'r', "TEXT", "why it is signed" },
	{ "certify", 'c', "N", "what may change later: 1 nothing, 2 forms, 3 comments" },
	{ "digest", 'd', "HEX", "SHA-256 of what was shown; refuse another file" },
	{ "pss", 's', NULL, "RSA-PSS instead of PKCS#1 v1.5" },
	{ "prolong", 'x', NULL, "no new signature: fresh answers and stamp" },
	JSON, END
};
static const struct sh_option check_options[] = { HOME, JSON, QUIET, END };
static const struct sh_option scrub_options[] = {
	HOME,
	{ "budget", 'b', "MB", "megabytes to read; else everything" },
	{ "report", 'r', NULL, "then sign the month's report" },
	{ "list", 'l', NULL, "when each span was proven last" },
	{ "repair-from", 'R', "DIR", "then mend from this backup or copy" },
	WHY, JSON, QUIET, END
};
static const struct sh_option key_options[] = {
	HOME,
	{ "module", 'm', "FILE", "PKCS#11 driver that shall hold the key" },
	{ "token", 't', "LABEL", "its token" },
	{ "object", 'o', "LABEL", "an RSA key pair in it" },
	{ "pin-file", 'P', "FILE", "file of mode 0600 with its PIN" },
	END
};
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
	WHY, JSON, END
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
static const struct sh_option calibrate_options[] = {
	HOME,
	{ "from", 'f', "DAY", "documents archived from here; else a year back" },
	{ "to", 't', "DAY", "to here; else today" },
	{ "pairs", 'P', "FILE", "a CSV line for each value, without the value" },
	JSON, END
};
static const struct sh_option report_options[] = {
	HOME,
	{ "from", 'f', "DAY", "first day; else the first of this month" },
	{ "to", 't', "DAY", "last day; else today" },
	{ "drill", 'D', "CODE", "the dossiers behind an indicator" },
	{ "csv", 'c', NULL, "a line for each agency, as CSV" },
	{ "svg", 's', "FILE", "a page with plots, too" },
	JSON, END
};
static const struct sh_option search_options[] = {
	HOME,
	{ "follow", 'f', NULL, "take in what is new" },
	{ "rebuild", 'r', NULL, "make it again; searches go on meanwhile" },
	END
};
static const struct sh_option bench_options[] = {
	{ "catalogue", 'c', "DIR", "paper types from here; else the built-in" },
	{ "errors", 'e', NULL, "each difference as a line on stderr" },
	{ "values", 'v', "FILE", "each value found, tab separated" },
	JSON, END
};
static const struct sh_option accesses_options[] = {
	HOME, NAME, BIRTH, WHY, JSON, END
};
static const struct sh_option catalogue_options[] = {
	{ "catalogue", 'c', "DIR", "the catalogue to test; else the built-in" },
	END
};
static const struct sh_option backup_options[] = {
	HOME,
	{ "keys", 'k', "DIR", "copy the keys there: elsewhere" },
	{ "verify", 'V', NULL, "read every byte of the backup" },
	JSON, END
};
static const struct sh_option restore_options[] = {
	{ "keys", 'k', "DIR", "the copy of the keys" },
	{ "to", 't', "POSITION", "as it was at this change" },
	JSON, END
};
static const struct sh_option export_options[] = {
	HOME,
	{ "output", 'o', "DIR", "folder that the packages go to" },
	{ "form", 'f', "FORM", "eark (default): METS, EAD, PREMIS; bag: BagIt" },
	{ "all", 'a', NULL, "every dossier of the archive" },
	WHY, JSON, END
};
static const struct sh_option import_options[] = { HOME, WHY, JSON, END };
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
	{ "bulk", "run MANIFEST|DIR | status|pause|resume|retry|report [RUN]",
	    "take a back catalogue in, unattended",
	    "  sohoa bulk run kho-cu/manifest.csv\n"
	    "  sohoa bulk run kho-cu/\n"
	    "  sohoa bulk status\n"
	    "  sohoa bulk retry --cause file.missing\n"
	    "  sohoa bulk report --csv -o report.csv\n",
	    bulk_options, 1, 2, sh_cmd_bulk },
	{ "read", "DOSSIER... | FILE...",
	    "read and classify without archiving anything",
	    "  sohoa read scan.tif\n"
	    "  sohoa read --json hoso/0678/ > reading.json\n"
	    "  sohoa read --text scan.pdf\n"
	    "  sohoa read --svg scan.jpg > reading.svg\n",
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
	{ "need", "PROCEDURE HOLDER | PROCEDURE --name NAME --birth DAY",
	    "what a procedure needs: held, expired or missing",
	    "  sohoa need 1.004222 027090098192\n"
	    "  sohoa need 1.001193 --name 'Lê An' --birth 2026-01-31\n",
	    need_options, 1, 2, sh_cmd_need },
	{ "reuse", "DOCUMENT --holder ID --dossier CODE --procedure CODE --component CODE",
	    "satisfy a component with a held document, with a receipt",
	    "  sohoa reuse 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -i 027090098192 \\\n"
	    "      -D H05.000.016-261121-0678 -c 1.004222 -C 02 -o r.json\n",
	    reuse_options, 1, 1, sh_cmd_reuse },
	{ "dossier", "CODE", "what a dossier has, with the portal's flags",
	    "  sohoa dossier H05.000.016-261121-0678 --json\n",
	    dossier_options, 1, 1, sh_cmd_dossier },
	{ "alias", "CITIZEN OLDER --evidence WHAT",
	    "say that an older number is the same person's",
	    "  sohoa alias 027090098192 125012345 -e 'Giấy xác nhận số CMND'\n",
	    alias_options, 2, 2, sh_cmd_alias },
	{ "file", "CITIZEN --name NAME --birth DAY --evidence WHAT",
	    "file papers of a child under the number it got",
	    "  sohoa file 027326000123 -N 'Lê An' -b 2026-01-31 -e 'Khai sinh 12'\n",
	    file_options, 1, 1, sh_cmd_file },
	{ "correct", "OLD NEW --reason WHY",
	    "let a newer document take an older one's place",
	    "  sohoa correct 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 \\\n"
	    "      91c0d7b25a8e4f3f8c6e1a2b3c4d5e6f -m 'cải chính'\n",
	    end_options, 2, 2, sh_cmd_correct },
	{ "reread", "--where CONDITIONS | --type SLUG | --document DOCUMENT",
	    "read archived documents again; a better reading replaces",
	    "  sohoa reread --where 'model!=current' --dry-run\n"
	    "  sohoa reread --type giay-khai-sinh --where 'confidence<0.9'\n",
	    reread_options, 0, 0, sh_cmd_reread },
	{ "revoke", "DOCUMENT --reason WHY",
	    "say that its issuer withdrew a document",
	    "  sohoa revoke 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -m 'QĐ 12/QĐ-UBND'\n",
	    end_options, 1, 1, sh_cmd_revoke },
	{ "hold", "DOCUMENT --reason WHY [--until DAY | --release HOLD]",
	    "keep a document from being destroyed",
	    "  sohoa hold 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -m 'vụ án 12/2026'\n",
	    hold_options, 1, 1, sh_cmd_hold },
	{ "dispose", "--due | --propose DOCUMENT... -m WHY | --show P | --approve P | --proof DOCUMENT -i ID",
	    "destroy what is due: proposal, second person, proof",
	    "  sohoa dispose --due\n"
	    "  sohoa dispose --propose 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 -m 'hết hạn'\n"
	    "  sohoa dispose --approve 0d1c2b3a495867768594a3b2c1d0e0f1 -o list.json\n",
	    dispose_options, 0, -1, sh_cmd_dispose },
	{ "erase", "--propose -i ID -m WHY -B LAW | --show P | --approve P | --proof -i ID",
	    "make a person unreadable, in every copy",
	    "  sohoa erase --propose -i 027090098192 -m 'đơn 12/2026' -B 'Luật 91/2025/QH15'\n"
	    "  sohoa erase --approve 0d1c2b3a495867768594a3b2c1d0e0f1 -o list.json\n"
	    "  sohoa erase --proof -i 027090098192\n",
	    erase_options, 0, 0, sh_cmd_erase },
	{ "verify", "FILE.pdf... | DOCUMENT... | --all",
	    "verify signatures: verdict with reasons",
	    "  sohoa verify giay.pdf\n"
	    "  sohoa verify --fetch --report phieu.html giay.pdf\n"
	    "  sohoa verify --home /srv/sohoa --all\n",
	    verify_options, 0, -1, sh_cmd_verify },
	{ "copy", "DOCUMENT --form FORM -o FILE",
	    "make a certified copy, signed by the agency",
	    "  sohoa copy 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 --form sao-y -o sao.pdf\n"
	    "  sohoa copy 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 --form trich-sao \\\n"
	    "      --pages 2-3 -o trich.pdf\n",
	    copy_options, 1, 1, sh_cmd_copy },
	{ "sign", "FILE.pdf -o SIGNED.pdf",
	    "sign a PDF file, at a PAdES level",
	    "  sohoa sign giay.pdf -o giay-ky.pdf --level lt\n"
	    "  sohoa sign giay.pdf -o giay-ky.pdf --place right --as agency\n"
	    "  sohoa sign giay.pdf -o ky.pdf -R roots --pin-fd 3 3<pin \\\n"
	    "      --key 'pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=vgca'\n"
	    "  sohoa sign giay-ky.pdf -o giay-ky.pdf --prolong --level lta\n",
	    sign_options, 1, 1, sh_cmd_sign },
	{ "check", "", "check the archive: every record, every digest",
	    "  sohoa check --home /srv/sohoa\n",
	    check_options, 0, 0, sh_cmd_check },
	{ "scrub", "[--budget MB] [--report] [--list] [--repair-from DIR]",
	    "prove what is kept, the oldest proof first",
	    "  sohoa scrub --budget 20000\n"
	    "  sohoa scrub --budget 0 --list\n"
	    "  sohoa scrub --report\n"
	    "  sohoa scrub --repair-from /mnt/sao-luu/sohoa\n",
	    scrub_options, 0, 0, sh_cmd_scrub },
	{ "key", "[--module FILE --token LABEL --object LABEL --pin-file FILE]",
	    "change the archive key, or put it into a token",
	    "  sohoa key --home /srv/sohoa\n",
	    key_options, 0, 0, sh_cmd_key },
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
	{ "status", "", "how the archive stands: search, seals, time stamps",
	    "  sohoa status --home /srv/sohoa\n",
	    status_options, 0, 0, sh_cmd_status },
	{ "calibrate", "[--from DAY] [--to DAY] [--pairs FILE]",
	    "whether confidences are true, from corrections and samples",
	    "  sohoa calibrate --home /srv/sohoa\n"
	    "  sohoa calibrate --json --pairs pairs.csv\n",
	    calibrate_options, 0, 0, sh_cmd_calibrate },
	{ "report", "[--from DAY] [--to DAY] [--drill CODE]",
	    "figures of digitising, by agency and level",
	    "  sohoa report --from 2026-11-01 --to 2026-11-30\n"
	    "  sohoa report --drill REUSED_DIGITIZED_DATA\n"
	    "  sohoa report --csv > thang-11.csv\n"
	    "  sohoa report --svg thang-11.svg\n",
	    report_options, 0, 0, sh_cmd_report },
	{ "search", "--follow | --rebuild", "look after the full-text search",
	    "  sohoa search --rebuild\n",
	    search_options, 0, 0, sh_cmd_search },
	{ "bench", "reading FILE...",
	    "measure types, fields and confidences against known truth",
	    "  sample texts -n 100 --readings --noise 20 | sohoa bench reading -\n"
	    "  sohoa bench reading --json truths.jsonl\n",
	    bench_options, 2, -1, sh_cmd_bench },
	{ "accesses", "HOLDER", "who read what of a holder's, and why",
	    "  sohoa accesses 027090098192\n",
	    accesses_options, 0, 1, sh_cmd_accesses },
	{ "catalogue", "test [EXAMPLES...]",
	    "is a catalogue sound, and does it know its example papers?",
	    "  sohoa catalogue test --catalogue /srv/sohoa/catalogue moi.txt\n",
	    catalogue_options, 1, -1, sh_cmd_catalogue },
	{ "backup", "DIR [--keys DIR] | --verify DIR",
	    "add what is new to a backup, while others write",
	    "  sohoa backup /mnt/backup/sohoa --keys /media/safe/sohoa-keys\n"
	    "  sohoa backup --verify /mnt/backup/sohoa\n",
	    backup_options, 1, 1, sh_cmd_backup },
	{ "restore", "BACKUP HOME --keys DIR [--to POSITION]",
	    "make an archive home from a backup",
	    "  sohoa restore /mnt/backup/sohoa /srv/sohoa2 --keys /media/safe/sohoa-keys\n",
	    restore_options, 2, 2, sh_cmd_restore },
	{ "export", "DOSSIER... -o DIR | --all -o DIR",
	    "write dossiers as packages that live without the archive",
	    "  sohoa export H05.000.016-261121-0678 -o nop-luu/\n"
	    "  sohoa export --all --form bag -o /mnt/bags\n",
	    export_options, 0, -1, sh_cmd_export },
	{ "import", "PACKAGE...",
	    "take packages in that sohoa exported",
	    "  sohoa import /mnt/bags/*/\n",
	    import_options, 1, -1, sh_cmd_import },
	{ "completion", "bash", "print shell completion",
	    "  sohoa completion bash > /etc/bash_completion.d/sohoa\n",
	    completion_options, 1, 1, sh_cmd_completion },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL }
};
