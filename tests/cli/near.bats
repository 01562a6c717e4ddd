load common

# A dossier, and the same sheets from another scanner under another code.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home T=$BATS_FILE_TMPDIR
	"$SOHOA" init "$SOHOA_HOME" > /dev/null
	for k in 0:scan 1:scan,tint=1.5,noise=2,skew=-0.7,light=8; do
		"$SAMPLE" dossier --procedure 1.004222 --seed 301 --dpi 200 \
		    --carrier tiff --capture "${k%%:*}" --degrade "${k#*:}" \
		    -o "$T/${k%%:*}"
		[ "${k%%:*}" = 0 ] || cp -a "$SOHOA_HOME" "$T/first"
		"$SOHOA" intake --quiet --json --usage "$T/${k%%:*}" \
		    > "$T/${k%%:*}.json" 2> "$T/${k%%:*}.usage" || [ $? = 1 ]
	done
}

usage() {
	tail -n 1 "$BATS_FILE_TMPDIR/$1.usage" | json "v['$2']"
}

@test "a sheet that looks the same is linked and not read again" {
	schema intake.schema.json < "$BATS_FILE_TMPDIR/1.json"
	known=$(json 'sum(1 for d in v["documents"] if d.get("kinship", {}).get("pictured"))' < "$BATS_FILE_TMPDIR/1.json")
	[ "$known" -ge 1 ]
	json 'any(d["state"] == "linked" for d in v["documents"])' < "$BATS_FILE_TMPDIR/1.json" | grep -qx True
	[ "$(usage 1 read)" -lt "$(usage 0 read)" ]
	python3 - "$BATS_FILE_TMPDIR"/[01].json <<'PY'
import json, sys
a, b = (json.load(open(p))["documents"] for p in sys.argv[1:])
held = {d["id"]: d for d in a if d["state"] == "archived"}
for d in b:
    if not d.get("kinship", {}).get("pictured"):
        continue
    # The document that the very same pages made, with what was read then.
    # Of some types every capture is kept: then the kinship is told.
    assert d["state"] in ("linked", "archived"), d
    assert d["kinship"]["kind"] == "rescan", d
    was = held[d["kinship"]["of"]]
    assert was["pages"] == d["pages"] and was["type"] == d["type"], (was, d)
    assert {k: f["value"] for k, f in was["fields"].items()} == {
        k: f["value"] for k, f in d["fields"].items()}, (was, d)
PY
}

@test "what another engine reads again is the same sheet all the same" {
	export SOHOA_HOME=$BATS_FILE_TMPDIR/first
	sed -i 's/^mend-marks = .*/mend-marks = no/' "$SOHOA_HOME/sohoa.conf"
	"$SOHOA" intake --quiet --json --usage "$BATS_FILE_TMPDIR/1" \
	    > "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u" || [ $? = 1 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/u" | json 'v["read"] >= v["pages"]')" = True ]
	python3 - "$BATS_FILE_TMPDIR/1.json" "$BATS_TEST_TMPDIR/o" <<'PY'
import json, sys
taken, read = (json.load(open(p))["documents"] for p in sys.argv[1:])
again = {str(d["pages"]): d for d in read}
known = [d for d in taken if d.get("kinship", {}).get("pictured")]
assert known
for d in known:
    now = again[str(d["pages"])]
    assert now.get("kinship", {}).get("kind") == "rescan", now
    assert now["kinship"]["of"] == d["kinship"]["of"], (now, d)
PY
}

@test "what pages look like is kept with the document, sealed" {
	id=$(json '[d["id"] for d in v["documents"] if d["state"] == "archived"][0]' < "$BATS_FILE_TMPDIR/0.json")
	"$SOHOA" show "$id" --json | json '[r["name"] for r in v["renditions"]]' | grep -q likeness
	! grep -rq SHL1 "$SOHOA_HOME"
}

@test "somebody else's sheet is read" {
	cp -r "$BATS_FILE_TMPDIR/1" "$BATS_TEST_TMPDIR/other"
	python3 - "$BATS_TEST_TMPDIR/other/dossier.json" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
v["code"] += "9"
v["holder"] = {"id": "001099000007", "name": "Lê Văn Khác"}
json.dump(v, open(sys.argv[1], "w"))
PY
	cp -a "$SOHOA_HOME" "$BATS_TEST_TMPDIR/home"
	rm -rf "$BATS_TEST_TMPDIR/home/cache"
	"$SOHOA" intake --home "$BATS_TEST_TMPDIR/home" --quiet --json --usage "$BATS_TEST_TMPDIR/other" \
	    > "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u" || [ $? = 1 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/u" | json 'v["read"] == v["pages"]')" = True ]
}

# A camera and some scanners store a page turned and say so.
@test "a sheet that was stored turned is the same" {
	cp -a "$SOHOA_HOME" "$BATS_TEST_TMPDIR/home"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/home
	"$SAMPLE" dossier --procedure 1.004222 --seed 301 --dpi 200 --carrier jpeg \
	    --capture 2 --degrade scan,noise=2,skew=0.4,exif=6 -o "$BATS_TEST_TMPDIR/2"
	"$SOHOA" intake --quiet --json --usage "$BATS_TEST_TMPDIR/2" \
	    > "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u" || [ $? = 1 ]
	tail -n 1 "$BATS_TEST_TMPDIR/u" | json 'v["read"] < v["pages"]' | grep -qx True
	id=$(json '[d["kinship"]["of"] for d in v["documents"] if d.get("kinship", {}).get("pictured")][0]' \
	    < "$BATS_TEST_TMPDIR/o")
	[ -n "$id" ]
	# Field by field what the upright capture said.
	python3 - "$BATS_FILE_TMPDIR"/[01].json "$BATS_TEST_TMPDIR/o" <<'PY'
import json, sys
*held, again = (json.load(open(p))["documents"] for p in sys.argv[1:])
held = {d["id"]: d for v in held for d in v if d["state"] == "archived"}
for d in again:
    if d.get("kinship", {}).get("pictured"):
        was = held[d["kinship"]["of"]]
        assert {k: f["value"] for k, f in was["fields"].items()} == {
            k: f["value"] for k, f in d["fields"].items()}, (was, d)
PY
}
