# sohoa read --svg: a reading as a picture.

load common

@test "words stand in their places, fields in frames, in sound XML" {
	"$SAMPLE" page --type giay-khai-sinh --seed 12 --dpi 200 -o "$BATS_TEST_TMPDIR/k.jpg"
	"$SOHOA" read --svg --quiet "$BATS_TEST_TMPDIR/k.jpg" > "$BATS_TEST_TMPDIR/k.svg"
	"$SOHOA" read --json --quiet "$BATS_TEST_TMPDIR/k.jpg" > "$BATS_TEST_TMPDIR/k.json"
	python3 - "$BATS_TEST_TMPDIR/k.svg" "$BATS_TEST_TMPDIR/k.json" <<-'END'
	import json, sys, xml.etree.ElementTree as x
	root = x.parse(sys.argv[1]).getroot()
	w, h = map(int, root.get("viewBox").split()[2:])
	texts = [t for t in root.iter("{http://www.w3.org/2000/svg}text")]
	said = [t.text for t in texts]
	assert "KHAI" in said, said
	assert sum("%" in t and "Họ và tên" in t for t in said) == 1, said
	for r in root.iter("{http://www.w3.org/2000/svg}rect"):
	    if r.get("x"):
	        assert -10 <= int(r.get("x")) <= w and int(r.get("y")) <= h
	fields = json.load(open(sys.argv[2]))["documents"][0]["fields"]
	frames = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("rx")]
	assert len(frames) == len(fields) > 5, (len(frames), len(fields))
	END
}

@test "it draws one dossier, and no JSON beside it" {
	run "$SOHOA" read --svg "$DOSSIERS/d01" "$DOSSIERS/d02"
	[ "$status" = 64 ]
	run "$SOHOA" read --svg --json "$DOSSIERS/d01"
	[ "$status" = 64 ]
}
