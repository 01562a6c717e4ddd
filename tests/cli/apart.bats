load common

# The same at length: make torture-text.

@test "filled copies of one form are never one document" {
	"$SAMPLE" texts -n 1 --seed 21 |
		"$PWD/$O/tests/tools/pairs" --copies 5 --others 500 > "$BATS_TEST_TMPDIR/t"
	cat "$BATS_TEST_TMPDIR/t"
	grep -q '^0 different papers merged' "$BATS_TEST_TMPDIR/t"
	[ "$(awk '/^another own number/ { print ($4 > 300 && $5 == 0) }' "$BATS_TEST_TMPDIR/t")" = 1 ]
	# A tool that merges nothing proves nothing.
	[ "$(awk '/^the same paper/ { print ($6 > 10) }' "$BATS_TEST_TMPDIR/t")" = 1 ]
}

@test "a paper of somebody else in a dossier waits for a person" {
	"$SAMPLE" texts -n 3 --seed 33 |
		"$PWD/$O/tests/tools/swaps" --swaps 20 > "$BATS_TEST_TMPDIR/t"
	cat "$BATS_TEST_TMPDIR/t"
	[ "$(awk '/^of somebody else/ { print ($4 == 20) }' "$BATS_TEST_TMPDIR/t")" = 1 ]
	# ... and the citizen's own mostly do not.
	[ "$(awk '/own  / { print ($NF > 8) }' "$BATS_TEST_TMPDIR/t")" = 1 ]
}
