# The sample generator from outside: the same seed gives the same bytes, and
# what truth says is on the paper.  Checks are made by samples_check.py, which
# shares no code with the generator.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	S=$PWD/${O:-out/release}/samples/sample
	check="python3 $PWD/tests/cli/samples_check.py"
	T=$BATS_TEST_TMPDIR
}

@test "the same seed gives the same bytes" {
	for i in 1 2; do
		$S page --type to-khai --seed 5 --dpi 60 \
		    --degrade scan,stamp,fold,specks,rot180 -o "$T/a$i.jpg"
		$S page --type cccd --seed 5 --dpi 60 --degrade photo,exif=6 \
		    -o "$T/b$i.jpg"
		$S page --type gcn-qsdd --seed 5 --vector -o "$T/c$i.pdf"
		$S page --type quyet-dinh --seed 5 --dpi 60 \
		    --degrade fax -o "$T/d$i.tif"
		$S dossier --procedure 1.001193 --seed 5 --dpi 40 \
		    --carrier mixed -o "$T/$i/e"
	done
	cmp "$T/a1.jpg" "$T/a2.jpg"
	cmp "$T/b1.jpg" "$T/b2.jpg"
	cmp "$T/c1.pdf" "$T/c2.pdf"
	cmp "$T/d1.tif" "$T/d2.tif"
	diff -r "$T/1" "$T/2"
}

@test "another seed gives another paper" {
	$S page --type to-khai --seed 5 --dpi 40 -o "$T/a.png"
	$S page --type to-khai --seed 6 --dpi 40 -o "$T/b.png"
	! cmp -s "$T/a.png" "$T/b.png"
}

@test "texts: fields stand in the text, numbers are well formed" {
	$S texts -n 25 --seed 3 -o "$T/t.jsonl"
	$check texts "$T/t.jsonl"
}

@test "every type and variant renders" {
	$S types | while IFS=$(printf '\t') read -r name slug n about; do
		for k in $(seq 0 $((n - 1))); do
			$S page --type "$name" --variant "$k" --dpi 24 \
			    -o "$T/$name-$k.tif"
			test -s "$T/$name-$k.tif"
		done
	done
	test "$(ls "$T"/*.tif | wc -l)" -gt 100
}

@test "every procedure makes a dossier that agrees with its truth" {
	n=0
	for code in $($S procedures | cut -f1); do
		n=$((n + 1))
		set -- tiff jpeg pdf photo fax grey vector mixed
		shift $((n % 8))
		$S dossier --procedure "$code" --seed "$n" --dpi 24 \
		    --carrier "$1" --degrade "" -o "$T/d$n" --with \
		    backs,turned,separators,stranger,certified,photocopy,unknown
	done
	$check dossier "$T"/d*
}

@test "boxes lie on their fields, also on a skewed page" {
	$S page --type gcn-hkd --variant 0 --seed 9 --dpi 72 --degrade skew=3 \
	    -o "$T/a.png"
	$S page --type ct07 --variant 0 --seed 9 --dpi 72 --degrade skew=-2 \
	    -o "$T/b.png"
	$check boxes "$T/a.png" "$T/b.png"
}

@test "PDFs are sound" {
	$S page --type hd-chuyen-nhuong --dpi 40 -o "$T/scan.pdf"
	$S page --type hd-chuyen-nhuong --vector -o "$T/vector.pdf"
	for f in scan vector; do
		qpdf --check "$T/$f.pdf"
		test "$(qpdf --show-npages "$T/$f.pdf")" = 3
	done
}

@test "a set: what truth calls a repetition is one" {
	$S set --seed 4 --dossiers 24 --dpi 24 -o "$T/set"
	$check repeats "$T/set"
}

@test "a catalogue: the shares asked for, repeated byte for byte" {
	$S catalogue -n 60 --dpi 24 --same 20 --rescan 12 --blank 15 \
	    --broken 10 -o "$T/c"
	$check catalogue "$T/c"
}

@test "a catalogue of two types has no other" {
	$S catalogue -n 40 --dpi 24 --type bien-lai,cmnd -o "$T/c"
	test "$(grep -o '"type":"[a-z-]*"' "$T/c/manifest.jsonl" | sort -u |
	    tr '\n' ' ')" = '"type":"bien-lai" "type":"cmnd" '
	run $S catalogue --type bien-lai,bien -o "$T/d"
	[ "$status" = 65 ]
	[[ $output == *"no paper type is called bien "* ]]
}

@test "hostile files are all in the manifest" {
	$S hostile -o "$T/h"
	test "$(wc -l <"$T/h/manifest.tsv")" = \
	    "$(($(find "$T/h" -type f -printf x | wc -c) - 1))"
	run qpdf --check "$T/h/password.pdf"
	[[ $output == *password* ]]
	run qpdf --check "$T/h/cut.pdf"
	[ "$status" -ne 0 ]
}

@test "the committed dossiers agree with their truth" {
	$check dossier samples/dossiers/d*
}

@test "the committed dossiers are what make-set.sh makes" {
	O=${O:-out/release} samples/make-set.sh "$T/dossiers"
	diff -r samples/dossiers "$T/dossiers"
}

@test "wrong use is told apart by exit status" {
	run $S
	[ "$status" = 64 ]
	run $S page --type cccd
	[ "$status" = 64 ]
	run $S page --type cccd --seed x -o "$T/a.jpg"
	[ "$status" = 64 ]
	run $S page --type no-such-type -o "$T/a.jpg"
	[ "$status" = 65 ]
	[[ $output == *"no paper type is called no-such-type"* ]]
	run $S page --type cccd --degrade soup -o "$T/a.jpg"
	[ "$status" = 65 ]
	run $S dossier --procedure 9.999999 -o "$T/d"
	[ "$status" = 65 ]
	run $S page --type cccd -o "$T/none/a.jpg"
	[ "$status" = 71 ]
	run $S --help
	[ "$status" = 0 ]
	[[ $output == *examples:* ]]
}
