load common

# A home whose paper types are all to be kept as $1.
make_home_of() {
	make_home
	python3 - "$SOHOA_HOME/catalogue/paper-types.json" "$1" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
for t in v["types"]:
    t["profile"] = sys.argv[2]
json.dump(v, open(sys.argv[1], "w"), ensure_ascii=False)
PY
}

# The first sample dossier, each of whose papers is to be kept as $1.
take_in() {
	make_home_of "$1"
	dossier=$(ls -d "$DOSSIERS"/*/ | head -n 1)
	"$SOHOA" intake --json --quiet "$dossier" > "$BATS_TEST_TMPDIR/in" || [ $? = 1 ]
	documents=$(json '"\n".join(d["id"] for x in v.get("dossiers", [v]) for d in x["documents"] if d["state"] == "archived")' < "$BATS_TEST_TMPDIR/in")
	[ -n "$documents" ]
}

# A paper of type $1 in the file $2, drawn as the rest says, by itself: sets
# id, and leaves its record and its PDF.
take_page() {
	fed=$BATS_TEST_TMPDIR/$2
	"$SAMPLE" page --type "$1" -o "$fed" "${@:3}"
	holder=$(json '[h["id"] for h in v["documents"][0]["holders"]][0]' < "$fed.json")
	"$SOHOA" intake --json --quiet --holder "$holder" --procedure 1.001193 \
		"$fed" > "$BATS_TEST_TMPDIR/in"
	id=$(json '[d["id"] for x in v.get("dossiers", [v]) for d in x["documents"]][0]' < "$BATS_TEST_TMPDIR/in")
	"$SOHOA" show "$id" --json > "$BATS_TEST_TMPDIR/record"
	"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/$2.pdf"
}

# The images of the PDF $1, as coded in it, into the folder $2.
images_of() {
	mkdir "$2"
	pdfimages -all "$1" "$2/x"
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
		# The record tells what was signed: the file's first bytes.
		n=$(($(grep -abo '%%EOF' "$BATS_TEST_TMPDIR/$id.pdf" | head -n 1 | cut -d: -f1) + 6))
		head -c "$n" "$BATS_TEST_TMPDIR/$id.pdf" | sha256sum | cut -d' ' -f1 > "$BATS_TEST_TMPDIR/over"
		json 'v["made_by"]["signed_over"]' < "$BATS_TEST_TMPDIR/record" | cmp - "$BATS_TEST_TMPDIR/over"
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

@test "a page whose fields would be read otherwise stays as it was fed" {
	make_home_of archive
	kept=0
	for page in "lltp 1 scan,fade=55" "to-khai 2 scan,fade=55"; do
		set -- $page
		take_page "$1" "$kept-$1-$2.jpg" --seed "$2" --dpi 300 --degrade "$3"
		case $(json 'v["made_by"]["profile"] + " " + v["made_by"].get("profile_why", "")' < "$BATS_TEST_TMPDIR/record") in
		"archive ")
			[ "$(stat -c %s "$fed.pdf")" -lt "$(stat -c %s "$fed")" ] ;;
		"standard layers.field-changed")
			name=$(json 'v["made_by"]["profile_field"]' < "$BATS_TEST_TMPDIR/record")
			json 'v["fields"].keys()' < "$BATS_TEST_TMPDIR/record" | grep -q "'$name'"
			images_of "$fed.pdf" "$fed.images"
			cmp "$fed" "$fed.images"/x-000.jpg
			kept=$((kept + 1)) ;;
		*) false ;;
		esac
		"$SOHOA" verify "$id"
	done
	[ "$kept" -ge 1 ]
}

@test "what is kept of a page is never larger than what was fed" {
	make_home_of archive
	seed=20
	for page in "small.jpg --dpi 200 --quality 6" "one.tif --bilevel" \
	    "grey.jpg --dpi 200 --quality 30 --grey"; do
		set -- $page
		seed=$((seed + 1))
		take_page quyet-dinh "$1" --seed "$seed" "${@:2}"
		images_of "$fed.pdf" "$fed.images"
		[ "$(cat "$fed.images"/* | wc -c)" -le "$(stat -c %s "$fed")" ]
	done
}

@test "the form of PDF/A is the home's to say" {
	make_home
	seed=30
	for form in 1b 3u; do
		sed -i "s/^pdfa = .*/pdfa = $form/" "$SOHOA_HOME/sohoa.conf"
		seed=$((seed + 1))
		take_page quyet-dinh "$form.jpg" --seed "$seed" --dpi 200
		qpdf --check "$fed.pdf"
		grep -aq "<pdfaid:part>${form%?}</pdfaid:part>" "$fed.pdf"
		grep -aqi "<pdfaid:conformance>${form#?}</pdfaid:conformance>" "$fed.pdf"
		pdfsig -nocert "$fed.pdf" | grep -c 'Signature is Valid' | grep -qx 2
		# No other part is known to the preflight.
		if [ "$form" = 1b ]; then
			tests/tools/preflight.sh "$fed.pdf" | grep -q 'is a valid PDF/A-1b file'
		fi
	done
}

@test "a preview is small, is PDF/A, has the words, and is the same each time" {
	take_in archive
	sed -i 's/^pdfa = .*/pdfa = 1b/' "$SOHOA_HOME/sohoa.conf"
	id=$(echo "$documents" | head -n 1)
	"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/whole.pdf"
	"$SOHOA" get "$id" -r preview -o "$BATS_TEST_TMPDIR/a.pdf"
	"$SOHOA" get "$id" -r preview -o - > "$BATS_TEST_TMPDIR/b.pdf"
	cmp "$BATS_TEST_TMPDIR/a.pdf" "$BATS_TEST_TMPDIR/b.pdf"
	qpdf --check "$BATS_TEST_TMPDIR/a.pdf"
	tests/tools/preflight.sh "$BATS_TEST_TMPDIR/a.pdf" | grep -q "is a valid PDF/A-1b file"
	for f in whole a; do
		pdfinfo "$BATS_TEST_TMPDIR/$f.pdf" | grep -E '^(Pages|Page size)' > "$BATS_TEST_TMPDIR/$f.info"
	done
	cmp "$BATS_TEST_TMPDIR/whole.info" "$BATS_TEST_TMPDIR/a.info"
	pages=$(qpdf --show-npages "$BATS_TEST_TMPDIR/a.pdf")
	# A page costs no more than a small picture and its words.
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pdf")" -lt $((200000 * pages)) ]
	pdfimages -list "$BATS_TEST_TMPDIR/a.pdf" | awk 'NR > 2 && ($4 > 1400 || $5 > 1400) { exit 1 }'
	"$SOHOA" get "$id" -r text -o - | tr -s ' \f\n' '\n' | sort -u > "$BATS_TEST_TMPDIR/w"
	pdftotext "$BATS_TEST_TMPDIR/a.pdf" - | tr -s ' \f\n' '\n' | sort -u > "$BATS_TEST_TMPDIR/v"
	[ "$(comm -12 "$BATS_TEST_TMPDIR/w" "$BATS_TEST_TMPDIR/v" | wc -l)" -ge $(($(wc -l < "$BATS_TEST_TMPDIR/w") * 9 / 10)) ]
}

