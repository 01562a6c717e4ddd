load common

# A small back catalogue: six pages, each the only paper of a dossier; the
# last is the first once more, byte by byte.
setup_file() {
	load common
	export CAT=$BATS_FILE_TMPDIR/cat
	mkdir -p "$CAT/scans"
	for i in 1 2 3 4 5; do
		"$SAMPLE" page --type cccd --seed $((40 + i)) --dpi 200 -o "$CAT/scans/$i.jpg"
	done
	cp "$CAT/scans/1.jpg" "$CAT/scans/6.jpg"
	cp "$CAT/scans/1.jpg.json" "$CAT/scans/6.jpg.json"
	python3 - "$CAT" <<'PY'
import csv, json, sys
cat = sys.argv[1]
rows = []
for i in range(1, 7):
    h = json.load(open(f"{cat}/scans/{i}.jpg.json"))["documents"][0]["holders"][0]
    rows.append([f"000.00.33.H05-240818-000{i}", "1.004222", h["id"], h["name"], f"scans/{i}.jpg"])
head = ["dossier", "procedure", "holder", "name", "files"]
csv.writer(open(f"{cat}/m.csv", "w")).writerows([head] + rows)
with open(f"{cat}/m.jsonl", "w") as out:
    for r in rows:
        out.write(json.dumps(dict(zip(head, r))) + "\n")
PY
}

# Readings in the cache, where what files were decoded to lies too.
kept_readings() { ls "$SOHOA_HOME/cache" 2>/dev/null | grep -vc '^d-'; }
reads() { tail -n 1 "$1" | json 'v["read"]'; }
status_is() { "$SOHOA" bulk status --json | json "$1" | grep -qx "$2"; }

# Wait, up to a minute, until a Python expression over the status holds.
until_status() {
	for i in $(seq 600); do
		if status_is "$1" True 2>/dev/null; then return; fi
		sleep 0.1
	done
	return 1
}

