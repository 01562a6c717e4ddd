#!/usr/bin/env python3
"""A one-page PDF/A-1b without text, for tests: pdfa1b.py OUT"""
import struct
import sys


def icc():
    """The smallest RGB matrix profile with sRGB's primaries, gamma 2.2."""
    def xyz(*v):
        return b'XYZ \0\0\0\0' + b''.join(
            struct.pack('>i', round(x * 65536)) for x in v)
    text = b'sRGB\0'
    desc = (b'desc\0\0\0\0' + struct.pack('>I', len(text)) + text +
            bytes(4 + 4 + 2 + 1 + 67))
    trc = b'curv\0\0\0\0\0\0\0\1' + struct.pack('>H', 563) + b'\0\0'
    tags = [(b'desc', desc), (b'cprt', b'text\0\0\0\0none\0'),
            (b'wtpt', xyz(0.9642, 1, 0.8249)),
            (b'rXYZ', xyz(0.4361, 0.2225, 0.0139)),
            (b'gXYZ', xyz(0.3851, 0.7169, 0.0971)),
            (b'bXYZ', xyz(0.1431, 0.0606, 0.7141)),
            (b'rTRC', trc), (b'gTRC', trc), (b'bTRC', trc)]
    table, body = b'', b''
    base = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack('>II', base + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = (struct.pack('>I', base + len(body)) + b'\0\0\0\0\2\x10\0\0' +
            b'mntrRGB XYZ ' + struct.pack('>6H', 2026, 1, 1, 0, 0, 0) +
            b'acsp' + bytes(28) +
            struct.pack('>3i', 63190, 65536, 54061))
    return head.ljust(128, b'\0') + struct.pack('>I', len(tags)) + table + body


XMP = b'''<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>'''


def stream(members, data):
    return b'<<%s/Length %d>>\nstream\n%s\nendstream' % (
        members, len(data), data)


objects = [
    b'<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R/OutputIntents[<</Type'
    b'/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)'
    b'/Info(sRGB)/DestOutputProfile 6 0 R>>]>>',
    b'<</Type/Pages/Kids[3 0 R]/Count 1>>',
    b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>'
    b'/Contents 4 0 R>>',
    stream(b'', b'0.9 0.9 0.9 rg 100 100 300 300 re f'),
    stream(b'/Type/Metadata/Subtype/XML', XMP),
    stream(b'/N 3', icc()),
]
out = b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n'
at = []
for i, o in enumerate(objects, 1):
    at.append(len(out))
    out += b'%d 0 obj\n%s\nendobj\n' % (i, o)
xref = len(out)
out += b'xref\n0 %d\n0000000000 65535 f \n' % (len(objects) + 1)
out += b''.join(b'%010d 00000 n \n' % a for a in at)
out += (b'trailer\n<</Size %d/Root 1 0 R/ID[<0102><0102>]>>\nstartxref\n'
        b'%d\n%%%%EOF\n' % (len(objects) + 1, xref))
open(sys.argv[1], 'wb').write(out)
