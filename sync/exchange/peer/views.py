"""The parent's side of CSP/1: a few lines per call. No session, no cookie; every call is signed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from cityops.foundation.bodies import takes_body
from cityops.foundation.context import become, current_actor
from cityops.foundation.failpoints import failpoint
from cityops.foundation.patience import patience
from sync.exchange.models import Link
from sync.exchange.rules.calls import (
    Announced,
    Buckets,
    Echo,
    Evidence,
    Fence,
    Hello,
    Notes,
    Offer,
    Position,
    Ranges,
)
from sync.exchange.rules.envelope import unpack
from sync.exchange.rules.hop import answer_text
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import (
    answering,
    attempts,
    blobs,
    echoing,
    enrolment,
    epochs,
    following,
    guard,
    keys,
    pressure,
    trust,
)
from sync.exchange.services.digests import begin_snapshot
from sync.exchange.services.receiving import receive
from sync.exchange.services.refusing import note_refusal

logger = logging.getLogger(__name__)
Said = TypeVar("Said", bound=msgspec.Struct)
Handler = Callable[[Link, bytes], tuple[int, bytes]]
NamedHandler = Callable[[Link, bytes, str, str], tuple[int, bytes]]
JSON = "application/json"
BINARY = "application/octet-stream"
UNFORESEEN = (ValueError, TypeError, KeyError, AttributeError, DataError, RecursionError)


@dataclass(frozen=True)
class Steps:
    """What frames the work of a call in transactions of its own: before it, and after a refusal."""

    begin: Callable[[Link, bytes], None]
    end: Callable[[bytes], None]


def peer_call(
    handler: Handler,
    *,
    is_fresh: bool = True,
    on_snapshot: bool = False,
    steps: Steps | None = None,
    named: NamedHandler | None = None,
) -> Callable[..., HttpResponse]:
    """A view for one kind of call: the signature is checked first; a refusal leaves nothing but an audit entry.

    The body is read only where the sender says to be a child of this node. With ``on_snapshot`` the whole call sees
    one moment of the database. ``steps`` are what is committed before the work begins.
    """

    @csrf_exempt
    @require_http_methods(["PUT" if named else "POST"])
    def view(request: HttpRequest, **names: str) -> HttpResponse:
        sender, signature, is_proven, begun = "", b"", False, b""
        try:
            call, signature = trust.call_of(request.headers, method=str(request.method), path=request.path)
            sender = call.sender
            become(replace(current_actor(), name=sender[:150], channel="peer"))
            link = trust.link_of(call)
            body = _body(request)
            if steps is not None:
                with transaction.atomic(), _refused_not_lost():
                    trust.check_call(call, link, signature, body, is_fresh=is_fresh)
                    is_proven = True
                    steps.begin(link, body)
                begun = body
            with transaction.atomic(), _refused_not_lost(), _moment(on_snapshot), patience():
                if steps is None:
                    trust.check_call(call, link, signature, body, is_fresh=is_fresh)
                    is_proven = True
                else:
                    trust.check_incarnation(call)  # the database may be another one by now
                if named is not None:
                    status, answer = named(link, body, names["sha256"], request.headers.get("Content-Range", ""))
                else:
                    status, answer = handler(link, body)
                if is_fresh:
                    trust.note_contact(link)
            failpoint("answer.committed")
            response = HttpResponse(answer, status=status, content_type=BINARY if status == 206 else JSON)
            if is_fresh:
                response["CityOps-Next-Nonce"] = trust.issue_nonce(sender)
        except PeerRefused as refusal:
            if steps is not None and begun:
                steps.end(begun)
            if refusal.code == "HASH":
                blobs.begin_anew(link, names["sha256"])
            response = refused(refusal, sender, is_proven=is_proven)
        return _signed(response, signature, request.headers.get("CityOps-Knows", ""))

    return takes_body(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, view)


@contextmanager
def _refused_not_lost() -> Iterator[None]:
    """What nobody foresaw in a call is refused like the rest, signed and audited; the log keeps the whole of it.

    Raises PeerRefused FAILED: the fault is here, and the peer tries again.
    """
    try:
        yield
    except UNFORESEEN as error:
        logger.exception("peer call failed")
        raise PeerRefused("FAILED", f"{type(error).__name__}: the log of this node keeps the rest.") from error


@contextmanager
def _moment(on_snapshot: bool) -> Iterator[None]:
    """Let the transaction, which has just begun, see one moment of the database where that is asked for."""
    if on_snapshot:
        with connection.cursor() as cursor:
            begin_snapshot(cursor)
    yield


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig as error:
        raise PeerRefused("TOO_LARGE", f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes a call.") from error


def refused(refusal: PeerRefused, sender: str, *, is_proven: bool = False) -> HttpResponse:
    """Note a refusal and answer with its code."""
    note_refusal(refusal, sender, is_proven=is_proven)
    body = {"code": refusal.code, "status": refusal.status, "detail": refusal.detail, **refusal.facts}
    headers = {"Retry-After": str(refusal.facts["retry_after"])} if "retry_after" in refusal.facts else None
    return HttpResponse(msgspec.json.encode(body), status=refusal.status, content_type=JSON, headers=headers)


def _signed(response: HttpResponse, signature: bytes, known: str) -> HttpResponse:
    """Sign an answer, under the key that the caller says to ``known``, so that a rotation surprises nobody."""
    key = keys.own_key_known_to_peer(known)
    text = answer_text(signature.hex(), response.status_code, response.content)
    response["CityOps-Key"] = key.kid
    response["CityOps-Signature"] = keys.sign(key, text).hex()
    return response


def _hello(link: Link, body: bytes) -> tuple[int, bytes]:
    _said(body, Hello)
    facts = answering.hello(link)
    facts["incarnation"] = str(guard.incarnation())  # first: it may void the numbers of an earlier life
    facts["nonce"] = trust.waiting_nonce(link.peer_code)
    return 200, msgspec.json.encode(facts)


def _push(link: Link, body: bytes) -> tuple[int, bytes]:
    sealed = unpack(body)
    receipt = receive(sealed, sender=link.peer_code, tries=attempts.tries(sealed))
    attempts.end(sealed)
    return 200, msgspec.json.encode(
        {"receipt": bytes(receipt.text).decode(), "signature": bytes(receipt.signature).hex()}
    )


def _pull(link: Link, body: bytes) -> tuple[int, bytes]:
    sealed = answering.next_batch(link, _said(body, Position))
    return (204, b"") if sealed is None else (206, sealed.pack())


def _notes(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(answering.take_notes(link, _said(body, Notes)))


def _compare(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(answering.compare(link, _said(body, Buckets)))


def _ranges(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(answering.ranges(link, _said(body, Ranges)))


def _fence(link: Link, body: bytes) -> tuple[int, bytes]:
    said = _said(body, Fence)
    fence = epochs.heed(said.fence.encode(), bytes.fromhex(said.signature), sender=link.peer_code)
    return 200, msgspec.json.encode(fence)


def _echo(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(echoing.leaves(link, _said(body, Echo)))


def _evidence(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(echoing.evidence(link, _said(body, Evidence)))


def _offer(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(following.take_offer(link, _said(body, Offer)))


def _said(body: bytes, kind: type[Said]) -> Said:
    """What a call says. Raises PeerRefused MALFORMED."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise PeerRefused("MALFORMED", str(error)) from error


