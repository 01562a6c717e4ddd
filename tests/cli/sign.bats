#!/usr/bin/env bats
# Every level, key and back end; other programs' verdicts on each; what
# happens while an authority is down, slow or lying.

load common
T=$O/tests/tools/signing

setup_file() {
	export D=$BATS_FILE_TMPDIR
	export PORT=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	tests/tools/make-authority.sh "$D" "$PORT"
	python3 tests/tools/authority.py "$D" "$PORT" >/dev/null 2>&1 3>&- &
	echo $! >"$D/pid"
	until [ -e "$D/port" ]; do sleep 0.05; done
	cp tests/fuzz/corpus/sig_pdf/plain0.pdf "$D/plain.pdf"
}

teardown_file() {
	kill "$(cat "$D/pid")"
}

setup() {
	: >"$D/log"
	rm -f "$D/mood"
}

# sign KEY IN OUT [OPTIONS …]: with a PKCS#12 file of the authority.
sign() {
	local key=$1 in=$2 out=$3
	shift 3
	printf 'secret' | "$SOHOA" sign "$in" -o "$out" -k "$D/$key.p12" \
	    --pin-fd 0 --roots "$D/roots" \
	    --tsa "http://127.0.0.1:$PORT/tsa" "$@"
}

verify() {
	"$SOHOA" verify --roots "$D/roots" "$@"
}

# split FILE N: the N-th signature's CMS and the bytes it covers; with a time
# stamp in it, that too.
split() {
	python3 - "$1" "$2" "$BATS_TEST_TMPDIR" <<-'P'
	import re, sys, binascii
	d = open(sys.argv[1], 'rb').read()
	m = list(re.finditer(rb'/ByteRange\[(\d+) (\d+) (\d+) (\d+) *\]', d))
	a, b, c, e = map(int, m[int(sys.argv[2])].groups())
	cms = binascii.unhexlify(d[b + 1:c - 1])
	assert cms[1] == 0x82
	n = 4 + cms[2] * 256 + cms[3]
	assert not cms[n:].strip(b'\0')
	open(sys.argv[3] + '/cms', 'wb').write(cms[:n])
	open(sys.argv[3] + '/data', 'wb').write(d[a:b] + d[c:c + e])
	P
}

# Does openssl's CMS, which shares nothing with ours, take the N-th one?
openssl_takes() {
	split "$1" "$2"
	openssl cms -verify -cades -binary -inform DER \
	    -in "$BATS_TEST_TMPDIR/cms" -content "$BATS_TEST_TMPDIR/data" \
	    -CAfile "$D/root.pem" -purpose any -out /dev/null 2>&1
}

certtool_takes() {
	split "$1" "$2"
	cat "$D/root.pem" "$D/sub.pem" >"$BATS_TEST_TMPDIR/both.pem"
	certtool --p7-verify --inder --infile "$BATS_TEST_TMPDIR/cms" \
	    --load-data "$BATS_TEST_TMPDIR/data" \
	    --load-ca-certificate "$BATS_TEST_TMPDIR/both.pem" 2>&1
}

# libksba, with what it is to trust in a folder of its own.
gpgsm_takes() {
	export GNUPGHOME=$BATS_TEST_TMPDIR/g
	if [ ! -e "$GNUPGHOME" ]; then
		mkdir -m 700 "$GNUPGHOME"
		printf 'disable-crl-checks\n' >"$GNUPGHOME/gpgsm.conf"
		openssl x509 -in "$D/root.pem" -noout -fingerprint -sha1 |
		    sed 's/.*=//; s/$/ S relax/' >"$GNUPGHOME/trustlist.txt"
		gpgsm --quiet --import "$D/root.pem" "$D/sub.pem"
	fi
	split "$1" "$2"
	run gpgsm --verify "$BATS_TEST_TMPDIR/cms" "$BATS_TEST_TMPDIR/data"
	gpgconf --kill all
	[[ $output == *'Good signature'* ]]
}

