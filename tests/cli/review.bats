load common

# Somebody else's papers and a broken file: all of it waits.  Each test
# works on a copy.
setup_file() {
	load common
	export SOHOA_HOME=$BATS_FILE_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	head -c 3000 "$DOSSIERS"/d01/0001.tif > "$BATS_FILE_TMPDIR/broken.tif"
	cp "$DOSSIERS"/d01/0001.tif "$BATS_FILE_TMPDIR/good.tif"
	again > /dev/null
}

setup() {
	cp -a "$BATS_FILE_TMPDIR/home" "$BATS_TEST_TMPDIR/home"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/home
}

items() { # of a kind
	"$SOHOA" review list --json |
		json '"\n".join(i["item"] for i in v["items"] if i["kind"] == "'"$1"'")'
}

# The document of a type.
item_of() {
	"$SOHOA" review list --json |
		json '[i["item"] for i in v["items"] if i.get("type") == "'"$1"'"][0]'
}

again() {
	(cd "$BATS_FILE_TMPDIR" && "$SOHOA" intake --quiet --json \
		--holder 001099000007 --procedure 1.001193 good.tif broken.tif) ||
		[ $? = 1 ]
}

@test "what waits is listed with reasons, pages that are set aside first" {
	"$SOHOA" review list --json > "$BATS_TEST_TMPDIR/l"
	schema review.schema.json < "$BATS_TEST_TMPDIR/l"
	json 'v["waiting"], [i["kind"] for i in v["items"]].count("document")' < "$BATS_TEST_TMPDIR/l" | grep -qx '(5, 4)'
	json 'v["items"][0]["kind"], v["items"][0]["priority"]' < "$BATS_TEST_TMPDIR/l" | grep -qx "('page', 1)"
	json 'all(i["reasons"] and i["deadline"] for i in v["items"])' < "$BATS_TEST_TMPDIR/l" | grep -qx True
	"$SOHOA" review list --reason holder.other-person --json | json 'v["waiting"] >= 1' | grep -qx True
	# The queue survives: the same scans again are the same items.
	again > /dev/null
	"$SOHOA" review list --json | json '[i["item"] for i in v["items"]]' > "$BATS_TEST_TMPDIR/a"
	json '[i["item"] for i in v["items"]]' < "$BATS_TEST_TMPDIR/l" | diff - "$BATS_TEST_TMPDIR/a"
	# Nothing of it is readable on the disk.
	run grep -rqa "Hoàng Tiến" "$SOHOA_HOME/spool" "$SOHOA_HOME/review"
	[ "$status" = 1 ]
}

@test "an item is shown with values, witnesses and pictures" {
	item=$(item_of can-cuoc)
	"$SOHOA" review show "$item" --crops "$BATS_TEST_TMPDIR/crops" --json > "$BATS_TEST_TMPDIR/s"
	schema review.schema.json < "$BATS_TEST_TMPDIR/s"
	json '[f["value"] for f in v["fields"] if f["name"] == "id_number"][0]' < "$BATS_TEST_TMPDIR/s" | grep -qx 033095502636
	crop=$(json '[f["crop"] for f in v["fields"] if f["name"] == "id_number"][0]' < "$BATS_TEST_TMPDIR/s")
	[ "$(stat -c %a "$crop")" = 600 ]
	python3 - "$crop" "$BATS_TEST_TMPDIR/s" <<'PY'
import json, struct, sys, zlib
b = open(sys.argv[1], "rb").read()
assert b[:8] == b"\x89PNG\r\n\x1a\n"
at, data = 8, b""
while at < len(b):
    n, = struct.unpack(">I", b[at:at + 4])
    kind, body = b[at + 4:at + 8], b[at + 8:at + 8 + n]
    assert struct.unpack(">I", b[at + 8 + n:at + 12 + n])[0] == zlib.crc32(kind + body)
    if kind == b"IHDR":
        w, h, depth, colour = struct.unpack(">IIBB", body[:10])
    data += body if kind == b"IDAT" else b""
    at += 12 + n
rows = zlib.decompress(data)
step = {0: 1, 2: 3}[colour]
assert len(rows) == h * (1 + w * step)
f = [f for f in json.load(open(sys.argv[2]))["fields"] if f["name"] == "id_number"][0]
assert (w, h) == (f["box"][2] + 48, f["box"][3] + 48)
# There is ink on light ground.
pixels = [p for y in range(h) for p in rows[y * (1 + w * step) + 1:(y + 1) * (1 + w * step)]]
assert min(pixels) < 110 < 170 < max(pixels)
PY
	run "$SOHOA" review show 00000000-00000000
	[ "$status" = 66 ]
}

