load ../cli/common

# Whatever moment it is stopped at, the same command ends in the archive that
# one clean run makes.

setup_file() {
	load ../cli/common
	export SET=$BATS_FILE_TMPDIR/set
	"$SAMPLE" set --seed 11 --dossiers 2 -o "$SET"
	export SOHOA_HOME=$BATS_FILE_TMPDIR/clean
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SOHOA" intake --json --quiet "$SET"/*/ > "$BATS_FILE_TMPDIR/clean.json" || [ $? = 1 ]
	# Document ids are made under an archive's key: compare without them.
	export CLEAN="$(holdings $(sample_holders "$SET"/*/) | cut -d' ' -f2- | sort)"
	[ -n "$CLEAN" ]
}

same_archive() {
	"$SOHOA" intake --json --quiet "$SET"/*/ > "$BATS_TEST_TMPDIR/out" || [ $? = 1 ]
	[ "$(holdings $(sample_holders "$SET"/*/) | cut -d' ' -f2- | sort)" = "$CLEAN" ]
	"$SOHOA" check --json --quiet | json 'v["findings"]' | grep -qx '\[\]'
	"$SOHOA" verify --all --json --quiet | json 'set(r["status"] for r in v["reports"])' | grep -qx "{'TOTAL-PASSED'}"
}

@test "kill -9 at many moments" {
	make_home
	for ms in 50 300 900 1700 2600 3500 4600 6000; do
		"$SOHOA" intake --quiet "$SET"/*/ >/dev/null 2>&1 &
		pid=$!
		sleep "$(echo "scale=3; $ms/1000" | bc)"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		"$SOHOA" check --json --quiet | json 'v["findings"]' | grep -qx '\[\]'
	done
	same_archive
}

@test "Ctrl-C ends cleanly and says how to go on" {
	make_home
	"$SOHOA" intake --quiet "$SET"/*/ > "$BATS_TEST_TMPDIR/o" 2>&1 &
	pid=$!
	sleep 1.5
	kill -INT "$pid"
	code=0; wait "$pid" || code=$?
	[ "$code" = 130 ]
	grep -q 'The same command goes on' "$BATS_TEST_TMPDIR/o"
	same_archive
}

@test "a killed worker costs at most its page" {
	make_home
	"$SOHOA" intake --json --quiet "$SET"/*/ > "$BATS_TEST_TMPDIR/o" 2>/dev/null &
	pid=$!
	for i in 1 2 3; do
		sleep 1
		pkill -9 -P "$pid" sohoa-worker || true
	done
	wait "$pid" || [ $? = 1 ]
	json 'all(x["count"]["fed"] == sum(n for k, n in x["count"].items() if k != "fed") for x in v["dossiers"])' < "$BATS_TEST_TMPDIR/o" | grep -qx True
	same_archive
}

@test "a full disk is told, and nothing taken in is lost" {
	[ "$(id -u)" = 0 ] || skip "mounting a small disk needs root"
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=3m tmpfs "$BATS_TEST_TMPDIR/disk"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/disk/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	run "$SOHOA" intake --quiet "$SET"/*/
	code=$status text=$output
	mount -o remount,size=200m "$BATS_TEST_TMPDIR/disk"
	same_archive
	umount "$BATS_TEST_TMPDIR/disk"
	[ "$code" = 71 ]
	[[ "$text" == *"[disk.full]"* ]]
}
