# sohoa bench reading from outside: rates against papers of known truth.

load common

setup() {
	A=$BATS_TEST_TMPDIR/a
}

papers() {
	"$SAMPLE" texts --readings "$@"
}

@test "clean papers are told apart and read" {
	papers -n 6 --seed 11 | "$SOHOA" bench reading --json - \
	    > "$A"
	schema bench-reading.schema.json < "$A"
	[ "$(json '(v["types"]["rate"] >= 0.98 and
	    v["unknown"]["rate"] >= 0.9 and
	    v["fields"]["id"]["rate"] >= 0.98 and
	    v["fields"]["date"]["rate"] >= 0.99 and
	    v["fields"]["date"]["low"] < v["fields"]["date"]["rate"])' < "$A")" = \
	    True ]
}

@test "what is misread is counted" {
	papers -n 3 --seed 11 --noise 300 | "$SOHOA" bench reading --json - \
	    > "$A"
	[ "$(json 'v["fields"]["name"]["rate"] < 0.9' < "$A")" = True ]
}

@test "differences are told" {
	papers -n 1 --seed 11 --noise 300 | "$SOHOA" bench reading --errors - \
	    2>"$A.err" >"$A"
	grep -q wrong "$A.err"
	grep -q "^name" "$A"
}

@test "what is no truth is refused with its line" {
	echo '{"type": "cccd"}' > "$A"
	run "$SOHOA" bench reading "$A"
	[ "$status" -eq 65 ]
	[[ "$output" == *"line 1"* || "$output" == *"fields"* ]]
	run "$SOHOA" bench writing "$A"
	[ "$status" -eq 64 ]
}
