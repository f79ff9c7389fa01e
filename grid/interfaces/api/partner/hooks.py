"""Webhooks that come in: no sign-in, every message signed; the body is read only from who says to be a partner."""

from typing import Any

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grid.interfaces.services.receiving import Message, check_signature, receive, sender_of


class PartnerHook(APIView):
    """Where a partner sends its events (Standard Webhooks)."""

    schema = None  # specified by Standard Webhooks and docs/partners.md
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def post(self, request: Request, code: str) -> Response:
        """Take one message. 401 for one that the partner did not sign or not of now, 409 for one that came before."""
        headers = {name: request.headers.get(name, "") for name in HEADERS}
        partner, msg_id, sent_at = sender_of(code, headers)
        body = request._request.body
        check_signature(partner, headers, body)
        return Response(receive(partner, Message(msg_id, sent_at, body)))


HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
