#!/usr/bin/env python3
"""Checks what a sohoa archive hands out as proof, without the archive.

  check_evidence.py record EVIDENCE.ers FILE...
      an evidence record (RFC 4998) about these files, one object each
  check_evidence.py proof PROOF.json SEAL.json
      a document's accession is under a seal (RFC 9162)
  check_evidence.py consistency CONSISTENCY.json FIRST.json LAST.json
      the changes of one seal are the first ones of a later seal

  --roots DIR    PEM files: signatures and time stamps must lead to one of
                 them; without it who signed is not looked at
  --at SECONDS   the last time stamp must hold at this moment (Unix time)

Written from RFC 4998, 9162, 3161 and 5652 alone, with Python's standard
library and the openssl command.  Exit status: 0 it proves, 1 it does not.
"""
import argparse
import base64
import calendar
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time


class Broken(Exception):
    """It does not prove what it should."""


# ---- ASN.1 ------------------------------------------------------------------

class Element:
    """One element: its tag, its content, and all its bytes."""

    def __init__(self, data, at, depth=0):
        if depth > 40:
            raise Broken("ASN.1 nested too deeply")
        start = at
        if at + 2 > len(data):
            raise Broken("ASN.1 is cut off")
        self.tag = data[at]
        first = data[at + 1]
        at += 2
        if first == 0x80:                  # indefinite: ends with 00 00
            body = at
            while data[at:at + 2] != b"\0\0":
                at = Element(data, at, depth + 1).end
            self.body, self.end = data[body:at], at + 2
        else:
            size = first
            if first & 0x80:
                n = first & 0x7F
                size = int.from_bytes(data[at:at + n], "big")
                at += n
            if n_over(at, size, len(data)):
                raise Broken("ASN.1 is cut off")
            self.body, self.end = data[at:at + size], at + size
        self.whole = data[start:self.end]

    def children(self):
        out, at = [], 0
        while at < len(self.body):
            out.append(Element(self.body, at))
            at = out[-1].end
        return out


def n_over(at, size, limit):
    return size > limit or at + size > limit


def parse(data):
    e = Element(data, 0)
    if e.end != len(data):
        raise Broken("something stands behind the ASN.1")
    return e


def der(tag, body):
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


DIGESTS = {
    "608648016503040201": "sha256", "608648016503040202": "sha384",
    "608648016503040203": "sha512", "608648016503040208": "sha3_256",
    "608648016503040209": "sha3_384", "60864801650304020a": "sha3_512",
    "608648016503040204": "sha224",
}
NAMES = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512",
         "SHA3-256": "sha3_256", "SHA3-384": "sha3_384",
         "SHA3-512": "sha3_512"}


def digest_of(algorithm):
    """The digest of an AlgorithmIdentifier's content."""
    oid = Element(algorithm, 0)
    if oid.tag != 6 or oid.body.hex() not in DIGESTS:
        raise Broken("a digest that is unknown or weak")
    return DIGESTS[oid.body.hex()]


def H(name, data):
    return hashlib.new(name, data).digest()


# ---- signatures: the openssl command ----------------------------------------

