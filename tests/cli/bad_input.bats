load common

# Each bad scan stands between two good ones: those must be archived.
dossier() {	# folder, then scans
	local d=$1; shift
	mkdir -p "$d"
	python3 - "$d" "$@" <<'PY'
import json, sys
json.dump({"code": "000.00.33.H05-240818-0001", "procedure": {"code": "1.004222", "name": "x"},
           "holder": {"id": "027090098192"}, "scans": sys.argv[2:]},
          open(sys.argv[1] + "/dossier.json", "w"))
PY
}

setup() {
	make_home
	D=$BATS_TEST_TMPDIR/d
	mkdir -p "$D"
	"$SAMPLE" hostile -o "$D"
}

# The key and the sentence of the only page set aside.
aside() { json '(lambda a: a["code"] + ": " + a["reason"])(v["set_aside"][0])'; }

@test "a scan that cannot be read is set aside; the rest goes on" {
	"$SAMPLE" page --type cccd --seed 7 -o "$D/good.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/good.jpg.json")
	printf '' > "$D/empty.tif"
	echo '/etc/passwd' > "$D/list.tif"
	ln -s /etc/passwd "$D/link.jpg"
	for bad in empty.tif list.tif link.jpg missing.jpg ../../d/good.jpg \
	    cut.tif wide.png password.pdf; do
		dossier "$D" good.jpg "$bad"
		sed -i "s/027090098192/$id/" "$D/dossier.json"
		run "$SOHOA" intake --json --quiet "$D"
		[ "$status" = 1 ] || { echo "$bad: $status $output"; false; }
		grep '^{' <<< "$output" > "$BATS_TEST_TMPDIR/out"
		schema intake.schema.json < "$BATS_TEST_TMPDIR/out"
		aside < "$BATS_TEST_TMPDIR/out" | tee -a "$BATS_TEST_TMPDIR/seen"
		json '(v["count"]["set_aside"], v["documents"][0]["state"] in ("archived", "linked"))' \
			< "$BATS_TEST_TMPDIR/out" | grep -qx '(1, True)'
	done
	# Every cause has its own key, and none the sentence of last resort.
	[ "$(cut -d: -f1 "$BATS_TEST_TMPDIR/seen" | sort -u | wc -l)" -ge 6 ]
	! grep -q 'without an explanation' "$BATS_TEST_TMPDIR/seen"
}

@test "a wrong dossier.json is refused with the member's name" {
	for edit in 's/027090098192/027090/' 's/1.004222/x/' 's/"code": "000/"code": "0/' \
	    's/"holder"/"owner"/' 's/}$//' 's/"scans": \[.*\]/"scans": []/' \
	    's/"scans"/"holder": 1, "scans"/'; do
		dossier "$D" wide.tif
		sed -i "$edit" "$D/dossier.json"
		run "$SOHOA" intake --quiet "$D"
		[ "$status" = 65 ] || { echo "$edit: $status $output"; false; }
		[[ "$output" == *"dossier.json"* ]]
	done
	run "$SOHOA" intake --quiet "$BATS_TEST_TMPDIR"
	[ "$status" = 66 ]
}

@test "an unknown procedure is told and the papers are handled" {
	"$SAMPLE" page --type cccd --seed 8 -o "$D/good.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/good.jpg.json")
	dossier "$D" good.jpg
	sed -i "s/1.004222/1.999999/; s/027090098192/$id/" "$D/dossier.json"
	run "$SOHOA" intake --quiet "$D"
	[ "$status" = 0 ]
	[[ "$output" == *"not in the catalogue"* ]]
}

@test "no key, a key that others may read, a wrong passphrase" {
	"$SAMPLE" page --type cccd --seed 9 -o "$D/good.jpg"
	dossier "$D" good.jpg
	chmod 644 "$SOHOA_HOME/keys/archive.key"
	run "$SOHOA" check
	[ "$status" = 77 ]
	chmod 600 "$SOHOA_HOME/keys/archive.key"
	mv "$SOHOA_HOME/keys/officer.p12" "$BATS_TEST_TMPDIR/"
	run "$SOHOA" intake "$D"
	[ "$status" = 66 ]
	[[ "$output" == *"[key.missing]"* ]]
	mv "$BATS_TEST_TMPDIR/officer.p12" "$SOHOA_HOME/keys/"
	printf wrong > "$SOHOA_HOME/keys/passphrase"
	run "$SOHOA" intake "$D"
	[ "$status" = 77 ]
	head -c 32 /dev/urandom > "$SOHOA_HOME/keys/archive.key"
	run "$SOHOA" check
	[ "$status" = 77 ]
	[[ "$output" == *"[key.wrong]"* ]]
}

@test "a second writer is told to wait; readers are not held" {
	exec 9>>"$SOHOA_HOME/lock"
	flock -n 9
	dossier "$D" wide.tif
	run "$SOHOA" intake "$D" 9>&-
	[ "$status" = 75 ]
	run "$SOHOA" check 9>&-
	[ "$status" = 0 ]
	exec 9>&-
}

@test "standard output that is full is no success" {
	run bash -c "'$SOHOA' --help > /dev/full"
	[ "$status" = 74 ]
}

@test "words and pictures of pages that cannot be read say why" {
	"$SAMPLE" page --type cccd --seed 7 -o "$BATS_TEST_TMPDIR/c.jpg"
	truncate -s 40000 "$BATS_TEST_TMPDIR/c.jpg"
	for k in --text --svg; do
		status=0
		"$SOHOA" read --quiet $k "$BATS_TEST_TMPDIR/c.jpg" \
		    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
		    status=$?
		[ "$status" = 1 ]
		grep -q "Page 1 is cut off" "$BATS_TEST_TMPDIR/err"
	done
}
