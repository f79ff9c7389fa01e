"""How the tests of permissions knock at a door, and how they read what comes back."""

import io
import zipfile

from django.test import Client
from django.urls import reverse


def text_of(content: bytes) -> str:
    """What a file says: of a workbook, all that is in its sheets."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode(errors="replace") for name in book.namelist() if name.endswith(".xml"))


class Visitor(Client):
    """A client that reads a streamed answer to its end and lets go of its file."""

    def __init__(self, user=None) -> None:
        super().__init__(raise_request_exception=False)
        if user is not None:
            self.force_login(user)

    def request(self, **asked):
        response = super().request(**asked)
        if response.streaming:
            response.text_read = text_of(b"".join(response.streaming_content))
            for close in response._resource_closers:
                close()
        return response


entered = Visitor


def body_of(response) -> str:
    return response.text_read if response.streaming else text_of(response.content)


def is_sent_to_sign_in(response) -> bool:
    return response.status_code == 302 and response.url.startswith(reverse("sign-in"))
