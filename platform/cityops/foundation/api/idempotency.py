"""Idempotency-Key: a write that is sent twice happens once, and both times gets the same answer.

The answer is stored in the transaction of the write itself, so that a crash leaves either both or neither. A refusal
is not stored: it changed nothing, and the same key may be tried again.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.foundation.errors import CityOpsError, InvalidInput
from cityops.foundation.locks import hold
from cityops.foundation.models import IdempotentAnswer

HEADER = "Idempotency-Key"
LONGEST_KEY = 64
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class KeyReused(CityOpsError):
    """The key belongs to another request of the same sender."""

    code = "idempotency_mismatch"
    status = 422
    title = _("Idempotency-Key 已用于另一个请求")


class IdempotentWrites(APIView):
    """Mixin of API views (before the others): writes with an ``Idempotency-Key`` happen once.

    Without the header a write happens as often as it is sent.
    """

    is_idempotent = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After sign-in and permissions: put the repeat check around the handler."""
        super().initial(request, *args, **kwargs)
        key = request.headers.get(HEADER)
        if request.method not in WRITES or key is None:
            return
        if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise InvalidInput(
                str(_("Idempotency-Key 应为 1 至 %s 个可见 ASCII 字符,例如一个 UUID。")) % LONGEST_KEY,
                errors=[{"field": HEADER, "code": "invalid_key", "detail": str(_("换用一个 UUID。"))}],
            )
        name = request.method.lower()
        setattr(self, name, partial(_once, getattr(self, name, self.http_method_not_allowed), key))


def _once(handler: Callable[..., Response], key: str, request: Request, *args: Any, **kwargs: Any) -> Response:
    """Run the handler, or give the stored answer; raises KeyReused for another request under the same key."""
    digest, user_id = _digest(request), request.user.pk or 0
    with transaction.atomic():
        if stored := _stored(user_id, key, digest):
            return stored
        response = handler(request, *args, **kwargs)
        if response.status_code < 300:
            IdempotentAnswer.objects.create(
                user_id=user_id,
                key=key,
                request_sha=digest,
                status=response.status_code,
                body=json.loads(JSONRenderer().render(response.data) or b"null"),
            )
    return response


def _stored(user_id: int, key: str, digest: bytes) -> Response | None:
    """The answer given before; none for a new key, which nobody else may use until this transaction ends.

    Asked by every write of other systems, so it is said in SQL. Raises KeyReused.
    """
    hold(f"{user_id}:{key}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT request_sha, status, body::text FROM foundation_idempotentanswer WHERE user_id = %s AND key = %s",
            [user_id, key],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if bytes(row[0]) != digest:
        raise KeyReused(str(_("每个新请求请用新的 Idempotency-Key;只有原样重发才用同一个。")))
    body = None if row[2] is None else json.loads(row[2])
    return Response(body, status=row[1], headers={"Idempotency-Replayed": "true"})


def _digest(request: Request) -> bytes:
    """SHA-256 over method, address and content: what makes two requests the same."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        form: Any = request.data
        for name in sorted(form):
            for value in form.getlist(name):
                digest.update(name.encode() + b"\0")
                if isinstance(value, UploadedFile):
                    for chunk in value.chunks():
                        digest.update(chunk)
                    value.seek(0)
                else:
                    digest.update(str(value).encode() + b"\0")
    else:
        digest.update(request._request.body)
    return digest.digest()
