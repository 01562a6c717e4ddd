load common

setup_file() {
	load common
	export D=$BATS_FILE_TMPDIR
	export SOHOA_HOME=$D/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	for t in cccd:5:1.004222 lltp:3:2.000488; do
		IFS=: read type seed proc <<< "$t"
		"$SAMPLE" page --type $type --seed $seed -o "$D/$type.jpg"
		id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/$type.jpg.json")
		"$SOHOA" intake --quiet --holder "$id" --procedure $proc "$D/$type.jpg" >/dev/null
		declare -gx ID_$type=$id
	done
	"$SOHOA" find --holder "$ID_cccd" --json | json 'v["documents"][0]["id"]' > "$D/doc"
	"$SOHOA" alias "$ID_cccd" 125012345 -e x
}

# Everything that an archive shows, and where its chains stand.
state() {
	export SOHOA_HOME=$1
	for i in "$ID_cccd" "$ID_lltp" 125012345; do
		"$SOHOA" find --holder "$i" --json
		for d in $("$SOHOA" find --holder "$i" --json | json '" ".join(d["id"] for d in v["documents"])'); do
			"$SOHOA" show "$d" --json
			"$SOHOA" get "$d" -o - | sha256sum
			"$SOHOA" dispose --proof "$d" -i "$i" --json
		done
	done
	"$SOHOA" find --text '"ly lich tu phap"' --json
}

@test "a restored home is the same, chain by chain" {
	b=$BATS_TEST_TMPDIR/b k=$BATS_TEST_TMPDIR/k
	"$SOHOA" seal >/dev/null
	"$SOHOA" backup "$b" -k "$k" --json | tee "$BATS_TEST_TMPDIR/1" | schema backup.schema.json
	json 'v["increment"]' < "$BATS_TEST_TMPDIR/1" | grep -qx 1
	first=$(json 'v["position"]' < "$BATS_TEST_TMPDIR/1")
	"$SOHOA" backup "$b" -k "$k" --json | json 'v["increment"]' | grep -qx 0
	# More happens: the next increment is small.
	doc=$(cat "$D/doc")
	day=$("$SOHOA" show "$doc" --json | json 'v["issued"]')
	"$SOHOA" reuse "$doc" -i "$ID_cccd" -D H05.000.016-261121-0678 -c 1.004222 -C 05 -d "$day" >/dev/null
	h=$("$SOHOA" hold "$doc" -m 'vụ án')
	"$SOHOA" backup "$b" -k "$k" --json > "$BATS_TEST_TMPDIR/2"
	json 'v["increment"] == 2 and v["bytes"] < 40000 and v["changes"] >= 2' < "$BATS_TEST_TMPDIR/2" | grep -qx True
	"$SOHOA" backup --verify "$b" --json | schema backup.schema.json
	# Nothing readable in it; no key in it.
	run grep -rlaqF -e "$ID_cccd" -e 'vụ án' "$b"
	[ "$status" = 1 ]
	"$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/r" -k "$k" --json | schema backup.schema.json
	(state "$SOHOA_HOME") > "$BATS_TEST_TMPDIR/was"
	(state "$BATS_TEST_TMPDIR/r") > "$BATS_TEST_TMPDIR/is"
	sed -i "s/\"behind\":[a-z]*//" "$BATS_TEST_TMPDIR/was" "$BATS_TEST_TMPDIR/is"
	cmp "$BATS_TEST_TMPDIR/was" "$BATS_TEST_TMPDIR/is"
	for home in "$SOHOA_HOME" "$BATS_TEST_TMPDIR/r"; do
		run "$SOHOA" check --home "$home" --json --quiet
		[ "$status" = 0 ] || { echo "$output"; false; }
	done
	"$SOHOA" verify --home "$BATS_TEST_TMPDIR/r" --all --quiet >/dev/null
	"$SOHOA" hold "$doc" --home "$BATS_TEST_TMPDIR/r" -r "$h" -m 'xong' >/dev/null
	# To a point: before the hold and the reuse.
	"$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/p" -k "$k" -t "$first" >/dev/null
	"$SOHOA" show "$doc" --home "$BATS_TEST_TMPDIR/p" --json | json '("hold" in v, v["reuses"])' | grep -qx '(False, \[\])'
	run "$SOHOA" check --home "$BATS_TEST_TMPDIR/p" --json --quiet
	[ "$status" = 0 ] || { echo "$output"; false; }
	"$SOHOA" hold "$doc" --home "$BATS_TEST_TMPDIR/p" -m 'x' >/dev/null
	# A crash in the middle leaves nothing; what is there is not touched.
	run "$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/p" -k "$k"
	[ "$status" = 73 ]
	run "$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/q" -k "$b"
	[ "$status" != 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/q" ]
	# One byte.
	alter "$b/000001.shb" 5000
	run "$SOHOA" backup --verify "$b"
	[ "$status" = 76 ]
	run "$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/q" -k "$k"
	[ "$status" = 76 ]
	[ ! -e "$BATS_TEST_TMPDIR/q" ]
}

@test "wrong places are refused" {
	b=$BATS_TEST_TMPDIR/b
	run "$SOHOA" backup "$b" -k "$b/keys"
	[ "$status" = 65 ]
	[[ "$output" == *"[backup.keys]"* ]]
	run "$SOHOA" backup --verify "$BATS_TEST_TMPDIR"
	[ "$status" = 66 ]
	"$SOHOA" backup "$b" >/dev/null
	"$SOHOA" init "$BATS_TEST_TMPDIR/other" >/dev/null
	run "$SOHOA" backup "$b" --home "$BATS_TEST_TMPDIR/other"
	[ "$status" = 77 ]
	[[ "$output" == *"[backup.other]"* ]]
}

@test "seals and keys of any size go along" {
	b=$BATS_TEST_TMPDIR/b k=$BATS_TEST_TMPDIR/k r=$BATS_TEST_TMPDIR/r
	make_home
	mkdir -p "$SOHOA_HOME/seals/nodes/000000"
	big=seals/nodes/000000/000000001
	truncate -s 70000001 "$SOHOA_HOME/$big"
	printf 'end' >> "$SOHOA_HOME/$big"
	# As the key store of many people.
	truncate -s 40000000 "$SOHOA_HOME/keys/holders/table"
	"$SOHOA" backup "$b" -k "$k" --json | json 'v["bytes"] > 70000000' | grep -qx True
	"$SOHOA" backup "$b" -k "$k" --json | json 'v["increment"]' | grep -qx 0
	printf 'x' >> "$SOHOA_HOME/seals/nodes/000000/000000002"
	"$SOHOA" backup "$b" -k "$k" --json | json 'v["bytes"] < 10000' | grep -qx True
	"$SOHOA" restore "$b" "$r" -k "$k" >/dev/null
	cmp "$SOHOA_HOME/$big" "$r/$big"
	[ "$(stat -c %s "$r/keys/holders/table")" = 40000000 ]
}
