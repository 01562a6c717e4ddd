load common

# The second person is another user, so the test wants root.
setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: two users"
	make_home
	for t in cccd:5:1.004222 lltp:3:2.000488; do
		IFS=: read -r type seed proc <<< "$t"
		"$SAMPLE" page --type "$type" --seed "$seed" -o "$BATS_TEST_TMPDIR/$type.jpg"
		id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/$type.jpg.json")
		"$SOHOA" intake --quiet --holder "$id" --procedure "$proc" "$BATS_TEST_TMPDIR/$type.jpg" >/dev/null
		declare -g "ID_$type=$id"
	done
}

as_nobody() {
	chmod 755 "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$(dirname "$(dirname "$BATS_TEST_TMPDIR")")"
	chown -R nobody "$SOHOA_HOME"
	cp "$SOHOA" "$BATS_TEST_TMPDIR/sohoa"
	(cd "$BATS_TEST_TMPDIR" && setpriv --reuid nobody --clear-groups ./sohoa "$@")
}

@test "two people erase a person; backups of before cannot be read of them" {
	b=$BATS_TEST_TMPDIR/b
	gone=$("$SOHOA" find --holder "$ID_lltp" --json | json 'v["documents"][0]["id"]')
	kept=$("$SOHOA" find --holder "$ID_cccd" --json | json 'v["documents"][0]["id"]')
	"$SOHOA" alias "$ID_lltp" 125012345 -e 'xác nhận' >/dev/null
	"$SOHOA" backup "$b" >/dev/null
	run "$SOHOA" erase --propose -i "$ID_lltp" -m 'đơn 1'
	[ "$status" = 65 ]
	[[ "$output" == *"[erase.basis]"* ]]
	h=$("$SOHOA" hold "$gone" -m 'vụ án')
	run "$SOHOA" erase --propose -i "$ID_lltp" -m 'đơn 1' -B 'Luật 91/2025/QH15'
	[ "$status" = 75 ]
	[[ "$output" == *"[erase.held]"* ]]
	"$SOHOA" hold "$gone" -r "$h" -m 'xong' >/dev/null
	"$SOHOA" erase --propose -i "$ID_lltp" -m 'đơn 1' -B 'Luật 91/2025/QH15' --json > "$BATS_TEST_TMPDIR/p"
	schema erase.schema.json < "$BATS_TEST_TMPDIR/p"
	p=$(json 'v["proposal"]' < "$BATS_TEST_TMPDIR/p")
	"$SOHOA" erase --show "$p" | grep -q "^$gone "
	[ -n "$(ls "$SOHOA_HOME/cache")" ]
	run "$SOHOA" erase --approve "$p"
	[ "$status" = 77 ]
	[[ "$output" == *"[erase.same-person]"* ]]
	as_nobody erase --approve "$p" --json > "$BATS_TEST_TMPDIR/list"
	# What was read of the papers is not kept either.
	[ -z "$(ls "$SOHOA_HOME/cache")" ]
	schema erase.schema.json < "$BATS_TEST_TMPDIR/list"
	python3 - "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR" <<'PY'
import hashlib, json, sys
v = json.load(open(sys.argv[1]))
assert hashlib.sha256(v["text"].encode()).hexdigest() == v["digest"]
assert json.loads(v["text"]) == v["list"]
assert v["list"]["proposed_by"] == "root" and v["list"]["approved_by"] == "nobody"
assert len(v["list"]["holders"]) == 2
open(sys.argv[2] + "/l", "w").write(v["text"])
open(sys.argv[2] + "/l.p7s", "wb").write(bytes.fromhex(v["signature"]))
PY
	openssl cms -verify -binary -inform DER -in "$BATS_TEST_TMPDIR/l.p7s" \
		-content "$BATS_TEST_TMPDIR/l" -CAfile "$SOHOA_HOME/keys/roots/test-root.pem" \
		-purpose any -out /dev/null
	"$SOHOA" erase --proof -i "$ID_lltp" --json > "$BATS_TEST_TMPDIR/proof"
	schema erase.schema.json < "$BATS_TEST_TMPDIR/proof"
	json 'v["events"][1]["event"]["list"]' < "$BATS_TEST_TMPDIR/proof" | grep -qx "$(json 'v["digest"]' < "$BATS_TEST_TMPDIR/list")"
	run "$SOHOA" erase --proof -i "$ID_cccd"
	[ "$status" = 66 ]
	# The old backup, with the keys of now.
	"$SOHOA" restore "$b" "$BATS_TEST_TMPDIR/r" -k "$SOHOA_HOME/keys" >/dev/null
	for home in "$SOHOA_HOME" "$BATS_TEST_TMPDIR/r"; do
		run "$SOHOA" get "$gone" --home "$home" -o "$BATS_TEST_TMPDIR/x"
		[ "$status" = 66 ]
		run "$SOHOA" find --holder 125012345 --home "$home" --json
		[ "$status" != 0 ] || [ "$(json 'len(v["documents"])' <<< "$output")" = 0 ]
		"$SOHOA" find --text 'ly lich tu phap' --home "$home" --json | json 'len(v["documents"])' | grep -qx 0
		"$SOHOA" get "$kept" --home "$home" -o - | head -c 5 | grep -q '%PDF-'
		run "$SOHOA" check --home "$home" --json --quiet
		[ "$status" = 0 ] || { echo "$output"; false; }
	done
}
