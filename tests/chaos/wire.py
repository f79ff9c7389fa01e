"""The wire between nodes: HTTP as bytes, from the real client to the real views, with faults on the way.

``http.client`` writes its request to a pipe; a small server reads it as gunicorn would and calls Django's WSGI handler
inside the parent's node; the answer is written out as bytes and parsed by ``http.client`` again. So a cut at byte k,
or a flipped bit, means what it means on a real line.
"""

import http.client
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import unquote_to_bytes, urlsplit

from django.core.handlers.wsgi import WSGIHandler

from cityops.foundation.failpoints import arm, disarm
from sync.exchange.services import client
from tests.chaos.nodes import Killed, Node

UNDELIVERED = frozenset({"lost_request", "cut_request", "hold"})
TOKEN = re.compile(rb"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
REQUEST_LINE = re.compile(rb"^([A-Z]{3,10}) (\S+) HTTP/1\.[01]$")


@dataclass
class Message:
    """One request that a child made, as it went over the wire."""

    number: int
    to: str
    raw: bytes

    @property
    def call(self) -> str:
        """Which call it is: hello, push, pull, notes, compare."""
        return self.raw.split(b" ", 2)[1].rsplit(b"/", 1)[-1].decode(errors="replace")


@dataclass
class Fault:
    """What happens to one message. ``at`` is a place in it, as a share of its length."""

    kind: str
    at: float = 0.0
    point: str = ""
    call: str = ""
    """Only messages of this call; '' for any."""

    def __str__(self) -> str:
        parts = [self.kind, self.call, self.point, f"@{self.at:.4f}" if self.at else ""]
        return ":".join(part for part in parts if part)


def killed() -> None:
    """The process ends here."""
    raise Killed


@dataclass
class Network:
    """All nodes, and what the next messages meet."""

    nodes: dict[str, Node]
    faults: list[Fault] = field(default_factory=list)
    captured: list[Message] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    on_message: Callable[[Message], None] | None = None
    seen: dict[str, int] = field(default_factory=dict)
    keeps: int = 64
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def reset(self) -> None:
        """Forget every message and every fault."""
        self.faults, self.captured, self.held, self.on_message, self.seen = [], [], [], None, {}
        for node in self.nodes.values():
            node.is_up, node.memory = True, None

    def node_at(self, port: int) -> Node:
        """The node that listens on a port."""
        return next(node for node in self.nodes.values() if node.port == port)

    def connect(self, base_url: str) -> "WireConnection":
        """In the place of ``client.connect``."""
        parts = urlsplit(base_url)
        return WireConnection(self, parts.port or 0)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let the clients of all nodes call over this network."""
        with mock.patch.object(client, "connect", self.connect):
            yield

    def _next_fault(self, message: Message) -> Fault:
        if self.faults and self.faults[0].call in {"", message.call}:
            return self.faults.pop(0)
        return Fault("none")

    def carry(self, port: int, raw: bytes) -> bytes:
        """Take one request to its node and bring the answer back. Raises OSError where the line breaks."""
        node = self.node_at(port)
        message = Message(next(self._numbers), node.code, raw)
        self.captured = [*self.captured[1 - self.keeps :], message]
        if self.on_message is not None:
            self.on_message(message)
        fault = self._next_fault(message)
        self.seen[fault.kind] = self.seen.get(fault.kind, 0) + 1
        if not node.is_up:
            raise ConnectionRefusedError("nobody listens")
        if fault.kind in UNDELIVERED:
            self._lose(message, fault)
        answer = self._delivered(node, flipped(raw, fault.at) if fault.kind == "flip_request" else raw, fault)
        if fault.kind == "duplicate":
            self.deliver(node, raw)
        if answer is None or fault.kind == "lost_answer":
            raise ConnectionResetError("no answer")
        if fault.kind == "cut_answer":
            return answer[: int(len(answer) * fault.at)]
        return flipped(answer, fault.at) if fault.kind == "flip_answer" else answer

    def _lose(self, message: Message, fault: Fault) -> None:
        """The request does not arrive: never, later, or cut off."""
        if fault.kind == "hold":
            self.held.append(message)
            raise TimeoutError("timed out")
        if fault.kind == "cut_request":
            self.deliver(self.nodes[message.to], message.raw[: int(len(message.raw) * fault.at)])
        raise ConnectionResetError(f"the request was lost: {fault.kind}")

    def _delivered(self, node: Node, raw: bytes, fault: Fault) -> bytes | None:
        if fault.kind == "kill":
            arm(fault.point, 1, killed)
        try:
            return self.deliver(node, raw)
        finally:
            if fault.kind == "kill":
                disarm()

    def deliver(self, node: Node, raw: bytes) -> bytes | None:
        """Have a node answer a request; None where its process died, or never answers."""
        with node.active():
            try:
                return serve(raw)
            except Killed:
                pass
        node.crash()
        return None

    def release(self, which: int = 0) -> bool:
        """Let a held request arrive after all; nobody waits for its answer any more."""
        if not self.held:
            return False
        message = self.held.pop(which % len(self.held))
        self.deliver(self.nodes[message.to], message.raw)
        return True

    def replay(self, which: int) -> bool:
        """Send an earlier request once more, byte for byte."""
        if not self.captured:
            return False
        message = self.captured[which % len(self.captured)]
        self.deliver(self.nodes[message.to], message.raw)
        return True


def flipped(raw: bytes, at: float) -> bytes:
    """The same with one bit turned."""
    place = min(int(len(raw) * at), len(raw) - 1)
    bit = int(len(raw) * at * 8) % 8
    return raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]


class WireConnection(http.client.HTTPConnection):
    """The client's connection, whose socket is a pipe to the network."""

    def __init__(self, network: Network, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.network = network

    def connect(self) -> None:
        """Nothing to open."""
        self.sock = Pipe(self)  # type: ignore[assignment]


class Pipe:
    """As much of a socket as ``http.client`` uses."""

    def __init__(self, owner: WireConnection) -> None:
        self.owner, self.written = owner, b""

    def sendall(self, data: Any) -> None:
        """A part of the request."""
        self.written += bytes(data)

    def makefile(self, *_args: Any, **_words: Any) -> io.BytesIO:
        """The request is whole: carry it, and read the answer."""
        raw, self.written = self.written, b""
        return io.BytesIO(self.owner.network.carry(self.owner.port, raw))

    def close(self) -> None:
        """Nothing to close."""


APPLICATION: list[WSGIHandler] = []


def serve(raw: bytes) -> bytes | None:
    """Answer one request as gunicorn and Django do; None where the request never became whole enough to be one."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator:
        return None
    first, *lines = head.split(b"\r\n")
    line, headers = REQUEST_LINE.match(first), _headers(lines)
    if line is None or headers is None:
        return b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    body = body[: int(headers.get("content-length", "0"))]
    path, _, query = line[2].partition(b"?")
    environ = {
        "REQUEST_METHOD": line[1].decode(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": headers.get("content-length", "0"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    return _call(environ)


def _headers(lines: list[bytes]) -> dict[str, str] | None:
    """The headers by their names in small letters; None where gunicorn would refuse them."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name) or b"\0" in value:
            return None
        if b"_" not in name:
            found[name.decode().lower()] = value.strip(b" \t").decode("latin-1")
    length = found.get("content-length", "0")
    return found if length.isdigit() and length.isascii() else None


def _call(environ: dict[str, Any]) -> bytes:
    if not APPLICATION:
        APPLICATION.append(WSGIHandler())
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
        begun.extend((status, headers))

    response = APPLICATION[0](environ, start_response)
    try:
        body = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    status, headers = begun
    names = {name.lower() for name, _value in headers}
    if "content-length" not in names and not status.startswith("204"):
        headers = [*headers, ("Content-Length", str(len(body)))]
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
