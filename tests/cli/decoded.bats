load common

# The same files, by mistake under somebody else's name, then rightly; and
# rightly at once in another home.
setup_file() {
	load common
	export T=$BATS_FILE_TMPDIR
	"$SAMPLE" dossier --procedure 1.004222 --seed 301 --dpi 200 \
	    --carrier jpeg -o "$T/d"
	cp -r "$T/d" "$T/wrong"
	sed -i 's/"id": .*/"id": "001099000007",/; s/"name": "Ng.*/"name": "Lê Văn Khác",/; s/H17-/H18-/' "$T/wrong/dossier.json"
	cp -r "$T/wrong" "$T/wrong2"
	sed -i 's/H18-/H19-/' "$T/wrong2/dossier.json"
	for home in once twice; do
		"$SOHOA" init "$T/$home" > /dev/null
	done
	take once d
	take twice wrong
	cp -a "$T/twice" "$T/damaged"
	take twice wrong2
	take twice d
}

take() {
	"$SOHOA" intake --home "$T/$1" --quiet --json --usage "$T/$2" \
	    > "$T/$1-$2.json" 2> "$T/$1-$2.usage" || [ $? = 1 ]
}

usage() {
	tail -n 1 "$T/$1.usage" | json "v['$2']"
}

archived() {
	json '" ".join(sorted(d["id"] for d in v["documents"] if d["state"] == "archived"))' < "$T/$1.json"
}

# Digests of the images in a home's documents.
images() {
	for id in $(archived "$1-$2"); do
		"$SOHOA" get --home "$T/$1" "$id" -o "$BATS_TEST_TMPDIR/$id.pdf"
		"$SOHOA" verify --home "$T/$1" "$id" > /dev/null
		mkdir "$BATS_TEST_TMPDIR/$id"
		pdfimages -all "$BATS_TEST_TMPDIR/$id.pdf" "$BATS_TEST_TMPDIR/$id/i"
	done
	sha256sum "$BATS_TEST_TMPDIR"/*/i* | cut -d ' ' -f 1 | sort
	rm -r "$BATS_TEST_TMPDIR"/*
}

@test "the same bytes are neither decoded nor read again" {
	[ "$(usage twice-wrong decode_cpu_s)" != 0.0 ]
	[ "$(usage twice-wrong2 decode_cpu_s)" = 0.0 ]
	[ "$(usage twice-wrong2 read)" = 0 ]
	json '[d["pages"] for d in v["documents"]]' < "$T/twice-wrong2.json" | \
	    grep -qxF '[[[0, 0]], [[1, 0]], [[2, 0]], [[3, 0]]]'
}

@test "documents of them are the same as if they had been" {
	[ "$(archived once-d | wc -w)" -ge 2 ]
	[ "$(archived once-d | wc -w)" = "$(archived twice-d | wc -w)" ]
	a=$(images once d)
	[ "$(images twice d)" = "$a" ]
	for k in once twice; do
		json '[(d["type"], d["pages"], {k: f["value"] for k, f in d["fields"].items()}) for d in v["documents"]]' \
		    < "$T/$k-d.json" > "$BATS_TEST_TMPDIR/$k"
	done
	diff "$BATS_TEST_TMPDIR/once" "$BATS_TEST_TMPDIR/twice"
}

@test "what is known of files is sealed, and as if unknown when it is damaged" {
	ls "$T/damaged/cache" | grep -q '^d-'
	! grep -rqE 'SHL1|"likeness"' "$T/damaged/cache"
	for f in "$T"/damaged/cache/d-*; do
		alter "$f" 100
	done
	take damaged wrong2
	[ "$(usage damaged-wrong2 read)" = 0 ]
	[ "$(usage damaged-wrong2 decode_cpu_s)" != 0.0 ]
}
