#!/bin/bash
# Kills a bulk run of dossiers with -9 at random moments, goes on, kills it
# again: the archive must end as one clean run leaves it, with nothing signed
# twice, nothing read twice, every fed page accounted for.
#
#   tests/fault/torture_intake.sh            24 dossiers, 200 kills
#   KILLS=20 DOSSIERS=6 tests/fault/torture_intake.sh
#   SET=samples/dossiers KILLS=20 tests/fault/torture_intake.sh
#
# SEED makes the moments, each within 1/SPAN of a clean run's time (10); the
# table at the end says what was compared.
set -eu
O=${O:-out/release}
KILLS=${KILLS:-200}
DOSSIERS=${DOSSIERS:-24}
SEED=${SEED:-1}
SPAN=${SPAN:-10}
SOHOA=$PWD/$O/sohoa
SAMPLE=$PWD/$O/samples/sample
export SOHOA_LANG=en
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sohoa-torture-XXXXXX")
pid=
cleanup() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
	rm -rf "$WORK"
}
trap cleanup EXIT

if [ -n "${SET:-}" ]; then
	cp -r "$SET" "$WORK/set"
else
	"$SAMPLE" set --seed "$SEED" --dossiers "$DOSSIERS" --dpi "${DPI:-200}" -o "$WORK/set"
fi

# What an archive holds: documents without what depends on when and where
# they were made; and, by id, the digests of their renditions.
cat > "$WORK/holds.py" <<'PY'
import json, subprocess, sys
sohoa, home, dossiers = sys.argv[1], sys.argv[2], sys.argv[3:]
ids, found = set(), {}
for d in dossiers:
    for doc in json.load(open(f"{d}/truth.json"))["documents"]:
        ids |= {h["id"] for h in doc["holders"] if h.get("id")}
def run(*a):
    return json.loads(subprocess.check_output([sohoa, *a, "--home", home, "--json"]))
for i in sorted(ids):
    for d in run("find", "--holder", i, "--limit", "1000")["documents"]:
        found[d["id"]] = None
out = {}
for i in found:
    r = run("show", i)
    out[i] = {"what": [r["type"], r.get("number"), r.get("issued"), len(r["pages"]),
                       sorted((h.get("id") or "", h["role"]) for h in r["holders"]),
                       sorted(x["dossier"] for x in r["dossiers"]),
                       sorted(x["name"] for x in r["renditions"])],
              "digests": sorted(x["digest"] for x in r["renditions"])}
