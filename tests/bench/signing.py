#!/usr/bin/python3
"""
make bench-signing: what signing, verifying and sealing cost beside openssl's
own speed, poppler's pdfsig and a plain copy, in one run on one machine; and,
where the corpora lie, the verdicts on them class by class.

    signing.py OUT/BUILD [SECONDS]
"""
import os, resource, subprocess, sys, tempfile

out = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0


def line(what, value, unit, note=""):
    print("%-34s %10s %-12s %s" % (what, value, unit, note))


def openssl(*what):
    """The rates of openssl speed: its last line of numbers."""
    text = subprocess.run(
        ["openssl", "speed", "-mr", "-seconds", "1", *what],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [l.split(":") for l in text.splitlines() if l.startswith("+F")]


def pdfsig(path):
    """Verdicts of pdfsig a CPU second, each a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    n = 20
    for _ in range(n):
        subprocess.run(["pdfsig", "-nocert", path],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return n / (after.ru_utime + after.ru_stime
                - before.ru_utime - before.ru_stime)


with tempfile.TemporaryDirectory() as folder:
    got = {}
    text = subprocess.run([out + "/tests/bench/bench_signing", folder,
                           str(seconds)], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    for row in text.splitlines():
        name, value = row.split("\t")
        got[name] = float(value)
    print("Documents of 300 kB, one core, per CPU second")
    print()
    for f in openssl("ecdsap256"):
        if f[0] == "+F4":
            line("openssl speed ecdsap256, sign", "%.0f" % float(f[3]), "/s")
    for f in openssl("-bytes", "300000", "-evp", "sha256"):
        if f[0] == "+F":
            line("openssl speed sha256, 300 kB",
                 "%.0f" % (float(f[-1]) / 300000), "/s")
    floor = got["digest and P-256 alone"]
    line("copy of the file", "%.0f" % got["copy of the file"], "/s")
    line("digest and P-256 alone", "%.0f" % floor, "/s")
    for name in ("sign, invisible", "sign, visible"):
        line("sohoa " + name, "%.0f" % got[name], "/s",
             "%.0f %% of digest and signature alone (bar 60 %%)"
             % (100 * got[name] / floor))
    line("sohoa verify B-B", "%.0f" % got["verify B-B"], "/s",
         "bar 500")
    line("pdfsig -nocert", "%.0f" % pdfsig(folder + "/signed.pdf"), "/s",
         "a process each, integrity only")
    line("Merkle seal of 10,000 documents",
         "%.3f" % got["seconds to seal 10,000"], "CPU s",
         "bar 2; their digests, taken when they came in: %.2f more"
         % got["seconds to hash 10,000"])

shared = os.environ.get("SOHOA_SHARED", "../shared") + "/corpora/signatures"
if os.path.exists(shared + "/MANIFEST.tsv"):
    print()
    sys.stdout.flush()
    subprocess.run([out + "/tests/tools/verdicts", shared], check=True)
