# The archive as a stranger reads it: a program that knows archive/FORMAT alone
# finds what sohoa says is there, and is the judge of what was altered.
load common

READER=tests/tools/second_reader.py

# Two dossiers, a hold, a reuse, a link, a seal with its time stamp.
setup_file() {
	load common
	export D=$BATS_FILE_TMPDIR
	export SOHOA_HOME=$D/home
	"$SOHOA" init "$SOHOA_HOME" > /dev/null
	tests/tools/tsa.py "$D/tsa" > "$D/url" &
	export TSA_PID=$!
	for i in $(seq 100); do
		[ -s "$D/url" ] && break
		sleep 0.1
	done
	cp "$D/tsa/root.pem" "$SOHOA_HOME/keys/roots/tsa.pem"
	sed -i "s|^tsa = .*|tsa = $(cat "$D/url")|" "$SOHOA_HOME/sohoa.conf"
	# A contract of two people, handed in by another dossier too.
	mkdir "$D/again"
	cp "$DOSSIERS/d06/2.pdf" "$D/again"
	python3 - "$DOSSIERS/d06/dossier.json" > "$D/again/dossier.json" <<'PY'
import json, sys
v = json.load(open(sys.argv[1]))
print(json.dumps(dict(v, code="H37.068.29-260102-0001", scans=["2.pdf"])))
PY
	for dossier in "$DOSSIERS/d05" "$DOSSIERS/d06" "$D/again"; do
		# 1 says that something waits for a person: some of these papers do.
		"$SOHOA" intake --quiet --reuse never "$dossier" > /dev/null || [ $? -eq 1 ]
	done
	document=$("$SOHOA" find --holder 020087630201 --type hd-chuyen-nhuong --json |
		json 'v["documents"][0]["id"]')
	"$SOHOA" hold "$document" -m 'Tranh chấp' > /dev/null
	"$SOHOA" reuse "$document" -i 020087630201 -D H37.068.29-260201-0009 \
		-c 1.012787 -C 02 -d 2026-02-01 > /dev/null
	"$SOHOA" seal > /dev/null
}

teardown_file() {
	kill "$TSA_PID"
}

# A home to alter, apart from the others'.
setup() {
	H=$BATS_TEST_TMPDIR/home
	cp -a "$D/home" "$H"
}

lists() {
	$READER --roots "$H/keys/roots" "$H"
}

disagrees() {	# sentence
	run lists
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]] || { echo "$output"; false; }
}

# Python on the index of $H, in one transaction.
in_index() {
	/usr/bin/python3 -c '
import lmdb, sys
env = lmdb.open(sys.argv[1], max_dbs=16)
with env.begin(write=True) as txn:
    table = lambda name: env.open_db(name, txn, create=False)
    exec(sys.argv[2])' "$H/archive" "$1"
}

@test "its list is what find, show and get say" {
	lists > "$BATS_TEST_TMPDIR/list"
	python3 -c '
import hashlib, json, subprocess, sys
def sohoa(*a): return subprocess.run((sys.argv[1],) + a, check=True, stdout=subprocess.PIPE).stdout
*lines, totals = open(sys.argv[2]).read().splitlines()
listed, held, links, reuses = {}, {}, 0, 0
for line in lines:
    id, holders, slug, dossier, *renditions = line.split()
    listed[id] = slug, dossier, dict(r.split("=") for r in renditions), holders.count(",") + 1
for citizen in sys.argv[3:]:
    found = json.loads(sohoa("find", "--holder", citizen, "--limit", "1000", "--json"))
    for id in [d["id"] for d in found["documents"] if d["id"] not in held]:
        d = json.loads(sohoa("show", id, "--json"))
        held[id] = d["type"], d["dossier"], {r["name"]: r["digest"] for r in d["renditions"]}, len(d["holders"])
        links += len(d["dossiers"]) - 1
        reuses += len(d.get("reuses", ()))
        for name, digest in held[id][2].items():
            assert hashlib.sha256(sohoa("get", id, "--rendition", name, "-o", "-")).hexdigest() == digest
assert listed == held, (listed, held)
assert len(held) == 8 and links == 1 and reuses == 1, (len(held), links, reuses)
assert "8 documents" in totals and "2 acts" in totals, totals
print(totals)
' "$SOHOA" "$BATS_TEST_TMPDIR/list" $(sample_holders "$DOSSIERS"/d0[56])
	# Those reads are in the journal, and the next writer takes them in.
	H=$SOHOA_HOME
	lists | tail -n 1 | grep -q ' [1-9][0-9]* reads wait'
	"$SOHOA" seal > /dev/null
	lists | tail -n 1 | grep -q ' 0 reads wait; \([0-9]*\) seals, \1 stamped'
}

@test "a flipped byte in a segment is told" {
	seg=$H/archive/blobs/00000001.seg
	alter "$seg" $(($(stat -c %s "$seg") / 2))
	disagrees "was altered in its segment"
}

@test "values that changed places in the index are told" {
	in_index '
rows = [(k, v) for k, v in txn.cursor(table(b"holder"))
        if k[16:18] == b"t\1"][:2]
txn.put(rows[0][0], rows[1][1], db=table(b"holder"))
txn.put(rows[1][0], rows[0][1], db=table(b"holder"))'
	disagrees "does not open with its key"
	rm -r "$H"; cp -a "$D/home" "$H"
	in_index '
rows = [(k, v) for k, v in txn.cursor(table(b"entry")) if k[0] == 0x82]
other = next(v for k, v in rows if v != rows[0][1])
txn.put(rows[0][0], other, db=table(b"entry"))'
	disagrees "has another value than the events tell"
	rm -r "$H"; cp -a "$D/home" "$H"
	in_index '
key = next(k for k, v in txn.cursor(table(b"entry")) if k[0] == 0x83)
txn.delete(key, db=table(b"entry"))'
	disagrees "is missing"
}

@test "a history that was written anew is told by chain and seal" {
	in_index '
key, row = next((k, v) for k, v in txn.cursor(table(b"holder"))
                if k[16:17] == b"e" and v[80:])
txn.put(key, row[:16] + bytes(32) + row[48:], db=table(b"holder"))'
	disagrees "breaks the chain"
	[[ $output == *"has another root than the changes"* ]]
}

@test "a seal or a key that was altered is told" {
	sed -i 's/root[^0-9a-f]*./&0/' "$H"/seals/seals/000000/000000001
	disagrees "seal 1: has a signature that does not hold"
	rm -r "$H"; cp -a "$D/home" "$H"
	rm "$(ls "$H"/seals/seals/000000/* | tail -n 1)"
	disagrees "is of a seal that is not here"
	rm -r "$H"; cp -a "$D/home" "$H"
	# One copy of the keys may rot, not both.
	/usr/bin/python3 - "$H/keys/holders/table" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
half = 8192 + (len(data) - 8192) // 2
at = next(i for i in range(8192, half, 128) if data[i])
data[at + 60] ^= 1
open(sys.argv[1], "wb").write(data)
PY
	lists > /dev/null
	/usr/bin/python3 - "$H/keys/holders/table" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
half = 8192 + (len(data) - 8192) // 2
at = next(i for i in range(8192, half, 128) if data[i])
data[at - 8192 + half + 60] ^= 1
open(sys.argv[1], "wb").write(data)
PY
	disagrees "no copy is whole"
}
