#!/usr/bin/env python3
"""A back catalogue, unattended, beside the peers on the same pages.

  bench_bulk.py [SOHOA-BUILD]

A page a JPEG, 300 dpi in colour: 15 % the bytes of an earlier page, 10 % an
earlier sheet scanned again, 5 % blank, 1 % broken.  tesseract gives words,
ocrmypdf a PDF/A with words, sohoa signed, verified, archived documents; the
same once more of the plain pages alone, and by one reader on one core beside
two on two.  Machines differ and are noisy: compare rows and ratios, not
seconds.

BENCH_PAGES (300): how many.  BENCH_PLAIN (40): how many of the plain ones
alone.  BENCH_PEERS (1): 0 leaves the peers out.  BENCH_DPI (300).
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = sys.argv[1] if len(sys.argv) > 1 else 'out/release'
PAGES = int(os.environ.get('BENCH_PAGES', '300'))
PLAIN = int(os.environ.get('BENCH_PLAIN', '40'))
PEERS = os.environ.get('BENCH_PEERS', '1') != '0'
DPI = os.environ.get('BENCH_DPI', '300')
CORES = len(os.sched_getaffinity(0))
SOHOA = os.path.join(BUILD, 'sohoa')
os.environ['OMP_THREAD_LIMIT'] = '1'
os.environ['SOHOA_LANG'] = 'en'


class Cost:
    """Wall and CPU seconds, peak of the largest process."""

    def __init__(self, *argv, good=(0,), **kw):
        begin = time.monotonic()
        kw.setdefault('stdout', subprocess.DEVNULL)
        kw.setdefault('stderr', subprocess.DEVNULL)
        p = subprocess.Popen(argv, **kw)
        _, status, use = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - begin
        self.cpu = use.ru_utime + use.ru_stime
        self.peak = use.ru_maxrss * 1024
        if good is not None and p.returncode not in good:
            sys.exit(f'{argv[0]} ended with {p.returncode}: {argv}')


def make(work):
    """The catalogue and a manifest of it: each page the only one of a
    dossier of the person whom it names first."""
    cat = f'{work}/catalogue'
    subprocess.run([f'{BUILD}/samples/sample', 'catalogue', '-o', cat, '-n',
                    str(PAGES), '--same', '15', '--rescan', '10', '--blank',
                    '5', '--broken', '1', '--dpi', DPI, '--seed', '7'],
                   check=True)
    pages = [json.loads(line) for line in open(f'{cat}/manifest.jsonl')]
    with open(f'{cat}/bulk.jsonl', 'w') as out:
        for p in pages:
            ids = [h['id'] for h in p.get('holders', []) if h.get('id')]
            out.write(json.dumps({
                'holder': ids[0] if ids else '001099000007',
                'procedure': '1.004222', 'files': p['file']}) + '\n')
    return cat, pages


def subset(cat, pages, kind, name):
    """A manifest of the pages of one kind: how many."""
    lines = open(f'{cat}/bulk.jsonl').read().splitlines()
    chosen = [l for l, p in zip(lines, pages) if kind(p)]
    with open(f'{cat}/{name}.jsonl', 'w') as out:
        out.write('\n'.join(chosen) + '\n')
    return len(chosen)


def row(name, cost, pages, distinct, peak=None):
    print(f'{name:34}{cost.cpu:9.1f}{cost.cpu / pages:9.2f}'
          f'{cost.cpu / distinct:9.2f}{60 * pages / cost.wall:9.1f}'
          f'{(peak or cost.peak) / 1e6:9.0f}', flush=True)


def peer(work, files, *argv):
    """A program that wants a call for each page, as many at once as there
    are cores.  A page that it cannot read costs what it costs."""
    with open(f'{work}/list', 'w') as out:
        out.write('\n'.join(files))
    return Cost('xargs', '-a', f'{work}/list', '-P', str(CORES), '-I{}',
                *argv, good=None)


def ocrmypdf(work, files):
    return peer(work, files, 'ocrmypdf', '-q', '-l', 'vie', '--jobs', '1',
                '--image-dpi', DPI, '--output-type', 'pdfa', '{}', '{}.pdf')


def bar(what, ours, least=None, most=None):
    said = ''
    if least is not None:
        said = f'  (at least {least}){"" if ours >= least else "  missed"}'
    if most is not None:
        said = f'  (at most {most}){"" if ours <= most else "  missed"}'
    print(f'{what:52}{ours:7.2f}{said}', flush=True)


def new_home(path):
    subprocess.run([SOHOA, 'init', path], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def bulk(home, manifest, cores=None):
    """CORES: on so many alone, with a reader on each."""
    alone = [] if cores is None else [
        'taskset', '-c', ','.join(str(c) for c in sorted(
            os.sched_getaffinity(0))[:cores])]
    readers = [] if cores is None else ['--readers', str(cores)]
    with open(f'{home}.json', 'wb') as out, open(f'{home}.err', 'wb') as err:
        cost = Cost(*alone, SOHOA, 'bulk', 'run', manifest, '--home', home,
                    '--json', '--usage', '--quiet', *readers, good=(0, 1),
                    stdout=out, stderr=err)
    said = json.load(open(f'{home}.json'))
    usage = json.loads(open(f'{home}.err').read().splitlines()[-1])
    return cost, said, usage


def plain_pages(work, cat, pages):
    """Pages that nothing repeats: beside ocrmypdf, and on one core."""
    chosen = [p for p in pages if p['kind'] == 'fresh' and
              p['page'] == 'fresh'][:PLAIN]
    names = {p['file'] for p in chosen}
    n = subset(cat, pages, lambda p: p['file'] in names, 'plain')
    print(f'\n{n} plain pages')
    theirs = None
    if PEERS:
        theirs = ocrmypdf(work, [f'{cat}/{f}' for f in sorted(names)])
        row('ocrmypdf, PDF/A', theirs, n, n)
    cost = {}
    for cores in range(min(2, CORES), 0, -1):
        cost[cores], _, _ = bulk(new_home(f'{work}/plain{cores}'),
                                 f'{cat}/plain.jsonl', cores)
        row(f'sohoa bulk, {cores} core{"s" * (cores > 1)}', cost[cores], n, n)
    print()
    bar('CPU s a plain page', cost[1].cpu / n, most=1.9)
    if theirs and CORES <= 2:
        bar('pages a minute, plain, times ocrmypdf',
            theirs.wall / cost[CORES].wall, 3)
    if theirs:
        bar('pages for the same CPU, plain, times ocrmypdf',
            theirs.cpu / cost[1].cpu)
    if 2 in cost:
        bar('pages a minute, two cores times one',
            cost[1].wall / cost[2].wall, 1.9)


def total(path):
    return sum(os.path.getsize(os.path.join(d, f))
               for d, _, files in os.walk(path) for f in files)


def main():
    work = tempfile.mkdtemp(prefix='sohoa-bulk-')
    try:
        cat, pages = make(work)
        kinds = collections.Counter(p['kind'] for p in pages)
        # A repeated page may repeat a blank or a broken one.
        fresh = sum(p['kind'] == 'fresh' and p['page'] == 'fresh'
                    for p in pages)
        fed = total(cat)
        print(f'{PAGES} pages, {DPI} dpi, colour, {fed / PAGES / 1e3:.0f} kB '
              f'each: ' + ', '.join(f'{n} {k}' for k, n in
                                    sorted(kinds.items())) +
              f'; {fresh} distinct; {CORES} cores\n')
        print(f'{"":34}{"CPU s":>9}{"CPU s":>9}{"CPU s per":>9}'
              f'{"pages":>9}{"peak":>9}')
        print(f'{"":34}{"":9}{"a page":>9}{"distinct":>9}{"a min":>9}'
              f'{"MB":>9}')
        theirs = None
        if PEERS:
            files = [f'{cat}/{p["file"]}' for p in pages]
            row('tesseract, words', peer(work, files, 'tesseract', '{}', '{}',
                                         '-l', 'vie', '--psm', '3'), PAGES,
                fresh)
            theirs = ocrmypdf(work, files)
            row('ocrmypdf, PDF/A', theirs, PAGES, fresh)
        home = new_home(f'{work}/home')
        cost, said, usage = bulk(home, f'{cat}/bulk.jsonl')
        row('sohoa bulk, signed, archived', cost, PAGES, fresh,
            max(usage[k + '_peak_bytes'] for k in ('main', 'decode', 'read')))
        print()
        if theirs:
            bar('pages a minute, catalogue, times ocrmypdf',
                theirs.wall / cost.wall, 4)
            bar('pages for the same CPU, catalogue, times ocrmypdf',
                theirs.cpu / cost.cpu)
        c = said['count']
        print(f'\n{c["fed"]} fed = {c["archived"]} archived + {c["blank"]} '
              f'blank + {c["set_aside"]} set aside + {c["waiting"]} waiting + '
              f'{c["failed"]} failed + {c["separators"]} separators; '
              f'{said["read"]} read, {said["reused"]} reused')
        for cause in said['causes'][:8]:
            print(f'  {cause["count"]:6} {cause["key"]}')
        size = total(f'{home}/archive')
        print(f'archive {size / 1e6:.1f} MB, '
              f'{size / max(1, c["archived"]) / 1e3:.0f} kB a page')

        print('\nstage by stage                 CPU ms a page')
        for key, name in (('decode', 'decode (worker)'),
                          ('read', 'read (workers)'),
                          ('divide', 'divide, classify, extract, match'),
                          ('render', 'render PDF/A'),
                          ('sign', 'sign twice'), ('prove', 'verify'),
                          ('archive', 'archive, read back'),
                          ('main', 'main process, all of it')):
            print(f'  {name:34}{1e3 * usage[key + "_cpu_s"] / PAGES:8.1f}')
        print('peak MB: ' + ', '.join(
            f'{name} {usage[name + "_peak_bytes"] / 1e6:.0f}'
            for name in ('main', 'decode', 'read')))

        # What they cost alone: in dossiers of their own, behind the others,
        # without what a run costs that finds everything done.
        nothing, _, _ = bulk(home, f'{cat}/bulk.jsonl')
        print(f'\nstarting costs {nothing.cpu:.2f} CPU s\n\n'
              'without it, behind the run above    pages  CPU s a page  read')
        for name, kind in (
                ('same bytes', lambda p: p['kind'] == 'same-bytes' and
                 p['page'] == 'fresh'),
                ('scanned again', lambda p: p['kind'] == 'rescan' and
                 p['page'] == 'fresh'),
                ('blank', lambda p: p['page'] == 'blank'),
                ('broken', lambda p: p['page'] == 'broken')):
            n = subset(cat, pages, kind, name.replace(' ', '-'))
            if n == 0:
                continue
            # Another procedure: dossiers that were not there.
            path = f'{cat}/{name.replace(" ", "-")}.jsonl'
            text = open(path).read().replace('1.004222', '1.001193')
            open(path, 'w').write(text)
            cost, said, usage = bulk(home, path)
            print(f'  {name:32}{n:8}{(cost.cpu - nothing.cpu) / n:14.3f}'
                  f'{said["read"]:6}')
        plain_pages(work, cat, pages)
    finally:
        shutil.rmtree(work)


main()
