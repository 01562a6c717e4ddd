load common

@test "help comes first and is asked for without harm" {
	run "$SOHOA" --help
	[ "$status" = 0 ]
	[[ "$output" == *"sohoa init"* ]]
	for c in init intake read find show get need reuse dossier alias file correct revoke \
	    hold dispose verify check status search accesses backup restore export import completion; do
		run "$SOHOA" $c --help
		[ "$status" = 0 ]
		[[ "$output" == *"  sohoa $c"* ]]
		[[ "$output" == *"usage: sohoa $c"* ]]
		MANWIDTH=200 mandoc -Tascii -O width=200 pipeline/man/sohoa.1 | col -b |
			grep -q "sohoa $c"
	done
}

@test "a wrong line is a usage error that names its way out" {
	for line in "" "nonsense" "find" "find --holder" "find --nope" \
	    "find --holder 1 --text x" "init" "init a b" "read" \
	    "get 5f3a0c1e9b7d4426a1f0e2d3c4b5a697 --rendition=" \
	    "find --holder 027090098192 --limit 0" "verify" "check --json=1" \
	    "completion fish" "intake Makefile" "need 1.004222"; do
		run "$SOHOA" $line </dev/null
		[ "$status" = 64 ] || { echo "$line: $status $output"; false; }
	done
	run "$SOHOA" find --holder 027090098192
	[ "$status" = 64 ]
	[[ "$output" == *SOHOA_HOME* ]]
}

@test "a mistyped folder is named" {
	run "$SOHOA" intake --home "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/hs-01/"
	[ "$status" = 66 ]
	[[ "$output" == *"hs-01/"*"[file.missing]"* ]]
}

@test "completion is bash that completes" {
	"$SOHOA" completion bash > "$BATS_TEST_TMPDIR/c"
	run bash -c ". $BATS_TEST_TMPDIR/c; COMP_WORDS=(sohoa in); COMP_CWORD=1; _sohoa; echo \${COMPREPLY[*]}"
	[ "$output" = "init intake" ]
	run bash -c ". $BATS_TEST_TMPDIR/c; COMP_WORDS=(sohoa find --ho); COMP_CWORD=2; _sohoa; echo \${COMPREPLY[*]}"
	[ "$output" = "--home --holder" ]
}

@test "a home that is not there, exists or has a wrong line says so" {
	run "$SOHOA" check --home "$BATS_TEST_TMPDIR/none"
	[ "$status" = 66 ]
	[[ "$output" == *"[home.missing]"* ]]
	make_home
	run "$SOHOA" init "$SOHOA_HOME"
	[ "$status" = 73 ]
	echo "raeders = 2" >> "$SOHOA_HOME/sohoa.conf"
	run "$SOHOA" check
	[ "$status" = 78 ]
	[[ "$output" == *"line "* ]]
}

@test "Vietnamese and English by locale" {
	SOHOA_LANG= LC_ALL=vi_VN.UTF-8 run "$SOHOA" check --home /nonexistent
	[[ "$output" == *"không phải là kho lưu trữ"* ]]
	SOHOA_LANG= LC_ALL=en_US.UTF-8 run "$SOHOA" check --home /nonexistent
	[[ "$output" == *"is no archive home"* ]]
}
