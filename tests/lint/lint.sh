#!/bin/sh
# What a machine can check of the style: layers point one way, symbols carry
# the prefix, headers stand alone, each foreign library has one room, the
# main program links no decoder, man pages are sound, every error key has
# its sentence.  Prints findings; exits 1 if there is one.
set -u
O=${O:-out/release}
CC=${CC:-gcc}
found=0
say() { echo "lint: $*"; found=1; }

# A folder may include itself and what stands left of it.
order="base schemas ocr signing archive pipeline"
allowed=""
for layer in $order; do
	allowed="$allowed $layer"
	for f in "$layer"/*.[ch] "$layer"/*.cpp; do
		[ -e "$f" ] || continue
		for inc in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$f"); do
			case " $allowed " in
			*" ${inc%%/*} "*) ;;
			*) say "$f includes $inc, which stands right of it" ;;
			esac
		done
	done
done
for f in pipeline/worker/*.[ch]; do
	[ -e "$f" ] || continue
	for inc in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$f"); do
		case $inc in
		base/*|schemas/*|ocr/*|signing/*|pipeline/worker/*) ;;
		*) say "$f includes $inc: the worker sees neither archive nor pipeline" ;;
		esac
	done
done

# Headers alone.
for h in */*.h pipeline/*/*.h; do
	[ -e "$h" ] || continue
	case $h in tests/*|out/*) continue ;; esac
	$CC -I. -D_GNU_SOURCE -std=c11 -fsyntax-only -x c "$h" 2>/dev/null ||
		say "$h does not compile alone"
done

# Every external symbol of ours is sh_<module>_<verb>.
for lib in "$O"/lib*.a; do
	bad=$(nm -g --defined-only "$lib" 2>/dev/null |
		awk '$2 ~ /[TDBRVW]/ && $3 !~ /^(sh_|_Z|DW\.ref|__)/ {print $3}' | sort -u)
	[ -z "$bad" ] || say "$lib exports" $bad
done

# One room for each foreign library.
room() {	# header pattern, files allowed
	hits=$(grep -lE "^#include <$1" -r base schemas ocr signing archive pipeline \
		--include='*.c' --include='*.h' --include='*.cpp' 2>/dev/null)
	for f in $hits; do
		case " $2 " in *" $f "*) ;; *) say "$f includes <$1>: its room is $2" ;; esac
	done
}
room 'tiff' 'ocr/image_tiff.c'
room 'jpeglib' 'ocr/image_jpeg.c'
room 'png\.h' 'ocr/image_png.c'
room 'capi\.h' 'ocr/engine.c'
room 'openjpeg' 'ocr/image_jp2.c'
room 'webp/' 'ocr/image_webp.c'
room 'gif_lib' 'ocr/image_gif.c'
room 'qpdf/' 'ocr/pdfin_dict.h'
room 'ZXing/' 'ocr/barcode_zxing.cpp'
room 'zbar' 'ocr/barcode.c'
room 'lmdb' 'archive/engine_lmdb_internal.h'
room 'sqlite3' 'archive/search_internal.h'
room 'qrencode' 'pipeline/cover_pdf.c'
room 'seccomp' 'pipeline/worker/sandbox.c'
room 'curl/' 'signing/http.c'
room 'p11-kit' 'signing/signer_pkcs11.c archive/kek.c'

# The main program parses no image and no PDF.
if [ -e "$O/sohoa" ]; then
	bad=$(readelf -d "$O/sohoa" | sed -n 's/.*NEEDED.*\[lib\(tesseract\|lept\|tiff\|jpeg\|png16\|openjp2\|webp\|gif\|qpdf\|ZXing\|zbar\).*/\1/p')
	[ -z "$bad" ] || say "$O/sohoa links" $bad
fi

# Man pages.
for m in pipeline/man/*.[0-9]; do
	[ -e "$m" ] || continue
	out=$(mandoc -Tlint -W warning "$m" 2>&1) || true
	[ -z "$out" ] || { say "man page"; echo "$out"; }
done

# Each command and each setting stands in its manual, and nothing else does.
if [ -x "$O/sohoa" ]; then
	tmp=$(mktemp -d)
	"$O/sohoa" init "$tmp/home" >/dev/null
	sed -n 's/^\([a-z0-9-]*\) = .*/\1/p' "$tmp/home/sohoa.conf" | sort >"$tmp/has"
	sed -n 's/^\.It Cm //p' pipeline/man/sohoa.conf.5 | sort >"$tmp/told"
	diff "$tmp/has" "$tmp/told" >"$tmp/diff" ||
		say "sohoa.conf.5 against the settings" "$(cat "$tmp/diff")"
	"$O/sohoa" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' |
		sort >"$tmp/has"
	sed -n 's/^\.It Cm \([a-z]*\)$/\1/p' pipeline/man/sohoa.1 | sort >"$tmp/told"
	for c in $(comm -23 "$tmp/has" "$tmp/told"); do
		say "sohoa.1 says nothing of the command $c"
	done
	rm -r "$tmp"
fi

# Each room says what it is for.
for d in schemas ocr signing archive pipeline pipeline/worker samples; do
	[ -e "$d/DESIGN.md" ] || say "$d has no DESIGN.md"
done

# Every error key has its sentence in both languages.
if [ -e schemas/messages.json ]; then
	keys=$(grep -rhoE '"[a-z0-9]+\.[a-z0-9-]+"' base schemas ocr signing archive pipeline \
		--include='*.c' --include='*.cpp' | tr -d '"' | sort -u |
		grep -vE '\.(json|conf|key|pem|p12|mdb|seg|sqlite|sql|lock|c|h|pdf|txt|traineddata|ttf|icc|so|log|md)$')
	used=$(grep -rhoE 'sh_error_(set|sys)\([^;]*' -z base schemas ocr signing archive pipeline \
		--include='*.c' --include='*.cpp' 2>/dev/null | tr '\0\n' '  ' |
		grep -oE '"[a-z0-9]+\.[a-z0-9-]+"' | tr -d '"' | sort -u)
	for k in $keys; do
		case "
$used
" in *"
$k
"*) grep -q "\"$k\"" schemas/messages.json || say "no sentence for the error $k" ;; esac
	done
fi

[ "$found" = 0 ] && echo "lint: clean"
exit "$found"
