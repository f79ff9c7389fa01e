"""The connection to the parent outlives a pause in which the parent's web server closed it."""

import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from sync.exchange.models import Key, Link
from sync.exchange.services import client
from tests.sync.exchange.conftest import PROVINCE


class Impatient(BaseHTTPRequestHandler):
    """Answers with the port the call came from, and closes a connection that rests."""

    protocol_version = "HTTP/1.1"
    timeout = 1.5

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer) + 7 * (self.path == "/cut")))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = self.path == "/cut"

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


@pytest.mark.django_db
@pytest.mark.parametrize("signature", ["00", "no hex"])
def test_an_answer_that_nobody_proves_is_no_word_of_the_parent(city, signature):
    """It is asked for again: a bit that flipped on the way freezes no link."""

    class Forged:
        def post(self, *_call):
            said = {"CityOps-Key": Key.objects.first().kid, "CityOps-Signature": signature}
            return SimpleNamespace(status=403, headers=said), b'{"code": "SUSPENDED"}'

        def close(self):
            """Nothing is open."""

    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live", base_url="http://127.0.0.1:9")
    with (
        client.ParentClient(link, lambda _url: Forged()) as parent,
        pytest.raises(client.PeerUnreachable, match="itself"),
    ):
        parent.hello({})


def test_nobody_there_is_told(wire):
    nobody = client.Wire("http://127.0.0.1:9")
    with pytest.raises(client.PeerUnreachable, match=r"127\.0\.0\.1:9"):
        nobody.post("/", b"", {})


@pytest.mark.parametrize(
    ("address", "is_refused"),
    [("http://province.example", True), ("http://127.0.0.1:8001", False), ("https://province.example", False)],
)
def test_only_https_leaves_the_machine_outside_of_demo_and_debugging(settings, address, is_refused):
    client.connect(address).close()
    settings.CITYOPS_DEMO = False
    if is_refused:
        with pytest.raises(client.PeerUnreachable, match="https only"):
            client.connect(address)
    else:
        client.connect(address).close()


def test_an_answer_that_does_not_end_is_not_read(wire, monkeypatch):
    monkeypatch.setattr(client, "MOST_ANSWER_BYTES", 3)
    with pytest.raises(client.PeerUnreachable, match="more than 3 bytes"):
        wire.post("/", b"x", {})


def test_an_answer_that_is_cut_off_is_noticed(wire):
    with pytest.raises(client.PeerUnreachable, match="IncompleteRead"):
        wire.post("/cut", b"x", {})


def test_the_one_time_code_may_come_from_standard_input(monkeypatch):
    asked = []
    monkeypatch.setattr("sync.exchange.services.enrolment.asking", lambda code, _suite: asked.append(code) or (b"", {}))
    monkeypatch.setattr("sys.stdin", io.StringIO("AAAAA-BBBBB\n"))
    with pytest.raises(CommandError, match="no address"):
        call_command("join", "nowhere")
    assert asked == ["AAAAA-BBBBB"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="code"):
        call_command("join", "nowhere")
