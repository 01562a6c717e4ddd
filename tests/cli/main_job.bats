load common

# One archive for the whole file: reading is what costs.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SOHOA" intake --json --quiet "$DOSSIERS"/*/ \
		> "$BATS_FILE_TMPDIR/intake.json" || [ $? = 1 ]
	export INTAKE=$BATS_FILE_TMPDIR/intake.json
	export CITIZEN=$(python3 -c '
import json,sys; print(json.load(open(sys.argv[1]))["holder"]["id"])' \
		"$(ls -d "$DOSSIERS"/*/ | head -n 1)/dossier.json")
}

documents() {
	json '"\n".join(d["id"] for x in v["dossiers"] for d in x["documents"] if d["state"] == "archived")' < "$INTAKE"
}

@test "the answer has the published form and every page is accounted for" {
	json 'len(v["dossiers"])' < "$INTAKE" | grep -qx "$(ls -d "$DOSSIERS"/*/ | wc -l)"
	python3 - "$INTAKE" "$DOSSIERS" <<'PY'
import json, sys, jsonschema, glob, os
schema = json.load(open("schemas/intake.schema.json"))
dirs = sorted(glob.glob(sys.argv[2] + "/*/"))
for d, x in zip(dirs, json.load(open(sys.argv[1]))["dossiers"]):
    jsonschema.Draft202012Validator(schema).validate(x)
    c, truth = x["count"], json.load(open(d + "truth.json"))
    assert c["fed"] == len(truth["pages"]), (d, c)
    assert c["fed"] == sum(v for k, v in c.items() if k != "fed"), (d, c)
    assert len(x["pages"]) == c["fed"]
    assert x["blank_pages"] == truth["blank_pages"], d
    assert x["separator_pages"] == truth["separator_pages"], d
    seen = [tuple(p) for q in x["documents"] for p in q["pages"]]
    assert len(seen) == len(set(seen))
PY
}

@test "sheets that come again are linked, and nothing else is" {
	python3 - "$INTAKE" "$DOSSIERS" <<'PY'
import json, sys, glob
dirs = sorted(glob.glob(sys.argv[2] + "/*/"))
linked = 0
for d, x in zip(dirs, json.load(open(sys.argv[1]))["dossiers"]):
    truth = {tuple(map(tuple, t["pages"])): t for t in json.load(open(d + "truth.json"))["documents"]}
    for q in x["documents"]:
        t = truth[tuple(map(tuple, q["pages"]))]["duplicate_of"]
        kind = t["kind"] if t else None
        if q["state"] == "linked" or q.get("kinship", {}).get("better"):
            assert kind in ("rescan", "same-bytes"), (d, q["type"], kind)
            linked += 1
        elif kind == "rescan" and q["state"] == "archived":
            # Two captures of a form of which one has an unsure number.
            assert q.get("kinship", {}).get("kind") in (None, "rescan"), (d, q)
assert linked >= 3, linked
PY
}

@test "what is archived is found by holder, number and words" {
	n=$("$SOHOA" find --holder "$CITIZEN" --json | tee "$BATS_TEST_TMPDIR/f" | json 'len(v["documents"])')
	[ "$n" -ge 2 ]
	schema find.schema.json < "$BATS_TEST_TMPDIR/f"
	number=$(json '[d["number"] for d in v["documents"] if d["number"]][0]' < "$BATS_TEST_TMPDIR/f")
	"$SOHOA" find --number "$number" --json | json 'len(v["documents"]) >= 1' | grep -qx True
	"$SOHOA" find --text '"cong hoa xa hoi"' --json | json 'len(v["documents"]) >= 1' | grep -qx True
	"$SOHOA" find --text 'khongcotunay' --json | json 'len(v["documents"])' | grep -qx 0
	type=$(json 'v["documents"][0]["type"]' < "$BATS_TEST_TMPDIR/f")
	"$SOHOA" find --holder "$CITIZEN" --type "$type" --json |
		json 'set(d["type"] for d in v["documents"])' | grep -qx "{'$type'}"
}

