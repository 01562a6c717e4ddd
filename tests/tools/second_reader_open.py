"""How what archive/FORMAT describes is opened: bytes, records, keys, index,
blobs.  Part of second_reader.py, written from FORMAT alone.
"""
import contextlib, datetime, functools, glob, hashlib, hmac, itertools, json, mmap
import os, re, struct, sys, unicodedata
import lmdb, zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DICTIONARY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "../../archive/dictionary-1.txt")
NOBODY = bytes(16)
findings = []            # what disagreed

class Broken(Exception):
    """It is not what FORMAT says."""

def must(truth, sentence):
    if not truth:
        raise Broken(sentence)

@contextlib.contextmanager
def looking_at(what):
    """What breaks in here is reported as said about this; the rest goes on."""
    try:
        yield
        return
    except InvalidTag:
        why = "does not open with its key"
    except KeyError as error:
        why = "lacks %s" % error
    except (Broken, OSError, ValueError, IndexError, TypeError, struct.error,
            AttributeError, zstandard.ZstdError, lmdb.Error) as error:
        why = error
    findings.append("%s: %s" % (what, why))
    print(findings[-1], file=sys.stderr)

# ---- bytes ------------------------------------------------------------------

def number(b): return int.from_bytes(b, "big")
def be(n, size): return n.to_bytes(size, "big")
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def mac(key, *parts): return hmac.digest(key, b"".join(parts), "sha256")

def crc_of_byte(crc):
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc

CRC = [crc_of_byte(i) for i in range(256)]

def crc32c(*parts):
    crc = 0xFFFFFFFF
    for byte in b"".join(parts):
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return be(crc ^ 0xFFFFFFFF, 4)

def read(path):
    with open(path, "rb") as f:
        return f.read()

def canonical(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True,
                      separators=(",", ":"))
    return re.sub(r"\\(u....|.)", lambda m: m[0][:2] + m[0][2:].upper(),
                  text).encode()

def parsed(text):
    value = json.loads(text)
    must(canonical(value) == text, "is JSON, but not canonical")
    return value

UNZIP = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(
    read(DICTIONARY), dict_type=zstandard.DICT_TYPE_RAWCONTENT))

def unpacked(packed):
    must(packed[:1] in (b"\0", b"\1"), "is packed in a way of its own")
    return UNZIP.decompress(packed[1:]) if packed[0] else packed[1:]

def seconds(rfc3339):
    return be(int(datetime.datetime.fromisoformat(rfc3339).timestamp()), 8)

def folded(text):
    kept = ""
    for c in unicodedata.normalize("NFC", text):
        while True:             # lower case, the bare letter below its marks
            c = {"đ": "d", "ð": "d"}.get(c.lower(), c.lower()[0])
            parts = unicodedata.decomposition(c)
            if not parts or parts[0] == "<":
                break
            c = chr(int(parts.split()[0], 16))
        kind = unicodedata.category(c)
        if kind[0] != "M":
            kept += c if kind[0] == "L" or kind in ("Nd", "Nl") else " "
    return " ".join(kept.split())

# ---- keys -------------------------------------------------------------------

class Keys:
    """The key store, opened: what the root derives, a key for each holder."""

    def __init__(self, folder, key_file):
        self.table = read(os.path.join(folder, "holders/table"))
        head = next((h for h in (self.table[:128], self.table[4096:4224])
                     if crc32c(h[:124]) == h[124:]), b"")
        must(head[:12] == b"sohoaKEY" + be(1, 4), "no whole key store there")
        self.bits, self.id = number(head[12:16]), head[16:32]
        for path in [key_file] if key_file else glob.glob(
                os.path.join(folder, "archive.key*")):
            self.archive_key = read(path)
            must(len(self.archive_key) == 32, "a token keeps the archive key "
                 "wrapped: unwrap it there and give its bytes by --key")
            with contextlib.suppress(InvalidTag):
                self.root = self.unwrap(b"sohoa root", NOBODY, head[32:36],
                                        head[36:96])
                break
        else:
            raise Broken("no archive key there opens the key store")
        self.holders, self.erased = {}, set()
        self.read_slots()

    def unwrap(self, what, holder, version, wrapped):
        return AESGCM(self.archive_key).decrypt(
            wrapped[:12], wrapped[12:],
            what.ljust(12, b"\0") + self.id + holder + version)

    def read_slots(self):
        count, used = (1 << self.bits) + 64, []
        must(len(self.table) == 8192 + 256 * count, "the key store has "
             "another size than its head says")
        for i in range(count):
            copies = [self.table[at:at + 128] for at in (
                8192 + 128 * i, 8192 + 128 * (count + i))]
            slot = next((c for c in copies if any(c) and
                         crc32c(c[:124]) == c[124:]), None)
            used.append(slot is not None)
            with looking_at("slot %d of the key store" % i):
                must(slot or not any(map(any, copies)), "no copy is whole")
                if not slot:
                    continue
                holder, version = slot[8:24], slot[4:8]
                home = number(holder) >> 128 - self.bits
                must(0 <= i - home < 64 and all(used[home:i]), "its holder "
                     "is looked for elsewhere")
                if slot[0] == 2:
                    self.erased.add(holder)
                else:
                    self.holders[holder] = number(version), self.unwrap(
                        b"sohoa holder", holder, version, slot[36:96])

    @functools.lru_cache(None)
    def derive(self, what):
        return HKDF(hashes.SHA256(), 32, None,
                    b"sohoa 1 " + what.encode()).derive(self.root)

    def name(self, what, *parts):
        return mac(self.derive(what), *parts)

    def tag(self, holder):
        """Whom a holder in a record is filed under."""
        if "id" in holder:
            kind = ["citizen", "old", "tax", "passport"].index(holder["kind"])
            who = be(kind + 1, 1) + holder["id"].encode()
        else:
            who = b"\0%s\0%s" % (folded(holder["name"]).encode(),
                                 holder.get("birth", "").encode())
        return self.name("holder", who)[:16]

    def unseal(self, value, place, name, holder=NOBODY, purpose=None):
        """The plain bytes of a holder's, the archive's or a purpose's value."""
        version, data = 1, be(place, 1) + holder + name
        if purpose:
            kind, key, data = b"p", self.derive("seal " + purpose), name
        elif holder == NOBODY:
            kind, key = b"a", self.derive("values")
        else:
            must(holder in self.holders, "is of a holder without a key")
            kind, (version, key) = b"h", self.holders[holder]
        must(value[:8] == b"\1" + kind + be(version, 2) + be(1, 4),
             "is not sealed as it should be")
        return AESGCM(key).decrypt(value[8:20], value[20:], value[:8] + data)

