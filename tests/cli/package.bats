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
	export DOC=$("$SOHOA" find --holder "$ID_cccd" --json | json 'v["documents"][0]["id"]')
	day=$("$SOHOA" show "$DOC" --json | json 'v["issued"]')
	"$SOHOA" alias "$ID_cccd" 125012345 -e 'Xác nhận <CMND> & "số"' >/dev/null
	"$SOHOA" reuse "$DOC" -i "$ID_cccd" -D H05.000.016-261121-0678 -c 1.004222 -C 05 -d "$day" >/dev/null
	"$SOHOA" hold "$DOC" -m 'vụ án 12/2026' >/dev/null
	"$SOHOA" revoke "$DOC" -m 'thu hồi' >/dev/null
}

# Everything that an archive shows of its documents.
state() {
	export SOHOA_HOME=$1
	for i in "$ID_cccd" "$ID_lltp" 125012345; do
		for d in $("$SOHOA" find --holder "$i" --json | json '" ".join(d["id"] for d in v["documents"])'); do
			"$SOHOA" show "$d" --json
			for r in pdf text reading; do "$SOHOA" get "$d" -r $r -o - | sha256sum; done
		done
		"$SOHOA" need 1.004222 "$i" -d 2026-06-01 --json
	done
	"$SOHOA" dossier H05.000.016-261121-0678 --json
	"$SOHOA" find --text '"ly lich tu phap"' --json | json '[d["id"] for d in v["documents"]]'
}

@test "archival packages pass an independent checker and the schemas" {
	"$SOHOA" export --all -o "$BATS_TEST_TMPDIR/p" --json > "$BATS_TEST_TMPDIR/l"
	schema package.schema.json < "$BATS_TEST_TMPDIR/l"
	json 'len(v["packages"])' < "$BATS_TEST_TMPDIR/l" | grep -qx 3
	run python3 archive/tools/check_package.py --xsd schemas/package "$BATS_TEST_TMPDIR"/p/*/
	[ "$status" = 0 ] || { echo "$output"; false; }
	# The signed PDF is the archived one.
	pdf=$(ls "$BATS_TEST_TMPDIR"/p/*/representations/rep1/data/*.pdf | head -n 1)
	run pdfsig -nocert "$pdf"
	[ "$(grep -c 'Signature is Valid' <<< "$output")" = 2 ]
	# What the checker is for.
	printf x >> "$pdf"
	run python3 archive/tools/check_package.py "$(dirname "$pdf")/../../.."
	[ "$status" = 1 ]
	# The same again replaces it.
	"$SOHOA" export --all -o "$BATS_TEST_TMPDIR/p" >/dev/null
	[ "$(ls "$BATS_TEST_TMPDIR/p" | wc -l)" = 3 ]
	python3 archive/tools/check_package.py "$BATS_TEST_TMPDIR"/p/*/
	run "$SOHOA" export H05.000.016-261121-9999 -o "$BATS_TEST_TMPDIR/p"
	[ "$status" = 66 ]
}

@test "an archive made again from packages alone is the same, under other keys" {
	for form in eark bag; do
		d=$BATS_TEST_TMPDIR/$form
		"$SOHOA" export --all --form $form -o "$d" >/dev/null
		python3 archive/tools/check_package.py "$d"/*/
		"$SOHOA" init "$d-home" >/dev/null
		"$SOHOA" import --home "$d-home" "$d"/*/ --json | tee "$BATS_TEST_TMPDIR/i" |
			schema package.schema.json
		json '(v["documents"], v["known"])' < "$BATS_TEST_TMPDIR/i" | grep -qx '(2, 1)'
		(state "$SOHOA_HOME") > "$BATS_TEST_TMPDIR/was"
		(state "$d-home") > "$BATS_TEST_TMPDIR/is"
		cmp "$BATS_TEST_TMPDIR/was" "$BATS_TEST_TMPDIR/is"
		run "$SOHOA" check --home "$d-home" --json --quiet
		[ "$status" = 0 ] || { echo "$output"; false; }
		# Once more changes nothing.
		"$SOHOA" import --home "$d-home" "$d"/*/ --json |
			json '(v["documents"], v["known"])' | grep -qx '(0, 3)'
		run "$SOHOA" check --home "$d-home" --json --quiet
		[ "$status" = 0 ]
		(state "$d-home") | cmp - "$BATS_TEST_TMPDIR/was"
	done
}

@test "a package that was altered is refused" {
	d=$BATS_TEST_TMPDIR/d
	"$SOHOA" export --all --form bag -o "$d" >/dev/null
	"$SOHOA" init "$BATS_TEST_TMPDIR/h" >/dev/null
	for f in "$d"/*/data/*/pdf; do printf x >> "$f"; done
	for p in "$d"/*/; do
		run "$SOHOA" import --home "$BATS_TEST_TMPDIR/h" "$p"
		[ "$status" = 76 ]
		[[ "$output" == *"[package.damaged]"* ]]
	done
	ln -sf /etc/passwd "$d/x"
	run "$SOHOA" import --home "$BATS_TEST_TMPDIR/h" "$d"
	[ "$status" = 66 ]
	p=$(ls -d "$d"/*/ | head -n 1)
	sed -i 's,data/[0-9a-f]*/pdf,../../../etc/passwd,' "$p/data/sohoa.json"
	run "$SOHOA" import --home "$BATS_TEST_TMPDIR/h" "$p"
	[ "$status" != 0 ]
	echo '{"format":"sohoa-package-1","documents":[{"record":{"id":"00"}}]}' > "$p/data/sohoa.json"
	run "$SOHOA" import --home "$BATS_TEST_TMPDIR/h" "$p"
	[ "$status" = 65 ]
	run "$SOHOA" check --home "$BATS_TEST_TMPDIR/h" --json --quiet
	[ "$status" = 0 ]
}
