#!/usr/bin/env python3
"""What the main job costs, beside the peers, in one run.

  bench.py [SOHOA-BUILD]

Generated dossiers, 300 dpi in colour as a feeder gives them, go through
tesseract (words only), ocrmypdf (PDF/A with words) and sohoa (words; then
the whole way to signed, verified, archived documents).  Machines differ and
are noisy: compare rows and ratios, not seconds.

BENCH_DOSSIERS (6), BENCH_DOCUMENTS (100000): how much of each.
"""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = sys.argv[1] if len(sys.argv) > 1 else 'out/release'
DOSSIERS = int(os.environ.get('BENCH_DOSSIERS', '6'))
DOCUMENTS = int(os.environ.get('BENCH_DOCUMENTS', '100000'))
PROCEDURES = ['1.001193', '1.004222', '1.001612', '2.000488', '1.012787',
              '1.001731']
CORES = len(os.sched_getaffinity(0))
SOHOA = os.path.join(BUILD, 'sohoa')
os.environ['OMP_THREAD_LIMIT'] = '1'
os.environ['SOHOA_LANG'] = 'en'


class Cost:
    """Wall and CPU seconds, peak of the largest process, over some runs."""

    def __init__(self):
        self.wall = self.cpu = self.peak = 0

    def run(self, *argv, good=(0,), **kw):
        begin = time.monotonic()
        p = subprocess.Popen(argv, stdout=kw.get('stdout', subprocess.DEVNULL),
                             stderr=kw.get('stderr', subprocess.DEVNULL),
                             shell=kw.get('shell', False))
        _, status, use = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        self.wall += time.monotonic() - begin
        self.cpu += use.ru_utime + use.ru_stime
        self.peak = max(self.peak, use.ru_maxrss * 1024)
        if p.returncode not in good:
            sys.exit(f'{argv[0]} ended with {p.returncode}: {argv}')
        return self


def make(work):
    """Dossiers as one PDF of JPEG pages each, their pages as images too."""
    made = []
    for i in range(DOSSIERS):
        d = f'{work}/fed/{i:02}'
        subprocess.run([f'{BUILD}/samples/sample', 'dossier', '-o', d,
                        '--procedure', PROCEDURES[i % len(PROCEDURES)],
                        '--seed', str(100 + i), '--carrier', 'pdf',
                        '--dpi', '300', '--degrade', 'scan'], check=True)
        scan, = json.load(open(f'{d}/dossier.json'))['scans']
        os.mkdir(f'{work}/images/{i:02}')
        subprocess.run(['pdfimages', '-all', f'{d}/{scan}',
                        f'{work}/images/{i:02}/p'], check=True)
        made.append((d, f'{d}/{scan}',
                     sorted(glob.glob(f'{work}/images/{i:02}/p*'))))
    return made


def wrong(work, name, dossiers, texts):
    """Error rates of texts[dossier][page] in percent: median page, all.

    A card's two sides on one page may be read in either order, which counts
    as errors here for everybody: the median page tells of the reading.
    """
    rates, edits, characters = [], 0, 0
    for i, (d, _, _) in enumerate(dossiers):
        with open(f'{work}/list', 'w') as out:
            for page, text in enumerate(texts[i]):
                path = f'{work}/text/{name}-{i}-{page}'
                open(path, 'w').write(text)
                out.write(f'0\t{page}\t{path}\n')
        for line in subprocess.check_output(
                [sys.executable, 'tests/tools/cer.py', f'{d}/truth.json',
                 f'{work}/list'], text=True).splitlines():
            a, b = map(int, line.split()[:2])
            edits, characters = edits + a, characters + b
            rates.append(100 * a / b)
    return statistics.median(rates), 100 * edits / characters


def row(name, cost, pages, size, cer):
    print(f'{name:34}{cost.cpu / pages:9.2f}{60 * pages / cost.cpu:9.1f}'
          f'{60 * pages / cost.wall:9.1f}{cost.peak / 1e6:9.0f}'
          + (f'{size / pages / 1e3:9.0f}' if size else f'{"":9}')
          + (f'{cer[0]:9.2f}{cer[1]:9.2f}' if cer else ''), flush=True)


def tesseract(work, dossiers):
    cost = Cost()
    images = [p for d in dossiers for p in d[2]]
    with open(f'{work}/images/list', 'w') as out:
        out.write('\n'.join(images) + '\n')
    cost.run('xargs', '-a', f'{work}/images/list', '-P', str(CORES), '-I{}',
             'tesseract', '{}', '{}', '-l', 'vie', '--psm', '3')
    return cost, [[open(p + '.txt').read() for p in d[2]] for d in dossiers]


