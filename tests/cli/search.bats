load common

setup_file() {
	load common
	export D=$BATS_FILE_TMPDIR
	export SOHOA_HOME=$D/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	"$SAMPLE" page --type lltp --seed 3 -o "$D/k.jpg"
	export ID=$(json 'v["documents"][0]["holders"][0]["id"]' < "$D/k.jpg.json")
	"$SOHOA" intake --quiet --holder "$ID" --procedure 2.000488 "$D/k.jpg" >/dev/null
}

@test "status shows the lag, follow takes it away" {
	rm "$SOHOA_HOME"/search/words.sqlite*
	"$SOHOA" status --json | tee "$BATS_TEST_TMPDIR/s" | schema status.schema.json
	json 'v["search"]' < "$BATS_TEST_TMPDIR/s" | grep -qx None
	# The writer makes an empty one; what is there is lag.
	"$SOHOA" hold "$("$SOHOA" find --holder "$ID" --json | json 'v["documents"][0]["id"]')" -m x >/dev/null
	"$SOHOA" status --json | tee "$BATS_TEST_TMPDIR/s" | schema status.schema.json
	json 'v["search"]["behind"] >= 3 and v["search"]["documents"] == 0' < "$BATS_TEST_TMPDIR/s" | grep -qx True
	"$SOHOA" search --follow
	"$SOHOA" status --json | json '(v["search"]["behind"], v["search"]["documents"])' | grep -qx '(0, 1)'
}

@test "a rebuilt search answers as before" {
	a=$("$SOHOA" find --text '"ly lich tu phap"' --json)
	json 'len(v["documents"])' <<< "$a" | grep -qx 1
	"$SOHOA" search --rebuild
	[ "$("$SOHOA" find --text '"ly lich tu phap"' --json)" = "$a" ]
	ls "$SOHOA_HOME/search" | grep -qx words.sqlite
	[ ! -e "$SOHOA_HOME/search/words.sqlite.new" ]
	run "$SOHOA" check --json --quiet
	[ "$status" = 0 ]
	run "$SOHOA" search
	[ "$status" = 64 ]
}

@test "marks count when asked, places are where the words are" {
	"$SOHOA" find --text '"lý lịch tư pháp"' --exact --json | json 'len(v["documents"])' | grep -qx 1
	"$SOHOA" find --text '"ly lich tu phap"' --exact --json | json 'len(v["documents"])' | grep -qx 0
	"$SOHOA" find --text '"ly lich tu phap"' --places --json > "$BATS_TEST_TMPDIR/f"
	schema find.schema.json < "$BATS_TEST_TMPDIR/f"
	"$SOHOA" get "$(json 'v["documents"][0]["id"]' < "$BATS_TEST_TMPDIR/f")" -r reading -o "$BATS_TEST_TMPDIR/r"
	python3 - "$BATS_TEST_TMPDIR/f" "$BATS_TEST_TMPDIR/r" <<'PY'
import json, sys, unicodedata
def fold(s):
    s = unicodedata.normalize("NFD", s.lower().replace("đ", "d"))
    return "".join(c for c in s if c.isalnum() or c == " ").split()
places = json.load(open(sys.argv[1]))["documents"][0]["places"]
raw = open(sys.argv[2]).read()
assert places
for p in places:
    assert fold(p["text"]) == ["ly", "lich", "tu", "phap"], p
    assert p["page"] == 1 and 1 <= len(p["boxes"]) <= 4
    for b in p["boxes"]:
        assert json.dumps(b, separators=(",", ":")) in raw.replace(" ", ""), b
PY
}
