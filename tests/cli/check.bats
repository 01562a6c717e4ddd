load common

@test "a store that kills its reader is a finding, not the end of the command" {
	make_home
	"$SOHOA" check --quiet --json | json 'v["findings"]' | grep -qx '\[\]'
	# Bytes behind the end of a mapped file: SIGBUS in whoever reads them.
	truncate -s 12288 "$SOHOA_HOME/archive/data.mdb"
	run "$SOHOA" check --quiet --json
	[ "$status" = 76 ]
	json 'v["findings"][0]["key"]' <<< "$output" | grep -qx engine.crashed
	run "$SOHOA" check --quiet
	[ "$status" = 76 ]
	[[ "$output" == *"BUS"* ]]
	# What has an error of its own keeps it.
	run "$SOHOA" check --quiet --home "$BATS_TEST_TMPDIR/none"
	[ "$status" != 76 ]
}