@test "accepted, it is archived with who decided what, and stays so" {
	item=$(item_of can-cuoc)
	"$SOHOA" review reassign "$item" 033095502636 --name 'Hoàng Tiến Điền' --officer hoa --json |
		schema review.schema.json
	# What the machine was not sure of is keyed before.
	"$SOHOA" review show "$item" --json |
		json '"\n".join(f["name"] + "=" + f["value"] for f in v["fields"] if f["critical"] and "value" in f)' |
		while IFS= read -r f; do "$SOHOA" review correct "$item" "$f" --officer hoa > /dev/null; done
	"$SOHOA" review accept "$item" --officer hoa --json > "$BATS_TEST_TMPDIR/o"
	schema review.schema.json < "$BATS_TEST_TMPDIR/o"
	id=$(json 'v["document"]' < "$BATS_TEST_TMPDIR/o")
	"$SOHOA" show "$id" --json > "$BATS_TEST_TMPDIR/d"
	schema document.schema.json < "$BATS_TEST_TMPDIR/d"
	json '[h["id"] for h in v["holders"]]' < "$BATS_TEST_TMPDIR/d" | grep -qx "\['033095502636'\]"
	json '[(r["by"], r["what"]) for r in v["made_by"]["review"]][-1]' < "$BATS_TEST_TMPDIR/d" | grep -qx "('hoa', 'accept')"
	"$SOHOA" verify "$id" > /dev/null
	run "$SOHOA" review accept "$item"
	[ "$status" = 66 ]
	# The same scans again: what was decided holds.
	again | json 'v["count"]["archived"], v["count"]["waiting"]' | grep -qx '(1, 3)'
	"$SOHOA" check > /dev/null
}

@test "a critical field stands when two people key the same" {
	item=$(item_of giay-ket-hon)
	name=$("$SOHOA" review show "$item" --json | json '[f["name"] for f in v["fields"] if f["critical"] and f["name"].endswith("name")][0]')
	keyed() {
		"$SOHOA" review show "$item" --officer "$1" --json |
			json '[(f["keyed"], f.get("yours"), f["confirmed"]) for f in v["fields"] if f["name"] == "'"$name"'"][0]'
	}
	"$SOHOA" review correct "$item" "$name=Trần Thị Một" --officer hoa > /dev/null
	keyed hoa | grep -qx "(1, 'Trần Thị Một', False)"
	# The second does not see it; the same person does not count twice.
	keyed lan | grep -qx "(1, None, False)"
	"$SOHOA" review correct "$item" "$name=Trần Thị Một" --officer hoa > /dev/null
	keyed hoa | grep -qx "(1, 'Trần Thị Một', False)"
	run "$SOHOA" review accept "$item" --officer hoa
	[ "$status" = 75 ]
	"$SOHOA" review correct "$item" "$name=Trần Thị Hai" --officer lan --json |
		json '"field.keyed-differently" in [r["key"] for r in v["reasons"]]' | grep -qx True
	"$SOHOA" review correct "$item" "$name=Trần Thị Một" --officer minh --json > "$BATS_TEST_TMPDIR/m"
	keyed lan | grep -qx "(0, None, True)"
	json '[(d["by"], d["second"], d["new"]) for d in v["decisions"] if d["what"] == "correct"]' < "$BATS_TEST_TMPDIR/m" |
		grep -qx "\[('minh', 'hoa', 'Trần Thị Một')\]"
	# Nothing held is like it.
	run "$SOHOA" review link "$item" --officer hoa
	[ "$status" = 75 ]
	# A date that is none, a field that is none.
	run "$SOHOA" review correct "$item" registration_date=2025-02-30
	[ "$status" = 65 ]
	run "$SOHOA" review correct "$item" nonsense=1
	[ "$status" = 66 ]
}

@test "documents are merged, split, typed anew, dismissed; every page counts" {
	a=$(item_of to-khai) b=$(item_of giay-chung-sinh)
	"$SOHOA" review merge "$a" "$b" --json > "$BATS_TEST_TMPDIR/m"
	json 'v["pages"]' < "$BATS_TEST_TMPDIR/m" | grep -qx '\[\[0, 0\], \[0, 1\]\]'
	m=$(json 'v["item"]' < "$BATS_TEST_TMPDIR/m")
	run "$SOHOA" review split "$m" 2
	[ "$status" = 65 ]
	"$SOHOA" review split "$m" 1 --json | json 'v["item"]' | grep -qx "$a"
	"$SOHOA" review retype "$a" don-de-nghi --json | json 'v["type"]' | grep -qx don-de-nghi
	run "$SOHOA" review retype "$a" khong-co
	[ "$status" = 66 ]
	for i in $(items document) $(items page); do
		"$SOHOA" review dismiss "$i" 'kẹp nhầm' --officer hoa > /dev/null
	done
	"$SOHOA" review list --json | json 'v["waiting"]' | grep -qx 0
	[ -z "$(ls "$SOHOA_HOME/spool")" ]
	again > "$BATS_TEST_TMPDIR/i"
	json 'v["count"]["set_aside"] == v["count"]["fed"]' < "$BATS_TEST_TMPDIR/i" | grep -qx True
	"$SOHOA" review list --json | json 'v["waiting"]' | grep -qx 0
}

