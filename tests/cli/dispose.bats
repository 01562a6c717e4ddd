load common

# Terms run for years: the archive is made in 2012, what is due is looked at
# now.  The second person is another user, so the test wants root.
setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: two users"
	make_home
	rm -rf "$SOHOA_HOME"
	faketime '2012-03-01 08:00:00' "$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SAMPLE" page --type lltp --seed 3 -o "$BATS_TEST_TMPDIR/k.jpg"
	ID=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/k.jpg.json")
	faketime '2012-03-02 08:00:00' "$SOHOA" intake --quiet --holder "$ID" \
		--procedure 2.000488 "$BATS_TEST_TMPDIR/k.jpg" >/dev/null
	DOC=$("$SOHOA" find --holder "$ID" --json | json 'v["documents"][0]["id"]')
	# Keys of today: those of 2012 have expired.
	"$SOHOA" init "$BATS_TEST_TMPDIR/new" >/dev/null
	cp "$BATS_TEST_TMPDIR"/new/keys/{agency.p12,officer.p12,passphrase} "$SOHOA_HOME/keys/"
	cp "$BATS_TEST_TMPDIR/new/keys/roots/test-root.pem" "$SOHOA_HOME/keys/roots/new.pem"
}

as_nobody() {
	chmod 755 "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$(dirname "$(dirname "$BATS_TEST_TMPDIR")")"
	chown -R nobody "$SOHOA_HOME"
	cp "$SOHOA" "$BATS_TEST_TMPDIR/sohoa"
	(cd "$BATS_TEST_TMPDIR" && setpriv --reuid nobody --clear-groups ./sohoa "$@")
}

@test "two people destroy what is due; nothing is left but the proof" {
	"$SOHOA" dispose --due --json > "$BATS_TEST_TMPDIR/due"
	schema dispose.schema.json < "$BATS_TEST_TMPDIR/due"
	json '[(d["document"], d["years"], d["until"]) for d in v["documents"]]' < "$BATS_TEST_TMPDIR/due" |
		grep -qx "\[('$DOC', 10, '2022-12-31')\]"
	"$SOHOA" dispose --due --day 2022-12-31 --json | json 'len(v["documents"])' | grep -qx 0
	# What is held is not due and cannot be proposed.
	h=$("$SOHOA" hold "$DOC" -m 'vụ án')
	"$SOHOA" show "$DOC" | grep -qx 'hold  *vụ án'
	"$SOHOA" dispose --due --json | json 'len(v["documents"])' | grep -qx 0
	run "$SOHOA" dispose --propose "$DOC" -m 'hết hạn'
	[ "$status" = 75 ]
	[[ "$output" == *"[dispose.held]"* ]]
	"$SOHOA" hold "$DOC" -r "$h" -m 'xong'
	p=$("$SOHOA" dispose --propose "$DOC" -m 'hết thời hạn bảo quản')
	"$SOHOA" dispose --show "$p" --json | schema dispose.schema.json
	run "$SOHOA" dispose --approve "$p"
	[ "$status" = 77 ]
	[[ "$output" == *"[dispose.same-person]"* ]]
	"$SOHOA" find --holder "$ID" --json | json 'len(v["documents"])' | grep -qx 1
	# A hold that came after the proposal stops it.
	h=$("$SOHOA" hold "$DOC" -m 'vụ án khác')
	run as_nobody dispose --approve "$p"
	[ "$status" = 75 ]
	"$SOHOA" hold "$DOC" -r "$h" -m 'xong'
	terms() {
		python3 - "$SOHOA_HOME/search/words.sqlite" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, 'word', 'row')")
for t, in db.execute("SELECT term FROM temp.v"): print(t)
PY
	}
	terms > "$BATS_TEST_TMPDIR/terms"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/terms")" -gt 50 ]
	grep -qaF -f "$BATS_TEST_TMPDIR/terms" "$SOHOA_HOME/search/words.sqlite"
	as_nobody dispose --approve "$p" --json > "$BATS_TEST_TMPDIR/list"
	schema dispose.schema.json < "$BATS_TEST_TMPDIR/list"
	python3 - "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR" <<'PY'
import hashlib, json, sys
v = json.load(open(sys.argv[1]))
assert hashlib.sha256(v["text"].encode()).hexdigest() == v["digest"]
assert json.loads(v["text"]) == v["list"]
assert v["list"]["proposed_by"] == "root" and v["list"]["approved_by"] == "nobody"
open(sys.argv[2] + "/l", "w").write(v["text"])
open(sys.argv[2] + "/l.p7s", "wb").write(bytes.fromhex(v["signature"]))
PY
	openssl cms -verify -binary -inform DER -in "$BATS_TEST_TMPDIR/l.p7s" \
		-content "$BATS_TEST_TMPDIR/l" -CAfile "$SOHOA_HOME/keys/roots/new.pem" \
		-purpose any -out /dev/null
	run "$SOHOA" show "$DOC"
	[ "$status" = 66 ]
	"$SOHOA" find --holder "$ID" --json | json 'len(v["documents"])' | grep -qx 0
	"$SOHOA" find --text 'ly lich tu phap' --json | json 'len(v["documents"])' | grep -qx 0
	# No word of it is left, nor a trace of one in the file.
	[ -z "$(terms)" ]
	run grep -qaF -f "$BATS_TEST_TMPDIR/terms" "$SOHOA_HOME"/search/words.sqlite*
	[ "$status" = 1 ]
	run "$SOHOA" dispose --approve "$p"
	[ "$status" = 66 ]
	"$SOHOA" dispose --proof "$DOC" -i "$ID" --json > "$BATS_TEST_TMPDIR/proof"
	digest=$(json 'v["digest"]' < "$BATS_TEST_TMPDIR/list")
	json '[e["event"]["list"] for e in v["events"] if e["event"]["event"] == "dispose"]' < "$BATS_TEST_TMPDIR/proof" |
		grep -qx "\['$digest'\]"
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ] || { echo "$output"; false; }
}
