load common

# A dossier of two papers with cover sheets, and sheets that are not its own.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" > /dev/null
	src=$DOSSIERS/d04 d=$BATS_FILE_TMPDIR/d
	mkdir "$d"
	cp "$src/scan-1.jpg" "$src/scan-2.jpg" "$d"
	"$SOHOA" cover "$src" -o "$d/own.pdf"
	code=$(json 'v["procedure"]["code"]' < "$src/dossier.json")
	"$SOHOA" cover H05.12-261121-0001 --procedure "$code" -o "$d/foreign.pdf"
	"$SOHOA" init "$BATS_FILE_TMPDIR/other" > /dev/null
	"$SOHOA" cover "$src" --home "$BATS_FILE_TMPDIR/other" -o "$d/forged.pdf"
	sheet() { qpdf --warning-exit-0 "$d/$1.pdf" --pages . "$2" -- "$d/$3.pdf"; }
	# Which sheet goes before the card.
	k=$(python3 - "$code" <<'PY'
import json, sys
for p in json.load(open("schemas/procedures.json"))["procedures"]:
    if p["code"] == sys.argv[1]:
        print([i for i, c in enumerate(p["components"], 1) if "cccd" in c["types"]][0])
PY
)
	sheet own 1 one
	sheet own "$k" card
	sheet forged 1 f
	sheet foreign 1 g
	python3 - "$src/dossier.json" "$d/dossier.json" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
v["scans"] = ["one.pdf", "scan-1.jpg", "f.pdf", "g.pdf", "card.pdf", "scan-2.jpg"]
json.dump(v, open(sys.argv[2], "w"))
PY
	"$SOHOA" intake --quiet --json "$d" > "$BATS_FILE_TMPDIR/i.json" || [ $? = 1 ]
	echo "$k" > "$BATS_FILE_TMPDIR/k"
}

@test "sheets are sound PDF with their text embedded" {
	qpdf --check "$BATS_FILE_TMPDIR/d/own.pdf"
	pdffonts "$BATS_FILE_TMPDIR/d/own.pdf" | tail -n +3 | grep -q 'yes yes'
	run "$SOHOA" cover "$DOSSIERS/d04" -k 99 -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$status" = 66 ]
	[ ! -e "$BATS_TEST_TMPDIR/x.pdf" ]
	run "$SOHOA" cover 'no code' -c 1.001193 -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$status" = 65 ]
}

@test "genuine sheets name the component; a missing one is told" {
	f=$BATS_FILE_TMPDIR/i.json
	schema intake.schema.json < "$f"
	json 'v["separator_pages"]' < "$f" | grep -qx '\[\[0, 0\], \[4, 0\]\]'
	json '[d["component"] for d in v["documents"]]' < "$f" |
		grep -qx "\['01', '$(printf %02d "$(cat "$BATS_FILE_TMPDIR/k")")'\]"
	json '1 not in v["missing_sheets"] and len(v["missing_sheets"]) >= 1' < "$f" | grep -qx True
}

@test "a forged and a foreign sheet are set aside, and only they" {
	f=$BATS_FILE_TMPDIR/i.json
	json '[(p["page"], p["code"]) for p in v["set_aside"]]' < "$f" |
		grep -qx "\[(\[2, 0\], 'cover.forged'), (\[3, 0\], 'cover.foreign')\]"
	json '[d["state"] for d in v["documents"]]' < "$f" | grep -qx "\['archived', 'archived'\]"
	"$SOHOA" review list --json | json '[i["kind"] for i in v["items"]]' | grep -qx "\['page', 'page'\]"
}
