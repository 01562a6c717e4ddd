#!/usr/bin/env python3
"""What Chromium's PDF viewer shows of a page: chromium.py IN.pdf OUT.ppm ...

Each file is opened in a window of its own under Xvfb, the page fitted in;
headless Chromium draws no PDF.  The picture is taken when it has not changed
for a while and shows something.
"""
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 1200, 1650
STILL_S, LIMIT_S = 3, 90
FLAGS = ('--no-sandbox', '--test-type', '--disable-gpu', '--disable-quic',
         '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync',
         '--force-device-scale-factor=1', '--hide-scrollbars',
         f'--window-size={WIDTH},{HEIGHT}', '--window-position=0,0')


def picture(path):
    """The frame buffer, which Xvfb keeps as an XWD file, as rows of RGB."""
    with open(path, 'rb') as f, \
            mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        head = struct.unpack('>25I', m[:100])
        start, line = head[0] + 12 * head[19], head[12]
        data = bytes(m[start:start + line * HEIGHT])
    rgb = bytearray(WIDTH * HEIGHT * 3)
    for i in range(3):
        rgb[i::3] = data[2 - i::4]
    return bytes(rgb)


def shows_something(rgb):
    """A page: much white in the middle of the window, and not only that."""
    middle = rgb[len(rgb) // 3:len(rgb) // 2]
    return middle.count(b'\xff') + middle.count(b'\xf5') > 1000 and \
        len(set(middle)) > 2


def show(display, frame, pdf, out):
    with tempfile.TemporaryDirectory() as user:
        p = subprocess.Popen(
            ['chromium', *FLAGS, f'--user-data-dir={user}',
             f'--app=file://{os.path.abspath(pdf)}#toolbar=0&view=Fit'],
            env=dict(os.environ, DISPLAY=display), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + LIMIT_S
            before, since = None, 0
            while time.monotonic() < end:
                time.sleep(0.5)
                now = picture(frame)
                if now != before:
                    before, since = now, time.monotonic()
                elif time.monotonic() - since >= STILL_S and \
                        shows_something(now):
                    break
            else:
                sys.exit(f'chromium.py: {pdf}: nothing is shown')
        finally:
            p.terminate()
            p.wait()
            time.sleep(0.5)     # its children leave the folder
    with open(out, 'wb') as f:
        f.write(b'P6\n%d %d\n255\n' % (WIDTH, HEIGHT) + now)


def main():
    pairs = list(zip(sys.argv[1::2], sys.argv[2::2]))
    with tempfile.TemporaryDirectory() as folder:
        r, w = os.pipe()
        x = subprocess.Popen(
            ['Xvfb', '-displayfd', str(w), '-screen', '0',
             f'{WIDTH}x{HEIGHT}x24', '-fbdir', folder, '-nolisten', 'tcp'],
            pass_fds=(w,), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            os.close(w)
            display = ':' + os.read(r, 20).decode().strip()
            for pdf, out in pairs:
                show(display, folder + '/Xvfb_screen0', pdf, out)
        finally:
            x.terminate()
            x.wait()


main()
