"""The connection to the parent outlives a pause in which the parent's web server closed it."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.exchange.services import client


class Impatient(BaseHTTPRequestHandler):
    """Answers with the port the call came from, and closes a connection that rests."""

    protocol_version = "HTTP/1.1"
    timeout = 1.5

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def wire() -> Iterator[client.Wire]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Impatient)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found = client.Wire(f"http://127.0.0.1:{server.server_port}")
    yield found
    found.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_calls_that_follow_closely_share_a_connection_and_a_pause_opens_a_new_one(wire):
    first, again = (wire.post("/", b"x", {})[1] for _ in range(2))
    time.sleep(2.5)
    later = wire.post("/", b"x", {})[1]
    assert first == again
    assert later != first


def test_nobody_there_is_told(wire):
    nobody = client.Wire("http://127.0.0.1:9")
    with pytest.raises(client.PeerUnreachable, match=r"127\.0\.0\.1:9"):
        nobody.post("/", b"", {})