json.dump(out, sys.stdout)
PY
holds() { python3 "$WORK/holds.py" "$SOHOA" "$1" "$WORK"/set/*/; }
cached() { find "$1/cache" -name 'r-*' ! -name '*.new' 2>/dev/null | wc -l; }
spent() { tail -n 1 "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["read"])'; }

"$SOHOA" init "$WORK/clean" > /dev/null
begin=$(date +%s%N)
"$SOHOA" bulk run "$WORK/set" --home "$WORK/clean" --quiet --json --usage \
	> "$WORK/clean.json" 2> "$WORK/clean.err" || [ $? = 1 ]
took_ms=$((($(date +%s%N) - begin) / 1000000))
holds "$WORK/clean" > "$WORK/clean.holds"
"$SOHOA" verify --all --home "$WORK/clean" --json --quiet > "$WORK/clean.verdicts"

# The last run of a home that was tortured, beside the clean one.
compare() {
	local before after
	before=$(cached "$WORK/home")
	"$SOHOA" bulk run "$WORK/set" --home "$WORK/home" --quiet --json --usage \
		> "$WORK/end.json" 2> "$WORK/end.err" || [ $? = 1 ]
	holds "$WORK/home" > "$WORK/end.holds"
	"$SOHOA" verify --all --home "$WORK/home" --json --quiet > "$WORK/verdicts"
	"$SOHOA" check --home "$WORK/home" --json --quiet > "$WORK/check"
	after=$(cached "$WORK/home")
	python3 "$WORK/compare.py" "$WORK" "$before" "$after" "$(spent "$WORK/end.err")" \
		"$(cached "$WORK/clean")" "$(spent "$WORK/clean.err")"
}
cat > "$WORK/compare.py" <<'PY'
import json, sys
work, before, after, last, clean_kept, clean_reads = sys.argv[1], *map(int, sys.argv[2:])
load = lambda n: json.load(open(f"{work}/{n}"))
clean, end, seen = load("clean.holds"), load("end.holds"), load("seen")
c, e = load("clean.json"), load("end.json")
rows = []
def row(what, want, got): rows.append((what, want, got, want == got))
row("documents", len(clean), len(end))
row("what they are", "same", "same" if sorted(str(d["what"]) for d in clean.values()) ==
    sorted(str(d["what"]) for d in end.values()) else "other")
row("made again (other bytes)", 0, sum(end[i]["digests"] != d["digests"] for i, d in seen.items()))
row("pages fed", c["count"]["fed"], e["count"]["fed"])
row("  = archived + folded + set aside + ...", e["count"]["fed"],
    sum(v for k, v in e["count"].items() if k != "fed"))
for k in ("archived", "blank", "separators", "set_aside", "waiting", "failed"):
    row("  " + k, c["count"][k], e["count"][k])
row("readings kept", clean_kept, after)
# Single fields of cards are read anew when their dossier is divided again.
row("kept ones read again", 0, max(0, last - (after - before) - (clean_reads - clean_kept)))
# Of every document, also of one that a misread number filed elsewhere.
def proved(v):
    return sum(r["status"] == "TOTAL-PASSED" and len(r["signatures"]) == 2
               for r in v.get("reports", [v]))
row("verdicts TOTAL-PASSED, 2 signatures", proved(load("clean.verdicts")), proved(load("verdicts")))
row("findings of the check", 0, len(load("check")["findings"]))
print(f"{'':48}{'clean':>10}{'tortured':>10}")
for what, want, got, ok in rows:
    print(f"{what:48}{want!s:>10}{got!s:>10}{'' if ok else '   <--'}")
sys.exit(not all(r[3] for r in rows))
PY

fresh() {
	rm -rf "$WORK/home"
	"$SOHOA" init "$WORK/home" > /dev/null
	echo '{}' > "$WORK/seen"
}

fresh
RANDOM=$SEED
killed=0 homes=0 last=0
while [ "$killed" -lt "$KILLS" ]; do
	before=$(cached "$WORK/home")
	"$SOHOA" bulk run "$WORK/set" --home "$WORK/home" --quiet \
		> /dev/null 2>&1 &
	pid=$!
	ms=$(((RANDOM * 32768 + RANDOM) % (took_ms / SPAN + 1)))
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	ended=0
	if kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); else ended=1; fi
	wait "$pid" 2>/dev/null || true
	pid=
	after=$(cached "$WORK/home")
	[ "$after" -ge "$before" ] || { echo "readings were lost: $before, $after"; exit 1; }
	if [ $((killed % 10)) = 0 ] && [ "$killed" != "$last" ]; then
		last=$killed
		"$SOHOA" check --home "$WORK/home" --quiet > "$WORK/check" ||
			{ echo "kill $killed:"; cat "$WORK/check"; exit 1; }
		# What was archived keeps its bytes: nothing is signed again.
		holds "$WORK/home" > "$WORK/now"
		python3 - "$WORK/seen" "$WORK/now" <<'PY'
import json, sys
seen, now = (json.load(open(p)) for p in sys.argv[1:])
for i, d in seen.items():
    assert now[i]["digests"] == d["digests"], f"{i} was made again"
json.dump(now, open(sys.argv[1], "w"))
PY
	fi
	# It got through in spite of all: look, and begin anew.
	if [ "$ended" = 1 ]; then
		compare > "$WORK/table" || { cat "$WORK/table"; exit 1; }
		homes=$((homes + 1))
		fresh
	fi
done
compare > "$WORK/table" || { cat "$WORK/table"; exit 1; }
echo "killed $killed times at random moments; $((homes + 1)) archives, the last of them:"
cat "$WORK/table"
