#!/usr/bin/env python3
"""The model of marks (ocr/marks.h) from generated papers and our own words.

  sample texts -n N | marks.py OUT

Counts words and pairs of neighbouring words in the papers' texts, without
people's names, and in the catalogue's Vietnamese strings, which count
twice.  A small word before a capitalised one counts as a pair with "^" too:
it is what places and people are called with.  The same input gives the same
bytes.
"""
import collections
import json
import re
import sys
import unicodedata

MARKED = re.compile('[\u00c0-\u024f\u1ea0-\u1ef9]')
WORD = re.compile(r'([^\w]*)([^\W\d_]*)([^\w]*)$')
LONGEST = 23                    # bytes; longer words are no syllables

words = collections.Counter()
pairs = collections.Counter()


def count_pair(last, seen, weight):
    a, b = last.lower(), seen.lower()
    # "Thị Lan" is a name, whosever it is; "Thị xã" and "THỊ XÃ" are none.
    if last in ('Thị', 'Văn') and seen.istitle():
        return
    pairs[a, b] += weight
    if last.islower() and seen.istitle():
        pairs[a, '^'] += weight


def count(text, weight):
    """Signs and figures part the words that stand around them."""
    words['^'] += 1
    for line in unicodedata.normalize('NFC', text).split('\n'):
        last = None
        for token in line.split():
            m = WORD.match(token)
            word = m.group(2) if m else ''
            if not word or len(word.encode()) > LONGEST:
                last = None
                continue
            if m.group(1):
                last = None
            words[word.lower()] += weight
            if last is not None:
                count_pair(last, word, weight)
            last = None if m.group(3) else word


def strings(v):
    if isinstance(v, str):
        yield v
    for child in (v.values() if isinstance(v, dict) else
                  v if isinstance(v, list) else ()):
        yield from strings(child)


def name_fields(v):
    """Names of the fields that hold people's names."""
    for key, child in (v.items() if isinstance(v, dict) else ()):
        if isinstance(child, dict) and child.get('kind') == 'name':
            yield key
        yield from name_fields(child)
    for child in (v if isinstance(v, list) else ()):
        yield from name_fields(child)


def main():
    schemas = [json.load(open('schemas/%s.json' % name, encoding='utf-8'))
               for name in ('paper-types', 'procedures')]
    for schema in schemas:
        for s in strings(schema):
            if MARKED.search(s):
                count(s, 2)
    people = set(name_fields(schemas[0]))
    for line in sys.stdin:
        paper = json.loads(line)
        text = '\n'.join(paper['sides'])
        names = [v for k, v in paper['fields'].items() if k in people]
        names += [h['name'] for h in paper['holders'] if h.get('name')]
        for name in sorted(names, key=len, reverse=True):
            text = re.sub(re.escape(name), '|', text, flags=re.I)
        count(text, 1)
    order = sorted(words)
    index = {w: i for i, w in enumerate(order)}
    with open(sys.argv[1], 'w', encoding='utf-8', newline='\n') as out:
        out.write('sohoa-marks 1\n%d %d\n' % (len(order), len(pairs)))
        for w in order:
            out.write('%d %s\n' % (words[w], w))
        for a, b in sorted(pairs):
            out.write('%d %d %d\n' % (pairs[a, b], index[a], index[b]))


main()
