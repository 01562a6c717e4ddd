#!/usr/bin/env python3
"""Check packages that sohoa exported, with no code of sohoa's.

usage: check_package.py [--xsd DIR] PACKAGE...

A bag: every manifest, every payload file listed (RFC 8493).  An archival
package: the folder's name, both METS, the size and digest of everything that
they refer to, nothing that they do not; each description against the schemas
in DIR (xmllint), document codes, page counts, PREMIS against the files.
Prints findings; exits 1 if there is one.
"""
import hashlib, os, subprocess, sys
import xml.etree.ElementTree as ET

METS, EAD, PREMIS = ("{http://www.loc.gov/METS/}",
    "{http://ead3.archivists.org/schema/}", "{http://www.loc.gov/premis/v3}")
HREF = "{http://www.w3.org/1999/xlink}href"
found = 0
xsd = None


def say(where, what):
    global found
    found += 1
    print(f"{where}: {what}")


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(
            hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def files_below(root):
    return {os.path.relpath(os.path.join(d, n), root)
            for d, _, names in os.walk(root) for n in names}


def schema(path, name):
    if xsd and subprocess.run(["xmllint", "--noout", "--nonet", "--schema",
            os.path.join(xsd, name), path], capture_output=True).returncode:
        say(path, f"not of {name}")


def check_bag(root):
    listed = {}
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in open(os.path.join(root, name), encoding="utf-8"):
            digest, path = line.rstrip("\n").split("  ", 1)
            listed[path] = digest
            full = os.path.join(root, path)
            if not os.path.isfile(full):
                say(root, f"{path} is not there")
            elif sha256(full) != digest:
                say(root, f"{path} has another digest")
    extra = files_below(root) - set(listed) - {"tagmanifest-sha256.txt"}
    if extra:
        say(root, f"not in a manifest: {sorted(extra)}")
    if not open(os.path.join(root, "bagit.txt")).read().startswith(
            "BagIt-Version: 1.0\n"):
        say(root, "bagit.txt")
    payload = [p for p in listed if p.startswith("data/")]
    oxum = f"{sum(os.path.getsize(os.path.join(root, p)) for p in payload)}" \
        f".{len(payload)}"
    if f"Payload-Oxum: {oxum}\n" not in open(os.path.join(root,
            "bag-info.txt"), encoding="utf-8").read():
        say(root, "Payload-Oxum")


def check_mets(root, path):
    """Everything that a METS refers to; their paths below the package."""
    full = os.path.join(root, path)
    base = os.path.dirname(path)
    seen = set()
    schema(full, "mets.xsd")
    mets = ET.parse(full).getroot()
    refs = list(mets.iter(METS + "mdRef"))
    refs += [(f, f.find(METS + "FLocat")) for f in mets.iter(METS + "file")]
    for ref in refs:
        fixity, where = ref if isinstance(ref, tuple) else (ref, ref)
        href = os.path.join(base, where.get(HREF))
        target = os.path.join(root, href)
        seen.add(href)
        if ".." in href.split("/") or not os.path.isfile(target):
            say(full, f"{href} is not there")
        elif (os.path.getsize(target) != int(fixity.get("SIZE")) or
                sha256(target) != fixity.get("CHECKSUM")):
            say(full, f"{href} has another size or digest")
    ids = {f.get("ID") for f in mets.iter(METS + "file")}
    for p in mets.iter(METS + "fptr"):
        if p.get("FILEID") not in ids:
            say(full, f"fptr to {p.get('FILEID')}")
    return mets, seen


def check_aip(root):
    name = os.path.basename(os.path.normpath(root))
    mets, seen = check_mets(root, "METS.xml")
    if mets.get("OBJID").replace(":", "_") != name:
        say(root, "the folder is not named after OBJID")
    rep, more = check_mets(root, "representations/rep1/METS.xml")
    seen |= more | {"METS.xml", "representations/rep1/METS.xml"}
    extra = files_below(root) - seen
    if extra:
        say(root, f"no METS tells of {sorted(extra)}")
    path = os.path.join(root, "metadata/descriptive/EAD.xml")
    schema(path, "ead-hoso.xsd")
    ead = ET.parse(path).getroot()
    if len(ead) != 18:
        say(path, f"{len(ead)} fields, not 18")
    text = lambda e, n: e.findtext(EAD + n) or ""
    code = text(ead, "arcFileCode")
    folder = os.path.join(root, "representations/rep1")
    docs = sorted(os.listdir(os.path.join(folder, "metadata/descriptive")))
    pages = 0
    for i, doc in enumerate(docs, 1):
        path = os.path.join(folder, "metadata/descriptive", doc)
        schema(path, "ead-tailieu.xsd")
        e = ET.parse(path).getroot()
        if len(e) != 19:
            say(path, f"{len(e)} fields, not 19")
        if text(e, "docCode") != f"{code}.{i:07}" or \
                text(e, "docOrdinal") != str(i):
            say(path, f"document code {text(e, 'docCode')}")
        if not os.path.isfile(os.path.join(folder, "data",
                text(e, "docCode") + ".pdf")):
            say(path, "its PDF is not there")
        pages += int(text(e, "numberOfPage"))
    if int(text(ead, "totalDoc")) != len(docs) or \
            int(text(ead, "numberOfPage")) != pages:
        say(root, "the dossier's counts are not its documents'")
    path = os.path.join(root, "metadata/preservation/PREMIS.xml")
    schema(path, "premis.xsd")
    path = os.path.join(folder, "metadata/preservation/PREMIS_rep1.xml")
    schema(path, "premis.xsd")
    premis = ET.parse(path).getroot()
    kept = {}
    for o in premis.iter(PREMIS + "object"):
        value = o.findtext(f".//{PREMIS}objectIdentifierValue")
        kept[value] = o.findtext(f".//{PREMIS}messageDigest")
    for f in os.listdir(os.path.join(folder, "data")):
        if kept.pop("data/" + f, None) != sha256(os.path.join(folder,
                "data", f)):
            say(path, f"what it says of {f}")
    if kept:
        say(path, f"objects that are not there: {sorted(kept)}")
    events = [e.findtext(PREMIS + "eventType")
              for e in premis.iter(PREMIS + "event")]
    if events != ["transfer"] * len(docs):
        say(path, "a digitised paper has one event, transfer")


def main():
    global xsd
    args = sys.argv[1:]
    if args[:1] == ["--xsd"]:
        xsd = args[1]
        args = args[2:]
    if not args:
        sys.exit(__doc__)
    for root in args:
        if os.path.isfile(os.path.join(root, "bagit.txt")):
            check_bag(root)
        else:
            check_aip(root)
    sys.exit(1 if found else 0)


main()