openssl_takes_stamp() {
	split "$1" "$2"
	openssl ts -verify -token_in -in "$BATS_TEST_TMPDIR/cms" \
	    -data "$BATS_TEST_TMPDIR/data" -CAfile "$D/root.pem" \
	    -untrusted "$D/sub.pem" 2>&1
}

@test "every level, as we and others see it without asking anybody" {
	for level in b t lt lta; do
		f=$BATS_TEST_TMPDIR/$level.pdf
		sign p256 "$D/plain.pdf" "$f" --level $level --json \
		    >"$BATS_TEST_TMPDIR/out"
		[ "$(json 'v["level"]' <"$BATS_TEST_TMPDIR/out")" = \
		    "B-${level^^}" ]
		schema sign.schema.json <"$BATS_TEST_TMPDIR/out"
		qpdf --check "$f"
		pdfsig -nocert "$f" | grep -q 'Signature is Valid'
		openssl_takes "$f" 0
		certtool_takes "$f" 0
		gpgsm_takes "$f" 0
		cmp -n "$(stat -c %s "$D/plain.pdf")" "$f" "$D/plain.pdf"
		: >"$D/log"
		run verify --json "$f"
		# Without a network only what lies in the file is known.
		case $level in
		b|t) [ "$status" = 1 ]
			[[ $output == *TRY_LATER* ]]
			run verify --fetch --json "$f" ;;
		*) [ ! -s "$D/log" ] ;;
		esac
		[ "$status" = 0 ]
		[ "$(json 'v["signatures"][0]["level"]' <<<"$output")" = \
		    "B-${level^^}" ] || [ $level = t ]
	done
	openssl_takes_stamp "$BATS_TEST_TMPDIR/lta.pdf" 1
	schema verdict.schema.json <<<"$output"
}

@test "every key signs at B-LTA; openssl, GnuTLS, NSS and libksba agree" {
	for key in p384 rsa2048 rsa3072 pss; do
		f=$BATS_TEST_TMPDIR/$key.pdf
		case $key in
		pss) sign rsa3072 "$D/plain.pdf" "$f" --level lta --pss ;;
		*) sign $key "$D/plain.pdf" "$f" --level lta ;;
		esac
		verify "$f"
		qpdf --check "$f"
		openssl_takes "$f" 0
		certtool_takes "$f" 0
		gpgsm_takes "$f" 0
		openssl_takes_stamp "$f" 1
		[ $key = pss ] || pdfsig -nocert "$f" |
		    grep -q 'Signature is Valid'
	done
}

@test "several in turn, the first one certifies" {
	f=$BATS_TEST_TMPDIR/f.pdf
	sign p256 "$D/plain.pdf" "$f" --certify 2 --place left
	sign second "$f" "$f" --place right --level t
	sign rsa2048 "$f" "$f" --level lta --field third
	run verify --json "$f"
	[ "$status" = 0 ]
	[ "$(json '[(s["field"], s.get("certifies"), s.get("level")) for s in v["signatures"]]' \
	    <<<"$output")" = "[('officer', 2, 'B-LTA'), ('officer-2', None, 'B-LTA'), ('third', None, 'B-LTA'), ('timestamp-1', None, None)]" ]
	[ "$(pdfsig -nocert "$f" | grep -c 'Signature is Valid')" = 3 ]
	for n in 0 1 2; do openssl_takes "$f" $n; done
	openssl_takes_stamp "$f" 3
	qpdf --check "$f"
	# Certified against any change, and certifying too late.
	sign p256 "$D/plain.pdf" "$BATS_TEST_TMPDIR/g.pdf" --certify 1
	run sign second "$BATS_TEST_TMPDIR/g.pdf" "$BATS_TEST_TMPDIR/h.pdf"
	[ "$status" = 65 ]
	[[ $output == *pdf.locked* ]]
	run sign second "$f" "$BATS_TEST_TMPDIR/h.pdf" --certify 2
	[[ $output == *sign.certify* ]]
	[ ! -e "$BATS_TEST_TMPDIR/h.pdf" ]
	# A document time stamp may follow all the same.
	"$SOHOA" sign "$BATS_TEST_TMPDIR/g.pdf" -o "$BATS_TEST_TMPDIR/h.pdf" \
	    --prolong --roots "$D/roots" --level lta \
	    --tsa "http://127.0.0.1:$PORT/tsa"
	verify "$BATS_TEST_TMPDIR/h.pdf"
}

