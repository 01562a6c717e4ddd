#!/usr/bin/python3
"""A second reader of an archive, written from archive/FORMAT alone.

  second_reader.py [options] HOME
      HOME holds archive/, keys/ and, when there are any, seals/ and access/

  --archive DIR, --keys DIR, --seals DIR, --access DIR
                 where these lie when they do not lie in one home
  --key FILE     32 bytes: an archive key that a token otherwise unwraps
  --roots DIR    PEM files: signatures and time stamps must lead to one of
                 them; without it who signed is not looked at

Follows the feed, derives from every event what the index must hold, and
compares; opens every record and every blob; computes every digest, chain
head and Merkle root again.  Prints a line for each document in the order of
archiving: id, holders (the leader first), type, dossier, renditions as
NAME=SHA-256; then totals.  What disagrees is a sentence on standard error.
Exit status: 0 all agrees, 1 something does not.

Left to others: the search projection, which is made again from the archive;
leaves that were hashed anew (archive/tools/check_evidence.py); backups.
"""
# The libraries are Debian's packages, hence its python above.
import argparse, base64, functools, glob, hashlib, json, os, subprocess, sys
import tempfile
sys.dont_write_bytecode = True
from second_reader_open import (
    Broken, Engine, Keys, be, canonical, crc32c, findings, folded, looking_at,
    must, number, parsed, read, seconds, sha256, unpacked, unsealed_blob)

# ---- the archive ------------------------------------------------------------

def same(what, there, wanted):
    """Two sets of keys are one."""
    there, wanted = set(there), set(wanted)
    for key in sorted(there ^ wanted):
        with looking_at("%s %s" % (what, key.hex())):
            raise Broken("follows from no event" if key in there
                         else "is missing")