@csrf_exempt
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """A child asks to be let in; it proves the one-time code."""
    become(replace(current_actor(), channel="peer"))
    try:
        with _refused_not_lost():
            body, headers = enrolment.take_asking(
                _body(request),
                proof=request.headers.get("CityOps-Proof", ""),
                signature=request.headers.get("CityOps-Signature", ""),
                address=current_actor().address,
            )
    except PeerRefused as refusal:
        child = str(refusal.facts.get("child", ""))
        with transaction.atomic():
            enrolment.count_failure(child)
        return refused(refusal, child)
    return HttpResponse(body, content_type=JSON, headers=headers)


hello = peer_call(_hello, is_fresh=False)


def _begin_push(link: Link, body: bytes) -> None:
    sealed = unpack(body)
    pressure.check(link, sealed.read())
    attempts.begin(sealed)


def _end_push(body: bytes) -> None:
    attempts.end(unpack(body))


push = peer_call(_push, steps=Steps(_begin_push, _end_push))
pull = peer_call(_pull)
notes = peer_call(_notes)
compare = peer_call(_compare, on_snapshot=True)
ranges = peer_call(_ranges, on_snapshot=True)
fence = peer_call(_fence)
echo = peer_call(_echo, on_snapshot=True)
evidence = peer_call(_evidence)
offer = peer_call(_offer)


def _blobs(link: Link, body: bytes) -> tuple[int, bytes]:
    return 200, msgspec.json.encode({"missing": blobs.announce(link, _said(body, Announced).items)})


def _blob(link: Link, body: bytes, sha256: str, content_range: str) -> tuple[int, bytes]:
    return 200, msgspec.json.encode(blobs.take_piece(link, sha256, content_range, body))


blobs_announced = peer_call(_blobs)
blob = peer_call(_blobs, named=_blob)