@test "an altered byte is refused by us, pdfsig and openssl" {
	f=$BATS_TEST_TMPDIR/f.pdf x=$BATS_TEST_TMPDIR/x.pdf
	sign p256 "$D/plain.pdf" "$f" --level lta
	size=$(stat -c %s "$D/plain.pdf")
	for at in 12 $((size / 2)) $((size - 9)) $((size + 40)); do
		cp "$f" "$x"
		alter "$x" "$at"
		run verify "$x"
		[ "$status" = 76 ]
		run pdfsig -nocert "$x"
		[[ $output != *"Signature is Valid"* ]]
		if split "$x" 0 2>/dev/null; then
			run openssl_takes "$x" 0
			[ "$status" != 0 ]
			run gpgsm_takes "$x" 0
			[ "$status" != 0 ]
			run openssl_takes_stamp "$x" 1
			[ "$status" != 0 ]
		fi
	done
}

# graft FROM TO: FROM's signature value into TO.
graft() {
	python3 - "$1" "$2" <<-'P'
	import re, sys
	def gap(d):
	    a, b, c, e = map(int, re.search(
	        rb'/ByteRange\[(\d+) (\d+) (\d+) (\d+) *\]', d).groups())
	    return b, c
	src, dst = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read()
	b, c = gap(src)
	value = src[b + 1:c - 1].rstrip(b'0')
	b, c = gap(dst)
	value = value[:c - b - 2].ljust(c - b - 2, b'0')
	open(sys.argv[2], 'wb').write(dst[:b + 1] + value + dst[c - 1:])
	P
}

@test "a swapped signer is refused by us, pdfsig and openssl" {
	sign p256 "$D/plain.pdf" "$BATS_TEST_TMPDIR/a.pdf"
	qpdf --linearize "$D/plain.pdf" "$BATS_TEST_TMPDIR/other.pdf"
	sign second "$BATS_TEST_TMPDIR/other.pdf" "$BATS_TEST_TMPDIR/b.pdf"
	graft "$BATS_TEST_TMPDIR/b.pdf" "$BATS_TEST_TMPDIR/a.pdf"
	run verify --fetch "$BATS_TEST_TMPDIR/a.pdf"
	[ "$status" = 76 ]
	[[ $output == *TOTAL-FAILED* ]]
	run pdfsig -nocert "$BATS_TEST_TMPDIR/a.pdf"
	[[ $output != *"Signature is Valid"* ]]
	run openssl_takes "$BATS_TEST_TMPDIR/a.pdf" 0
	[ "$status" != 0 ]
}

@test "a revoked certificate signs nothing, and what it signed is refused" {
	run sign revoked "$D/plain.pdf" "$BATS_TEST_TMPDIR/f.pdf"
	[ "$status" = 76 ]
	[[ $output == *cert.revoked* ]]
	[ ! -e "$BATS_TEST_TMPDIR/f.pdf" ]
	# Somebody else's program did not ask.
	cp "$D/plain.pdf" "$BATS_TEST_TMPDIR/f.pdf"
	"$T" sign "$BATS_TEST_TMPDIR/f.pdf" "$D/revoked.p12" secret f none
	run verify --fetch "$BATS_TEST_TMPDIR/f.pdf"
	[ "$status" = 1 ]
	[[ $output == *REVOKED_NO_POE* ]]
	split "$BATS_TEST_TMPDIR/f.pdf" 0
	cat "$D/root.pem" "$D/sub.crl.pem" >"$BATS_TEST_TMPDIR/ca.pem"
	run openssl cms -verify -cades -binary -inform DER -crl_check \
	    -in "$BATS_TEST_TMPDIR/cms" -content "$BATS_TEST_TMPDIR/data" \
	    -CAfile "$BATS_TEST_TMPDIR/ca.pem" -purpose any -out /dev/null
	[ "$status" != 0 ]
	[[ $output == *revoked* ]]
}