class Archive:
    """Follows the feed and says what the index must hold because of it."""

    LETTERS = {"hold": b"h", "release": b"l", "notice": b"n", "propose": b"p",
               "supersede": b"s", "reuse": b"u", "revoke": b"v"}

    def __init__(self, keys, engine, roots):
        self.keys, self.engine, self.roots = keys, engine, roots
        self.chains = {}          # holder: its last sequence and head
        self.operations = set()   # holder, operation, sequence
        self.entries = {}         # table, term, order: bytes or what is sealed
        self.held = set()         # holder, document
        self.filed = {}           # holder, document: keys of entries
        self.references = {}      # likewise: names of their blobs
        self.documents = {}       # id: record, holders
        self.destroyed = set()    # holder, document
        self.opened = set()       # names of blobs
        self.leaves = []          # of the seals' log
        self.unread = set()       # those whose key or document is destroyed
        self.accessions = {}      # number of leaf: renditions, event's digest
        self.acts, self.imported = 0, 0     # imported: named elsewhere

    # What a record or an act names: {"bytes", "digest", "key"}.

    def blob(self, it):
        digest = bytes.fromhex(it["digest"])
        name, key = (self.keys.name(w, digest) for w in ("blob", "blob key"))
        must(it["key"] == key.hex(), "has another key than its digest gives")
        plain = unsealed_blob(self.engine.blob(name), name, key)
        must(len(plain) == it["bytes"], "has another length than recorded")
        must(sha256(plain) == digest, "has another digest than recorded")
        return plain

    def refer(self, it, about):
        """A holder's document calls for this blob; each is opened once."""
        name = self.keys.name("blob", bytes.fromhex(it["digest"]))
        self.references.setdefault(about, set()).add(name)
        if name not in self.opened:
            self.opened.add(name)
            with looking_at("blob " + it["digest"]):
                self.blob(it)

    def record(self, about):
        """The record as a holder has it, its digest; nothing: destroyed."""
        value = self.engine.get("document", about)
        must(value is not None, "is about a document that is not there")
        if not value:
            return None, None
        text = unpacked(self.keys.unseal(value, 0x40, about[16:], about[:16]))
        body = parsed(text).get("body")
        if body:
            self.refer(body, about)
            text = self.blob(body)
        record = parsed(text)
        text_too = [record["text"]] if "text" in record else []
        for it in record["renditions"] + text_too:
            self.refer(it, about)
        return record, sha256(text).hex()

    # The feed.

    def follow(self):
        last = 0
        for position, place in self.engine.rows("feed"):
            last += 1
            with looking_at("change %d" % last):
                must(number(position) == last, "is missing in the feed")
                self.change(place[:16], place[16:])
        with looking_at("archive/head"):
            self.engine.check_head(last)

    def change(self, holder, sequence):
        row = self.engine.get("event", holder + sequence)
        operation, digest, head = row[:16], row[16:48], row[48:80]
        before, previous = self.chains.get(holder, (0, bytes(32)))
        self.chains[holder] = number(sequence), head
        self.operations.add(holder + operation + sequence)
        self.leaves.append(sha256(b"\0", holder, sequence, digest, head))
        must(number(sequence) == before + 1, "is out of order")
        must(head == sha256(previous, sequence, digest), "breaks the chain "
             "of holder " + holder.hex())
        if len(self.leaves) == 1:
            self.read_manifest(holder, digest)
        elif holder in self.keys.erased:
            self.unread.add(len(self.leaves) - 1)
        elif row[80:]:
            text = unpacked(self.keys.unseal(row[80:], 0x41, operation,
                                             holder))
            must(sha256(text) == digest, "commits to another event")
            event = parsed(text)
            if event["event"] in ("accede", "link"):
                self.filing(event, holder, operation, digest)
            elif event["event"] != "read":
                self.act(event, holder, operation)

    def read_manifest(self, holder, digest):
        about = holder + self.keys.name("document", b"manifest")[:16]
        must(holder == self.keys.name("holder", b"\xffarchive")[:16],
             "is not the manifest's")
        text = self.keys.unseal(self.engine.get("document", about), 0x40,
                                about[16:])
        must(sha256(text) == digest, "commits to another manifest")
        self.manifest = parsed(text)
        self.held.add(about)
        must(self.manifest["format"] == 1, "is of another format")

    def put(self, about, table, term, order, value):
        """An entry: bytes, or what its sealed JSON says."""
        key = be(table, 1) + term + order
        self.entries[key] = value
        self.filed.setdefault(about, []).append(key)

    def term(self, letter, of):
        return self.keys.name("term", (letter + of).encode())[:16]

    def filing(self, event, holder, operation, digest):
        """A document comes to a holder, or a dossier to a document."""
        id, link = bytes.fromhex(event["document"]), event["event"] == "link"
        about, leaf = holder + id, len(self.leaves) - 1
        record, record_digest = self.record(about)
        first = about not in self.held
        self.held.add(about)
        if not record:
            self.unread.add(leaf)
            return
        tags = list(dict.fromkeys(map(self.keys.tag, record["holders"])))
        leader, time = tags[0], seconds(record["archived_at"])
        if leader in self.keys.erased:
            self.unread.add(leaf)       # it may stand in for the leader's
        must(event["lead"] == (holder == leader), "is wrong about who leads")
        must((record["id"], record_digest) == (
            event["document"], event["record"]), "is about another record")
        must(link or operation == id, "has another name than its document")
        if "evidence" not in event:
            self.imported += operation != self.accession(leader, event)
        it, holders = self.documents.setdefault(event["document"],
                                                (record, []))
        must(it == record, "two holders have two versions of the record")
        if first:
            rank = (tags.index(holder) if holder in tags
                    else max(len(tags), len(holders)))
            holders.append(holder)
            self.put(about, 0x01, holder, time + id, summary(record))
            self.put(about, 0x80, id, be(rank, 1) + holder, time)
        if link:
            self.put(about, 0x03, holder, id + operation, dict(
                {k: event.get(k) for k in ("at", "dossier", "procedure",
                                           "component", "actor", "station",
                                           "evidence")},
                accession=operation.hex()))
        if event["lead"] and "evidence" not in event:
            self.put(about, 0x83, self.term("d", event["dossier"]),
                     seconds(event["at"]) + id + operation, leader)
        if event["lead"] and not link:
            self.accessions[leaf] = record["renditions"], digest
            self.put(about, 0x02, holder, self.keys.name(
                "content", bytes.fromhex(record["content"]))[:16],
                {"id": event["document"]})
            if "number" in record:
                self.put(about, 0x81, self.term("n", folded(record["number"])),
                         time + id, leader)
            if "type" in record:
                self.put(about, 0x82, self.term("t", record["type"]),
                         time + id, leader)

    def accession(self, leader, event):
        """The name that leader, dossier, component and content give it."""
        filed_as = [event.get(k, "").encode() for k in ("dossier", "component")]
        return self.keys.name("document", leader, *(
            be(len(x), 4) + x for x in filed_as),
            bytes.fromhex(event["content"]))[:16]

    def act(self, event, holder, operation):
        kind, lead = event["event"], event.pop("lead")
        del event["salt"]
        self.acts += lead
        self.imported += operation != self.keys.name(
            "digest act", canonical(event))[:16]
        if kind == "alias":
            ends = self.keys.tag(event["holder"]), self.keys.tag(event["alias"])
            self.entries[b"\4" + holder + b"h" + ends[holder == ends[0]] +
                         b"a" + operation] = event
            return
        id = bytes.fromhex(event["document"])
        about = holder + id
        if kind == "dispose":
            for key in self.filed.pop(about, []):
                del self.entries[key]
            self.held.discard(about)
            self.references.pop(about, None)
            self.destroyed.add(about)
            self.documents.pop(event["document"], None)
            return
        self.put(about, 0x04, holder, b"d" + id + self.LETTERS[kind] +
                 operation, event)
        if kind == "supersede":
            by = bytes.fromhex(event["by"])
            self.put(holder + by, 0x04, holder, b"d" + by + b"S" + operation,
                     event)
        elif kind == "propose" and lead:
            self.put(about, 0x84, bytes.fromhex(event["proposal"]), id, holder)
        elif kind == "reuse":
            if lead:
                self.put(about, 0x83, self.term("d", event["dossier"]),
                         seconds(event["at"]) + id + operation, holder)
            self.check_receipt(event, about)

    def check_receipt(self, act, about):
        self.refer(act["receipt"], about)
        it = parsed(self.blob(act["receipt"]))
        verify_signature(bytes.fromhex(it["signature"]), it["text"].encode(),
                         act["at"], self.roots)

    # What the index holds, against what the events told.

    def compare(self):
        rows, erased = self.engine.rows, self.keys.erased
        known = lambda row: not any(holder in row for holder in erased)
        for key, value in rows("entry"):
            with looking_at("index entry " + key.hex()):
                if known(key + value):
                    must(key in self.entries, "follows from no event")
                    self.compare_entry(key, value, self.entries.pop(key))
        same("index entry", (), self.entries)
        same("document", (k for k, v in rows("document") if v and known(k)),
             self.held)
        same("tombstone", (k for k, v in rows("document")
                           if not v and known(k)), self.destroyed)
        same("reference", (k for k, _ in rows("reference") if known(k)),
             (name + about for about, names in self.references.items()
              for name in names))
        same("chain", (k + v for k, v in rows("chain")),
             (h + be(n, 8) + head for h, (n, head) in self.chains.items()))
        same("event", (k for k, _ in rows("event")),
             (h + be(i + 1, 8) for h, (n, _) in self.chains.items()
              for i in range(n)))
        same("operation", (k + v for k, v in rows("operation")),
             self.operations)
        for name, _ in rows("blob"):
            if name not in self.opened:     # its key went with its record
                with looking_at("blob called " + name.hex()):
                    self.engine.blob(name)

    def compare_entry(self, key, value, wanted):
        if isinstance(wanted, bytes):
            must(value == wanted, "has another value than the events tell")
            return
        held = parsed(unpacked(self.keys.unseal(value, key[0], key[17:],
                                                key[1:17])))
        if key[0] == 0x01:
            must(held["holders"], "names no holder")
            wanted["holders"] = wanted["holders"][:len(held["holders"])]
        elif key[0] == 0x03:
            held = {k: held.get(k) for k in wanted}
        must(held == wanted, "says something else than the events")

    def jobs(self):
        """How many changes wait to be completed, or pieces of work."""
        due = []
        for key, value in self.engine.rows("job"):
            with looking_at("job " + key.hex()):
                due.append(key[:1] + value[4:12] + key[1:])
                must(crc32c(value[4:]) == value[:4], "is not whole")
                self.keys.unseal(value[32:], 0x42, key[1:])
        same("due", (k for k, _ in self.engine.rows("due")), due)
        return len(due)

