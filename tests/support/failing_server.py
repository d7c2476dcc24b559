"""A model server as a process that a test makes fail: `failing_server.py PORT FOLDER`.

Answers /health always. Each completion fails while FOLDER has the file `fails`, as vLLM does after
its multimodal cache has failed; a restart repairs it. The file `ends` ends the process.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
broken = False


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        global broken
        self.rfile.read(int(self.headers["Content-Length"]))
        if (FOLDER / "ends").exists():
            (FOLDER / "ends").unlink()
            sys.stderr.write("the engine has died\n")
            sys.stderr.flush()
            raise SystemExit(1)
        if (FOLDER / "fails").exists():
            (FOLDER / "fails").unlink()
            broken = True
        self._answer(500 if broken else 200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class Server(HTTPServer):
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        if isinstance(sys.exc_info()[1], SystemExit):
            raise


(FOLDER / "starts").open("a").write("x")
Server(("127.0.0.1", PORT), Handler).serve_forever()
