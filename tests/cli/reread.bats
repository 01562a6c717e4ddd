# sohoa reread: only a better reading takes the archived one's place.

load common

# One archive for the whole file: reading is what costs.
setup_file() {
	load common
	export D=$BATS_FILE_TMPDIR
	export SOHOA_HOME=$D/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SAMPLE" page --type cccd --seed 5 -o "$D/c.jpg"
	export ID=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/c.jpg.json")
	"$SOHOA" intake --quiet --json --holder "$ID" --procedure 1.004222 "$D/c.jpg" > "$D/in.json"
	export DOC=$(json 'v["documents"][0]["id"]' < "$D/in.json")
}

# The document that the holder has now.
present() {
	"$SOHOA" find --holder "$ID" --json | json \
	    '[d["id"] for d in v["documents"] if d.get("status", "archived") == "archived"][0]'
}

reread() {
	"$SOHOA" reread --json --quiet "$@" > "$BATS_TEST_TMPDIR/a"
	schema reread.schema.json < "$BATS_TEST_TMPDIR/a"
}

answer() {
	json "$1" < "$BATS_TEST_TMPDIR/a"
}

@test "a reading of today is not replaced, and not read a second time" {
	reread --document "$DOC"
	[ "$(answer 'v["same"], v["replaced"]')" = "(1, 0)" ]
	reread --document "$DOC"
	[ "$(answer 'v["current"], len(v["outcomes"])')" = "(1, 0)" ]
	[ "$("$SOHOA" show "$DOC" --json | json 'v["status"]')" = archived ]
}

@test "a worse reading is replaced by today's, with an event, nothing else changed" {
	worse=$("$O/tests/tools/worsen" "$SOHOA_HOME" "$DOC")
	"$SOHOA" show "$worse" --json | json 'v["made_by"]["engine"]' | grep -q 4.1.0
	# The dry run says so and leaves everything.
	reread --where 'engine<5,model!=current' --dry-run
	[ "$(answer 'v["documents"], v["better"]')" = "(1, 1)" ]
	[ "$("$SOHOA" show "$worse" --json | json 'v["status"]')" = archived ]
	reread --where 'engine<5,model!=current'
	[ "$(answer 'v["replaced"]')" = 1 ]
	by=$(answer 'v["outcomes"][0]["by"]')
	[ "$("$SOHOA" show "$worse" --json | json 'v["superseded_by"]')" = "$by" ]
	"$SOHOA" show "$worse" --json | json 'v["status_reason"]' | grep -q tesseract
	"$SOHOA" show "$by" --json > "$BATS_TEST_TMPDIR/r"
	schema document.schema.json < "$BATS_TEST_TMPDIR/r"
	[ "$(json 'v["made_by"]["reread"]["of"]' < "$BATS_TEST_TMPDIR/r")" = "$worse" ]
	# The words are today's again, the signed PDF is the same bytes.
	for r in text pdf; do
		"$SOHOA" get "$DOC" --rendition $r -o "$BATS_TEST_TMPDIR/1.$r"
		"$SOHOA" get "$by" --rendition $r -o "$BATS_TEST_TMPDIR/2.$r"
	done
	cmp "$BATS_TEST_TMPDIR/1.pdf" "$BATS_TEST_TMPDIR/2.pdf"
	"$SOHOA" get "$worse" --rendition text -o "$BATS_TEST_TMPDIR/w.text"
	! cmp -s "$BATS_TEST_TMPDIR/w.text" "$BATS_TEST_TMPDIR/2.text"
	python3 - "$BATS_TEST_TMPDIR/1.text" "$BATS_TEST_TMPDIR/2.text" <<-'END'
	import sys
	a, b = (open(f, encoding="utf-8").read().split() for f in sys.argv[1:])
	assert len(set(a) & set(b)) >= 0.95 * len(set(a)), (a, b)
	END
	"$SOHOA" verify "$by" >/dev/null
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ] || { echo "$output"; false; }
	# What was replaced is found no more, and not read again.
	reread --where 'model!=current'
	[ "$(answer 'v["replaced"], v["current"]')" = "(0, 1)" ]
}

@test "a critical value that would change is told and stays" {
	now=$(present)
	worse=$("$O/tests/tools/worsen" "$SOHOA_HOME" "$now" id_number=001099000001)
	reread --document "$worse"
	[ "$(answer 'v["differs"], v["replaced"]')" = "(1, 0)" ]
	[ "$(answer 'v["outcomes"][0]["differs"]')" = id_number ]
	[ "$("$SOHOA" show "$worse" --json | json 'v["status"]')" = archived ]
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ] || { echo "$output"; false; }
}

@test "conditions that are none are refused; a stop goes on later" {
	run "$SOHOA" reread --where 'colour=red'
	[ "$status" = 65 ]
	[[ "$output" == *colour=red* ]]
	run "$SOHOA" reread --where 'confidence<2'
	[ "$status" = 65 ]
	run "$SOHOA" reread
	[ "$status" = 64 ]
	reread --type giay-khai-sinh
	[ "$(answer 'v["documents"]')" = 0 ]
}
