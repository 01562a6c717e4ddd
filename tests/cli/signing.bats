#!/usr/bin/env bats
# What we sign, judged by programs that share no code with us: qpdf, pdfsig
# (NSS), openssl cms, certtool (GnuTLS), gpgsm (libksba), poppler's text; and
# what they are not told, judged by us.

load common
T=$O/tests/tools/signing

setup_file() {
	export D=$BATS_FILE_TMPDIR
	"$T" keys "$D/keys" secret
	# One authority of openssl's own, and a key of every kind below it.
	cat >"$D/x.cnf" <<-'C'
	[req]
	distinguished_name = dn
	prompt = no
	[dn]
	CN = x
	[ca]
	basicConstraints = critical,CA:TRUE
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	[leaf]
	basicConstraints = CA:FALSE
	keyUsage = critical,digitalSignature,nonRepudiation
	extendedKeyUsage = 1.3.6.1.5.5.7.3.36
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	C
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$D/ca.key" -out "$D/ca.pem" -subj '/CN=TEST CA' -days 30 \
	    -config "$D/x.cnf" -extensions ca -sha256 2>/dev/null
	make_key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
	make_key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
	make_key pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
	make_key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
	make_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
	make_key ed25519 -algorithm ED25519
	# Shapes of input.
	cp tests/fuzz/corpus/sig_pdf/plain0.pdf "$D/classic.pdf"
	cp tests/fuzz/corpus/sig_pdf/plain2.pdf "$D/turned.pdf"
	cp tests/fuzz/corpus/sig_pdf/plain3.pdf "$D/form.pdf"
	cp tests/fuzz/corpus/sig_pdf/hybrid.pdf "$D/hybrid.pdf"
	qpdf --linearize "$D/classic.pdf" "$D/linear.pdf"
	qpdf --object-streams=generate "$D/classic.pdf" "$D/packed.pdf"
	qpdf --linearize --object-streams=generate "$D/classic.pdf" \
	    "$D/linear-packed.pdf"
}

make_key() {
	local n=$1
	shift
	openssl genpkey "$@" -out "$D/$n.key" 2>/dev/null
	openssl req -new -key "$D/$n.key" -subj "/CN=TEST $n" \
	    -config "$D/x.cnf" -out "$D/$n.csr"
	openssl x509 -req -in "$D/$n.csr" -CA "$D/ca.pem" -CAkey "$D/ca.key" \
	    -CAcreateserial -days 20 -extfile "$D/x.cnf" -extensions leaf \
	    -out "$D/$n.pem" 2>/dev/null
	openssl pkcs12 -export -inkey "$D/$n.key" -in "$D/$n.pem" \
	    -certfile "$D/ca.pem" -passout pass:secret -out "$D/$n.p12"
	chmod 600 "$D/$n.p12"
}

# split FILE N: the N-th signature's CMS and the bytes it covers.
split() {
	python3 - "$1" "$2" "$BATS_TEST_TMPDIR" <<-'P'
	import re, sys, binascii
	d = open(sys.argv[1], 'rb').read()
	m = list(re.finditer(rb'/ByteRange\[(\d+) (\d+) (\d+) (\d+) *\]', d))
	a, b, c, e = map(int, m[int(sys.argv[2])].groups())
	cms = binascii.unhexlify(d[b + 1:c - 1])
	assert d[b:b + 1] == b'<' and d[c - 1:c] == b'>' and cms[1] == 0x82
	n = 4 + cms[2] * 256 + cms[3]
	assert not cms[n:].strip(b'\0')
	open(sys.argv[3] + '/cms', 'wb').write(cms[:n])
	open(sys.argv[3] + '/data', 'wb').write(d[a:b] + d[c:c + e])
	P
}

@test "every shape of file, signed twice, passes qpdf and pdfsig" {
	for shape in classic turned form hybrid linear packed linear-packed; do
		f=$BATS_TEST_TMPDIR/$shape.pdf
		cp "$D/$shape.pdf" "$f"
		"$T" sign "$f" "$D/keys/officer.p12" secret officer left \
		    "Người ký: Nguyễn Thị Ngọc Ánh"
		"$T" sign "$f" "$D/keys/agency.p12" secret agency right \
		    "Cơ quan: Ủy ban nhân dân xã Đường Lâm"
		qpdf --check "$f"
		run pdfsig -nocert "$f"
		[ "$(grep -c 'Signature is Valid' <<<"$output")" = 2 ]
		grep -q 'Total document signed' <<<"$output"
		"$T" verify "$f" "$D/keys/root.pem"
		cmp -n "$(stat -c %s "$D/$shape.pdf")" "$f" "$D/$shape.pdf"
	done
}

