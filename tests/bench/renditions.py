#!/usr/bin/env python3
"""
make bench-renditions: bytes, errors of reading and processor time of pages
by profile, beside ocrmypdf and plain JPEG of quality 75.  The pages are the
shared samples in colour of 250 dpi or more, else generated ones.

    renditions.py OUT/BUILD [DOSSIERS]

Pictures of the coloured patches before and after stay in OUT/renditions.
"""
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys

build = sys.argv[1]
most = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
out = os.path.join(os.path.dirname(build.rstrip("/")), "renditions")
os.environ["OMP_THREAD_LIMIT"] = "1"
shared = os.environ.get("SOHOA_SHARED", "../shared") + "/samples/dossiers"
GROUPS = ("layered", "others", "cards")
CARDS = ("cccd", "can-cuoc", "cmnd")
LAYERED = {t["slug"] for t in
           json.load(open("schemas/paper-types.json"))["types"]
           if t.get("profile") == "archive"}


def generated():
    for i in range(6):
        subprocess.run([build + "/samples/sample", "dossier", "-o",
                        "%s/made/g%02d" % (out, i), "--procedure", "1.001193",
                        "--seed", str(100 + i), "--carrier", "pdf", "--dpi",
                        "300", "--degrade", "scan"], check=True)
    return out + "/made"


class Dossier:
    def __init__(self, folder):
        self.folder = folder
        self.name = os.path.basename(folder)
        self.truth = json.load(open(folder + "/truth.json"))
        self.scans = json.load(open(folder + "/dossier.json"))["scans"]
        self.page = {(p["scan"], p["page"]): p for p in self.truth["pages"]}
        self.type = {tuple(p): d["type"] for d in self.truth["documents"]
                     for p in d["pages"]}

    def errors(self, pages):
        """(edits, characters) of [(scan, page, text file)]."""
        with open(out + "/list", "w") as f:
            f.writelines("%d\t%d\t%s\n" % p for p in pages)
        text = subprocess.check_output(
            [sys.executable, "tests/tools/cer.py",
             self.folder + "/truth.json", out + "/list"], text=True)
        return [tuple(map(int, l.split()[:2])) for l in text.splitlines()]


def rates(errors, what):
    """Of each group in percent."""
    return "".join("%9.2f" % (100 * sum(e for e, _ in errors[g, what])
                              / max(1, sum(n for _, n in errors[g, what])))
                   for g in GROUPS)


def ocrmypdf(pages, images):
    """Bytes and CPU seconds a page of its strongest lossy setting here."""
    size = 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for i in images:
        subprocess.run(["ocrmypdf", "-q", "-l", "vie", "--jobs", "1",
                        "--output-type", "pdfa", "--optimize", "1", i,
                        out + "/o.pdf"], check=True)
        size += os.path.getsize(out + "/o.pdf")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (size / pages, (after.ru_utime + after.ru_stime
            - before.ru_utime - before.ru_stime) / pages)


shutil.rmtree(out, ignore_errors=True)
os.makedirs(out)
root = shared if os.path.isdir(shared) else generated()
rows = []
errors = {(g, w): [] for g in GROUPS for w in ("fed", "archive")}
for folder in sorted(glob.glob(root + "/*"))[:most]:
    d = Dossier(folder)
    got = subprocess.run(
        [build + "/tests/bench/bench_renditions", out]
        + ["%s/%s" % (folder, s) for s in d.scans],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    pages = {"fed": [], "archive": []}
    types = []
    for line in got.splitlines():
        v = line.split("\t")
        scan, page = re.fullmatch(re.escape(d.name) + "-(.*)-([0-9]+)",
                                  v[0]).groups()
        key = (d.scans.index(scan), int(page))
        if d.page[key]["kind"] != "document":
            continue
        rows.append((v[0], *map(float, v[1:])))
        types.append(d.type.get(key))
        for what in pages:
            pages[what].append((*key, "%s/%s.%s.txt" % (out, v[0], what)))
    for what in pages:
        for t, e in zip(types, d.errors(pages[what])):
            group = "cards" if t in CARDS else \
                "layered" if t in LAYERED else "others"
            errors[group, what].append(e)
n = len(rows)
mean = [sum(r[i] for r in rows) / n for i in range(1, 8)]
print("%d pages in colour, 300 dpi: %.0f kB each as fed\n" % (n, mean[0] / 1e3))
print("%-28s%9s%9s%27s" % ("", "kB", "CPU s", "CER % of papers that are"))
print("%-28s%9s%9s%9s%9s%9s" % ("", "a page", "a page", *GROUPS))
print("%-28s%9.0f%9.3f%s" % ("standard, as fed", mean[0] / 1e3, mean[6],
                             rates(errors, "fed")))
print("%-28s%9.0f%9.3f%s  bars: 170 kB, 0.6 s, CER + 0.1" % (
    "archive, layers", mean[2] / 1e3, mean[4], rates(errors, "archive")))
print("%-28s%9.0f%9.3f" % ("preview", mean[3] / 1e3, mean[5]))
print("%-28s%9.0f" % ("JPEG of quality 75", mean[1] / 1e3))
if shutil.which("ocrmypdf"):
    few = [f for f in sorted(glob.glob(root + "/*/*.jpg"))
           if any(os.path.basename(f) in r[0] for r in rows)][:4]
    if few:
        size, cpu = ocrmypdf(len(few), few)
        print("%-28s%9.0f%9.3f  %d pages, reading too"
              % ("ocrmypdf", size / 1e3, cpu, len(few)))
print("\nPDF/A of a page that is not coded anew: %.1f ms (bar 20)"
      % (1e3 * mean[6]))
print("pictures before and after: %s/*.png" % out)
os.remove(out + "/list")