class OpenSSL:
    def __init__(self, roots):
        self.dir = tempfile.TemporaryDirectory()
        self.roots = None
        if roots:
            self.roots = self.put("roots.pem", b"".join(
                open(p, "rb").read() + b"\n"
                for p in sorted(glob.glob(os.path.join(roots, "*.pem")))))

    def put(self, name, data):
        path = os.path.join(self.dir.name, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def run(self, *args):
        r = subprocess.run(["openssl", *args], capture_output=True,
                           check=False)
        if r.returncode != 0:
            why = r.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Broken("openssl: " + (why[-1] if why else "no"))
        return r.stdout

    def trust(self, at):
        """Which chains to accept, at which moment."""
        if self.roots is None:
            return ["-noverify"]
        return ["-CAfile", self.roots, "-partial_chain", "-purpose", "any",
                "-attime", str(int(at))]

    def signed(self, signature, content, at):
        """A detached CMS over these bytes."""
        self.run("cms", "-verify", "-binary", "-inform", "DER", "-in",
                 self.put("signature", signature), "-content",
                 self.put("content", content), "-out", os.devnull,
                 *self.trust(at))

    def stamped(self, token, at):
        """What a time-stamp token says; it has to hold at that moment."""
        path = self.put("token", token)
        info = self.run("cms", "-verify", "-binary", "-inform", "DER", "-in",
                        path, *self.trust(at))
        return TSTInfo(info)

    def authority(self, token, stamp, at):
        """Made by a time-stamp authority (its certificate says so)."""
        if self.roots is None:
            return
        self.run("ts", "-verify", "-digest", stamp.imprint.hex(),
                 "-token_in", "-in", self.put("token", token), "-CAfile",
                 self.roots, "-partial_chain", "-attime", str(int(at)))


class TSTInfo:
    def __init__(self, data):
        parts = parse(data).children()
        imprint = parts[2].children()
        self.digest = digest_of(imprint[0].body)
        self.imprint = imprint[1].body
        when = next(p for p in parts[3:] if p.tag == 0x18).body.decode()
        self.when = calendar.timegm(time.strptime(
            when.rstrip("Z").split(".")[0], "%Y%m%d%H%M%S"))


# ---- evidence records (RFC 4998) --------------------------------------------

class Stamp:
    """ArchiveTimeStamp { [0] digest, [1], [2] reducedHashtree, timeStamp }"""

    def __init__(self, element):
        parts = element.children()
        self.token = parts[-1].whole
        self.digest, self.tree = None, None
        for p in parts[:-1]:
            if p.tag == 0xA0:
                self.digest = digest_of(p.body)
            elif p.tag == 0xA2:
                self.tree = [[h.body for h in part.children()]
                             for part in p.children()]

    def root(self, wanted):
        """Where the tree leads from these hashes (4.3)."""
        if self.tree is None:
            if len(wanted) != 1:
                raise Broken("several objects and no tree")
            return wanted[0]
        first = self.tree[0]
        if any(w not in first for w in wanted):
            raise Broken("the record is about something else")
        if len(wanted) > 1 and len(first) != len(wanted):
            raise Broken("the group has other members")
        have = None
        for part in self.tree:
            part = part + ([have] if have is not None else [])
            have = part[0] if len(part) == 1 else \
                H(self.digest, b"".join(sorted(part)))
        return have


def unverified(token):
    """A token's TSTInfo before anything of it is believed."""
    signed = parse(token).children()[1].children()[0].children()
    content = signed[2].children()[1].children()[0]
    body = content.body
    if content.tag & 0x20:                 # in pieces
        body = b"".join(p.body for p in content.children())
    return TSTInfo(body)


def check_record(openssl, record, files, at):
    top = parse(record).children()
    chains = top[-1].children()
    objects = [open(f, "rb").read() for f in files]
    flat = []                              # (stamp, what it must cover)
    for c, chain in enumerate(chains):
        stamps = [Stamp(e) for e in chain.children()]
        if not stamps:
            raise Broken("an empty chain")
        for s in stamps:
            s.digest = s.digest or unverified(s.token).digest
        name = stamps[0].digest
        if any(s.digest != name for s in stamps):
            raise Broken("a chain with two digests")
        wanted = [H(name, o) for o in objects]
        if c > 0:
            before = der(0x30, b"".join(x.whole for x in chains[:c]))
            wanted = [H(name, w + H(name, before)) for w in wanted]
        for i, s in enumerate(stamps):
            flat.append((s, wanted if i == 0 else
                         [H(name, stamps[i - 1].token)]))
    times = [unverified(s.token).when for s, _ in flat] + [at]
    for i, (s, wanted) in enumerate(flat):
        root = s.root(wanted)
        stamp = openssl.stamped(s.token, times[i + 1])
        openssl.authority(s.token, stamp, times[i + 1])
        if stamp.digest != s.digest or stamp.imprint != root:
            raise Broken("time stamp %d is of something else" % (i + 1))
        if times[i + 1] < times[i] and i + 1 < len(flat):
            raise Broken("time stamp %d is older than the one before"
                         % (i + 2))
    return "%d object(s) proven since %s, %d time stamp(s), %d chain(s)" % (
        len(objects), time.strftime("%Y-%m-%d %H:%M:%S UTC",
                                    time.gmtime(times[0])),
        len(flat), len(chains))


# ---- seals ------------------------------------------------------------------

class Seal:
    """A seal's file: statement, signature over it, time stamp of that."""

    def __init__(self, path, openssl):
        with open(path, "rb") as f:
            sealed = json.load(f)
        text = sealed["statement"].encode()
        signature = base64.b64decode(sealed["signature"])
        self.said = json.loads(text)
        self.trees = self.said["trees"]
        self.at = calendar.timegm(time.strptime(
            self.said["at"][:19], "%Y-%m-%dT%H:%M:%S")) - 7 * 3600
        if self.said["format"] != "sohoa-seal-1" or \
                not self.said["at"].endswith("+07:00"):
            raise Broken("no seal that is known")
        openssl.signed(signature, text, self.at)
        self.stamp = None
        if "stamp" not in sealed:
            return
        documents = self.said["documents"]
        name = NAMES[documents["hash"]]
        root = H(name, signature)
        if documents["count"] > 0:
            root = H(name, b"".join(sorted(
                [root, bytes.fromhex(documents["root"])])))
        token = base64.b64decode(sealed["stamp"])
        when = unverified(token).when
        self.stamp = openssl.stamped(token, when)
        openssl.authority(token, self.stamp, when)
        if self.stamp.digest != name or self.stamp.imprint != root:
            raise Broken("the seal's time stamp is of something else")

    def __str__(self):
        return "seal %d of %s%s" % (
            self.said["number"], self.said["at"], ", time stamp " +
            time.strftime("%Y-%m-%d %H:%M:%S UTC",
                          time.gmtime(self.stamp.when))
            if self.stamp else ", without a time stamp")


# ---- Merkle trees (RFC 9162) ------------------------------------------------

def node(left, right):
    return H("sha256", b"\1" + left + right)


def path_of(v):
    data = base64.b64decode(v["path"])
    return [data[i:i + 32] for i in range(0, len(data), 32)]


def check_inclusion(leaf, index, size, path, root):
    """2.1.3.2"""
    fn, sn, r = index, size - 1, leaf
    if index >= size:
        raise Broken("the leaf is behind the tree")
    for p in path:
        if sn == 0:
            raise Broken("the path is too long")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != root:
        raise Broken("the path does not lead to the seal's root")


def check_prefix(first, second, path, old, new):
    """2.1.4.2"""
    if first == 0:
        return
    if first == second:
        if path or old != new:
            raise Broken("equal sizes, different roots")
        return
    if first & (first - 1) == 0:
        path = [old] + path
    if not path:
        raise Broken("the proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise Broken("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or fr != old or sr != new:
        raise Broken("the later seal does not begin with the earlier one")


def check_proof(openssl, proof_file, seal_file):
    seal = Seal(seal_file, openssl)
    with open(proof_file, "rb") as f:
        p = json.load(f)
    if p["format"] != "sohoa-proof-1" or p["seal"] != seal.said["number"]:
        raise Broken("the proof is for another seal")
    tree = seal.trees[p["tree"]]
    leaf = H("sha256", b"\0" + bytes.fromhex(p["holder"]) +
             p["sequence"].to_bytes(8, "big") + bytes.fromhex(p["event"]) +
             bytes.fromhex(p["head"]))
    check_inclusion(leaf, p["index"], tree["size"], path_of(p),
                    bytes.fromhex(tree["root"]))
    return "event %s is under %s" % (p["event"], seal)


def check_consistency(openssl, file, first_file, last_file):
    first, last = Seal(first_file, openssl), Seal(last_file, openssl)
    with open(file, "rb") as f:
        c = json.load(f)
    if c["format"] != "sohoa-consistency-1" or \
            c["first"] != first.said["number"] or \
            c["last"] != last.said["number"] or \
            first.said["archive"] != last.said["archive"] or \
            not len(first.trees) == len(last.trees) == len(c["trees"]):
        raise Broken("the proof is for other seals")
    for a, b, t in zip(first.trees, last.trees, c["trees"]):
        check_prefix(a["size"], b["size"], path_of(t),
                     bytes.fromhex(a["root"]), bytes.fromhex(b["root"]))
    return "%s only added to %s" % (last, first)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse
                                .RawDescriptionHelpFormatter)
    p.add_argument("--roots")
    p.add_argument("--at", type=int, default=int(time.time()))
    p.add_argument("what", choices=["record", "proof", "consistency"])
    p.add_argument("file", nargs="+")
    a = p.parse_args()
    openssl = OpenSSL(a.roots)
    try:
        if a.what == "record" and len(a.file) > 1:
            with open(a.file[0], "rb") as f:
                said = check_record(openssl, f.read(), a.file[1:], a.at)
        elif a.what == "proof" and len(a.file) == 2:
            said = check_proof(openssl, *a.file)
        elif a.what == "consistency" and len(a.file) == 3:
            said = check_consistency(openssl, *a.file)
        else:
            p.error("see --help for the files that are wanted")
    except Broken as e:
        print("BROKEN: %s" % e)
        return 1
    except (KeyError, ValueError, IndexError, TypeError, StopIteration,
            json.JSONDecodeError) as e:
        print("BROKEN: damaged: %s %s" % (type(e).__name__, e))
        return 1
    print("PROVEN: %s" % said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
