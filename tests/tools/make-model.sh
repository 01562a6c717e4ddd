#!/bin/sh
# make-model.sh PAPERS MARKS: the model of papers and that of marks, the same
# bytes each time.
set -eu
O=${O:-out/release}
"$O/samples/sample" texts -n 16 --seed 20261 --readings --noise 30 |
    "$O/tests/tools/train" "$1"
"$O/samples/sample" texts -n 24 --seed 20261 | tests/tools/marks.py "$2"