# ---- the engine -------------------------------------------------------------

class Engine:
    """The index as it stands at this moment, and the segments."""

    TABLES = "state holder entry blob feed job due".split()
    ROWS = {"chain": b"c", "document": b"d", "event": b"e", "operation": b"o"}

    def __init__(self, folder):
        self.folder = folder
        env = lmdb.open(folder, readonly=True, max_dbs=len(self.TABLES))
        self.txn = env.begin()
        self.tables = {t: env.open_db(t.encode(), self.txn, create=False)
                       for t in self.TABLES}
        state = self.get("state", b"state")
        must(state[:4] == be(2, 4) and crc32c(state[:32]) == state[32:],
             "the engine's state is not whole, or of another format")
        self.id = state[4:20]
        must(all(key[16:17] in b"cdeot" for key, _ in self.all("holder")),
             "a holder has a row of no known kind")

    def get(self, table, key):
        if table in self.ROWS:
            table, key = "holder", key[:16] + self.ROWS[table] + key[16:]
        return self.txn.get(key, db=self.tables[table])

    def all(self, table):
        return iter(self.txn.cursor(self.tables[table]))

    def rows(self, table):
        """Keys and values of a kind: holder or table first in its keys."""
        if table in self.ROWS:
            return ((k[:16] + k[17:], v) for k, v in self.all("holder")
                    if k[16:17] == self.ROWS[table])
        if table == "entry":
            own = ((k[17:18] + k[:16] + k[18:], v)
                   for k, v in self.all("holder") if k[16:17] == b"t")
            return itertools.chain(own, self.all("entry"))
        if table in ("blob", "reference"):
            return ((k, v) for k, v in self.all("blob")
                    if (len(k) == 32) == (table == "blob"))
        return self.all(table)

    @functools.lru_cache(None)
    def segment(self, n):
        with open("%s/blobs/%08d.seg" % (self.folder, n), "rb") as f:
            data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        must(data[:32] == b"sohoaSEG" + be(1, 4) + be(n, 4) + self.id and
             crc32c(data[:60]) == data[60:64], "its segment is another's")
        return data

    def blob(self, name):
        row = self.get("blob", name)
        must(row, "is not in the index of blobs")
        n, offset, size = struct.unpack(">IQQ", row)
        segment = self.segment(n)
        head, payload = (segment[offset:offset + 96],
                         segment[offset + 96:offset + 96 + size])
        must(head[:48] == b"sohoaBLB" + name + be(size, 8) and head[92:] ==
             crc32c(self.id, be(n, 4), be(offset, 8), head[:92]),
             "is not where the index says")
        must(sha256(payload) == head[48:80], "was altered in its segment")
        return payload

    def check_head(self, last):
        path = os.path.join(self.folder, "head")
        if os.path.exists(path):
            head = read(path)
            must(head[:8] == b"sohoaHED" and crc32c(head[:28]) == head[28:],
                 "is not whole")
            must(number(head[8:16]) <= last, "knows of later changes")

def unsealed_blob(sealed, name, key):
    """The plain bytes of a sealed blob."""
    must(sealed[:4] == b"shB1" and sealed[4] < 2 and
         sealed[5:12] == b"\x10\0\0" + be(1, 4), "is no sealed blob")
    opener = AESGCM(mac(key, b"sohoa 1 copy", sealed[12:28]))
    starts = range(32, max(len(sealed), 33), 65536 + 16)
    plain = b"".join(
        opener.decrypt(bytes(7) + be(i, 4) + be(i + 1 == len(starts), 1),
                       sealed[at:at + 65536 + 16], sealed[:32] + name)
        for i, at in enumerate(starts))
    return plain if sealed[4] == 0 else zstandard.ZstdDecompressor(
        max_window_size=2 << 20).decompressobj().decompress(plain)
