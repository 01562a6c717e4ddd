load common

# The first sample dossier, each of whose papers is to be kept as $1.
take_in() {
	make_home
	python3 - "$SOHOA_HOME/catalogue/paper-types.json" "$1" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
for t in v["types"]:
    t["profile"] = sys.argv[2]
json.dump(v, open(sys.argv[1], "w"), ensure_ascii=False)
PY
	dossier=$(ls -d "$DOSSIERS"/*/ | head -n 1)
	"$SOHOA" intake --json --quiet "$dossier" > "$BATS_TEST_TMPDIR/in" || [ $? = 1 ]
	documents=$(json '"\n".join(d["id"] for x in v.get("dossiers", [v]) for d in x["documents"] if d["state"] == "archived")' < "$BATS_TEST_TMPDIR/in")
	[ -n "$documents" ]
}

@test "a paper type's profile says how its pages are kept" {
	take_in archive
	layered=0
	for id in $documents; do
		"$SOHOA" show "$id" --json > "$BATS_TEST_TMPDIR/record"
		schema document.schema.json < "$BATS_TEST_TMPDIR/record"
		"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/$id.pdf"
		qpdf --check "$BATS_TEST_TMPDIR/$id.pdf"
		"$SOHOA" verify "$id"
		case $(json 'v["made_by"]["profile"] + " " + v["made_by"].get("profile_why", "")' < "$BATS_TEST_TMPDIR/record") in
		"archive ")
			if pdfimages -list "$BATS_TEST_TMPDIR/$id.pdf" | grep -q jbig2; then
				layered=$((layered + 1))
			fi ;;
		"standard layers.field-changed") ;;
		*) false ;;
		esac
	done
	[ "$layered" -ge 1 ]
}

@test "pages stay as they were fed where the type says nothing else" {
	take_in standard
	for id in $documents; do
		"$SOHOA" show "$id" --json | json 'v["made_by"]["profile"]' | grep -qx standard
		"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/$id.pdf"
		! pdfimages -list "$BATS_TEST_TMPDIR/$id.pdf" | grep -q jbig2
	done
}
