#!/bin/sh
# make-model.sh OUT: the model of papers, the same bytes each time.
set -eu
O=${O:-out/release}
"$O/samples/sample" texts -n 16 --seed 20261 --readings --noise 30 |
    "$O/tests/tools/train" "$1"