@test "every kind of key, as openssl, GnuTLS and NSS see it" {
	for kind in rsa2048 rsa3072 pss p256 p384 ed25519; do
		f=$BATS_TEST_TMPDIR/$kind.pdf
		cp "$D/classic.pdf" "$f"
		"$T" sign "$f" "$D/$kind.p12" secret officer none
		"$T" verify "$f" "$D/ca.pem"
		split "$f" 0
		cd "$BATS_TEST_TMPDIR"
		# OpenSSL 3.0's CMS and NSS know no Ed25519, pdfsig no PSS.
		[ $kind = ed25519 ] || openssl cms -verify -cades -binary \
		    -inform DER -in cms -content data -CAfile "$D/ca.pem" \
		    -purpose any -out /dev/null
		certtool --p7-verify --inder --infile cms --load-data data \
		    --load-ca-certificate "$D/ca.pem" >certtool.out 2>&1 ||
		    { cat certtool.out; false; }
		cd - >/dev/null
		case $kind in ed25519|pss) continue ;; esac
		pdfsig -nocert "$f" | grep -q 'Signature is Valid'
	done
}

@test "gpgsm finds the signature good" {
	export GNUPGHOME=$BATS_TEST_TMPDIR/g
	mkdir -m 700 "$GNUPGHOME"
	printf 'disable-crl-checks\n' >"$GNUPGHOME/gpgsm.conf"
	fpr=$(openssl x509 -in "$D/ca.pem" -noout -fingerprint -sha1 |
	    sed 's/.*=//')
	printf '%s S relax\n' "$fpr" >"$GNUPGHOME/trustlist.txt"
	gpgsm --quiet --import "$D/ca.pem"
	for kind in rsa2048 p256; do
		cp "$D/classic.pdf" "$BATS_TEST_TMPDIR/f.pdf"
		"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/$kind.p12" secret f none
		split "$BATS_TEST_TMPDIR/f.pdf" 0
		run gpgsm --verify "$BATS_TEST_TMPDIR/cms" \
		    "$BATS_TEST_TMPDIR/data"
		echo "$output"
		grep -q 'Good signature' <<<"$output"
	done
	gpgconf --kill all
}

@test "one altered byte is refused by us and by pdfsig" {
	cp "$D/classic.pdf" "$BATS_TEST_TMPDIR/f.pdf"
	"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/p256.p12" secret officer none
	size=$(stat -c %s "$BATS_TEST_TMPDIR/f.pdf")
	gap=$(grep -abo '/Contents<' "$BATS_TEST_TMPDIR/f.pdf" | head -1 |
	    cut -d: -f1)
	for at in 12 60 150 $((gap - 60)) $((gap - 8)) $((size - 220)) \
	    $((size - 30)); do
		cp "$BATS_TEST_TMPDIR/f.pdf" "$BATS_TEST_TMPDIR/x.pdf"
		alter "$BATS_TEST_TMPDIR/x.pdf" "$at"
		run "$T" verify "$BATS_TEST_TMPDIR/x.pdf" "$D/ca.pem"
		[ "$status" = 2 ]
		run pdfsig -nocert "$BATS_TEST_TMPDIR/x.pdf"
		[ "$(grep -c 'Signature is Valid' <<<"$output")" = 0 ]
	done
}

@test "the visible text is there, embedded, in Vietnamese" {
	f=$BATS_TEST_TMPDIR/f.pdf
	cp "$D/classic.pdf" "$f"
	"$T" sign "$f" "$D/keys/officer.p12" secret officer left \
	    "Người ký: Đặng Thị Ngọc Ánh" "Ễnh Ẵm Ộc Ựa tế vẵng tộc tự"
	"$T" sign "$f" "$D/keys/agency.p12" secret agency right \
	    "BẢN SAO Y: ỦY BAN NHÂN DÂN XÃ ĐƯỜNG LÂM" \
	    "Thời gian ký: 2026-11-21T09:30:00+07:00"
	run pdftotext -layout "$f" -
	echo "$output"
	grep -q 'Người ký: Đặng Thị Ngọc Ánh  *BẢN SAO Y: ỦY BAN' <<<"$output"
	grep -q 'Ễnh Ẵm Ộc Ựa tế vẵng tộc tự' <<<"$output"
	run pdffonts "$f"
	[ "$(grep -c 'LiberationSerif .*yes yes yes' <<<"$output")" = 2 ]
}

