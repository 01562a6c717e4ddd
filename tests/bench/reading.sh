#!/bin/sh
# reading.sh O SHARED: every bar of reading, beside plain Tesseract.  Pages
# and dossiers are read side by side, a core each.  QUICK=1: one page of each
# class, three dossiers.  Ends with 1 when a bar is missed.
set -u
O=$1 SHARED=$2
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export OMP_THREAD_LIMIT=1 SOHOA_LANG=en
q=${QUICK:+-q}
missed=0

"$O/tests/bench/bench_reading" $q -D "$SHARED" > "$T/dossiers" &
dossiers=$!
"$O/tests/bench/bench_reading" $q "$SHARED" || missed=1
wait $dossiers || missed=1
echo
cat "$T/dossiers"

echo
echo "codes: 648 hard QR images, 16 bar codes"
"$O/tests/bench/bench_codes" 2>/dev/null || missed=1

echo
echo "types and fields of generated papers, 2 in 100 words misread"
"$O/samples/sample" texts -n ${QUICK:-10} --seed 4711 --readings \
    --noise 20 | "$O/sohoa" bench reading -

echo
echo "a born-digital page: processor seconds of its decoder, its reader"
"$O/samples/sample" page --type giay-khai-sinh --seed 3 --vector -o "$T/v.pdf"
"$O/sohoa" read --usage --quiet "$T/v.pdf" 2>&1 >/dev/null |
    sed -n 's/.*\("decode_cpu_s":[0-9.]*\),\("read_cpu_s":[0-9.]*\).*/\1 \2/p'

if [ -f "$SHARED/corpora/hostile/MANIFEST.tsv" ] && [ -z "${QUICK:-}" ]; then
	echo
	echo "hostile files: class by outcome"
	"$O/tests/tools/corpus" "$SHARED/corpora/hostile/MANIFEST.tsv" ||
	    missed=1
fi
exit $missed
