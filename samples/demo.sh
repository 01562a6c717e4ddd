#!/bin/sh
# The main job on the sample dossiers: an archive home is made, the dossiers
# taken in, what is held for a citizen shown, a procedure's needs answered,
# a document fetched and its signatures verified.  Leaves the home for a
# look around.  O: the build's folder; DEMO_HOME: where the home goes.
set -eu
O=${O:-out/release}
home=${DEMO_HOME:-out/demo}
sohoa=$O/sohoa
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

rm -rf "$home"
say "An archive home"
run "$sohoa" init "$home"

say "The sample dossiers, from scans to signed documents"
# 1 says that something waits for a person: some sample papers must.
run "$sohoa" intake --home "$home" samples/dossiers/*/ || [ $? -eq 1 ]

# The citizen of the first dossier, as its dossier.json names them.
set -- samples/dossiers/*/
citizen=$(sed -n 's/.*"id": *"\([0-9]*\)".*/\1/p' "$1/dossier.json" | head -n 1)

say "What is held for the citizen $citizen"
run "$sohoa" find --home "$home" --holder "$citizen"

say "What that citizen still has to bring to register a residence"
run "$sohoa" need --home "$home" 1.004222 "$citizen"

say "One document, fetched and verified"
document=$("$sohoa" find --home "$home" --holder "$citizen" --limit 1 --json |
	tr '{' '\n' | sed -n 's/.*"id": *"\([0-9a-f]\{32\}\)".*/\1/p' | head -n 1)
run "$sohoa" get --home "$home" "$document" -o "$home/document.pdf"
run "$sohoa" verify --home "$home" "$home/document.pdf"

say "Every digest of the archive"
run "$sohoa" check --home "$home"
printf '\nThe home is %s; try: SOHOA_HOME=%s %s find --text "khai sinh"\n' \
	"$home" "$home" "$sohoa"
