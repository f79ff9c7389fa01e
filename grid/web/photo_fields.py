"""The field of a form that takes photos, several at once, and how they are taken in under a stable name."""

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from cityops.foundation.errors import InvalidInput, field_fault
from grid.services import media
from grid.services.photos import LARGEST_FILE

MOST_AT_ONCE = 4
"""Photos with one form: near, far, and a reference (domain notes §7), with one to spare."""
LARGEST_FORM = MOST_AT_ONCE * LARGEST_FILE + (1 << 20)
"""Bytes of a form with as many photos as it takes."""
_NAMES = uuid.UUID("6f2f6d0e-5c5d-4c0b-9d0f-0c3f2a1b7e55")


class PhotoInput(forms.ClearableFileInput):
    """A file field that offers the camera on a phone, and takes several."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    def __init__(self) -> None:
        super().__init__(attrs={"accept": "image/jpeg,image/png,image/webp", "capture": "environment"})


class PhotosField(forms.FileField):
    """Up to ``MOST_AT_ONCE`` photos; what they are is looked at when they are taken in."""

    def __init__(self, **options: Any) -> None:
        told = gettext_lazy("现场拍摄；每张最多 10 MB，一次最多 4 张。时间和位置按照片自带的记录，仅供核对。")
        super().__init__(widget=PhotoInput(), **{"help_text": told, "allow_empty_file": True, **options})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """The files that were sent; none is an empty list. Raises ValidationError for too many or a missing one."""
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MOST_AT_ONCE:
            raise forms.ValidationError(_("一次最多 %s 张照片。") % MOST_AT_ONCE, code="too_many")
        return [super(PhotosField, self).clean(file, initial) for file in files]


def take_in(
    user: User, files: Iterable[UploadedFile], *, usage: str, occasion: str, field: str = "photos"
) -> list[uuid.UUID]:
    """Store the photos of a form; returns their identifiers.

    The same photo sent again on the same ``occasion`` (which form, of which state of the case) is the same photo, so
    a form that is submitted twice leaves one. Raises InvalidInput that names the ``field`` of the form.
    """
    found = []
    for file in files:
        digest = hashlib.sha256(b"".join(file.chunks())).hexdigest()
        file.seek(0)
        name = uuid.uuid5(_NAMES, f"{user.pk}:{occasion}:{digest}")
        try:
            found.append(media.store(user, file, media_id=name, usage=usage).pk)
        except InvalidInput as fault:
            raise _beside_the_field(file, fault, field) from fault
    return found


def _beside_the_field(file: UploadedFile, fault: InvalidInput, field: str) -> InvalidInput:
    """The same refusal, under the form's own field and with the name of the file."""
    told = f"{file.name}: {fault.detail}"
    rule = fault.facts["errors"][0]["code"] if fault.facts.get("errors") else "invalid"
    return field_fault(field, rule, told)