@test "a manifest is taken in; the same bytes are read once; again is nothing" {
	make_home
	"$SOHOA" bulk run "$CAT/m.csv" --json --quiet --usage \
		> "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u"
	schema bulk.schema.json < "$BATS_TEST_TMPDIR/o"
	json '(v["state"], v["done"], v["count"]["archived"], v["read"], v["reused"])' \
		< "$BATS_TEST_TMPDIR/o" | grep -qx "('finished', 6, 6, 5, 1)"
	[ "$(reads "$BATS_TEST_TMPDIR/u")" = 5 ]
	[ ! -e "$SOHOA_HOME"/bulk/*/reserve ]
	"$SOHOA" bulk report > "$BATS_TEST_TMPDIR/r"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/r")" = 6 ]
	while read -r line; do
		schema bulk-report.schema.json <<< "$line"
	done < "$BATS_TEST_TMPDIR/r"
	"$SOHOA" bulk report --csv -o "$BATS_TEST_TMPDIR/r.csv"
	python3 -c '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert [r["row"] for r in rows] == list("234567"), rows
assert all(r["state"] == "done" and r["archived"] == "1" for r in rows), rows' "$BATS_TEST_TMPDIR/r.csv"
	head -n 1 "$CAT/m.jsonl" | schema bulk-manifest.schema.json
	"$SOHOA" bulk run "$CAT/m.csv" --json --quiet --usage \
		> "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u"
	[ "$(reads "$BATS_TEST_TMPDIR/u")" = 0 ]
	"$SOHOA" check --json --quiet | json 'v["findings"]' | grep -qx '\[\]'
	# Nothing of it can be read on the disk.
	run grep -rlaE 'scans/|000\.00\.33|cccd' "$SOHOA_HOME/bulk"
	[ "$status" = 1 ]
}

@test "the sentence of a cause names the page where it was met first" {
	make_home
	head -c 60000 "$CAT/scans/2.jpg" > "$CAT/scans/short.jpg"
	sed -n '1p; 3s/2\.jpg/short.jpg/p' "$CAT/m.csv" > "$CAT/short.csv"
	run "$SOHOA" bulk run "$CAT/short.csv" --json --quiet
	[ "$status" = 1 ]
	json '[(c["key"], c["text"].split(":")[0]) for c in v["causes"]]' <<< "$output" |
		grep -qxF "[('image.truncated', 'Page 1 is cut off')]"
}

@test "the same page twice at once is read once" {
	make_home
	(head -n 2 "$CAT/m.csv"; sed -n 7p "$CAT/m.csv") > "$CAT/twins.csv"
	"$SOHOA" bulk run "$CAT/twins.csv" --readers 2 --json --quiet --usage \
		> "$BATS_TEST_TMPDIR/o" 2> "$BATS_TEST_TMPDIR/u"
	[ "$(reads "$BATS_TEST_TMPDIR/u")" = 1 ]
	json '(v["done"], v["count"]["archived"], v["read"], v["reused"])' \
		< "$BATS_TEST_TMPDIR/o" | grep -qx "(2, 2, 1, 1)"
}

@test "a folder of dossiers" {
	make_home
	mkdir "$BATS_TEST_TMPDIR/d"
	cp -r "$DOSSIERS/d04" "$BATS_TEST_TMPDIR/d/"
	mkdir "$BATS_TEST_TMPDIR/d/none" "$BATS_TEST_TMPDIR/d/.hidden"
	run "$SOHOA" bulk run "$BATS_TEST_TMPDIR/d" --json --quiet
	[ "$status" = 1 ]
	json '(v["rows"], v["refused"], v["open"], [c["key"] for c in v["causes"] if c["key"] == "dossier.missing"])' \
		<<< "$output" | grep -qx "(2, 1, 0, \['dossier.missing'\])"
	"$SOHOA" bulk report | json 'v["folder"]' | grep -qx d04 || "$SOHOA" bulk report | head -n 1 | json 'v["folder"]' | grep -qx d04
}

@test "what is no manifest is refused with its reason" {
	make_home
	cd "$BATS_TEST_TMPDIR"
	printf 'ho_so,giay_to\n1,2\n' > a.csv
	printf 'holder;procedure;pages\n' > b.csv
	printf 'holder,holder,procedure,files\n' > c.csv
	printf '' > d.csv
	printf 'holder,procedure,files\n' > e.csv
	printf '{"holder":"1","owner":"2"}\n' > f.jsonl
	head -c 3000000 /dev/urandom > g.csv
	printf 'holder,procedure,files\n1,1.004222,a\n' | iconv -t UTF-16 > i.csv
	printf 'holder\0,procedure,files\n' > h.csv
	for f in a b c d e f g h i; do
		run "$SOHOA" bulk run "$(ls $f.*)"
		[ "$status" = 65 ] || { echo "$f: $status $output"; false; }
		case $f in
		a|b|c) [[ "$output" == *"[manifest.columns]"* ]] ;;
		d|e) [[ "$output" == *"[manifest.empty]"* ]] ;;
		f) [[ "$output" == *"[row.columns]"* ]] ;;
		h) [[ "$output" == *"[row.malformed]"* ]] ;;
		i) [[ "$output" == *"[text.utf8]"* ]] ;;
		esac
	done
	mkfifo p.csv
	run timeout 20 "$SOHOA" bulk run p.csv
	[ "$status" = 65 ]
	run "$SOHOA" bulk run none.csv
	[ "$status" = 66 ]
	run "$SOHOA" bulk status
	[ "$status" = 66 ]
	run "$SOHOA" bulk status ../../..
	[ "$status" = 66 ]
	[ -z "$(ls -A "$SOHOA_HOME/bulk" | grep -v '^lock$')" ]
}

@test "each wrong row is told; the others are taken" {
	make_home
	python3 - "$CAT" <<'PY'
import json, sys, unicodedata
cat = sys.argv[1]
good = [json.loads(l) for l in open(f"{cat}/m.jsonl")]
h, p, name = good[0]["holder"], "1.004222", good[0]["name"]
rows = [b"holder,procedure,files,dossier,name"]
def row(*v): rows.append(",".join(v).encode())
row(h, p, "scans/1.jpg", "", unicodedata.normalize("NFD", name))       # 2: good, NFD
row(h, p, "../cat/scans/1.jpg", "", "")                                # 3: climbs
row(h, p, "/etc/passwd", "", "")                                       # 4
row("12345", p, "scans/1.jpg", "", "")                                 # 5: id
row(h, "x", "scans/1.jpg", "", "")                                     # 6: procedure
row(h, p)                                                              # 7: short
rows.append(b"\xff\xfe," + p.encode() + b",scans/1.jpg,,")             # 8: not UTF-8
row(h, p, "x" * (1 << 21), "", "")                                     # 9: too long
row(h, p, "scans/2.jpg", "000.00.33.H05-240818-0009", "")              # 10: another's paper
row(h, p, "scans/3.jpg", "000.00.33.H05-240818-0009", "")              # 11: repeated
row(h, p, "scans/none.jpg", "", "")                                    # 12: missing
row(h, p, '"scans/1.jpg"', "", '"\u202eevil\u0007 \u200b' + name + '"')  # 13: bidi, control
row(h, p, "", "", "")                                                  # 14: no file
row(h, p, "scans/1.jpg|scans/link.jpg", "H-1", "")                     # 15: no code
rows.append(b"a\0b,,,,")                                               # 16: NUL
rows.append(p.encode() + b",,,,")                                      # 17: columns, id
# An error cuts what it names: never inside a character.
row(h, p, "../a" + "ệ" * 60, "", "")                                   # 18: climbs
row("\u1ec7" * 9, p, "scans/1.jpg", "", "")                           # 19: id
row(h, p, "scans/b" + "ệ" * 60 + ".jpg", "", "")                       # 20: missing
row(h, p, "scans/" + "ệ" * 320, "", "")                                # 21: too long a name
row(h, p, "scans/\x1b[1m\u202egpj.exe", "", "")                        # 22: missing
row(h, p, "out/hostname", "", "")                                      # 23: through a link
rows.append(('"' + h).encode())                                        # 24: open quote
open(f"{cat}/bad.csv", "wb").write(b"\r\n".join(rows) + b"\n")
PY
	ln -sfn /etc "$CAT/out"
	run "$SOHOA" bulk run "$CAT/bad.csv" --json --quiet
	[ "$status" = 1 ]
	schema bulk.schema.json <<< "$output"
	"$SOHOA" bulk report > "$BATS_TEST_TMPDIR/r"
	python3 - "$BATS_TEST_TMPDIR/r" <<'PY'
import json, sys
got = {}
for l in open(sys.argv[1]):
    v = json.loads(l)
    got[v["row"]] = (v["state"], v["causes"][0]["key"] if v["causes"] else "")
want = {2: ("done", ""), 3: ("refused", "file.outside"), 4: ("refused", "file.outside"),
        5: ("refused", "id.malformed"), 6: ("refused", "procedure.malformed"),
        7: ("refused", "row.columns"), 8: ("refused", "text.utf8"),
        9: ("refused", "row.too-long"), 11: ("refused", "row.duplicate"),
        12: ("incomplete", "file.missing"), 14: ("refused", "row.columns"),
        15: ("refused", "dossier.code"), 16: ("refused", "row.malformed"),
        17: ("refused", "row.columns"), 18: ("refused", "file.outside"),
        19: ("refused", "id.malformed"), 20: ("incomplete", "file.missing"),
        21: ("incomplete", "file.missing"), 22: ("incomplete", "file.missing"),
        23: ("incomplete", "file.outside"), 24: ("refused", "row.malformed")}
for n, w in want.items():
    assert got[n] == w, (n, w, got[n])
assert got[10][0] == "incomplete" and got[10][1].startswith("holder."), got[10]
assert got[13][0] in ("done", "incomplete"), got[13]
assert len(got) == 23
PY
	! grep -q "$(printf '\xe2\x80\xae')" "$BATS_TEST_TMPDIR/r"
	"$SOHOA" bulk status > "$BATS_TEST_TMPDIR/s"
	! grep -q "$(printf '\x1b\\|\xe2\x80\xae')" "$BATS_TEST_TMPDIR/s"
	# What was missing and is there now is taken in by a retry, and only that.
	cp "$CAT/scans/1.jpg" "$CAT/scans/none.jpg"
	run "$SOHOA" bulk retry --cause file.missing --json --quiet
	rm "$CAT/scans/none.jpg"
	[ "$status" = 1 ]
	"$SOHOA" bulk report | grep '"row":12,' | json 'v["state"]' | grep -qx done
}

@test "SIGTERM finishes the page; what was read is not read again" {
	make_home
	"$SOHOA" bulk run "$CAT/m.csv" --readers 1 --quiet --usage \
		> /dev/null 2> "$BATS_TEST_TMPDIR/u1" &
	pid=$!
	until [ "$(kept_readings)" -ge 1 ]; do sleep 0.05; done
	kill -TERM "$pid"
	code=0; wait "$pid" || code=$?
	[ "$code" = 130 ]
	n=$(kept_readings)
	[ "$(grep '^{' "$BATS_TEST_TMPDIR/u1" | json 'v["read"]')" = "$n" ]
	status_is 'v["state"] in ("stopped", "planned")' True
	"$SOHOA" bulk run "$CAT/m.csv" --quiet --usage > /dev/null 2> "$BATS_TEST_TMPDIR/u2"
	[ $((n + $(reads "$BATS_TEST_TMPDIR/u2"))) = 5 ]
	status_is '(v["state"], v["done"])' "('finished', 6)"
}

@test "pause, a second run, resume" {
	make_home
	"$SOHOA" bulk run "$CAT/m.csv" --readers 1 --quiet > /dev/null 2>&1 &
	pid=$!
	until_status 'v["state"] == "running"'
	run "$SOHOA" bulk run "$CAT/m.jsonl" --quiet
	[ "$status" = 75 ]
	[[ "$output" == *"[lock.held]"* || "$output" == *"[bulk.held]"* ]]
	"$SOHOA" bulk pause > /dev/null
	code=0; wait "$pid" || code=$?
	[ "$code" = 75 ] || [ "$code" = 0 ]
	status_is 'v["state"] in ("paused", "finished")' True
	run "$SOHOA" bulk run "$CAT/m.csv" --quiet
	[ "$status" = 75 ]
	[[ "$output" == *"[bulk.paused]"* ]]
	"$SOHOA" bulk resume --json --quiet | json '(v["state"], v["done"])' | grep -qx "('finished', 6)"
}

@test "the desk goes first" {
	make_home
	"$SAMPLE" page --type cccd --seed 77 --dpi 200 -o "$BATS_TEST_TMPDIR/desk.jpg"
	id=$(json 'v["documents"][0]["holders"][0]["id"]' < "$BATS_TEST_TMPDIR/desk.jpg.json")
	"$SOHOA" bulk run "$CAT/m.csv" --quiet --json --usage \
		> "$BATS_TEST_TMPDIR/b" 2> "$BATS_TEST_TMPDIR/u" &
	pid=$!
	until_status 'v["state"] == "running"'
	run "$SOHOA" intake --quiet --holder "$id" --procedure 1.004222 "$BATS_TEST_TMPDIR/desk.jpg"
	[ "$status" = 0 ]
	# It did not wait for the run's end.
	kill -0 "$pid"
	wait "$pid"
	json '(v["state"], v["done"], v["yields"] >= 1)' < "$BATS_TEST_TMPDIR/b" | grep -qx "('finished', 6, True)"
	[ "$(reads "$BATS_TEST_TMPDIR/u")" = 5 ]
}

@test "a run waits while too much waits for a person" {
	make_home
	sed -i 's/^bulk-review = .*/bulk-review = 1/' "$SOHOA_HOME/sohoa.conf"
	# Somebody else's card, at the desk: one dossier waits from now on.
	id=$(sed -n '2s/^[^,]*,[^,]*,\([^,]*\),.*/\1/p' "$CAT/m.csv")
	run "$SOHOA" intake --quiet --holder "$id" --procedure 1.004222 "$CAT/scans/2.jpg"
	[ "$status" = 1 ]
	run "$SOHOA" bulk run "$CAT/m.csv" --readers 1 --wait 0 --quiet
	[ "$status" = 75 ]
	[[ "$output" == *"[bulk.review]"* ]]
	status_is '(v["state"], v["waits_for"], v["open"])' "('planned', 'bulk.review', 6)"
	sed -i 's/^bulk-review = .*/bulk-review = 9/' "$SOHOA_HOME/sohoa.conf"
	"$SOHOA" bulk resume --json --quiet |
		json '(v["state"], v["done"], v["incomplete"])' | grep -qx "('finished', 6, 0)"
}

@test "killed, a clock that jumps back, a key that is missing" {
	make_home
	faketime -f +3d "$SOHOA" bulk run "$CAT/m.csv" --readers 1 --quiet > /dev/null 2>&1 &
	until_status 'v["state"] == "running"'
	until [ "$(ls "$SOHOA_HOME/cache" 2>/dev/null | wc -l)" -ge 1 ]; do sleep 0.05; done
	kill -9 $! $(pgrep -P $!) 2>/dev/null || true
	wait || true
	mv "$SOHOA_HOME/keys/archive.key" "$BATS_TEST_TMPDIR/"
	run "$SOHOA" bulk run "$CAT/m.csv" --quiet
	[ "$status" = 66 ] || [ "$status" = 77 ]
	mv "$BATS_TEST_TMPDIR/archive.key" "$SOHOA_HOME/keys/"
	mv "$SOHOA_HOME/keys/officer.p12" "$BATS_TEST_TMPDIR/"
	run "$SOHOA" bulk resume --quiet
	[ "$status" = 66 ]
	mv "$BATS_TEST_TMPDIR/officer.p12" "$SOHOA_HOME/keys/"
	"$SOHOA" bulk resume --json --quiet | json '(v["state"], v["done"])' | grep -qx "('finished', 6)"
	"$SOHOA" check --json --quiet | json 'v["findings"]' | grep -qx '\[\]'
}

@test "too little disk is told before anything is done, with the number" {
	[ "$(id -u)" = 0 ] || skip "mounting a small disk needs root"
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=40m tmpfs "$BATS_TEST_TMPDIR/disk"
	export SOHOA_HOME=$BATS_TEST_TMPDIR/disk/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
	run "$SOHOA" bulk run "$CAT/m.csv" --quiet
	code=$status text=$output left=$(ls "$SOHOA_HOME/bulk" | grep -vc '^lock$' || true)
	mount -o remount,size=100m "$BATS_TEST_TMPDIR/disk"
	# Room for what is not there is not asked for: it would be 44 MB.
	(echo holder,procedure,files; echo "033095502636,1.004222,$(seq -s '|' 700)") > "$CAT/none.csv"
	none=0
	"$SOHOA" bulk run "$CAT/none.csv" --json --quiet > "$BATS_TEST_TMPDIR/n" || none=$?
	# Enough to begin with; then somebody else fills it.
	"$SOHOA" bulk run "$CAT/m.csv" --readers 1 --wait 0 --quiet > "$BATS_TEST_TMPDIR/o" 2>&1 &
	pid=$!
	until [ "$(ls "$SOHOA_HOME/cache" 2>/dev/null | wc -l)" -ge 1 ]; do sleep 0.05; done
	dd if=/dev/zero of="$BATS_TEST_TMPDIR/disk/full" bs=64k status=none 2>/dev/null || true
	full=0; wait "$pid" || full=$?
	rm "$BATS_TEST_TMPDIR/disk/full"
	after=0
	"$SOHOA" bulk resume --json --quiet > "$BATS_TEST_TMPDIR/r" || after=$?
	check=$("$SOHOA" check --json --quiet | json 'v["findings"]')
	umount "$BATS_TEST_TMPDIR/disk"
	[ "$code" = 71 ]
	[[ "$text" == *"[disk.short]"* && "$text" == *" MB are needed"* ]]
	[ "$left" = 0 ]
	[ "$none" = 1 ]
	json '(v["state"], v["files"], v["missing"])' < "$BATS_TEST_TMPDIR/n" | grep -qx "('finished', 700, 700)"
	[ "$full" = 71 ]
	[ "$after" = 0 ]
	json '(v["state"], v["done"])' < "$BATS_TEST_TMPDIR/r" | grep -qx "('finished', 6)"
	[ "$check" = "[]" ]
}