@test "a signed PDF is kept bit for bit, and copies of documents are signed" {
	take_in standard
	# The applicant's own paper: what is signed here is fed elsewhere.
	id=$(echo "$documents" | head -n 1)
	"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/fed.pdf"
	holder=$("$SOHOA" show "$id" --json | json 'v["holders"][0]["id"]')
	procedure=$("$SOHOA" show "$id" --json | json 'v["procedure"]')

	for form in sao-y sao-luc; do
		"$SOHOA" copy "$id" --form "$form" -o "$BATS_TEST_TMPDIR/$form.pdf"
		qpdf --check "$BATS_TEST_TMPDIR/$form.pdf"
		# Every byte of the document, then the agency's signature.
		cmp -n "$(stat -c %s "$BATS_TEST_TMPDIR/fed.pdf")" \
			"$BATS_TEST_TMPDIR/fed.pdf" "$BATS_TEST_TMPDIR/$form.pdf"
		"$SOHOA" verify "$BATS_TEST_TMPDIR/$form.pdf" --roots "$SOHOA_HOME/keys/roots" |
			grep -q 'copy: TOTAL-PASSED'
		pdftotext -l 1 "$BATS_TEST_TMPDIR/$form.pdf" - | grep -qx "$([ $form = sao-y ] && echo 'SAO Y' || echo 'SAO LỤC')"
	done
	run "$SOHOA" copy "$id" --form sao-toi -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$status" -eq 65 ]
	run "$SOHOA" copy "$id" --form trich-sao -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$status" -eq 65 ]
	run "$SOHOA" copy "$id" --form trich-sao --pages 1-99 -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$status" -eq 65 ]
	[ ! -e "$BATS_TEST_TMPDIR/x.pdf" ]
	export SOHOA_HOME=$BATS_TEST_TMPDIR/second
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SOHOA" intake --json --quiet --holder "$holder" --procedure "$procedure" \
		"$BATS_TEST_TMPDIR/fed.pdf" > "$BATS_TEST_TMPDIR/in"
	id=$(json '[d["id"] for x in v.get("dossiers", [v]) for d in x["documents"] if d["state"] == "archived"][0]' < "$BATS_TEST_TMPDIR/in")
	"$SOHOA" show "$id" --json | json '[(o["rendition"], o["signatures"]) for o in v["made_by"]["originals"]]' |
		grep -qx "\[('original', 2)\]"
	"$SOHOA" get "$id" -r original -o "$BATS_TEST_TMPDIR/original.pdf"
	cmp "$BATS_TEST_TMPDIR/fed.pdf" "$BATS_TEST_TMPDIR/original.pdf"
}

