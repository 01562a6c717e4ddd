load common

# One dossier with a component and, taken in later, its result.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" > /dev/null
	for k in component:scan-2.jpg result:scan-4.jpg; do
		d=$BATS_FILE_TMPDIR/${k%%:*}
		mkdir "$d"
		cp "$DOSSIERS/d04/${k#*:}" "$d"
		python3 - "$DOSSIERS/d04/dossier.json" "$d/dossier.json" "${k#*:}" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
v["scans"] = [sys.argv[3]]
v["received_at"] = "2026-03-05T09:00:00+07:00"
json.dump(v, open(sys.argv[2], "w"))
PY
	done
	"$SOHOA" intake --quiet "$BATS_FILE_TMPDIR/component" > /dev/null
}

report() {
	"$SOHOA" report --from 2026-03-01 --to 2026-03-31 --json "$@"
}

@test "a dossier counts where and when it was received" {
	report > "$BATS_TEST_TMPDIR/r"
	schema report.schema.json < "$BATS_TEST_TMPDIR/r"
	json '[v["total"][k] for k in ("dossiers", "finished", "components", "results", "documents", "straight")]' < "$BATS_TEST_TMPDIR/r" |
		grep -qx '\[1, 1, 1, 0, 1, 1\]'
	json 'v["total"]["straight_share"], v["total"]["time_p50_s"] == v["total"]["time_p95_s"]' < "$BATS_TEST_TMPDIR/r" | grep -qx '(1.0, True)'
	json '[(a["agency"], a["level"]) for a in v["agencies"]], [d["day"] for d in v["days"]]' < "$BATS_TEST_TMPDIR/r" |
		grep -qx "(\[('H42.084.18', 'commune')\], \['2026-03-05'\])"
	# bytes a page is the signed PDF's.
	id=$("$SOHOA" find --holder "$(json 'v["holder"]["id"]' < "$BATS_FILE_TMPDIR/component/dossier.json")" --json | json 'v["documents"][0]["id"]')
	"$SOHOA" get "$id" -o "$BATS_TEST_TMPDIR/d.pdf"
	json 'v["total"]["bytes_a_page"]' < "$BATS_TEST_TMPDIR/r" | grep -qx "$(stat -c %s "$BATS_TEST_TMPDIR/d.pdf").0"
	"$SOHOA" report --from 2026-02-01 --to 2026-02-28 --json | json 'v["total"]["dossiers"], v["received"]' |
		grep -qx "(0, {'first': '2026-03-05', 'last': '2026-03-05'})"
	"$SOHOA" report --from 2026-02-01 --to 2026-02-28 | sed -n 2p | grep -q '2026-03-05'
	run "$SOHOA" report --from 2026-02-30
	[ "$status" = 64 ]
}

@test "indicators are the formulas of the data file, with the dossiers behind them" {
	cp -a "$SOHOA_HOME" "$BATS_TEST_TMPDIR/home"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/home
	code=$(json 'v["code"]' < "$BATS_FILE_TMPDIR/result/dossier.json")
	one() { report --drill SO_HOA_GIAY_TO_GIAI_QUYET | json '[(i["numerator"], i["denominator"], i.get("points"), i["counted"], i["not_counted"]) for i in v["indicators"] if i["code"] == "SO_HOA_GIAY_TO_GIAI_QUYET"][0]'; }
	one | grep -qx "(0, 1, 0.0, \[\], \['$code'\])"
	# The result comes: the same dossier has both.
	"$SOHOA" intake --quiet --result "$BATS_FILE_TMPDIR/result" > /dev/null
	one | grep -qx "(1, 1, 4.0, \['$code'\], \[\])"
	report | json 'v["total"]["dossiers"], v["total"]["components"], v["total"]["results"]' | grep -qx '(1, 1, 1)'
	"$SOHOA" find --holder "$(json 'v["holder"]["id"]' < "$BATS_FILE_TMPDIR/result/dossier.json")" --json | json 'len(v["documents"])' | grep -qx 2
	# Taken in again it is not counted again.
	"$SOHOA" intake --quiet --result "$BATS_FILE_TMPDIR/result" > /dev/null
	report | json 'v["total"]["results"]' | grep -qx 1
	# Another target, another level.
	python3 - schemas/indicators.json "$SOHOA_HOME/catalogue/indicators.json" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
v["agencies"]["H42.084.18"] = "department"
for i in v["indicators"]:
    if i["code"] == "ORIGINAL_RESULT_AVAILABLE":
        i["denominator"] = ["received"]
        i["numerator"] = ["reused"]
        i["max"] = 9
json.dump(v, open(sys.argv[2], "w"))
PY
	report | json '[(i.get("numerator"), i.get("denominator"), i["max"]) for i in v["indicators"]][1], v["levels"][0]["level"]' |
		grep -qx "((0, 1, 9), 'department')"
	echo '{"levels": [], "agencies": {}, "indicators": [{"code": 1}]}' > "$SOHOA_HOME/catalogue/indicators.json"
	run "$SOHOA" report
	[ "$status" = 65 ]
	run report --drill NONSENSE
	[ "$status" != 0 ]
}

@test "as text, CSV and an SVG page" {
	"$SOHOA" report --from 2026-03-01 --to 2026-03-31 --svg "$BATS_TEST_TMPDIR/r.svg" | grep -q 'straight through  *100.0 %'
	"$SOHOA" report --from 2026-03-01 --to 2026-03-31 --csv | python3 -c '
import csv, sys
r = list(csv.DictReader(sys.stdin))
assert [(x["agency"], x["components"], x["straight_share"]) for x in r] == [("H42.084.18", "1", "1.0000")], r'
	xmllint --noout "$BATS_TEST_TMPDIR/r.svg"
	grep -c '<circle' "$BATS_TEST_TMPDIR/r.svg" | grep -qx 3
}
