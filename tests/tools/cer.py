#!/usr/bin/env python3
"""Characters and words wrong of text that was read, against its truth.

  cer.py TRUTH.json PAGES.tsv

TRUTH.json is a dossier's; each line of PAGES.tsv names a scan and a page,
both from 0, and the file of the text that was read there.  Prints a line of edits
and characters, edits and words for each: an error rate is the first over the
second.  Only white space is normalised, and Unicode to its composed form.
"""
import json
import sys
import unicodedata


def normal(s):
    return ' '.join(unicodedata.normalize('NFC', s).split())


def distance(a, b):
    """Edits from a to b: Myers' bit vectors (1999), a column per integer."""
    if not a:
        return len(b)
    masks = {}
    for i, c in enumerate(a):
        masks[c] = masks.get(c, 0) | 1 << i
    full, last = (1 << len(a)) - 1, 1 << len(a) - 1
    plus, minus, score = full, 0, len(a)
    for c in b:
        eq = masks.get(c, 0)
        across = (((eq & plus) + plus) ^ plus) | eq
        up = minus | ~(across | plus) & full
        down = plus & across
        score += (1 if up & last else 0) - (1 if down & last else 0)
        # The first row counts up too: 1 comes in below.
        up = (up << 1 | 1) & full
        down = down << 1 & full
        side = eq | minus
        plus = down | ~(side | up) & full
        minus = up & side
    return score


def main():
    truth = json.load(open(sys.argv[1]))
    text = {(p['scan'], p['page']): p['text'] for p in truth['pages']}
    for line in open(sys.argv[2]):
        scan, page, path = line.rstrip('\n').split('\t')
        right = normal(text[int(scan), int(page)])
        read = normal(open(path).read())
        words = right.split(), read.split()
        print(distance(right, read), len(right), distance(*words),
              len(words[0]))


main()
