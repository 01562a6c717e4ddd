load common

setup_file() {
	load common
	export D=$BATS_FILE_TMPDIR
	export SOHOA_HOME=$D/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	sed -i 's/^agency-code = .*/agency-code = H05.12/' "$SOHOA_HOME/sohoa.conf"
	"$SAMPLE" page --type lltp --seed 3 -o "$D/k.jpg"
	export ID=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/k.jpg.json")
	"$SOHOA" intake --quiet --json --holder "$ID" --procedure 2.000488 "$D/k.jpg" > "$D/in.json"
	export DOC=$(json 'v["documents"][0]["id"]' < "$D/in.json")
	export ME=$(id -un)
}

setup() { rm -f "$SOHOA_HOME/rights.json"; }

rights() {	# role reads_per_hour rules
	printf '{"format":"sohoa-rights-1","readers":[{"name":"%s","agency":"H05.12","role":"%s","reads_per_hour":%s}],"rules":[%s]}' \
		"$ME" "$1" "$2" "$3" > "$SOHOA_HOME/rights.json"
	schema rights.schema.json < "$SOHOA_HOME/rights.json"
}

reads() {
	"$SOHOA" accesses "$ID" --json | tee "$BATS_TEST_TMPDIR/reads" | schema accesses.schema.json
	json "$1" < "$BATS_TEST_TMPDIR/reads"
}

@test "every read is there, before and after a writer took it in" {
	n=$(reads 'len(v["reads"])')
	"$SOHOA" show "$DOC" -p 2.000488 -B 'NQ 66.7/2025' >/dev/null
	"$SOHOA" get "$DOC" -p H05.000.016-261121-0001 -r text -o - >/dev/null
	"$SOHOA" need 2.000488 "$ID" -p 2.000488 >/dev/null
	"$SOHOA" find --holder "$ID" -p 2.000488 >/dev/null
	"$SOHOA" find --text '"ly lich tu phap"' -p 2.000488 >/dev/null
	[ "$(reads 'len(v["reads"])')" = $((n + 5)) ]
	reads 'sorted(r["action"] for r in v["reads"][-5:])' | grep -qx "\['find', 'get', 'need', 'show', 'text'\]"
	reads '[(r["purpose"], r["basis"], r["actor"], r["agency"], r["documents"]) for r in v["reads"] if r["action"] == "show"][-1]' |
		grep -qx "('2.000488', 'NQ 66.7/2025', '$ME', 'H05.12', \['$DOC'\])"
	cp "$BATS_TEST_TMPDIR/reads" "$BATS_TEST_TMPDIR/before"
	# Nothing readable in the journal.
	run grep -aqF -e 2.000488 -e "$ME" -e "$DOC" "$SOHOA_HOME"/access/journal
	[ "$status" = 1 ]
	"$SOHOA" search --follow
	[ "$(stat -c %s "$SOHOA_HOME/access/journal")" = 16 ]
	reads 'len(v["reads"])' >/dev/null
	python3 -c 'import json,sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); assert a == b' \
		"$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/reads"
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ]
}

@test "a torn entry is cut off, an altered one stops everything" {
	"$SOHOA" show "$DOC" >/dev/null
	n=$(reads 'len(v["reads"])')
	printf '\0\0\1' >> "$SOHOA_HOME/access/journal"
	"$SOHOA" show "$DOC" >/dev/null
	[ "$(reads 'len(v["reads"])')" = $((n + 1)) ]
	cp "$SOHOA_HOME/access/journal" "$BATS_TEST_TMPDIR/j"
	alter "$SOHOA_HOME/access/journal" 60
	run "$SOHOA" accesses "$ID"
	[ "$status" = 76 ]
	cp "$BATS_TEST_TMPDIR/j" "$SOHOA_HOME/access/journal"
	# What cannot be written down is not answered.
	truncate -s 5 "$SOHOA_HOME/access/journal"
	printf 'no journal at all' > "$SOHOA_HOME/access/journal"
	run "$SOHOA" get "$DOC" -r text -o -
	[ "$status" = 76 ]
	[ "${#lines[@]}" -le 2 ]
	# The power went before its head was on the disk: nothing stood in it.
	: > "$SOHOA_HOME/access/journal"
	truncate -s 16 "$SOHOA_HOME/access/journal"
	"$SOHOA" show "$DOC" >/dev/null
	[ "$(head -c 8 "$SOHOA_HOME/access/journal")" = sohoaJRN ]
	cp "$BATS_TEST_TMPDIR/j" "$SOHOA_HOME/access/journal"
}

