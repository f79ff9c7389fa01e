"""Photos going out, and one coming in."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.models import CaseMedia
from grid.services.photos import LARGEST_FILE


class MediaRow(serializers.ModelSerializer[CaseMedia]):
    """A photo (GL03). Time and place are what the device claimed."""

    case_no = serializers.CharField(source="case.case_no", default="", read_only=True)
    longitude = serializers.FloatField(source="geom.x", default=None, read_only=True, allow_null=True)
    latitude = serializers.FloatField(source="geom.y", default=None, read_only=True, allow_null=True)
    picture = serializers.SerializerMethodField(help_text="Address of the JPEG; empty where it is not kept here")

    class Meta:
        model = CaseMedia
        fields = [
            "media_id", "case_no", "stage", "usage", "media_type", "taken_at", "longitude", "latitude", "distance_m",
            "sha256", "phash", "device_id", "is_masked", "width", "height", "size", "uploaded_at", "picture",
        ]  # fmt: skip
        read_only_fields = fields

    def get_picture(self, row: CaseMedia) -> str:
        """Where the browser of somebody who is signed in finds it."""
        if not row.file or row.case is None:
            return ""
        return reverse("case-photo", args=[row.case.case_no, row.pk])


class MediaInput(StrictInput):
    """A photo with what the device says of it, as multipart/form-data."""

    photo = serializers.FileField(help_text="JPEG, PNG or WebP; 10 MB and 50 million pixels at most")
    media_id = serializers.UUIDField(help_text="The client's own name of the photo; sent again it is the same photo")
    usage = serializers.ChoiceField(choices=CaseMedia.Usage.choices)
    taken_at = serializers.DateTimeField(required=False, help_text="Without it: what the file says, else now")
    longitude = serializers.FloatField(required=False, help_text="Degrees, CGCS2000 or WGS-84")
    latitude = serializers.FloatField(required=False)
    device_id = serializers.CharField(max_length=40, required=False, allow_blank=True)
    case_no = serializers.CharField(max_length=24, required=False, help_text="The case it belongs to, if there is one")

    def validate_photo(self, file: Any) -> Any:
        """Size by what was sent; the content is looked at when it is taken in."""
        if file.size > LARGEST_FILE:
            raise serializers.ValidationError("10 MB at most.", code="too_large")
        return file
