"""Independent checks of what sample wrote; standard library only.

  samples_check.py texts FILE.jsonl       fields stand in the text, numbers are well formed
  samples_check.py dossier DIR ...        files, page counts and truth agree
  samples_check.py repeats DIR            duplicate_of of a set agrees with the files
  samples_check.py catalogue DIR          manifest agrees with the files
  samples_check.py boxes FILE.png ...     there is ink where the fields are said to stand, none far outside the text
"""
import collections, hashlib, json, os, re, struct, sys, zlib
from datetime import date

PROVINCES = set('''001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038
 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089
 091 092 093 094 095 096'''.split())
found = []


def wrong(*what):
    found.append(' '.join(str(w) for w in what))


def words(s):
    return ' '.join(s.split())


def mrz_digit(s):
    value = lambda c: int(c) if c.isdigit() else 0 if c == '<' else ord(c) - 55
    return str(sum(value(c) * (7, 3, 1)[i % 3] for i, c in enumerate(s)) % 10)


def check_mrz(where, mrz, fields):
    lines = mrz.split('\n')
    if len(lines) == 3:
        a, b, c = lines
        if [len(x) for x in lines] != [30] * 3:
            return wrong(where, 'MRZ lengths', lines)
        pairs = [(a[5:14], a[14]), (a[15:29], a[29]), (b[:6], b[6]), (b[8:14], b[14]),
                 (a[5:30] + b[:7] + b[8:15] + b[18:29], b[29])]
        number = a[15:27]
    else:
        a, b = lines
        if [len(x) for x in lines] != [44] * 2:
            return wrong(where, 'MRZ lengths', lines)
        pairs = [(b[:9], b[9]), (b[13:19], b[19]), (b[21:27], b[27]), (b[28:42], b[42]),
                 (b[:10] + b[13:20] + b[21:43], b[43])]
        number = b[28:40]
    for text, digit in pairs:
        if mrz_digit(text) != digit:
            wrong(where, 'MRZ check digit', text, digit)
    if number != fields['id_number']:
        wrong(where, 'MRZ number', number, fields['id_number'])


