"""A webhook receiver: answers with the statuses given, one a request, and prints what it got as JSON lines."""
import hashlib, hmac, http.server, json, ssl, sys

statuses, key, certificate, private_key = sys.argv[1].split(","), sys.argv[2].encode(), *sys.argv[3:5]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        status = int(statuses.pop(0))
        got = {
            "path": self.path,
            "type": self.headers["Content-Type"],
            "authorization": self.headers["Authorization"],
            "signed": hmac.compare_digest(signature, self.headers["X-Imker-Signature"] or ""),
            "status": status,
            "body": body.decode(),
        }
        print(json.dumps(got), flush=True)
        self.send_response(status)
        answer = b"x" * 100000
        self.send_header("Content-Length", str(len(answer)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        try:
            self.wfile.write(answer)
        except OSError:
            pass

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
