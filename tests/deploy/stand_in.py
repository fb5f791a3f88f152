"""A program in a service's place: serves on the socket it is given and tells what it was started with."""

from __future__ import annotations

import json
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answers(BaseHTTPRequestHandler):
    """``/readyz`` says ready, or with ``--behind`` that an operator must act; ``/told`` tells pid, arguments and
    environment; ``/die`` ends the process at once."""

    def do_GET(self) -> None:
        if self.path == "/die":
            os._exit(3)
        told = {"pid": os.getpid(), "argv": sys.argv, "environment": dict(os.environ)}
        behind = "--behind" in sys.argv and self.path == "/readyz"
        ready = {"because": "kernel.ledger-behind-stream"} if behind else {"ready": True}
        body = json.dumps(told if self.path == "/told" else ready).encode()
        self.send_response(503 if behind else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until a signal ends the process."""
    if "--fail" in sys.argv:
        sys.exit("the stand-in was told to fail")
    server = HTTPServer(("127.0.0.1", 0), Answers, bind_and_activate=False)
    server.socket = socket.socket(fileno=int(os.environ["SHUFA_LISTEN_FD"]))
    server.serve_forever()


if __name__ == "__main__":
    main()