def check_citizen(where, number, sex=None, birth=None):
    if not re.fullmatch(r'\d{12}', number):
        return wrong(where, 'not 12 digits', number)
    if number[:3] not in PROVINCES:
        wrong(where, 'province', number)
    if sex and (int(number[3]) % 2 == 0) != (sex == 'Nam'):
        wrong(where, 'sex', number, sex)
    if birth and (1900 + int(number[3]) // 2 * 100 + int(number[4:6])) != int(birth[:4]):
        wrong(where, 'year', number, birth)


def check_tax(where, code):
    if not re.fullmatch(r'\d{10}', code):
        return wrong(where, 'not a tax code', code)
    s = sum(int(d) * w for d, w in zip(code, (31, 29, 23, 19, 17, 13, 7, 5, 3)))
    if int(code[9]) != 10 - s % 11:
        wrong(where, 'tax check digit', code)


def check_fields(where, doc, text):
    f = doc['fields']
    text = words(text)
    for name, value in f.items():
        if not value.strip():
            wrong(where, name, 'is empty')
        elif name in ('mrz', 'qr'):
            for line in value.split('\n') if name == 'mrz' else []:
                if line not in text:
                    wrong(where, name, line, 'is not in the text')
        elif re.fullmatch(r'\d{4}-\d\d-\d\d', value):
            d = date.fromisoformat(value)       # raises on 30 February
            forms = ['%02d%s%02d%s%04d' % (d.day, s, d.month, s, d.year) for s in '/-.']
            forms += ['ngày %02d tháng %s năm %d' % (d.day, m, d.year) for m in (d.month, '%02d' % d.month)]
            if not any(x in text for x in forms) and name != 'sign_date':
                wrong(where, name, value, 'is not in the text')
        elif doc['type'] in ('cccd', 'can-cuoc') and name.endswith(('residence', 'place')):
            # Its second line stands beside other text.
            if not re.search('.{0,40}?'.join(map(re.escape, value.split())), text):
                wrong(where, name, value, 'is not in the text')
        elif words(value) not in text and name not in ('issuer', 'subject', 'id_number'):
            wrong(where, name, value, 'is not in the text')
    for name, value in f.items():
        if name.endswith('id_number') and re.sub(r'\s', '', value).isdigit():
            check_citizen(where, re.sub(r'\s', '', value), f.get('sex') if name == 'id_number' else None,
                          f.get('birth_date') if name == 'id_number' and doc['type'] not in ('giay-chung-sinh',) else None)
        if name in ('enterprise_code', 'cooperative_code', 'investor_code'):
            check_tax(where, value)
    if 'mrz' in f:
        check_mrz(where, f['mrz'], f)
    if 'qr' in f:
        q = f['qr'].split('|')
        if len(q) != 7 or q[0] != f['id_number'] or q[2].upper() != f['name'] or q[4] != f['sex'] or \
           q[3] != '%s%s%s' % tuple(reversed(f['birth_date'].split('-'))):
            wrong(where, 'QR', f['qr'])
    for h in doc['holders']:
        if re.fullmatch(r'\d{12}', h['id']):
            check_citizen(where, h['id'])


def texts(path):
    kinds = collections.Counter()
    for n, line in enumerate(open(path, encoding='utf-8'), 1):
        doc = json.loads(line)
        kinds[doc['form']] += 1
        text = '\n'.join(doc['sides'])
        if re.search(r'[{}\[\]|]|</?[a-z]+>', text):
            wrong(path, n, 'marks of the description in the text')
        check_fields('%s line %d' % (doc['form'], n), doc, text)
    if len(kinds) < 52 or len(set(kinds.values())) != 1:
        wrong('types', len(kinds), kinds)


def tiff_pages(b):
    e = '<' if b[:2] == b'II' else '>'
    at, n = struct.unpack(e + 'I', b[4:8])[0], 0
    while at and n < 1000:
        count = struct.unpack(e + 'H', b[at:at + 2])[0]
        at = struct.unpack(e + 'I', b[at + 2 + 12 * count:at + 6 + 12 * count])[0]
        n += 1
    return n


def jpeg(b):
    """Width, height, EXIF orientation."""
    at, orientation = 2, 1
    while True:
        marker, size = struct.unpack('>HH', b[at:at + 4])
        if marker == 0xffe1:
            count = struct.unpack('>H', b[at + 18:at + 20])[0]
            for i in range(count):
                tag, _, _, v = struct.unpack('>HHIH', b[at + 20 + 12 * i:at + 30 + 12 * i])
                if tag == 0x112:
                    orientation = v
        if 0xffc0 <= marker <= 0xffc2:
            h, w = struct.unpack('>HH', b[at + 5:at + 9])
            return w, h, orientation
        at += 2 + size


def pages_in(path):
    b = open(path, 'rb').read()
    if path.endswith('.tif'):
        return tiff_pages(b)
    if path.endswith('.pdf'):
        return len(re.findall(rb'/Type /Page\b', b)) or int(re.search(rb'/Count (\d+)', b).group(1))
    return 1


def dossier(folder):
    info = json.load(open(folder + '/dossier.json', encoding='utf-8'))
    truth = json.load(open(folder + '/truth.json', encoding='utf-8'))
    check_citizen(folder, info['holder']['id'], None, info['holder']['birth_date'])
    if not re.fullmatch(r'000\.00\.\d\d\.H\d\d-\d{6}-\d{4}|H\d\d\.\d{3}\.\d\d-\d{6}-(\d\d)?\d{4}', info['code']):
        wrong(folder, 'code', info['code'])
    if not re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00', info['received_at']):
        wrong(folder, 'received_at', info['received_at'])
    if sorted(os.listdir(folder)) != sorted(info['scans'] + ['dossier.json', 'truth.json']):
        wrong(folder, 'files', os.listdir(folder))
    count = collections.Counter(p['scan'] for p in truth['pages'])
    text = {(p['scan'], p['page']): p for p in truth['pages']}
    for i, name in enumerate(info['scans']):
        if pages_in(folder + '/' + name) != count[i]:
            wrong(folder, name, 'has not', count[i], 'pages')
        if name.endswith('.jpg'):
            o = jpeg(open(folder + '/' + name, 'rb').read())[2]
            if o != text[i, 0]['exif_orientation']:
                wrong(folder, name, 'orientation', o)
    seen = [tuple(p) for d in truth['documents'] for p in d['pages']]
    rest = [tuple(p) for p in truth['blank_pages'] + truth['separator_pages']]
    if sorted(seen + rest) != sorted(text):
        wrong(folder, 'pages of documents, blank and separator pages are not all pages')
    for d in truth['documents']:
        check_fields(folder + ' ' + d['type'], d, '\n'.join(text[tuple(p)]['text'] for p in d['pages']))
        for name, boxes in d['boxes'].items():
            if name not in d['fields'] or not all([b[0], b[1]] in d['pages'] and b[4] > 1 and b[5] > 1 for b in boxes):
                wrong(folder, d['type'], name, 'box', boxes)
    for p in truth['separator_pages']:
        m = re.search(r'^SH1\|(.*)\|(.*)\|(.*)\|(\d+)$', text[tuple(p)]['text'], re.M)
        if not m or m.group(1) != info['code'] or m.group(3) != info['station']:
            wrong(folder, 'separator', text[tuple(p)]['text'])
    return info, truth


def digest(path):
    return hashlib.sha256(open(path, 'rb').read()).hexdigest()


def repeats(folder):
    all_ = {n: dossier(folder + '/' + n) for n in sorted(os.listdir(folder))}
    kinds = collections.Counter()
    for n, (info, truth) in all_.items():
        for d in truth['documents']:
            dup = d['duplicate_of']
            if not dup:
                continue
            kinds[dup['kind']] += 1
            info2, truth2 = all_[dup['dossier']]
            o = truth2['documents'][dup['document']]
            same = [digest('%s/%s/%s' % (folder, a, i['scans'][x['pages'][0][0]]))
                    for a, i, x in ((n, info, d), (dup['dossier'], info2, o))]
            if o['type'] != d['type'] or dup['dossier'] >= n:
                wrong(n, d['type'], 'cannot repeat', dup)
            if (dup['kind'] in ('same-bytes', 'rescan')) != (d['paper'] == o['paper']) or \
               (dup['kind'] in ('same-bytes', 'rescan')) != (d['fields'] == o['fields']):
                wrong(n, d['type'], 'fields and', dup)
            if (dup['kind'] == 'same-bytes') != (same[0] == same[1]):
                wrong(n, d['type'], 'bytes and', dup)
    print(dict(kinds))
    for k in ('same-bytes', 'rescan', 'newer-issue', 'same-form-other-numbers'):
        if not kinds[k]:
            wrong('no', k, 'in the set')


def catalogue(folder):
    lines = [json.loads(x) for x in open(folder + '/manifest.jsonl', encoding='utf-8')]
    first = {}
    for i, x in enumerate(lines):
        h = digest(folder + '/' + x['file'])
        if (x['kind'] == 'same-bytes') != (h in first):
            wrong(x['file'], x['kind'], 'but the bytes were', 'seen' if h in first else 'not seen')
        first.setdefault(h, i)
        if x['page'] == 'fresh' and lines[x['original']].get('fields') != x['fields']:
            wrong(x['file'], 'fields of', x['original'])
        if x['page'] != 'broken':
            jpeg(open(folder + '/' + x['file'], 'rb').read())
    print(dict(collections.Counter(x['kind'] for x in lines)), dict(collections.Counter(x['page'] for x in lines)))
    if {x['kind'] for x in lines} != {'fresh', 'same-bytes', 'rescan', 'blank', 'broken'}:
        wrong('not all kinds of pages')


def png(path):
    """Width and rows of grey levels of an 8-bit RGB PNG."""
    b = open(path, 'rb').read()
    w, h = struct.unpack('>II', b[16:24])
    at, data = 8, b''
    while at < len(b):
        n = struct.unpack('>I', b[at:at + 4])[0]
        if b[at + 4:at + 8] == b'IDAT':
            data += b[at + 8:at + 8 + n]
        at += 12 + n
    raw, rows, up = zlib.decompress(data), [], bytearray(3 * w)
    for y in range(h):
        kind, row = raw[y * (3 * w + 1)], bytearray(raw[y * (3 * w + 1) + 1:(y + 1) * (3 * w + 1)])
        for i in range(3 * w):
            a, c = (row[i - 3], up[i - 3]) if i >= 3 else (0, 0)
            u = up[i]
            if kind == 1:
                row[i] = (row[i] + a) & 255
            elif kind == 2:
                row[i] = (row[i] + u) & 255
            elif kind == 3:
                row[i] = (row[i] + (a + u) // 2) & 255
            elif kind == 4:
                pa, pu, pc = abs(u - c), abs(a - c), abs(a + u - 2 * c)
                row[i] = (row[i] + (a if pa <= pu and pa <= pc else u if pu <= pc else c)) & 255
        rows.append(bytes(row[1::3]))
        up = row
    return w, rows


def boxes(path):
    truth = json.load(open(path + '.json', encoding='utf-8'))
    w, rows = png(path)
    for name, list_ in truth['documents'][0]['boxes'].items():
        for _, _, x, y, bw, bh in list_:
            ink = [sum(v < 160 for v in rows[i][x:x + bw]) for i in range(y, min(y + bh, len(rows)))]
            # Letters fill the middle rows and leave the first or last nearly free.
            if sum(ink) < 0.03 * bw * bh or sum(ink[len(ink) // 3:2 * len(ink) // 3]) < sum(ink) / 4:
                wrong(path, name, 'no ink in', x, y, bw, bh, ink)


for arg in sys.argv[2:]:
    {'boxes': boxes, 'texts': texts, 'dossier': dossier, 'repeats': repeats, 'catalogue': catalogue}[sys.argv[1]](arg.rstrip('/'))
for line in found[:20]:
    print(line)
sys.exit(1 if found else 0)
