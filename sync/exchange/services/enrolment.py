"""Enrolment of a child: a one-time code out of band, keys exchanged under it, approval at the parent.

The code never travels: both ends prove that they know it by an HMAC over what they send. No password is shared.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, NotThere, Refused
from sync.exchange.models import Enrolment, Key, Link
from sync.exchange.models.links import KEY_LIFE
from sync.exchange.rules.calls import Code, OfferedKey
from sync.exchange.rules.crypto import SUITES, key_id, suite
from sync.exchange.rules.places import is_under, prefix_of
from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.rules.statements import is_whole
from sync.exchange.services import keys, nodes, vouching
from tiers.models import Node
from tiers.tier import TIER_CODE, this_instance

CODE_LIFE = timedelta(days=7)
MAX_FAILURES = 10
"""Wrong proofs after which a code is void."""
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
SIGNED_JOIN = b"CSP1-JOIN\n"
SIGNED_WELCOME = b"CSP1-WELCOME\n"


Text = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f]*\Z")]
Address = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[!-~]*\Z")]


class Asking(msgspec.Struct, frozen=True):
    """What a child says of itself."""

    node_code: Code
    name: Text
    tier: Annotated[str, msgspec.Meta(max_length=1)]
    base_url: Address
    suite: Annotated[str, msgspec.Meta(max_length=8)]
    kid: Annotated[str, msgspec.Meta(max_length=32)]
    public_key: Annotated[str, msgspec.Meta(max_length=200)]
    keys: Annotated[list[OfferedKey], msgspec.Meta(max_length=20)] = []
    """All good keys of the child; what it sealed before may be under an earlier one."""


class Welcome(msgspec.Struct, frozen=True):
    """What a parent says of itself."""

    node_code: Code
    name: Text
    tier: str
    keys: list[OfferedKey]
    suite: Annotated[str, msgspec.Meta(max_length=8)] = "intl"


@transaction.atomic
def make_code(child_code: str, suite_name: str = "") -> str:
    """A one-time code for a child; an earlier one for it becomes void. The link will use a suite, ours by default.

    Raises InvalidInput for no child of ours, or a suite that is not known.
    """
    here = settings.CITYOPS_NODE
    try:
        fits = is_under(child_code, here)
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    if not fits:
        raise InvalidInput(_("%(child)s 不在 %(here)s 之下。") % {"child": child_code, "here": here})
    suite_name = suite_name or keys.home_suite()
    if suite_name not in SUITES:
        raise InvalidInput(_("没有密码套件 %(suite)s。") % {"suite": suite_name})
    vouching.own_key_of(suite_name)
    Enrolment.objects.filter(child_code=child_code, state__in=["open", "asked"]).update(state="cancelled")
    code = "-".join("".join(secrets.choice(ALPHABET) for _n in range(5)) for _g in range(4))
    Enrolment.objects.create(
        child_code=child_code,
        code_sha=_digest(code),
        suite=suite_name,
        made_by=current_actor().name,
        expires_at=timezone.now() + CODE_LIFE,
    )
    audit.record("enrolment.code", kind="Node", key=child_code, division_code=child_code[:12])
    return code


def asking(code: str, suite_name: str = "") -> tuple[bytes, dict[str, str]]:
    """At the child: the body of its request, and the headers that prove code and key."""
    key = vouching.own_key_of(suite_name) if suite_name else keys.own_key()
    instance = this_instance()
    body = msgspec.json.encode(
        Asking(
            node_code=instance.node_code,
            name=settings.CITYOPS_NAME or instance.node_code,
            tier=TIER_CODE[instance.tier],
            base_url=settings.CITYOPS_BASE_URL,
            suite=key.suite,
            kid=key.kid,
            public_key=key.public_key,
            keys=msgspec.convert(vouching.own_keys(), list[OfferedKey]),
        )
    )
    return body, {
        "CityOps-Proof": _proof(_digest(code), SIGNED_JOIN + body),
        "CityOps-Signature": keys.sign(key, SIGNED_JOIN + body).hex(),
    }


@transaction.atomic
def take_asking(body: bytes, *, proof: str, signature: str, address: str) -> tuple[bytes, dict[str, str]]:
    """At the parent: check the child's proof and note its request. Returns the answer with its own proof.

    Raises PeerRefused ENROLMENT; the failure is counted by ``count_failure``.
    """
    try:
        child = msgspec.json.decode(body, type=Asking)
        prefix_of(child.node_code)
    except (msgspec.MsgspecError, ValueError) as error:
        raise PeerRefused("MALFORMED", str(error)) from error
    enrolment = (
        Enrolment.objects.select_for_update().filter(child_code=child.node_code, state__in=["open", "asked"]).first()
    )
    if enrolment is None or enrolment.expires_at < timezone.now() or enrolment.failed_count >= MAX_FAILURES:
        raise PeerRefused("ENROLMENT", "There is no valid code for this node: ask the upper node for a new one.")
    secret = bytes(enrolment.code_sha)
    if not _proves(proof, secret, SIGNED_JOIN + body):
        raise PeerRefused("ENROLMENT", "The code is not the one issued for this node.", child=child.node_code)
    _check_own_key(child, body, signature)
    if child.suite != enrolment.suite:
        raise PeerRefused(
            "ENROLMENT", f"The link is to use the suite {enrolment.suite}: join --suite {enrolment.suite}."
        )
    if enrolment.state == Enrolment.State.ASKED and enrolment.details.get("kid") != child.kid:
        raise PeerRefused("ENROLMENT", "The code was used already, with another key.")
    enrolment.state, enrolment.asked_at, enrolment.asked_from = Enrolment.State.ASKED, timezone.now(), address
    enrolment.details = msgspec.to_builtins(child)
    enrolment.save()
    audit.record("enrolment.ask", kind="Node", key=child.node_code, after=enrolment.details)
    return _welcome(child, secret)


def count_failure(child_code: str) -> None:
    """A wrong proof for an open code; after ten the code is void."""
    for enrolment in Enrolment.objects.select_for_update().filter(child_code=child_code, state="open"):
        enrolment.failed_count += 1
        enrolment.save(update_fields=["failed_count"])


def _check_own_key(child: Asking, body: bytes, signature: str) -> None:
    """The child holds the private key of the public one it sends. Raises PeerRefused KEY."""
    if child.suite not in SUITES or key_id(child.public_key) != child.kid:
        raise PeerRefused("KEY", "Suite or key id do not fit the public key.")
    if not all(is_whole(key) and key.node_code == child.node_code for key in child.keys):
        raise PeerRefused("KEY", "A key that the request brings is not whole, or another node's.")
    try:
        held = suite(child.suite).verify(child.public_key, SIGNED_JOIN + body, bytes.fromhex(signature))
    except ValueError:
        held = False
    if not held:
        raise PeerRefused("KEY", "The request is not signed with the key it carries.")


def _welcome(child: Asking, secret: bytes) -> tuple[bytes, dict[str, str]]:
    instance = this_instance()
    body = msgspec.json.encode(
        {
            "node_code": instance.node_code,
            "name": settings.CITYOPS_NAME or instance.node_code,
            "tier": TIER_CODE[instance.tier],
            "base_url": settings.CITYOPS_BASE_URL,
            "keys": vouching.keys_for_child(child.node_code),
            "suite": child.suite,
        }
    )
    return body, {"CityOps-Proof": _proof(secret, SIGNED_WELCOME + body)}


@transaction.atomic
def take_welcome(body: bytes, *, proof: str, code: str, parent_url: str) -> Link:
    """At the child: check that the parent knows the code, take its keys, and note the link. Raises PeerRefused."""
    if not _proves(proof, _digest(code), SIGNED_WELCOME + body):
        raise PeerRefused("ENROLMENT", "The answer does not prove the code: this is not the node that issued it.")
    try:
        answer = msgspec.json.decode(body, type=Welcome)
    except msgspec.MsgspecError as error:
        raise PeerRefused("MALFORMED", str(error)) from error
    parent = answer.node_code
    if not is_under(settings.CITYOPS_NODE, parent):
        raise PeerRefused("ENROLMENT", f"{parent} is not above {settings.CITYOPS_NODE}.")
    other = Link.objects.to_parent().exclude(peer_code=parent).exclude(state=Link.State.RETIRED).first()
    if other is not None:
        raise Refused(_("本节点已接入 %(peer)s。") % {"peer": other.peer_code})
    vouching.learn_keys(answer.keys, from_parent=True, voucher=parent, is_proven=True)
    link, _made = Link.objects.update_or_create(
        peer_code=parent,
        defaults={
            "peer_name": answer.name,
            "role": Link.Role.PARENT,
            "base_url": parent_url.rstrip("/"),
            "suite": answer.suite,
        },
    )
    if link.state == Link.State.RETIRED:
        link.state, link.retry_at, link.fail_count, link.last_error = Link.State.PENDING, None, 0, ""
        link.save()
    own_keys = [key for key in answer.keys if key.node_code == parent and key.state == "active"]
    if not own_keys:
        raise PeerRefused("KEY", f"{parent} did not send its own key.")
    parent_key = next((key for key in own_keys if key.suite == answer.suite), own_keys[0])
    out_of_use = Key.objects.filter(kid__in=[key.kid for key in own_keys], revocation={})
    out_of_use.update(state=Key.State.ACTIVE)  # put out of use here where the link was retired
    nodes.register_node(
        node_code=parent,
        name=answer.name,
        tier=answer.tier,
        base_url=parent_url,
        public_key=parent_key.public_key,
    )
    own = Node.objects.get(node_code=settings.CITYOPS_NODE)
    own.parent_code = parent
    own.save()
    audit.record("enrolment.join", kind="Node", key=parent, after={"key": parent_key.kid})
    return link


@transaction.atomic
def approve(child_code: str, *, by: str) -> Link:
    """At the parent: let the child in. Raises NotThere without a request, Refused for the one who made the code."""
    enrolment = Enrolment.objects.select_for_update().filter(child_code=child_code, state="asked").first()
    if enrolment is None:
        raise NotThere(_("%(child)s 没有待批准的接入申请。") % {"child": child_code})
    if current_actor().channel == "page" and enrolment.made_by == by:
        raise Refused(_("发码人不能批准同一个接入申请,请由另一人批准。"))
    child = msgspec.convert(enrolment.details, Asking)
    _take_keys(child)
    now = timezone.now()
    link, _made = Link.objects.update_or_create(
        peer_code=child_code,
        defaults={
            "peer_name": child.name,
            "role": Link.Role.CHILD,
            "state": Link.State.LIVE,
            "suite": child.suite,
            "base_url": child.base_url,
            "enrolled_at": now,
            "frozen_reason": "",
        },
    )
    enrolment.state, enrolment.approved_by, enrolment.approved_at = Enrolment.State.APPROVED, by, now
    enrolment.save()
    if not Node.objects.filter(node_code=child_code).exists():
        nodes.register_node(
            node_code=child_code,
            name=child.name,
            tier=child.tier,
            base_url=child.base_url,
            public_key=child.public_key,
            parent_code=settings.CITYOPS_NODE,
        )
    audit.record("enrolment.approve", kind="Node", key=child_code, after={"key": child.kid})
    return link


def _take_keys(child: Asking) -> None:
    """The keys of an approved child, its only ones from now on. Raises Refused for one that was revoked for good."""
    main = OfferedKey(kid=child.kid, node_code=child.node_code, suite=child.suite, public_key=child.public_key)
    brought = {main.kid: main} | {key.kid: key for key in child.keys}
    if Key.objects.filter(kid__in=brought).exclude(revocation={}).exists():
        raise Refused(_("申请里的密钥已被吊销,请下级节点换用新密钥再申请。"))
    for key in Key.objects.filter(node_code=child.node_code, state=Key.State.ACTIVE).exclude(kid__in=brought):
        vouching.revoke(key, reason=_("节点以新密钥重新接入"))
    longest = timezone.now() + KEY_LIFE
    for offer in brought.values():
        Key.objects.update_or_create(
            kid=offer.kid,
            defaults={
                "node_code": child.node_code,
                "suite": offer.suite,
                "public_key": offer.public_key,
                "vouched_by": settings.CITYOPS_NODE,
                "state": Key.State.ACTIVE,
                "not_after": min(offer.not_after or longest, longest),
                "introduction": msgspec.to_builtins(offer.introduction) if offer.introduction else {},
            },
        )


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.strip().upper().encode()).digest()


def _proof(secret: bytes, message: bytes) -> str:
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _proves(proof: str, secret: bytes, message: bytes) -> bool:
    return hmac.compare_digest(_proof(secret, message).encode(), proof.encode(errors="replace"))


def details_of(enrolment: Enrolment) -> dict[str, Any]:
    """What a page shows of a request: the child's own words and the key to compare by telephone."""
    return {**enrolment.details, "fingerprint": " ".join(_pairs(enrolment.details.get("kid", "")))}


def _pairs(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]