def ocrmypdf(work, dossiers):
    cost, size, texts = Cost(), 0, []
    for i, (_, scan, _) in enumerate(dossiers):
        out = f'{work}/ocrmypdf-{i}'
        cost.run('ocrmypdf', '-q', '-l', 'vie', '--jobs', str(CORES),
                 '--output-type', 'pdfa', '--sidecar', out + '.txt', scan,
                 out + '.pdf')
        size += os.path.getsize(out + '.pdf')
        text = open(out + '.txt').read().split('\f')
        texts.append(text[:len(dossiers[i][2])])
    return cost, size, texts


def sohoa(work, dossiers, verb, *options):
    """All dossiers in one call: texts and what --usage tells."""
    with open(f'{work}/{verb}.json', 'wb') as out, \
            open(f'{work}/{verb}.err', 'wb') as err:
        cost = Cost().run(SOHOA, verb, '--json', '--usage', '--quiet',
                          *options, *(d[0] for d in dossiers), good=(0, 1),
                          stdout=out, stderr=err)
    said = json.load(open(f'{work}/{verb}.json'))
    said = said.get('dossiers', [said])
    usage = json.loads(open(f'{work}/{verb}.err').read().splitlines()[-1])
    # The workers are the main process's children, each its own peak.
    cost.peak = max(usage['main_peak_bytes'], usage['decode_peak_bytes'],
                    usage['read_peak_bytes'])
    return cost, usage, said


def main():
    work = tempfile.mkdtemp(prefix='sohoa-bench-')
    try:
        for name in ('fed', 'images', 'text'):
            os.mkdir(f'{work}/{name}')
        dossiers = make(work)
        pages = sum(len(d[2]) for d in dossiers)
        fed = sum(os.path.getsize(d[1]) for d in dossiers)
        print(f'{pages} pages, A4 and cards, colour, 300 dpi, '
              f'{fed / pages / 1e3:.0f} kB each; {CORES} cores\n')
        print(f'{"":34}{"CPU s":>9}{"pages":>9}{"pages":>9}{"peak":>9}'
              f'{"kB":>9}{"CER %":>9}{"CER %":>9}')
        print(f'{"":34}{"a page":>9}{"min*core":>9}{"a min":>9}{"MB":>9}'
              f'{"a page":>9}{"median":>9}{"all":>9}')
        cost, texts = tesseract(work, dossiers)
        row('tesseract, words', cost, pages, 0,
            wrong(work, 'tesseract', dossiers, texts))
        peer, size, texts = ocrmypdf(work, dossiers)
        row('ocrmypdf, PDF/A', peer, pages, size,
            wrong(work, 'ocrmypdf', dossiers, texts))
        cost, usage, said = sohoa(work, dossiers, 'read')
        row('sohoa read, words, types, fields', cost, pages, 0,
            wrong(work, 'sohoa', dossiers,
                  [[p['text'] for p in d['pages']] for d in said]))
        homes = [f'{work}/home-{n}' for n in (0, 1)]
        for home in homes:
            subprocess.run([SOHOA, 'init', home], check=True,
                           stdout=subprocess.DEVNULL)
        cost, usage, said = sohoa(work, dossiers, 'intake', '--home', homes[0])
        archive = sum(os.path.getsize(f) for f in
                      glob.glob(f'{homes[0]}/archive/**', recursive=True)
                      if os.path.isfile(f))
        row('sohoa intake, signed, archived', cost, pages, archive, None)
        one, _, _ = sohoa(work, dossiers, 'intake', '--home', homes[1],
                          '--readers', '1')
        row('the same with one reader', one, pages, archive, None)
        print(f'\nintake: {peer.cpu / cost.cpu:.2f} times the pages of '
              f'ocrmypdf for the same CPU, '
              f'{peer.wall / cost.wall:.2f} times in the same time; '
              f'{one.wall / cost.wall:.2f} times one reader\'s')

        print('\nsohoa intake, stage by stage    CPU ms a page')
        for key, name in (('decode', 'decode (worker)'),
                          ('read', 'read (workers)'),
                          ('divide', 'divide, classify, extract, match'),
                          ('dedupe', 'seen before?'),
                          ('render', 'render PDF/A'),
                          ('sign', 'sign twice'),
                          ('prove', 'verify'),
                          ('archive', 'archive, read back')):
            print(f'  {name:34}{1e3 * usage[key + "_cpu_s"] / pages:9.1f}')
        print(f'  {"main process, all of it":34}'
              f'{1e3 * usage["main_cpu_s"] / pages:9.1f}')
        print('peak MB: ' + ', '.join(
            f'{name} {usage[name + "_peak_bytes"] / 1e6:.0f}'
            for name in ('main', 'decode', 'read')))
        print('\nthe archive alone', flush=True)
        subprocess.run([f'{BUILD}/tests/bench/bench_archive', str(DOCUMENTS),
                        f'{work}/archive'], check=True)
    finally:
        shutil.rmtree(work)


main()
