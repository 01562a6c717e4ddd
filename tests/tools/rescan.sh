#!/bin/bash
# How many sheets are known when they come again from another scanner?
#
#   O=out/release tests/tools/rescan.sh [DOSSIERS] [DPI]
#
# Dossiers are taken in, then the same sheets captured again: noisier, darker,
# leaning otherwise.  Prints what became of the second captures of what the
# first ones archived, and how many pages were read for it.  Each dossier
# costs some ten CPU seconds.
set -eu
O=${O:-out/release}
N=${1:-6}
DPI=${2:-200}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sohoa-rescan-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
codes=(1.001193 1.004222 1.001612 2.000488 1.012787 1.001731)
"$O/sohoa" init "$WORK/home" > /dev/null
for ((i = 0; i < N; i++)); do
	for k in 0:scan 1:scan,tint=1.5,noise=2,skew=-0.7,light=8; do
		"$O/samples/sample" dossier -o "$WORK/${k%%:*}/$i" \
		    --procedure "${codes[i % 6]}" --seed $((300 + i)) \
		    --carrier tiff --dpi "$DPI" --quality 70 \
		    --capture "${k%%:*}" --degrade "${k#*:}"
	done
done
for k in 0 1; do
	"$O/sohoa" intake --quiet --usage --home "$WORK/home" --json \
	    "$WORK/$k"/* > "$WORK/$k.json" 2> "$WORK/$k.usage" || [ $? = 1 ]
done
python3 - "$WORK" <<'PY'
import collections, json, sys
work = sys.argv[1]
load = lambda k: json.load(open(f"{work}/{k}.json"))
first, again = ((v.get("dossiers", [v])) for v in (load(0), load(1)))
count = collections.Counter()
for x, y in zip(first, again):
    assert x["dossier"] == y["dossier"]
    held = {json.dumps(d["pages"]): d for d in x["documents"] if d["state"] == "archived"}
    for d in y["documents"]:
        was = held.get(json.dumps(d["pages"]))
        if was is None:
            continue
        kin = d.get("kinship", {})
        kind = kin.get("kind", "another")
        count[kind] += 1
        count["by its picture"] += kin.get("pictured", False)
        if kind != "rescan":
            print(y["dossier"], was["type"], d["type"], kind, d["state"],
                  [r["key"] for r in d.get("reasons", [])])
total = sum(n for k, n in count.items() if k != "by its picture")
for k, n in sorted(count.items()):
    print(f"{k:20}{n:6} of {total}")
u = json.loads(open(f"{work}/1.usage").read().splitlines()[-1])
print(f"{u['read']} of {u['pages']} pages read")
PY