@test "the report has the published shape" {
	cp "$D/classic.pdf" "$BATS_TEST_TMPDIR/f.pdf"
	"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/p256.p12" secret officer none
	"$T" verify "$BATS_TEST_TMPDIR/f.pdf" >"$BATS_TEST_TMPDIR/1.json" ||
	    true
	"$T" verify "$BATS_TEST_TMPDIR/f.pdf" "$D/ca.pem" \
	    >"$BATS_TEST_TMPDIR/2.json"
	"$T" verify "$D/classic.pdf" >"$BATS_TEST_TMPDIR/3.json" || true
	"$T" verify "$D/ca.pem" >"$BATS_TEST_TMPDIR/4.json" || true
	for i in 1 2 3 4; do
		python3 -m json.tool "$BATS_TEST_TMPDIR/$i.json" >/dev/null
		python3 - "$BATS_TEST_TMPDIR/$i.json" <<-'P'
		import json, sys, jsonschema
		schema = json.load(open('schemas/verdict.schema.json'))
		jsonschema.Draft7Validator.check_schema(schema)
		jsonschema.validate(json.load(open(sys.argv[1])), schema)
		P
	done
	grep -q TOTAL-PASSED "$BATS_TEST_TMPDIR/2.json"
	grep -q NO_SIGNATURE "$BATS_TEST_TMPDIR/3.json"
	grep -q FORMAT_FAILURE "$BATS_TEST_TMPDIR/4.json"
}

@test "PDF/A-1b stays PDF/A-1b" {
	python3 tests/tools/pdfa1b.py "$BATS_TEST_TMPDIR/f.pdf"
	run tests/tools/preflight.sh "$BATS_TEST_TMPDIR/f.pdf"
	echo "$output"
	grep -q 'is a valid PDF/A-1b file' <<<"$output"
	"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/keys/officer.p12" secret \
	    officer left "Người ký: Nguyễn Thị Ngọc Ánh"
	"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/keys/agency.p12" secret \
	    agency none
	run tests/tools/preflight.sh "$BATS_TEST_TMPDIR/f.pdf"
	echo "$output"
	grep -q 'is a valid PDF/A-1b file' <<<"$output"
}

@test "Chromium shows the officer's text at the top left, and the page as before" {
	python3 tests/tools/pdfa1b.py "$BATS_TEST_TMPDIR/f.pdf"
	cp "$BATS_TEST_TMPDIR/f.pdf" "$BATS_TEST_TMPDIR/g.pdf"
	"$T" sign "$BATS_TEST_TMPDIR/g.pdf" "$D/keys/officer.p12" secret \
	    officer left "Người ký: Nguyễn Thị Ngọc Ánh"
	(cd "$BATS_TEST_TMPDIR" && "$BATS_TEST_DIRNAME/../tools/chromium.py" \
	    f.pdf f.ppm g.pdf g.ppm)
	run python3 - "$BATS_TEST_TMPDIR/f.ppm" "$BATS_TEST_TMPDIR/g.ppm" <<-'P'
	import sys
	W, H = 1200, 1650
	a, b = (open(f, 'rb').read()[-3 * W * H:] for f in sys.argv[1:])
	new = [(i % W, i // W) for i in range(W * H)
	       if a[3 * i:3 * i + 3] != b[3 * i:3 * i + 3]]
	ink = sum(b[3 * (y * W + x)] < 100 for x, y in new)
	print(len(new), ink, min(new), max(x for x, _ in new), max(y for _, y in new))
	assert ink > 200
	assert all(x < W / 2 and y < H / 8 for x, y in new)
	P
	echo "$output"
	[ "$status" = 0 ]
}

@test "hostile PDF files end in a verdict or a reason, soon and in little memory" {
	shared=${SOHOA_SHARED:-../shared}/corpora/hostile/pdf
	[ -d "$shared" ] || skip "$shared is not here"
	python3 - "$O/sohoa" "$shared"/* <<-'P' >&3
	import os, subprocess, sys
	most = slowest = 0
	ends = {}
	for f in sys.argv[2:]:
	    p = subprocess.Popen([sys.argv[1], 'verify', '--json', f],
	                         stdout=subprocess.DEVNULL,
	                         stderr=subprocess.DEVNULL)
	    _, status, use = os.wait4(p.pid, 0)
	    p.returncode = end = os.waitstatus_to_exitcode(status)
	    # 1: a verdict that is no pass; 65, 76: no PDF that can be judged.
	    assert end in (0, 1, 65, 76), (end, f)
	    assert use.ru_maxrss <= 128 * 1024, (use.ru_maxrss, f)
	    assert use.ru_utime + use.ru_stime <= 10, f
	    most = max(most, use.ru_maxrss)
	    slowest = max(slowest, use.ru_utime + use.ru_stime)
	    ends[end] = ends.get(end, 0) + 1
	print(f'# {len(sys.argv) - 2} hostile PDF files: ends {ends}, at most '
	      f'{most / 1024:.0f} MB, {slowest:.2f} CPU s')
	P
}
