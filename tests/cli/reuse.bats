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
	export DAY=$("$SOHOA" show "$DOC" --json | json 'v["issued"]')
}

consistent() {
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ] || { echo "$output"; false; }
}

@test "a held card satisfies a component, with a receipt that openssl verifies" {
	r=$BATS_TEST_TMPDIR/r
	"$SOHOA" reuse "$DOC" -i "$ID" -D H05.000.016-261121-0678 -c 1.004222 -C 05 \
		-d "$DAY" -o "$r" --json > "$BATS_TEST_TMPDIR/a"
	schema receipt.schema.json < "$BATS_TEST_TMPDIR/a"
	openssl cms -verify -binary -inform DER -in "$r.p7s" -content "$r" \
		-CAfile "$SOHOA_HOME/keys/roots/test-root.pem" -purpose any -out /dev/null
	sed 's/"component":"05"/"component":"04"/' "$r" > "$r.other"
	run openssl cms -verify -binary -inform DER -in "$r.p7s" -content "$r.other" \
		-CAfile "$SOHOA_HOME/keys/roots/test-root.pem" -purpose any -out /dev/null
	[ "$status" != 0 ]
	# What it names is what the archive gives.
	"$SOHOA" get "$DOC" -o "$BATS_TEST_TMPDIR/d.pdf"
	json '[x["digest"] for x in v["renditions"] if x["name"] == "pdf"][0]' < "$r" |
		grep -qx "$(sha256sum < "$BATS_TEST_TMPDIR/d.pdf" | cut -d' ' -f1)"
	# Once more is the same receipt.
	"$SOHOA" reuse "$DOC" -i "$ID" -D H05.000.016-261121-0678 -c 1.004222 -C 05 \
		-d "$DAY" --json | cmp - "$BATS_TEST_TMPDIR/a"
	"$SOHOA" show "$DOC" --json | schema document.schema.json
	consistent
}

@test "a dossier shows the portal's flags" {
	"$SOHOA" dossier H05.000.016-261121-0678 --json > "$BATS_TEST_TMPDIR/d"
	schema dossier.schema.json < "$BATS_TEST_TMPDIR/d"
	json '[(c["DuocSoHoa"], c["DuocTaiSuDung"], c["DuocLayTuKhoDMQG"], c["SoTrang"]) for c in v["components"] if c["MaThanhPhanHoSo"] == "05"]' \
		< "$BATS_TEST_TMPDIR/d" | grep -qx '\[(0, 1, 0, 1)\]'
	code=$("$SOHOA" show "$DOC" --json | json 'v["dossier"]')
	"$SOHOA" dossier "$code" --json |
		json 'sum(c["DuocSoHoa"] for c in v["components"])' | grep -qx 1
	run "$SOHOA" dossier H05.000.016-261121-9999
	[ "$status" = 66 ]
	[[ "$output" == *"[dossier.unknown]"* ]]
}

@test "what does not count is refused with its reason" {
	run "$SOHOA" reuse "$DOC" -i "$ID" -D X -c 1.004222 -C 02 -d "$DAY"
	[ "$status" = 75 ]
	[[ "$output" == *"other-type"* ]]
	run "$SOHOA" reuse "$DOC" -i "$ID" -D X -c 1.004222 -C 05 -d 2099-01-01
	[ "$status" = 75 ]
	[[ "$output" == *"expired"* ]]
	run "$SOHOA" reuse "$DOC" -i 027090098192 -D X -c 1.004222 -C 05 -d "$DAY"
	[ "$status" = 75 ]
	run "$SOHOA" reuse "$DOC" -i "$ID" -c 1.004222 -C 05
	[ "$status" = 64 ]
}

@test "an old number finds the same papers, both ways" {
	run "$SOHOA" find --holder 125012345 --json
	json 'len(v["documents"])' <<< "$output" | grep -qx 0
	run "$SOHOA" alias "$ID" 125012345
	[ "$status" = 64 ]
	"$SOHOA" alias "$ID" 125012345 -e 'Giấy xác nhận số CMND'
	"$SOHOA" find --holder 125012345 --json | json 'v["documents"][0]["id"]' | grep -qx "$DOC"
	"$SOHOA" need 1.004222 125012345 -d "$DAY" --json |
		json '[c["document"] for c in v["components"] if c["code"] == "05"]' | grep -q "$DOC"
	run "$SOHOA" alias 027090098192 125012345 -e x
	[ "$status" = 75 ]
	[[ "$output" == *"[alias.conflict]"* ]]
	consistent
}

@test "who has no number yet is asked for by name and birth" {
	"$SOHOA" need 1.001193 --name 'Lê An' --birth 2026-01-31 --json | schema need.schema.json
	run "$SOHOA" file 027326000123 --name 'Lê An' --birth 2026-01-31 -e 'Khai sinh 12'
	[ "$status" = 66 ]
	run "$SOHOA" need 1.001193
	[ "$status" = 64 ]
}

@test "a hold stands until it is released" {
	h=$("$SOHOA" hold "$DOC" -m 'vụ án 12/2026')
	"$SOHOA" show "$DOC" --json | json 'v["hold"]' | grep -qx 'vụ án 12/2026'
	"$SOHOA" hold "$DOC" -r "$h" -m 'kết thúc'
	"$SOHOA" show "$DOC" --json | json '"hold" in v' | grep -qx False
	run "$SOHOA" hold "$DOC" -r "$h" -m 'kết thúc'
	[ "$status" = 66 ]
	run "$SOHOA" dispose --propose "$DOC" -m x
	[ "$status" = 75 ]
	[[ "$output" == *"[dispose.early]"* ]]
	"$SOHOA" dispose --due --json | schema dispose.schema.json
}

@test "who relied on a revoked paper is told" {
	"$SOHOA" revoke "$DOC" -m 'QĐ 12/QĐ-UBND'
	"$SOHOA" dossier H05.000.016-261121-0678 --json |
		json '[d["status"] for c in v["components"] for d in c["documents"]]' | grep -qx "\['revoked'\]"
	"$SOHOA" need 1.004222 "$ID" -d "$DAY" --json |
		json '[(c["state"], c["reason"]) for c in v["components"] if c["code"] == "05"]' |
		grep -qx "\[('expired', 'revoked')\]"
	"$SOHOA" dispose --proof "$DOC" -i "$ID" --json > "$BATS_TEST_TMPDIR/p"
	schema dispose.schema.json < "$BATS_TEST_TMPDIR/p"
	# The chain's digests, computed by somebody else.
	python3 - "$BATS_TEST_TMPDIR/p" <<'PY'
import hashlib, json, sys
events = json.load(open(sys.argv[1]))["events"]
assert [e["event"]["event"] for e in events].count("notice") == 1
for e in events:
    b = json.dumps(e["event"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(b.encode()).hexdigest() == e["digest"], b
PY
	consistent
}