@test "what was signed before the revocation stays good when a stamp says so" {
	f=$BATS_TEST_TMPDIR/f.pdf g=$BATS_TEST_TMPDIR/g.pdf
	sign second "$D/plain.pdf" "$f" --level lta
	sign second "$D/plain.pdf" "$g" --level b
	cp "$D/index.txt" "$D/index.keep"
	sleep 1.1
	(cd "$D" && openssl ca -config ca.cnf -cert sub.pem -keyfile sub.key \
	    -revoke second.pem 2>/dev/null)
	run verify --fetch "$g"
	cp "$D/index.keep" "$D/index.txt"
	[ "$status" = 1 ]
	[[ $output == *REVOKED_NO_POE* ]]
	verify "$f"
}

@test "after the signer's certificate ended only a stamped one counts" {
	b=$BATS_TEST_TMPDIR/b.pdf lta=$BATS_TEST_TMPDIR/lta.pdf
	sign p256 "$D/plain.pdf" "$b"
	sign p256 "$D/plain.pdf" "$lta" --level lta
	kill "$(cat "$D/pid")"
	rm "$D/port"
	faketime -f +400d python3 tests/tools/authority.py "$D" "$PORT" \
	    >/dev/null 2>&1 3>&- &
	local pid=$!
	until [ -e "$D/port" ]; do sleep 0.05; done
	run faketime -f +400d "$SOHOA" verify --fetch --roots "$D/roots" "$b"
	local first=$status text=$output
	run faketime -f +400d "$SOHOA" verify --fetch --roots "$D/roots" "$lta"
	# Prolonged, its own answers and stamp are enough again.
	faketime -f +400d "$SOHOA" sign "$lta" -o "$lta" --prolong \
	    --level lta --roots "$D/roots" \
	    --tsa "http://127.0.0.1:$PORT/tsa"
	kill $pid $(pgrep -P $pid)
	rm "$D/port"
	python3 tests/tools/authority.py "$D" "$PORT" >/dev/null 2>&1 3>&- &
	echo $! >"$D/pid"
	until [ -e "$D/port" ]; do sleep 0.05; done
	[ $first = 1 ]
	[[ $text == *OUT_OF_BOUNDS_NO_POE* ]]
	[ "$status" = 0 ]
	[ "$(grep -c ETSI.RFC3161 -a "$lta")" = 2 ]
	# The wrong way round: from here that stamp lies in the future.
	run verify "$lta"
	[ "$status" = 1 ]
}

@test "no lower level than asked for: an authority down, refusing or lying" {
	f=$BATS_TEST_TMPDIR/f.pdf
	try() {	# PATH MOOD STATUS KEY
		echo "/$1 $2" >"$D/mood"
		run sign p256 "$D/plain.pdf" "$f" --level lta
		echo "$1 $2: $status $output"
		[ "$status" = "$3" ]
		[[ $output == *"$4"* ]]
		[ ! -e "$f" ]
	}
	try tsa down 75 http.down
	[ "$(grep -c /tsa "$D/log")" = 3 ]
	try tsa refuse 77 http.denied
	try tsa garbage 65 tsa.answer
	try tsa cut 65 tsa.answer
	try tsa big 65 http.size
	try tsa other 76 tsa.other
	try tsa 'clock 4000' 76 tsa.clock
	try tsa 'clock -4000' 76 tsa.clock
	try crl/root.crl down 75 revocation.down
	try crl/root.crl garbage 76 revocation.wrong
	# A second answer to another question.
	echo "/tsa replay" >"$D/mood"
	run sign p256 "$D/plain.pdf" "$f" --level t
	[ "$status" = 76 ]
	[[ $output == *tsa.other* ]]
	# OCSP down or by a stranger: the list says it as well.
	echo "/ocsp other" >"$D/mood"
	sign p256 "$D/plain.pdf" "$f" --level lt
	verify "$f"
}