@test "records and renditions come back whole" {
	for id in $(documents | head -n 3); do
		"$SOHOA" show "$id" --json | schema document.schema.json
		"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/d.pdf"
		[ "$(stat -c %a "$BATS_TEST_TMPDIR/d.pdf")" = 600 ]
		qpdf --check "$BATS_TEST_TMPDIR/d.pdf"
		# The words under the image are the words that were read.
		"$SOHOA" get "$id" -r text -o - | tr -s ' \n\f' '\n' | grep . |
			sort > "$BATS_TEST_TMPDIR/read"
		pdftotext -enc UTF-8 "$BATS_TEST_TMPDIR/d.pdf" - | tr -s ' \n\f' '\n' |
			grep . | sort > "$BATS_TEST_TMPDIR/drawn"
		lost=$(comm -23 "$BATS_TEST_TMPDIR/read" "$BATS_TEST_TMPDIR/drawn" | wc -l)
		[ "$lost" -le $(($(wc -l < "$BATS_TEST_TMPDIR/read") / 50)) ]
		"$SOHOA" get "$id" -r alto -o "$BATS_TEST_TMPDIR/d.xml"
		python3 -c 'import sys, xml.etree.ElementTree as e; assert e.parse(sys.argv[1]).getroot().tag.endswith("alto")' "$BATS_TEST_TMPDIR/d.xml"
		"$SOHOA" get "$id" -r record -o - | schema document.schema.json
	done
	run "$SOHOA" get "$id" -r nonsense -o "$BATS_TEST_TMPDIR/none"
	[ "$status" = 66 ]
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "signatures are whole by our verdict and by pdfsig's" {
	for id in $(documents); do
		"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/d.pdf"
		run pdfsig -nocert "$BATS_TEST_TMPDIR/d.pdf"
		[ "$(grep -c 'Signature is Valid' <<< "$output")" = 2 ]
		[ "$(grep -c 'Signature Type: ETSI.CAdES.detached' <<< "$output")" = 2 ]
	done
	run "$SOHOA" verify --all --json --quiet
	[ "$status" = 0 ]
	json 'all(r["status"] == "TOTAL-PASSED" and r["integrity"] for r in v["reports"])' <<< "$output" | grep -qx True
	# Without the roots nothing can be said of the chain, only of integrity.
	SOHOA_HOME= run "$SOHOA" verify --json "$BATS_TEST_TMPDIR/d.pdf"
	[ "$status" = 1 ]
	json '(v["status"], v["integrity"])' <<< "$output" | grep -qx "('INDETERMINATE', True)"
	# One byte of the image.
	cp "$BATS_TEST_TMPDIR/d.pdf" "$BATS_TEST_TMPDIR/e.pdf"
	alter "$BATS_TEST_TMPDIR/e.pdf" 5000
	run "$SOHOA" verify --json "$BATS_TEST_TMPDIR/e.pdf"
	[ "$status" = 76 ]
	json '(v["status"], v["integrity"])' <<< "$output" | grep -qx "('TOTAL-FAILED', False)"
}

@test "need tells held from missing" {
	"$SOHOA" need 1.004222 "$CITIZEN" --json > "$BATS_TEST_TMPDIR/n"
	schema need.schema.json < "$BATS_TEST_TMPDIR/n"
	json 'sorted(set(c["state"] for c in v["components"]))' < "$BATS_TEST_TMPDIR/n" | grep -q "held"
	json 'sorted(set(c["state"] for c in v["components"]))' < "$BATS_TEST_TMPDIR/n" | grep -q "missing"
	# Somebody of whom nothing is held.
	"$SOHOA" need 1.004222 001099000007 --json |
		json 'set(c["state"] for c in v["components"])' | grep -qx "{'missing'}"
	run "$SOHOA" need 9.999999 "$CITIZEN"
	[ "$status" = 66 ]
}

@test "the archive is consistent and says nothing to a thief" {
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ]
	json 'v["findings"]' <<< "$output" | grep -qx '\[\]'
	python3 - "$DOSSIERS" > "$BATS_TEST_TMPDIR/plain" <<'PY'
import json, glob, sys
out = set()
for t in glob.glob(sys.argv[1] + "/*/truth.json"):
    for d in json.load(open(t))["documents"]:
        for h in d["holders"]:
            out |= {h.get("id"), h.get("name")}
        out |= {v for v in d["fields"].values() if isinstance(v, str) and len(v) >= 8}
for s in out:
    if s: print(s.split("\n")[0])
PY
	[ "$(wc -l < "$BATS_TEST_TMPDIR/plain")" -gt 20 ]
	run grep -rlaF -f "$BATS_TEST_TMPDIR/plain" "$SOHOA_HOME"/{archive,search,keys,cache,spool}
	[ "$status" = 1 ]
}

@test "the same command again changes nothing" {
	ids=$(sample_holders "$DOSSIERS"/*/)
	before=$(holdings $ids)
	"$SOHOA" intake --json --quiet "$DOSSIERS"/*/ > "$BATS_TEST_TMPDIR/again.json" || [ $? = 1 ]
	[ "$(holdings $ids)" = "$before" ]
	[ -n "$before" ]
	run "$SOHOA" check --json --quiet
	json 'v["findings"]' <<< "$output" | grep -qx '\[\]'
}

@test "loose files under a holder and a procedure" {
	make_home
	"$SAMPLE" page --type cccd --seed 5 -o "$BATS_TEST_TMPDIR/c.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/c.jpg.json")
	run "$SOHOA" intake --quiet --json --holder "$id" --procedure 1.004222 "$BATS_TEST_TMPDIR/c.jpg"
	[ "$status" = 0 ]
	json 'v["documents"][0]["state"]' <<< "$output" | grep -qx archived
	"$SOHOA" find --holder "$id" --json | json 'v["documents"][0]["type"]' | grep -qx cccd
}

@test "PDF/A-1b flavour passes an independent validator" {
	make_home
	sed -i 's/^pdfa = .*/pdfa = 1b/' "$SOHOA_HOME/sohoa.conf"
	"$SAMPLE" page --type lltp --seed 3 -o "$BATS_TEST_TMPDIR/k.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/k.jpg.json")
	"$SOHOA" intake --quiet --holder "$id" --procedure 2.000488 "$BATS_TEST_TMPDIR/k.jpg"
	doc=$("$SOHOA" find --holder "$id" --json | json 'v["documents"][0]["id"]')
	"$SOHOA" get "$doc" -o "$BATS_TEST_TMPDIR/k.pdf"
	run tests/tools/preflight.sh "$BATS_TEST_TMPDIR/k.pdf"
	[[ "$output" == *"is a valid PDF/A-1b file"* ]]
}

@test "read archives nothing and reads the same" {
	d=$(ls -d "$DOSSIERS"/*/ | head -n 1)
	"$SOHOA" read --json --quiet "$d" > "$BATS_TEST_TMPDIR/r.json"
	schema intake.schema.json < "$BATS_TEST_TMPDIR/r.json"
	a=$(json '[(d["type"], d["pages"], sorted(d["fields"])) for d in v["documents"]]' < "$BATS_TEST_TMPDIR/r.json")
	b=$(json '[(d["type"], d["pages"], sorted(d["fields"])) for d in v["dossiers"][0]["documents"]]' < "$INTAKE")
	[ "$a" = "$b" ]
	run "$SOHOA" read --text --quiet "$d"
	[[ "$output" == *"CHỦ NGHĨA VIỆT NAM"* ]]
}
