#!/usr/bin/env python3
"""A time-stamp authority on loopback: openssl ts behind HTTP.

  tsa.py DIR    makes root and key in DIR when they are missing, prints
                http://127.0.0.1:PORT/ and serves until it is killed

DIR/root.pem is the root; while DIR/down exists it answers 503.
"""
import http.server
import os
import subprocess
import sys

CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[t1]
serial = tsaserial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256,sha384,sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def run(*args):
    return subprocess.run(["openssl", *args], check=True,
                          capture_output=True).stdout


def make():
    with open("ca.cnf", "w") as f:
        f.write(CONFIG)
    for name in ("root", "tsa"):
        run("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", name + ".key")
    run("req", "-x509", "-new", "-key", "root.key", "-config", "ca.cnf",
        "-extensions", "ca", "-subj", "/CN=test root", "-days", "3650",
        "-out", "root.pem")
    run("req", "-new", "-key", "tsa.key", "-config", "ca.cnf", "-subj",
        "/CN=test time stamps", "-out", "tsa.csr")
    run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey",
        "root.key", "-set_serial", "2", "-days", "3000", "-extfile",
        "ca.cnf", "-extensions", "tsa", "-out", "tsa.pem")
    with open("tsaserial", "w") as f:
        f.write("01")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        n = int(self.headers.get("Content-Length", 0))
        with open("q.tsq", "wb") as f:
            f.write(self.rfile.read(min(n, 65536)))
        if os.path.exists("down"):
            self.send_error(503)
            return
        answer = run("ts", "-reply", "-config", "ca.cnf", "-section", "t1",
                     "-queryfile", "q.tsq")
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
if not os.path.exists("tsa.pem"):
    make()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