@test "a time stamp by a stranger or under another policy is refused" {
	make_home
	sed -i "s|^tsa = .*|tsa = http://127.0.0.1:$PORT/tsa|
		s|^sign-level.*|sign-level = t|" "$SOHOA_HOME/sohoa.conf"
	# The home's roots do not know that authority.
	run "$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/f.pdf"
	[ "$status" = 76 ]
	[[ $output == *tsa.untrusted* ]]
	cp "$D/root.pem" "$SOHOA_HOME/keys/roots/tsa.pem"
	"$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/f.pdf" --as agency
	"$SOHOA" verify --fetch "$BATS_TEST_TMPDIR/f.pdf"
	sed -i "s|^tsa-policy.*|tsa-policy = 1.2.3.4.5|" "$SOHOA_HOME/sohoa.conf"
	"$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/f.pdf"
	sed -i "s|^tsa-policy.*|tsa-policy = 1.2.3.4.99|" "$SOHOA_HOME/sohoa.conf"
	run "$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/f.pdf"
	[ "$status" = 75 ]
	[[ $output == *tsa.refused* ]]
	# Too slow for what the home allows.
	sed -i "s|^tsa-policy.*|tsa-policy =|
		s|^network-timeout-s.*|network-timeout-s = 1|
		s|^network-tries.*|network-tries = 1|" "$SOHOA_HOME/sohoa.conf"
	echo "/tsa slow 20" >"$D/mood"
	run "$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/f.pdf"
	[ "$status" = 75 ]
	[[ $output == *http.down* ]]
}