@test "a page that is set aside is scanned again in its place" {
	page=$(items page)
	run "$SOHOA" review accept "$page"
	[ "$status" = 65 ]
	"$SOHOA" review rescan "$page" "$BATS_FILE_TMPDIR/good.tif" --json > "$BATS_TEST_TMPDIR/r"
	# Four pages where one was expected: they are one document to be split.
	json 'len(v["pages"])' < "$BATS_TEST_TMPDIR/r" | grep -qx 4
	json '[d["what"] for d in v["decisions"]]' < "$BATS_TEST_TMPDIR/r" | grep -qx "\['rescan'\]"
	"$SOHOA" review show "$(json 'v["item"]' < "$BATS_TEST_TMPDIR/r")" --crops "$BATS_TEST_TMPDIR/c" --json |
		json 'len(v["pictures"])' | grep -qx 4
	[ -z "$(items page)" ]
	again | json 'v["count"]["set_aside"], v["count"]["waiting"]' | grep -qx '(0, 8)'
	two=$("$SOHOA" review list --json | json '[i["item"] for i in v["items"] if len(i["pages"]) == 4][0]')
	run "$SOHOA" review rescan "$two" "$BATS_FILE_TMPDIR/broken.tif"
	[ "$status" != 0 ]
	[ "$("$SOHOA" review list --json | json 'v["waiting"]')" = 5 ]
}

@test "on a terminal one item follows the other" {
	printf 'dismiss nhầm hồ sơ\nnext\nnonsense\nquit\n' | "$SOHOA" review > "$BATS_TEST_TMPDIR/o" 2>&1
	grep -q dismissed "$BATS_TEST_TMPDIR/o"
	grep -q 'no act nonsense' "$BATS_TEST_TMPDIR/o"
	"$SOHOA" review list --json | json 'v["waiting"]' | grep -qx 4
}

@test "samples of what went straight through measure the errors" {
	(cd "$BATS_FILE_TMPDIR" && "$SOHOA" intake --quiet --holder 033095502636 --procedure 1.001193 good.tif > /dev/null) || true
	run "$SOHOA" review sample --json
	json 'v["documents"] >= v["sample"] >= 1' <<< "$output" | grep -qx True
	# Drawing again draws the same.
	"$SOHOA" review sample --json > /dev/null
	n=$(json 'v["sample"]' <<< "$output")
	[ "$(items sample | wc -l)" = "$n" ]
	first=$(items sample | head -n 1)
	"$SOHOA" review show "$first" --json | json '"fields" in v["record"]' | grep -qx True
	"$SOHOA" review correct "$first" name=Sai --officer hoa > /dev/null
	for i in $(items sample); do "$SOHOA" review accept "$i" --officer hoa > /dev/null; done
	[ -z "$(items sample)" ]
	# The wrong value counts against its confidence, the others for it.
	"$SOHOA" calibrate --json --pairs "$BATS_TEST_TMPDIR/pairs.csv" > "$BATS_TEST_TMPDIR/c"
	schema calibration.schema.json < "$BATS_TEST_TMPDIR/c"
	json 'v["documents"], v["samples"]["values"] - v["samples"]["right"] + v["missed"], v["reviews"]["values"], v["drift"]' < "$BATS_TEST_TMPDIR/c" | grep -qx "($n, 1, 0, None)"
	python3 - "$BATS_TEST_TMPDIR/pairs.csv" "$BATS_TEST_TMPDIR/c" <<'PY'
import csv, json, sys
r = list(csv.DictReader(open(sys.argv[1])))
c = json.load(open(sys.argv[2]))
assert len(r) == c["samples"]["values"] == sum(b["values"] for b in c["bins"])
assert sum(x["right"] == "0" for x in r) == len(r) - c["samples"]["right"]
mean = sum(int(x["confidence_bp"]) for x in r) / len(r) / 10000
assert abs(mean - c["samples"]["confidence"]) < 1e-6
PY
	"$SOHOA" review quality | json '(v["inspected"], v["wrong"], v["lots"][0]["verdict"])' | grep -qx "($n, 1, 'rejected')"
}