def summary(record):
    """A record's entry in a holder's list, with all of the holders."""
    cut = lambda text: text.encode()[:120].decode(errors="ignore")
    pick = lambda it, names: {k: cut(it[k]) for k in names.split() if k in it}
    return dict(pick(record, "archived_at component dossier issued issuer "
                     "number procedure provenance type valid_until"),
                holders=[pick(h, "kind id name role")
                         for h in record["holders"]],
                pages=len(record["pages"]), status="archived")

# ---- seals ------------------------------------------------------------------

DIGESTS = {4: "SHA-256", 5: "SHA-384", 6: "SHA-512", 7: "SHA3-256",
           8: "SHA3-384", 9: "SHA3-512"}

def hasher(name):
    algorithm = name.lower().replace("sha-", "sha").replace("-", "_")
    return lambda data: hashlib.new(algorithm, data).digest()

def list_hash(h, hashes):
    """RFC 4998 4.2: over the hashes in binary order; of one, itself."""
    return hashes[0] if len(hashes) == 1 else h(b"".join(sorted(hashes)))

def paired_root(h, row):
    while len(row) > 1:
        row = [list_hash(h, row[i:i + 2]) for i in range(0, len(row), 2)]
    return row[0]

def openssl(roots, *arguments, **files):
    """Whether openssl is content; @NAME is the path of files[NAME]."""
    with tempfile.TemporaryDirectory() as folder:
        if roots:
            files["roots"] = b"\n".join(map(read, glob.glob(roots + "/*.pem")))
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        return not subprocess.run(
            ["openssl", *(a.replace("@", folder + "/") for a in arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

def verify_signature(cms, text, at, roots):
    trust = ["-CAfile", "@roots", "-purpose", "any", "-attime",
             "%d" % number(seconds(at))] if roots else ["-noverify"]
    must(openssl(roots, "cms", "-verify", "-binary", "-inform", "DER", "-in",
                 "@cms", "-content", "@text", "-out", "/dev/null", *trust,
                 cms=cms, text=text), "has a signature that does not hold")

def verify_stamp(token, imprint, roots):
    must(imprint in token and (not roots or openssl(
        roots, "ts", "-verify", "-token_in", "-in", "@token", "-digest",
        imprint.hex(), "-CAfile", "@roots", token=token)),
        "has a time stamp that does not hold")

class Seals:
    def __init__(self, folder, archive, roots):
        self.folder, self.archive, self.roots = folder, archive, roots
        self.leaves = archive.leaves
        self.size, self.documents = 0, 0        # under the seals so far
        self.statements, self.stamps = [], {}   # of the seals, by number
        self.renewal, self.renewed = None, 0    # last stamp, seals under it

    @functools.lru_cache(None)
    def root(self, first, end):
        """The Merkle root of these leaves (RFC 9162 2.1)."""
        if end - first == 1:
            return self.leaves[first]
        middle = first + (1 << (end - first - 1).bit_length() - 1)
        return sha256(b"\1", self.root(first, middle), self.root(middle, end))

    def check(self):
        for path in sorted(glob.glob(self.folder + "/seals/*/*")):
            n = len(self.statements) + 1
            with looking_at("seal %d" % n):
                must(path.endswith("/%06d/%09d" % (n // 1000, n)), "is missing")
                self.check_seal(n, parsed(read(path)))
        for path in sorted(glob.glob(self.folder + "/renewals/*/*")):
            with looking_at("renewal " + os.path.basename(path)):
                self.check_renewal(parsed(read(path)))

    def nodes(self, kind, n, algorithm):
        """Numbers of leaves and their hashes, from the file of this number."""
        data = read("%s/%s/%06d/%09d" % (self.folder, kind, n // 1000, n))
        must(data[:12] == b"sohoaNOD" + be(1, 4) and crc32c(data[:-4]) ==
             data[-4:], "has nodes that are not whole")
        must(DIGESTS[number(data[12:16])] == algorithm, "has nodes of another "
             "digest")
        size = 8 + len(hasher(algorithm)(b""))
        rows = [data[at:at + size] for at in range(24, len(data) - 4, size)]
        must(len(data) == 28 + number(data[16:24]) * size, "has other nodes "
             "than it counts")
        return {number(row[:8]): row[8:] for row in rows}

    def check_seal(self, n, seal):
        text, cms = seal["statement"].encode(), base64.b64decode(
            seal["signature"])
        it, tree = parsed(text), parsed(text)["trees"][0]
        previous = sha256(self.statements[-1]) if n > 1 else bytes(32)
        self.statements.append(text)
        must((seal["format"], it["format"], it["number"], it["archive"]) ==
             ("sohoa-sealed-1", "sohoa-seal-1", n,
              self.archive.manifest["archive"]), "is another archive's")
        must(it["previous"] == previous.hex(), "follows another seal")
        verify_signature(cms, text, it["at"], self.roots)
        first, self.size = self.size, tree["size"]
        must(first <= self.size <= len(self.leaves), "seals changes that are "
             "not there")
        must((tree["position"], tree["leaf"], tree["root"]) == (
            self.size, self.leaves[self.size - 1].hex(),
            self.root(0, self.size).hex()), "has another root than the changes")
        stamped = self.documents_root(n, it["documents"], first)
        if "stamp" in seal:
            h = hasher(it["documents"]["hash"])
            self.stamps[n] = base64.b64decode(seal["stamp"])
            verify_stamp(self.stamps[n], list_hash(h, stamped + [h(cms)]),
                         self.roots)

    def documents_root(self, n, it, first):
        """As a list of one; of no documents an empty list."""
        archive, h = self.archive, hasher(it["hash"])
        nodes = self.nodes("nodes", n, it["hash"]) if it["count"] else {}
        must((it["first"], it["count"]) == (self.documents, len(nodes)),
             "counts its documents otherwise")
        self.documents += len(nodes)
        must(set(nodes) - archive.unread == {
            a for a in archive.accessions if first <= a < self.size},
            "has documents of other changes")
        for leaf, held in nodes.items():
            renditions, event = archive.accessions.get(leaf, (None, None))
            if renditions and it["hash"] == "SHA-256":
                wanted = [bytes.fromhex(r["digest"]) for r in renditions]
                wanted.append(event)
            elif renditions:
                wanted = [h(archive.blob(r)) for r in renditions] + [h(event)]
            must(not renditions or held == list_hash(h, wanted), "has another "
                 "hash of the document of leaf %d" % leaf)
        if not nodes:
            return []
        root = paired_root(h, list(nodes.values()))
        must(it["root"] == root.hex(), "has another root than its documents")
        return [root]

    def check_renewal(self, it):
        h, stamp = hasher(it["hash"]), base64.b64decode(it["stamp"])
        nodes = self.nodes("renewal-nodes", it["number"], it["hash"])
        if not it["rehashed"]:
            must(list(nodes.values()) == [h(s) for s in (
                [self.renewal] if self.renewal else []) + [
                self.stamps[n] for n in range(self.renewed + 1,
                                              it["seals"] + 1)]],
                "is about other stamps")
        verify_stamp(stamp, paired_root(h, list(nodes.values())), self.roots)
        self.renewal, self.renewed = stamp, it["seals"]

# ---- reads that no writer has taken in --------------------------------------

def journal(path, keys):
    """How many there are."""
    if not os.path.exists(path) or not os.path.getsize(path):
        return 0
    data, at, count = read(path), 16, 0
    must(data[:8] == b"sohoaJRN", "is no journal")
    while at + 8 <= len(data):
        end = at + 8 + number(data[at:at + 4])
        entry = data[at + 8:end]
        if end > len(data) or crc32c(entry) != data[at + 4:at + 8]:
            break
        it = json.loads(keys.unseal(entry, 0, b"journal", purpose="access"))
        must(len(it["id"]) == 32 and all(
            len(bytes.fromhex(x)) == 16 for tag, documents in
            it["holders"].items() for x in [tag] + documents),
             "has an entry that names nobody")
        at, count = end, count + 1
    must(at >= number(data[8:16]), "has lost entries")
    return count

# ---- main -------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("home")
    for option in "archive", "keys", "seals", "access", "key", "roots":
        parser.add_argument("--" + option)
    given = parser.parse_args()
    where = lambda name: getattr(given, name) or os.path.join(given.home, name)
    with looking_at(given.home):
        keys = Keys(where("keys"), given.key)
        archive = Archive(keys, Engine(where("archive")), given.roots)
        archive.follow()
        archive.compare()
        seals = Seals(where("seals"), archive, given.roots)
        seals.check()
        copy = os.path.join(where("keys"), "last.seal")
        with looking_at("keys/last.seal"):
            must(not os.path.exists(copy) or parsed(read(copy))[
                "statement"].encode() in seals.statements, "is of a seal that "
                "is not here")
        jobs, reads = archive.jobs(), 0
        with looking_at("access/journal"):
            reads = journal(where("access") + "/journal", keys)
        for id, (record, holders) in archive.documents.items():
            print(id, ",".join(h.hex() for h in holders),
                  record.get("type", "-"), record["dossier"],
                  *("%s=%s" % (r["name"], r["digest"])
                    for r in record["renditions"]))
        print("%d documents, %d blobs, %d holders, %d changes, %d acts, %d "
              "destroyed, %d imported; %d jobs, %d reads wait; %d seals, %d "
              "stamped" % (
                  len(archive.documents), len(archive.opened),
                  len(archive.chains) - 1, len(archive.leaves), archive.acts,
                  len(archive.destroyed), archive.imported, jobs, reads,
                  len(seals.statements), len(seals.stamps)))
    sys.exit(bool(findings))

main()
