"""What the API of desks takes and tells."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from grid.desks.models import CaseExport, SavedView
from grid.desks.services import bulk


class DeskTabAnswer(serializers.Serializer[Any]):
    """A tab; ``count`` stops at 100, which means 100 and more."""

    key = serializers.CharField()
    count = serializers.IntegerField()


class DeskAnswer(serializers.Serializer[Any]):
    """A desk that the caller may open."""

    key = serializers.CharField()
    name = serializers.CharField()
    tabs = DeskTabAnswer(many=True)


class DeskQueueRow(serializers.Serializer[Any]):
    """A case in a queue."""

    case_no = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.CharField()
    pending = serializers.CharField()
    light = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    class_code = serializers.CharField()
    matter_name = serializers.CharField()
    address = serializers.CharField()
    division_code = serializers.CharField()
    duty_org = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    reported_at = serializers.DateTimeField()


class DeskQueueAnswer(serializers.Serializer[Any]):
    """Some rows of a queue, least time left first; ``next`` is the cursor of the following ones, empty at the end."""

    tab = serializers.CharField()
    rows = DeskQueueRow(many=True)
    next = serializers.CharField(allow_blank=True)


class DeskPresentAnswer(serializers.Serializer[Any]):
    """Somebody else who has the case open; ``seconds`` since the last sign of life."""

    name = serializers.CharField()
    seconds = serializers.IntegerField()


class SavedViewInput(serializers.Serializer[Any]):
    """A view to keep; ``query`` as it stands in the address of a desk or of the case list."""

    desk = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=40)
    query = serializers.CharField(max_length=1000, allow_blank=True, default="")
    is_shared = serializers.BooleanField(default=False)
    is_default = serializers.BooleanField(default=False)


class SavedViewAnswer(serializers.ModelSerializer[SavedView]):
    """A view that the caller may use."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = SavedView
        fields = ["id", "desk", "name", "query", "is_shared", "is_default", "owner"]


class CaseExportInput(serializers.Serializer[Any]):
    """What to export: the case list (``cases``) or a desk, with its filters."""

    desk = serializers.CharField(max_length=20, default=SavedView.LIST)
    query = serializers.CharField(max_length=1000, allow_blank=True, default="")


class CaseExportAnswer(serializers.ModelSerializer[CaseExport]):
    """An export of the caller; ``file`` is there when it is done."""

    percent = serializers.IntegerField(read_only=True)
    file = serializers.SerializerMethodField()

    class Meta:
        model = CaseExport
        fields = [
            "export_id", "desk", "query", "state", "percent", "rows_done", "rows_total", "message", "sha256",
            "ordered_at", "ended_at", "file",
        ]  # fmt: skip

    @extend_schema_field(serializers.CharField(allow_blank=True))
    def get_file(self, export: CaseExport) -> str:
        """Where the file is fetched; empty while there is none."""
        return reverse("api:desk-export-file", args=[export.pk]) if export.state == CaseExport.State.DONE else ""


class BulkCaseInput(serializers.Serializer[Any]):
    """A case of a bulk act, with what is given with it alone."""

    case_no = serializers.CharField(max_length=24)
    version = serializers.IntegerField(required=False, min_value=1)
    duty_org = serializers.CharField(required=False, max_length=18)
    rule = serializers.CharField(required=False, max_length=40)


class BulkActInput(serializers.Serializer[Any]):
    """One move with several cases; with ``dry_run`` nothing is written."""

    action = serializers.ChoiceField(choices=sorted(bulk.BULK))
    cases = BulkCaseInput(many=True, allow_empty=False)
    opinion = serializers.CharField(required=False, max_length=2000)
    due_at = serializers.DateTimeField(required=False)
    dry_run = serializers.BooleanField(default=False)


class BulkActOutcome(serializers.Serializer[Any]):
    """What came, or would come, of one case; ``why`` says why not."""

    case_no = serializers.CharField()
    is_done = serializers.BooleanField()
    why = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    due = serializers.DateTimeField(allow_null=True)