@test "an extract has the pages that were asked for, with their words" {
	make_home
	dossier=$(python3 - "$DOSSIERS"/*/truth.json <<'PY'
import json, sys
print(next((f for f in sys.argv[1:] for d in json.load(open(f))["documents"]
            if len(d["pages"]) > 1), ""))
PY
)
	[ -n "$dossier" ]
	"$SOHOA" intake --json --quiet "$(dirname "$dossier")" > "$BATS_TEST_TMPDIR/in" || [ $? = 1 ]
	id=$(json '([d["id"] for x in v.get("dossiers", [v]) for d in x["documents"] if d["state"] == "archived" and len(d["pages"]) > 1] + [""])[0]' < "$BATS_TEST_TMPDIR/in")
	[ -n "$id" ]
	"$SOHOA" copy "$id" --form trich-sao --pages 2 -o "$BATS_TEST_TMPDIR/x.pdf"
	[ "$(qpdf --show-npages "$BATS_TEST_TMPDIR/x.pdf")" = 1 ]
	pdftotext "$BATS_TEST_TMPDIR/x.pdf" - | grep -qx 'TRÍCH SAO'
	"$SOHOA" verify "$BATS_TEST_TMPDIR/x.pdf" --roots "$SOHOA_HOME/keys/roots"
	"$SOHOA" get "$id" -r text -o - | awk 'BEGIN { RS = "\f" } NR == 2' |
		tr -s ' \n' '\n' | sort -u > "$BATS_TEST_TMPDIR/a"
	pdftotext "$BATS_TEST_TMPDIR/x.pdf" - | tr -s ' \n\f' '\n' | sort -u > "$BATS_TEST_TMPDIR/b"
	# Nine words in ten: programs that take text out join some.
	[ "$(comm -12 "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" | wc -l)" -ge $(($(wc -l < "$BATS_TEST_TMPDIR/a") * 9 / 10)) ]
	run "$SOHOA" copy "$id" --form trich-sao --pages 1-9 -o "$BATS_TEST_TMPDIR/y.pdf"
	[ "$status" -eq 65 ]
}