@test "papers wait while the authority is down; after the grace none are taken" {
	make_home
	cp "$D/root.pem" "$SOHOA_HOME/keys/roots/tsa.pem"
	sed -i "s|^tsa = .*|tsa = http://127.0.0.1:$PORT/tsa|
		s|^sign-level.*|sign-level = lt|
		s|^network-tries.*|network-tries = 1|" "$SOHOA_HOME/sohoa.conf"
	dossier=$(ls -d "$DOSSIERS"/*/ | head -1)
	echo "/tsa down" >"$D/mood"
	run "$SOHOA" intake --json --quiet "$dossier"
	[ "$status" = 1 ]
	[[ $output == *sign.pending* ]]
	[ "$(json 'v["format"]' <"$SOHOA_HOME/outage.json")" = sohoa-outage-1 ]
	"$SOHOA" status | grep -q 'WAITING since'
	"$SOHOA" status --json | schema status.schema.json
	# One silence is waited for (and one by the seal), not one a document.
	[ "$(grep -c /tsa "$D/log")" -le 2 ]
	[ "$("$SOHOA" verify --all --json | json 'len(v["reports"])')" = 0 ]
	# Too long: refused before anything is read.
	sed -i 's/"since": "[^"]*"/"since": "2020-01-01T00:00:00+07:00"/' \
	    "$SOHOA_HOME/outage.json"
	run "$SOHOA" intake --json --quiet "$dossier"
	[ "$status" = 75 ]
	[[ $output == *sign.outage* ]]
	run "$SOHOA" status
	[ "$status" = 75 ]
	# Up again: the same command goes on from there.
	rm "$D/mood"
	run "$SOHOA" intake --json --quiet "$dossier"
	[ "$status" -le 1 ]
	[[ $output != *sign.pending* ]]
	[ ! -e "$SOHOA_HOME/outage.json" ]
	"$SOHOA" verify --all --json | json \
	    'all(s.get("level", "B-LT") == "B-LT" and r["status"] == "TOTAL-PASSED" for r in v["reports"] for s in r["signatures"]) and len(v["reports"]) > 0' |
	    grep -qx True
}

@test "what was shown is what is signed" {
	d=$(sha256sum <"$D/plain.pdf" | cut -d' ' -f1)
	sign p256 "$D/plain.pdf" "$BATS_TEST_TMPDIR/f.pdf" --digest "$d" --json |
	    json 'v["shown"]' | grep -qx "$d"
	run sign p256 "$BATS_TEST_TMPDIR/f.pdf" "$BATS_TEST_TMPDIR/g.pdf" \
	    --digest "$d"
	[ "$status" = 75 ]
	[[ $output == *sign.changed* ]]
	# A signed file that was changed is not signed on.
	alter "$BATS_TEST_TMPDIR/f.pdf" 12
	run sign second "$BATS_TEST_TMPDIR/f.pdf" "$BATS_TEST_TMPDIR/g.pdf"
	[ "$status" = 76 ]
	[[ $output == *sign.damaged* ]]
}

@test "the page to print says what the verdict says" {
	sign p256 "$D/plain.pdf" "$BATS_TEST_TMPDIR/a<b>.pdf" --level lta
	SOHOA_LANG=vi verify --report "$BATS_TEST_TMPDIR/p.html" \
	    "$BATS_TEST_TMPDIR/a<b>.pdf"
	xmllint --html --noout "$BATS_TEST_TMPDIR/p.html" 2>&1 |
	    grep -v 'Tag \(article\|section\|footer\) invalid' |
	    grep 'error' && false
	grep -q 'HỢP LỆ' "$BATS_TEST_TMPDIR/p.html"
	grep -q 'B-LTA' "$BATS_TEST_TMPDIR/p.html"
	grep -q 'a&lt;b&gt;.pdf' "$BATS_TEST_TMPDIR/p.html"
	grep -q "$(sha256sum <"$BATS_TEST_TMPDIR/a<b>.pdf" | cut -d' ' -f1)" \
	    "$BATS_TEST_TMPDIR/p.html"
}

@test "a token signs; its PIN is told once and stands in no process list" {
	M=$(ls /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)
	export SOFTHSM2_CONF=$BATS_TEST_TMPDIR/softhsm2.conf
	mkdir "$BATS_TEST_TMPDIR/tokens"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
	    "$BATS_TEST_TMPDIR/tokens" >"$SOFTHSM2_CONF"
	for key in p256 p384 rsa2048; do
		softhsm2-util --init-token --free --label $key --pin 1234 \
		    --so-pin 5678 >/dev/null
		openssl pkcs8 -topk8 -nocrypt -in "$D/$key.key" \
		    -out "$BATS_TEST_TMPDIR/k.p8"
		softhsm2-util --import "$BATS_TEST_TMPDIR/k.p8" --token $key \
		    --label officer --id 01 --pin 1234 >/dev/null
		for c in $key sub; do
			openssl x509 -in "$D/$c.pem" -outform DER \
			    -out "$BATS_TEST_TMPDIR/c.der"
			pkcs11-tool --module "$M" --token-label $key --login \
			    --pin 1234 --write-object "$BATS_TEST_TMPDIR/c.der" \
			    --type cert --label $c \
			    --id $([ $c = sub ] && echo 02 || echo 01) >/dev/null
		done
	done
	with() {	# TOKEN PIN OUT [OPTIONS …]
		local token=$1 pin=$2 out=$3
		shift 3
		"$SOHOA" sign "$D/plain.pdf" -o "$out" --pin-fd 4 \
		    --roots "$D/roots" --key "pkcs11:${SPY:-$M}?token=$token" \
		    --tsa "http://127.0.0.1:$PORT/tsa" "$@" 4<<<"$pin"
	}
	for key in p256 p384 rsa2048; do
		f=$BATS_TEST_TMPDIR/$key.pdf
		with $key 1234 "$f" --level lt
		verify "$f"
		openssl_takes "$f" 0
		certtool_takes "$f" 0
	done
	with rsa2048 1234 "$BATS_TEST_TMPDIR/pss.pdf" --pss --level lt
	verify "$BATS_TEST_TMPDIR/pss.pdf"
	run with p256 9999 "$BATS_TEST_TMPDIR/no.pdf"
	[ "$status" = 77 ]
	[[ $output == *key.pin* ]]
	[ ! -e "$BATS_TEST_TMPDIR/no.pdf" ]
	run with nobody 1234 "$BATS_TEST_TMPDIR/no.pdf"
	[ "$status" = 66 ]
	[[ $output == *key.token* ]]
	# OpenSC's spy between us and the token counts how often it is told.
	export SPY=$(ls /usr/lib/*/pkcs11-spy.so /usr/lib/*/pkcs11/pkcs11-spy.so \
	    2>/dev/null | head -1)
	if [ -n "$SPY" ]; then
		export PKCS11SPY=$M PKCS11SPY_OUTPUT=$BATS_TEST_TMPDIR/spy
		run with p256 9999 "$BATS_TEST_TMPDIR/no.pdf"
		[ "$(grep -c ': C_Login' "$BATS_TEST_TMPDIR/spy")" = 1 ]
	fi
}

@test "a remote service signs; one PIN, no lies" {
	(umask 077; printf 'open-sesame\n' >"$BATS_TEST_TMPDIR/token")
	with() {	# CREDENTIAL PIN OUT [OPTIONS …]
		local name=$1 pin=$2 out=$3
		shift 3
		"$SOHOA" sign "$D/plain.pdf" -o "$out" --pin-fd 4 \
		    --roots "$D/roots" --key "csc:http://127.0.0.1:$PORT/csc/v2?credential=$name&token-file=$BATS_TEST_TMPDIR/token" \
		    --tsa "http://127.0.0.1:$PORT/tsa" "$@" 4<<<"$pin"
	}
	for key in p256 p384 rsa2048; do
		f=$BATS_TEST_TMPDIR/$key.pdf
		with $key 246810 "$f" --level lt
		verify "$f"
		openssl_takes "$f" 0
		pdfsig -nocert "$f" | grep -q 'Signature is Valid'
	done
	with rsa2048 246810 "$BATS_TEST_TMPDIR/pss.pdf" --pss --level lt
	verify "$BATS_TEST_TMPDIR/pss.pdf"
	: >"$D/log"
	run with p256 111111 "$BATS_TEST_TMPDIR/no.pdf"
	[ "$status" = 77 ]
	[[ $output == *key.pin* ]]
	[ "$(grep -c authorize "$D/log")" = 1 ]
	# The document never leaves: only digests do.
	[ "$(awk '$3 > 2000' "$D/log" | wc -l)" = 0 ]
	try() {	# METHOD MOOD STATUS KEY
		echo "/csc/v2/$1 $2" >"$D/mood"
		run with p256 246810 "$BATS_TEST_TMPDIR/no.pdf"
		echo "$1 $2: $status $output"
		[ "$status" = "$3" ]
		[[ $output == *"$4"* ]]
		[ ! -e "$BATS_TEST_TMPDIR/no.pdf" ]
	}
	try signatures/signHash other 76 key.lying
	try signatures/signHash cut 65 csc.answer
	try signatures/signHash down 75 http.down
	try credentials/info down 75 http.down
	try credentials/info garbage 65 csc.answer
	try credentials/authorize big 65 http.size
	# The access token goes nowhere in the clear.
	run "$SOHOA" sign "$D/plain.pdf" -o "$BATS_TEST_TMPDIR/no.pdf" \
	    --roots "$D/roots" --pin-fd 4 4<<<1 \
	    --key "csc:http://127.0.0.1.example:$PORT/csc/v2?credential=p256&token-file=$BATS_TEST_TMPDIR/token"
	[ "$status" != 0 ]
	[[ $output == *key.spec* ]]
	chmod 644 "$BATS_TEST_TMPDIR/token"
	rm "$D/mood"
	run with p256 246810 "$BATS_TEST_TMPDIR/no.pdf"
	[ "$status" = 77 ]
	[[ $output == *key.mode* ]]
}

@test "PDF/A-1b stays PDF/A-1b at every level" {
	python3 tests/tools/pdfa1b.py "$BATS_TEST_TMPDIR/f.pdf"
	sign p256 "$BATS_TEST_TMPDIR/f.pdf" "$BATS_TEST_TMPDIR/g.pdf" \
	    --place left --certify 2 --level t
	sign second "$BATS_TEST_TMPDIR/g.pdf" "$BATS_TEST_TMPDIR/g.pdf" \
	    --place right --level lta
	run tests/tools/preflight.sh "$BATS_TEST_TMPDIR/g.pdf"
	echo "$output"
	grep -q 'is a valid PDF/A-1b file' <<<"$output"
}
