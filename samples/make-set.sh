#!/bin/sh
# Rebuilds the committed dossiers of samples/dossiers, bit for bit on
# Debian 12 with fonts-liberation2.  O names the build's folder; an argument
# names another folder to write to (the tests compare).
set -eu
cd "$(dirname "$0")/.."
S=${O:-out/release}/samples/sample
D=${1:-samples/dossiers}
LIGHT=tint=0.6,blur=0.7,noise=1.2

dossier() {
	name=$1
	shift
	rm -rf "${D:?}/$name"
	"$S" dossier -o "$D/$name" "$@"
}

# A child is born; the father registers it.
dossier d01 --procedure 1.001193 --seed 2 --me husband --carrier tiff \
	--dpi 200 --quality 55 --degrade "$LIGHT,skew=0.4"
# Forty days later he registers it as a resident: the marriage certificate
# and the card are held already, the birth certificate is not.  A duplex
# feeder, with blank backs, one page upside down.
dossier d02 --procedure 1.004222 --seed 2 --me husband --after 40 \
	--carrier pdf --dpi 200 --quality 55 --grey --with backs,turned \
	--degrade "$LIGHT,skew=-0.3" --capture 1 --earlier "$D/d01"
# He opens a shop: separator sheets between the documents.
dossier d03 --procedure 1.001612 --seed 2 --me husband --after 150 \
	--carrier tiff --dpi 200 --quality 55 --grey --with separators \
	--degrade "$LIGHT,skew=0.2" --capture 2 --earlier "$D/d01,$D/d02"
# Somebody else's paper slipped in.
dossier d04 --procedure 2.000488 --seed 49 --me husband --carrier jpeg \
	--dpi 200 --quality 55 --grey --with stranger \
	--degrade "$LIGHT,skew=0.3"
# A fax.
dossier d05 --procedure 1.001731 --seed 16 --carrier fax --dpi 200 \
	--degrade "fax,skew=0.4"
# Born digital.
dossier d06 --procedure 1.012787 --seed 3 --carrier vector --dpi 200
