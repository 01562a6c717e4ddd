# Seals from outside: a real time-stamp authority (openssl ts on loopback),
# proofs that a stranger's program checks, the authority's absence.
load common

setup() {
	make_home
	tsa=$BATS_TEST_TMPDIR/tsa
	tests/tools/tsa.py "$tsa" > "$BATS_TEST_TMPDIR/url" &
	tsa_pid=$!
	for i in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/url" ] && break
		sleep 0.1
	done
	cp "$tsa/root.pem" "$SOHOA_HOME/keys/roots/tsa.pem"
	mkdir "$BATS_TEST_TMPDIR/witness"
	configure "$(cat "$BATS_TEST_TMPDIR/url")"
}

teardown() {
	kill "$tsa_pid"
}

configure() {
	sed -i "s|^tsa = .*|tsa = $1|; s|^witness = .*|witness = $BATS_TEST_TMPDIR/witness|" \
	    "$SOHOA_HOME/sohoa.conf"
}

# 1 says that something waits for a person: some sample papers must.
take_in() {
	"$SOHOA" intake "$1" --quiet > /dev/null || [ $? -eq 1 ]
}

a_document() {
	for id in $(sample_holders "$1"); do
		document=$("$SOHOA" find --holder "$id" --limit 1 --json |
		    json '"".join(d["id"] for d in v["documents"])')
		[ -z "$document" ] || return 0
	done
	return 1
}

@test "a document's proof and evidence convince a stranger" {
	set -- "$DOSSIERS/d03" "$DOSSIERS/d05"
	take_in "$1"
	a_document "$1"
	"$SOHOA" seal --json > "$BATS_TEST_TMPDIR/status"
	schema status.schema.json < "$BATS_TEST_TMPDIR/status"
	[ "$(json 'v["seals"]["pending"]' < "$BATS_TEST_TMPDIR/status")" = 0 ]
	[ "$(json 'v["seals"]["unsealed"]' < "$BATS_TEST_TMPDIR/status")" = 0 ]
	proof=$BATS_TEST_TMPDIR/proof
	"$SOHOA" prove "$document" -o "$proof"
	schema proof.schema.json < "$proof/proof.json"
	"$SOHOA" get "$document" -o "$proof/document.pdf"
	check=archive/tools/check_evidence.py
	$check proof --roots "$SOHOA_HOME/keys/roots" "$proof/proof.json" "$proof/seal.json"
	$check record --roots "$SOHOA_HOME/keys/roots" "$proof/evidence.ers" "$proof/document.pdf"
	run $check record --roots "$tsa" "$proof/evidence.ers" "$proof/seal.json"
	[ "$status" -eq 1 ]
	# Stamped again, then hashed anew: still the same document.
	"$SOHOA" seal --renew
	"$SOHOA" seal --rehash SHA-512
	rm "$proof/evidence.ers"
	"$SOHOA" prove "$document" -o "$proof"
	run $check record --roots "$SOHOA_HOME/keys/roots" "$proof/evidence.ers" "$proof/document.pdf"
	[ "$status" -eq 0 ]
	[[ $output == *"3 time stamp(s), 2 chain(s)"* ]]
	printf x >> "$proof/document.pdf"
	run $check record --roots "$SOHOA_HOME/keys/roots" "$proof/evidence.ers" "$proof/document.pdf"
	[ "$status" -eq 1 ]
	# The archive only grew.
	cp -a "$SOHOA_HOME" "$BATS_TEST_TMPDIR/old"
	shift
	take_in "$1"
	"$SOHOA" seal
	"$SOHOA" prove --since 1 -o "$proof"
	$check consistency --roots "$SOHOA_HOME/keys/roots" "$proof/consistency.json" \
	    "$proof/first.json" "$proof/last.json"
	run $check consistency "$proof/consistency.json" "$proof/last.json" "$proof/first.json"
	[ "$status" -eq 1 ]
	"$SOHOA" check
	# The whole home put back: the witness knows of a later seal.
	rm -r "$SOHOA_HOME"
	mv "$BATS_TEST_TMPDIR/old" "$SOHOA_HOME"
	run "$SOHOA" find --holder 027090098192
	[ "$status" -eq 76 ]
	[[ $output == *seal.rolled-back* ]]
}

@test "an authority that is down is waited for four hours" {
	touch "$tsa/down"
	"$SOHOA" seal --json > "$BATS_TEST_TMPDIR/status"
	schema status.schema.json < "$BATS_TEST_TMPDIR/status"
	[ "$(json 'v["seals"]["pending"]' < "$BATS_TEST_TMPDIR/status")" = 1 ]
	[ "$(json 'v["why"]' < "$BATS_TEST_TMPDIR/status")" = http.down ]
	run faketime '+5 hours' "$SOHOA" status
	[ "$status" -eq 75 ]
	[[ $output == *"NOTHING IS ARCHIVED ANY MORE"* ]]
	rm "$tsa/down"
	run "$SOHOA" seal
	[ "$status" -eq 0 ]
	[[ $output == *"Time stamps: all there"* ]]
	# Everything is proven, and the month's report says so, signed.
	"$SOHOA" scrub --report --json > "$BATS_TEST_TMPDIR/scrub"
	schema scrub.schema.json < "$BATS_TEST_TMPDIR/scrub"
	report=$(json 'v["report"]' < "$BATS_TEST_TMPDIR/scrub")
	openssl cms -verify -binary -inform DER -in "$report.p7s" -content "$report" \
	    -CAfile "$SOHOA_HOME/keys/roots/test-root.pem" -purpose any -out /dev/null
	"$SOHOA" status --json | schema status.schema.json
	# Another archive key opens what the old one sealed.
	cp "$SOHOA_HOME/keys/archive.key" "$BATS_TEST_TMPDIR/old.key"
	"$SOHOA" key
	! cmp -s "$SOHOA_HOME/keys/archive.key" "$BATS_TEST_TMPDIR/old.key"
	"$SOHOA" check
}
