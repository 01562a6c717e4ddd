load common

# A citizen whose card is held from an earlier dossier.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" > /dev/null
	for k in first:H05.12-261101-0001:scan-2.jpg second:H05.12-261102-0002:scan-1.jpg both:H05.12-261103-0003:scan-1.jpg,scan-2.jpg; do
		IFS=: read -r name code scans <<< "$k"
		d=$BATS_FILE_TMPDIR/$name
		mkdir "$d"
		cp "$DOSSIERS"/d04/scan-[12].jpg "$d"
		python3 - "$DOSSIERS/d04/dossier.json" "$d/dossier.json" "$code" "$scans" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
v["code"], v["scans"] = sys.argv[3], sys.argv[4].split(",")
json.dump(v, open(sys.argv[2], "w"))
PY
	done
	"$SOHOA" intake --quiet --json "$BATS_FILE_TMPDIR/first" > "$BATS_FILE_TMPDIR/first.json"
}

setup() {
	cp -a "$BATS_FILE_TMPDIR/home" "$BATS_TEST_TMPDIR/home"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/home
}

card='[c for c in v["components"] if c.get("document")]'

@test "what is held and required is not asked for again" {
	schema intake.schema.json < "$BATS_FILE_TMPDIR/first.json"
	json 'set(c["state"] for c in v["components"])' < "$BATS_FILE_TMPDIR/first.json" | grep -qx "{'missing'}"
	held=$(json 'v["documents"][0]["id"]' < "$BATS_FILE_TMPDIR/first.json")
	"$SOHOA" intake --quiet --json "$BATS_FILE_TMPDIR/second" > "$BATS_TEST_TMPDIR/i"
	schema intake.schema.json < "$BATS_TEST_TMPDIR/i"
	json "[(c['document'], c['state'], c['reuse'], len(c['receipt'])) for c in $card]" < "$BATS_TEST_TMPDIR/i" |
		grep -qx "\[('$held', 'held', True, 32)\]"
	# The dossier's flags say so, the figures count it.
	"$SOHOA" dossier H05.12-261102-0002 --json | json 'sum(c["DuocTaiSuDung"] for c in v["components"])' | grep -qx 1
	"$SOHOA" report --from 2025-01-01 --json --drill REUSED_DIGITIZED_DATA | json 'v["total"]["reused"], [i["counted"] for i in v["indicators"] if "counted" in i]' |
		grep -qx "(1, \[\['H05.12-261102-0002'\]\])"
	# Once more is the same receipt.
	"$SOHOA" intake --quiet --json "$BATS_FILE_TMPDIR/second" > "$BATS_TEST_TMPDIR/j"
	receipts="[c.get('receipt') for c in $card]"
	[ "$(json "$receipts" < "$BATS_TEST_TMPDIR/i")" = "$(json "$receipts" < "$BATS_TEST_TMPDIR/j")" ]
	"$SOHOA" report --from 2025-01-01 --json | json 'v["total"]["reused"], v["total"]["dossiers"]' | grep -qx '(1, 2)'
	"$SOHOA" check > /dev/null
}

@test "only told with never and without somebody to ask; not when it is scanned" {
	for mode in never ask; do
		"$SOHOA" intake --quiet --json --reuse $mode "$BATS_FILE_TMPDIR/second" < /dev/null |
			json "[(c['state'], c['reuse'], 'receipt' in c) for c in $card]" | grep -qx "\[('held', False, False)\]"
	done
	"$SOHOA" intake --quiet --json "$BATS_FILE_TMPDIR/both" |
		json "[(c['reuse'], 'receipt' in c) for c in $card]" | grep -qx "\[(True, False)\]"
	# What a dossier brought itself is no reuse.
	"$SOHOA" intake --quiet --json "$BATS_FILE_TMPDIR/first" |
		json "[(c['reuse'], 'receipt' in c) for c in $card]" | grep -qx "\[(False, False)\]"
	run "$SOHOA" intake --reuse nonsense "$BATS_FILE_TMPDIR/first"
	[ "$status" = 64 ]
}

@test "on a terminal it asks" {
	script -qec true /dev/null >/dev/null || skip "no pseudo-terminal here"
	printf 'y\n' | SOHOA_LANG=en script -qec "$SOHOA intake --reuse ask $BATS_FILE_TMPDIR/second" /dev/null > "$BATS_TEST_TMPDIR/o"
	grep -q 'is held' "$BATS_TEST_TMPDIR/o"
	grep -q '~ .* reused' "$BATS_TEST_TMPDIR/o"
}

@test "a bulk run tells what is held, and reuses it only when it is told to" {
	cp -r "$BATS_FILE_TMPDIR/second" "$BATS_TEST_TMPDIR/cat-second"
	mkdir "$BATS_TEST_TMPDIR/cat"
	mv "$BATS_TEST_TMPDIR/cat-second" "$BATS_TEST_TMPDIR/cat/second"
	for mode in none:0:0 never:0:0 ask:1:0 auto:1:1; do
		IFS=: read -r word held reused <<< "$mode"
		rm -rf "$BATS_TEST_TMPDIR/h"
		cp -a "$SOHOA_HOME" "$BATS_TEST_TMPDIR/h"
		opt=(--reuse "$word")
		[ "$word" != none ] || opt=()
		"$SOHOA" bulk run "$BATS_TEST_TMPDIR/cat" --home "$BATS_TEST_TMPDIR/h" --quiet --json "${opt[@]}" \
		    > "$BATS_TEST_TMPDIR/o" || [ $? = 1 ]
		schema bulk.schema.json < "$BATS_TEST_TMPDIR/o"
		json '(v["components"]["held"], v["components"]["reused"])' < "$BATS_TEST_TMPDIR/o" | grep -qx "($held, $reused)"
		"$SOHOA" bulk report --home "$BATS_TEST_TMPDIR/h" > "$BATS_TEST_TMPDIR/r"
		schema bulk-report.schema.json < "$BATS_TEST_TMPDIR/r"
		json '["receipt" in c for c in v.get("components", [])]' < "$BATS_TEST_TMPDIR/r" |
			grep -qx "$([ "$held" = 0 ] && echo '\[\]' || { [ "$reused" = 1 ] && echo '\[True\]' || echo '\[False\]'; })"
	done
	run "$SOHOA" bulk run "$BATS_TEST_TMPDIR/cat" --reuse perhaps
	[ "$status" = 64 ]
}

@test "a bulk run goes on reusing as it was told at first" {
	cp -r "$BATS_FILE_TMPDIR/second" "$BATS_TEST_TMPDIR/second"
	mkdir "$BATS_TEST_TMPDIR/cat"
	mv "$BATS_TEST_TMPDIR/second" "$BATS_TEST_TMPDIR/cat"
	mv "$BATS_TEST_TMPDIR/cat/second/scan-1.jpg" "$BATS_TEST_TMPDIR"
	run "$SOHOA" bulk run "$BATS_TEST_TMPDIR/cat" --quiet --json --reuse auto
	[ "$status" = 1 ]
	mv "$BATS_TEST_TMPDIR/scan-1.jpg" "$BATS_TEST_TMPDIR/cat/second"
	"$SOHOA" bulk retry --quiet --json > "$BATS_TEST_TMPDIR/o" || [ $? = 1 ]
	json '(v["components"]["held"], v["components"]["reused"])' < "$BATS_TEST_TMPDIR/o" | grep -qx '(1, 1)'
}