@test "what is not yours is not there, and that you asked is known" {
	rights officer 0 '{"agency":"H05.*","procedures":["2.000488"],"types":["lltp"]}'
	"$SOHOA" show "$DOC" -p 2.000488 >/dev/null
	"$SOHOA" show "$DOC" -p "$("$SOHOA" show "$DOC" -p 2.000488 --json | json 'v["dossier"]')" >/dev/null
	# For another procedure: exactly as a document that does not exist.
	run "$SOHOA" show "$DOC" -p 1.004222
	mine=${output//$DOC/ID}
	[ "$status" = 66 ]
	run "$SOHOA" show 00000000000000000000000000000000 -p 1.004222
	[ "$status" = 66 ]
	[ "${output//00000000000000000000000000000000/ID}" = "$mine" ]
	"$SOHOA" find --holder "$ID" -p 1.004222 --json > "$BATS_TEST_TMPDIR/a"
	"$SOHOA" find --holder 001099000007 -p 1.004222 --json | cmp - "$BATS_TEST_TMPDIR/a"
	"$SOHOA" need 2.000488 "$ID" -p 1.004222 --json | json 'set(c["state"] for c in v["components"])' | grep -qx "{'missing'}"
	run "$SOHOA" get "$DOC" -p 1.004222 -o "$BATS_TEST_TMPDIR/x"
	[ "$status" = 66 ]
	rm "$SOHOA_HOME/rights.json"
	reads 'sum(1 for r in v["reads"] if r.get("denied"))' | grep -qx 2
}

@test "roles, purposes and budgets" {
	rights officer 0 '{"agency":"H05.12","procedures":"*","types":"*","basis":"law"}'
	run "$SOHOA" show "$DOC"
	[ "$status" = 77 ]
	[[ "$output" == *"[reader.purpose]"* ]]
	run "$SOHOA" show "$DOC" -p 2.000488
	[ "$status" = 66 ]
	"$SOHOA" show "$DOC" -p 2.000488 -B 'NQ 66.7/2025' >/dev/null
	# The program's own comparing of what comes in is nobody's reading.
	"$SAMPLE" page --type cccd --seed 5 -o "$BATS_TEST_TMPDIR/c.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/c.jpg.json")
	"$SOHOA" intake --quiet --holder "$id" --procedure 1.004222 "$BATS_TEST_TMPDIR/c.jpg"
	run "$SOHOA" hold "$DOC" -m x
	[ "$status" = 77 ]
	[[ "$output" == *"[reader.role]"* ]]
	run "$SOHOA" accesses "$ID"
	[ "$status" = 77 ]
	rights agency 0 '{"agency":"*","procedures":"*","types":"*"}'
	run "$SOHOA" find --text lich -p 2.000488
	[ "$status" = 77 ]
	rights auditor 0 ''
	"$SOHOA" accesses "$ID" >/dev/null
	run "$SOHOA" show "$DOC" -p 2.000488
	[ "$status" = 77 ]
	rights administrator 0 '{"agency":"*","procedures":"*","types":"*"}'
	run "$SOHOA" get "$DOC" -p 2.000488 -r text -o -
	[ "$status" = 77 ]
	"$SOHOA" check --quiet >/dev/null
	rights officer 3 '{"agency":"*","procedures":"*","types":"*"}'
	for i in 1 2 3; do "$SOHOA" show "$DOC" -p 2.000488 >/dev/null || break; done
	[ "$i" = 3 ]
	run "$SOHOA" show "$DOC" -p 2.000488
	[ "$status" = 75 ]
	[[ "$output" == *"[reader.budget]"* ]]
	sed -i 's/H05.12/H05.13/' "$SOHOA_HOME/rights.json"
	run "$SOHOA" show "$DOC" -p 2.000488
	[ "$status" = 77 ]
	[[ "$output" == *"[reader.unknown]"* ]]
	echo '{"format":"sohoa-rights-1","readers":[{}],"rules":[]}' > "$SOHOA_HOME/rights.json"
	run "$SOHOA" show "$DOC"
	[ "$status" = 65 ]
	[[ "$output" == *"[rights.entry]"* ]]
}
