"""Where the tools run: an empty folder, and a dictionary service on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import fixed.lookup
import racy.lookup


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    """The tools name their files without a folder, so they run in the test's own."""
    monkeypatch.chdir(tmp_path)


class Dictionary(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the meaning of {self.path.rsplit('/')[-1]}".encode())

    def log_message(self, *args):
        """Keep the test output clean."""


@pytest.fixture
def service(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dictionary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for module in (racy.lookup, fixed.lookup):
        monkeypatch.setattr(module, "SERVICE", f"http://127.0.0.1:{server.server_port}/define/")
    yield
    server.shutdown()
    server.server_close()
