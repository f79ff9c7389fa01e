"""Calls to the parent: one connection, every call signed, every answer verified."""

import http.client
import ssl
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from sync.exchange.models import Link
from sync.exchange.rules.envelope import MAX_RAW_BYTES
from sync.exchange.rules.hop import NO_NONCE, Call, answer_text
from sync.exchange.rules.refusals import STATUS, PeerRefused
from sync.exchange.services import keys

TIMEOUT_SECONDS = 60
IDLE_SECONDS = 1.0
"""A connection that rested longer is opened anew: web servers close a resting one (gunicorn after two seconds), and a
request that meets the closing is lost."""


MOST_ANSWER_BYTES = MAX_RAW_BYTES + 16 * 1024 * 1024
"""An answer is a batch, or the records of a comparison; more is never read."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class PeerUnreachable(ConnectionError):
    """The peer did not answer, or answered with something that is not of CSP/1; tried again later."""


def connect(base_url: str) -> http.client.HTTPConnection:
    """A connection to a node. Raises PeerUnreachable for an address that is none, or that anybody could listen to."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" and parts.hostname:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=context)
    if parts.scheme == "http" and parts.hostname:
        if not (settings.DEBUG or settings.CITYOPS_DEMO or parts.hostname in LOOPBACK):
            raise PeerUnreachable(f"{base_url}: nodes talk over https only.")
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    raise PeerUnreachable(f"{base_url!r} is no address of a node.")


def read_answer(response: http.client.HTTPResponse) -> bytes:
    """The whole answer. Raises HTTPException where it is cut off, or too large."""
    answer = response.read(MOST_ANSWER_BYTES + 1)
    if len(answer) > MOST_ANSWER_BYTES:
        raise http.client.HTTPException(f"an answer of more than {MOST_ANSWER_BYTES} bytes")
    if response.length:
        raise http.client.IncompleteRead(answer, response.length)
    return answer


class Transport(Protocol):
    """What carries calls to one node: HTTP (``Wire``), or whatever brings the same bytes there and back."""

    def post(self, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> tuple[Any, bytes]:
        """One request and the whole answer, whose head has ``status`` and ``headers``. Raises PeerUnreachable."""

    def close(self) -> None:
        """End it."""


class Wire:
    """One connection to a node, kept while calls follow each other closely."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._connection = connect(base_url)
        self._used_at = 0.0

    def post(
        self, path: str, body: bytes, headers: dict[str, str], method: str = "POST"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request and the whole answer. Raises PeerUnreachable."""
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self._connection.close()
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            answer = read_answer(response)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise PeerUnreachable(f"{self.base_url}: {error}") from error
        self._used_at = time.monotonic()
        return response, answer

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class ParentClient:
    """The child's side of CSP/1. ``hello`` comes first; it brings the number for the next call."""

    def __init__(self, link: Link, transport: Callable[[str], Transport] = Wire) -> None:
        self.link = link
        self._key = keys.own_key(link.suite)
        self._peer_key = keys.newest_of_peer(link)
        self._wire = transport(link.base_url)
        self._prefix = urlsplit(link.base_url).path.rstrip("/")
        self._nonce = NO_NONCE
        self._incarnation = NO_NONCE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    def hello(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Say who we are; learn where the parent stands."""
        answer = self.json("hello", facts, is_fresh=False)
        self._nonce, self._incarnation = answer["nonce"], answer["incarnation"]
        return answer

    def json(self, name: str, facts: dict[str, Any], *, is_fresh: bool = True) -> dict[str, Any]:
        """One call with JSON both ways."""
        _status, body = self.call(name, msgspec.json.encode(facts), is_fresh=is_fresh)
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise PeerUnreachable(f"{self.link.base_url} answered with what is not of CSP/1: {error}") from error

    def call(
        self,
        name: str,
        body: bytes,
        *,
        is_fresh: bool = True,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """One signed call. Raises PeerRefused with the parent's code, PeerUnreachable for everything else."""
        path = f"{self._prefix}/sync/v1/{name}"
        call = Call(
            method=method,
            path=path,
            sender=settings.CITYOPS_NODE,
            receiver=self.link.peer_code,
            kid=self._key.kid,
            nonce=self._nonce if is_fresh else NO_NONCE,
            incarnation=self._incarnation if is_fresh else NO_NONCE,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        signature = keys.sign(self._key, call.text(body))
        sent = {
            **(headers or {}),
            **call.headers(signature),
            "Content-Type": "application/octet-stream",
            "CityOps-Knows": self._peer_key,
        }
        response, answer = self._wire.post(path, body, sent, method)
        self._verify(response, signature, answer)
        self._nonce = response.headers.get("CityOps-Next-Nonce", NO_NONCE)
        if response.status >= 400:
            raise _refusal(response.status, answer)
        return response.status, answer

    def _verify(self, response: Any, signature: bytes, answer: bytes) -> None:
        kid, signed = response.headers.get("CityOps-Key"), response.headers.get("CityOps-Signature")
        if not kid or not signed:
            raise PeerUnreachable(f"{self.link.base_url} answered {response.status} without a signature.")
        try:
            keys.verify(
                kid=kid,
                node_code=self.link.peer_code,
                message=answer_text(signature.hex(), response.status, answer),
                signature=bytes.fromhex(signed),
            )
        except (PeerRefused, ValueError) as error:
            # not the parent's word, so no refusal of its either: asked again, not frozen
            raise PeerUnreachable(f"{self.link.base_url} answered, but not as itself: {error}") from error


def _refusal(status: int, answer: bytes) -> Exception:
    try:
        facts = msgspec.json.decode(answer)
        code, detail = facts["code"], facts.get("detail", "")
    except (msgspec.MsgspecError, KeyError, TypeError):
        return PeerUnreachable(f"HTTP {status}")
    if code not in STATUS:
        return PeerUnreachable(f"HTTP {status} {code}: {detail}")
    named = {name: facts[name] for name in ("position", "retry_after") if name in facts}
    return PeerRefused(code, detail, **named)


def ask_to_join(parent_url: str, body: bytes, headers: dict[str, str]) -> tuple[bytes, str]:
    """Send a request to join. Returns the parent's answer and its proof. Raises PeerRefused or PeerUnreachable."""
    connection = connect(parent_url)
    path = f"{urlsplit(parent_url).path.rstrip('/')}/sync/v1/join"
    try:
        connection.request("POST", path, body, {**headers, "CityOps-Request": str(uuid.uuid4())})
        response = connection.getresponse()
        answer = read_answer(response)
    except (OSError, http.client.HTTPException) as error:
        raise PeerUnreachable(f"{parent_url}: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise _refusal(response.status, answer)
    return answer, response.headers.get("CityOps-Proof", "")
