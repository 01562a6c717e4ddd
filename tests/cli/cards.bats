#!/usr/bin/env bats
# Two sides of a card on one sheet are read one after the other.
load common

@test "a sheet's cards are read side by side, their machine lines exactly" {
	"$SAMPLE" dossier -o "$BATS_TEST_TMPDIR/d" --procedure 1.001193 \
		--seed 100 --carrier pdf --dpi 300 --degrade scan
	"$SOHOA" read --json "$BATS_TEST_TMPDIR/d" > "$BATS_TEST_TMPDIR/read"
	"$SOHOA" read --json "$BATS_TEST_TMPDIR/d" |
		json '"\n".join(p["text"] for p in v["pages"])' \
		> "$BATS_TEST_TMPDIR/text"
	python3 - "$BATS_TEST_TMPDIR" <<-'P'
	import json, sys
	d = sys.argv[1]
	truth = json.load(open(d + '/d/truth.json'))['pages'][-1]['text']
	read = open(d + '/text').read()
	lines = [l for l in truth.split('\n') if '<<' in l]
	assert len(lines) == 3
	for line in lines:
	    assert line[:-1] in read, line
	at = [read.index(s) for s in ('CĂN CƯỚC', 'Place of residence',
	                              'Personal identification', '<<')]
	assert at == sorted(at), at
	P
}

@test "of two sides in two sizes neither is lost" {
	"$SAMPLE" page --type can-cuoc --variant 1 --seed 1 --degrade scan \
		--dpi 200 -o "$BATS_TEST_TMPDIR/c.jpg"
	"$SOHOA" read --text "$BATS_TEST_TMPDIR/c.jpg" > "$BATS_TEST_TMPDIR/t"
	grep -q 'Họ, chữ đệm và tên khai sinh' "$BATS_TEST_TMPDIR/t"
	grep -q 'BỘ CÔNG AN' "$BATS_TEST_TMPDIR/t"
}
