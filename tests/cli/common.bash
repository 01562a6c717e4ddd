# What the command-line tests share.
O=${O:-out/release}
SOHOA=$PWD/$O/sohoa
SAMPLE=$PWD/$O/samples/sample
DOSSIERS=$PWD/samples/dossiers
export SOHOA_LANG=en

# An archive home in the test's own folder.
make_home() {
	export SOHOA_HOME=$BATS_TEST_TMPDIR/home
	"$SOHOA" init "$SOHOA_HOME" >/dev/null
}

# Alter FILE's byte at AT: whatever it was, it is another.
alter() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the byte is in the format
	printf "\\x$(printf %x $((byte ^ 4)))" |
	    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# The value of a Python expression over the JSON on standard input, as v.
json() {
	python3 -c 'import json,sys; v=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# Check the JSON on standard input against schemas/$1.
schema() {
	python3 -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(json.load(sys.stdin))' "schemas/$1"
}

# What an archive holds, as lines that do not depend on when it was made.
holdings() {
	for id in "$@"; do
		"$SOHOA" find --holder "$id" --limit 1000 --json | python3 -c '
import json, sys
for d in json.load(sys.stdin)["documents"]:
    print(d["id"], d["type"], d["number"], d["issued"], d["pages"],
          sorted((h["id"], h["role"]) for h in d["holders"]))' | sort
	done
}

# All holders that the sample dossiers name.
sample_holders() {
	python3 - "$@" <<'PY'
import json, sys
ids = set()
for d in sys.argv[1:]:
    for doc in json.load(open(d + "/truth.json"))["documents"]:
        ids |= {h["id"] for h in doc["holders"] if h.get("id")}
print(*sorted(ids))
PY
}
