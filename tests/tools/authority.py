"""
A small authority for tests, on loopback: time stamps, OCSP and revocation
lists by openssl, and the Cloud Signature Consortium's API over its keys.

    authority.py FOLDER PORT   serves; writes FOLDER/port when it listens

FOLDER holds what make-authority.sh made.  FOLDER/mood, when there, makes it
misbehave for one path: lines "PATH MOOD [ARGUMENT]" with MOOD one of

    down        status 503            slow S      answers after S seconds
    refuse      status 403            garbage     bytes that mean nothing
    big         an endless answer     clock S     a time stamp S seconds off
    other       a time stamp over another digest / an answer about nobody
    replay      the first answer again
    cut         half of the answer

FOLDER/log gets one line a request: method, path, length of the body.
"""
import base64, hashlib, http.server, json, os, subprocess, sys, tempfile
import threading, time

folder = os.path.abspath(sys.argv[1])
first = {}
permissions = {}


def run(*args, **kw):
    return subprocess.run(args, cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, **kw).stdout


def mood_of(path):
    try:
        for line in open(os.path.join(folder, "mood")):
            word = line.split()
            if word and word[0] == path:
                return word[1], (word[2] if len(word) > 2 else "")
    except FileNotFoundError:
        pass
    return "", ""


def through_files(data, make):
    with tempfile.TemporaryDirectory() as d:
        question, answer = d + "/q", d + "/a"
        open(question, "wb").write(data)
        make(question, answer)
        return open(answer, "rb").read()


def stamp(data, mood, arg):
    def make(q, a):
        env = dict(os.environ)
        command = ["openssl", "ts", "-reply", "-config", "ca.cnf", "-section",
                   "tsa", "-queryfile", q, "-out", a]
        if mood == "clock":
            command = ["faketime", "-f", "%+ds" % int(arg)] + command
        if mood == "other":
            open(q + "x", "wb").write(b"another document")
            run("openssl", "ts", "-query", "-data", q + "x", "-sha256",
                "-cert", "-out", q)
        run(*command, env=env)
    return through_files(data, make)


def ocsp(data, mood, arg):
    def make(q, a):
        run("openssl", "ocsp", "-index", "index.txt", "-CA", "sub.pem",
            "-rsigner", "ocsp.pem", "-rkey", "ocsp.key", "-nmin", "60",
            "-reqin", q, "-respout", a)
    if mood == "other":
        def make(q, a):
            run("openssl", "ocsp", "-index", "index.txt", "-CA", "sub.pem",
                "-rsigner", "stranger.pem", "-rkey", "stranger.key",
                "-nmin", "60", "-reqin", q, "-respout", a)
    return through_files(data, make)


def der(name):
    return run("openssl", "x509", "-in", name, "-outform", "DER")


def csc(path, q, mood):
    name = q.get("credentialID", "")
    if not os.path.exists(os.path.join(folder, name + ".key")):
        return 400, {"error": "invalid_request"}
    if path.endswith("/credentials/info"):
        chain = [name + ".pem", "sub.pem", "root.pem"]
        return 200, {"key": {"status": "enabled"}, "cert": {
            "status": "valid", "certificates": [
                base64.b64encode(der(c)).decode() for c in chain]}}
    if path.endswith("/credentials/authorize"):
        pins = [x["value"] for x in q.get("authData", []) if x["id"] == "PIN"]
        if pins != ["246810"]:
            return 400, {"error": "invalid_pin"}
        sad = hashlib.sha256(os.urandom(16)).hexdigest()
        permissions[sad] = q["hashes"]
        return 200, {"SAD": sad, "expiresIn": 60}
    if path.endswith("/signatures/signHash"):
        if permissions.pop(q.get("SAD"), None) != q["hashes"]:
            return 400, {"error": "invalid_sad"}
        key = "stranger.key" if mood == "other" else name + ".key"
        opts = ["-pkeyopt", "digest:sha256"]
        if q["signAlgo"] == "1.2.840.113549.1.1.10":
            opts += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt",
                     "rsa_pss_saltlen:32"]
        if q["hashAlgorithmOID"].endswith(".2.2"):
            opts = ["-pkeyopt", "digest:sha384"]
        out = through_files(base64.b64decode(q["hashes"][0]), lambda i, o: run(
            "openssl", "pkeyutl", "-sign", "-inkey", key, "-in", i, "-out", o,
            *opts))
        return 200, {"signatures": [base64.b64encode(out).decode()]}
    return 404, {"error": "not_found"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self, data):
        path = self.path
        with open(os.path.join(folder, "log"), "a") as f:
            f.write("%s %s %d\n" % (self.command, path, len(data)))
        mood, arg = mood_of(path)
        if mood == "down":
            return self.reply(503, b"")
        if mood == "refuse":
            return self.reply(403, b"")
        if mood == "slow":
            time.sleep(float(arg))
        if mood == "garbage":
            return self.reply(200, b"\x30\x03\x02\x01\x00 no answer")
        if mood == "big":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"\0" * 65536)
            except OSError:
                return None
        if path == "/tsa":
            body = stamp(data, mood, arg)
        elif path == "/ocsp":
            body = ocsp(data, mood, arg)
        elif path.startswith("/crl/"):
            body = open(os.path.join(folder, os.path.basename(path)),
                        "rb").read()
        elif path.startswith("/csc/v2/"):
            if self.headers.get("Authorization") != "Bearer open-sesame":
                return self.reply(401, b"{}")
            status, answer = csc(path, json.loads(data), mood)
            body = json.dumps(answer).encode()
            if mood == "cut":
                body = body[:len(body) // 2]
            return self.reply(status, body, "application/json")
        else:
            return self.reply(404, b"")
        body = first.setdefault(path, body) if mood == "replay" else body
        first.setdefault(path, body)
        if mood == "cut":
            body = body[:len(body) // 2]
        return self.reply(200, body)

    def do_GET(self):
        self.serve(b"")

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers["Content-Length"])))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):
        pass


server = Server(("127.0.0.1", int(sys.argv[2])), Handler)
with open(folder + "/port.new", "w") as f:
    f.write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
