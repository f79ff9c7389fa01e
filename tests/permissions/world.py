"""One of everything, in 上城区 of 杭州, each with a text that nothing else has; and people who look at it."""

import datetime as dt
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from cityops.accounts.models import ApiToken, Role, User
from cityops.accounts.permissions import all_permissions
from cityops.foundation import audit
from cityops.regions.rules import Level
from grid.models import CaseApplication, CaseSupervision, ImportIssue, ImportRun, WorkflowVersion
from grid.performance.models import AnalysisReport, Objection, PerformanceResult, PerformanceSnapshot, SnapshotRow
from grid.performance.selectors.sets import find_set
from grid.performance.services.reports import path_of
from grid.rules.codes import CURRENT
from sync.exchange.models import Batch, Comparison, Enrolment, Link, Parked, Receipt, Stream
from sync.standard.files import DATA, parse_file
from sync.standard.models import DictionaryVersion
from sync.standard.services.loading import load_dictionary
from tests.factories.grid import COMMUNITY, city, class_entry, disposal_rule, stored_case, unit_grid
from tests.factories.ground import component
from tests.factories.people import api_token, division, organisation, person
from tiers.models import Node

DISTRICT = "330102000000"
HERE = {"n": "000000000000", "p": "330000000000", "m": "330100000000"}
"""Division of who is responsible for the things, by tier."""
ELSEWHERE = {"n": ("320000000000",), "p": ("320000000000", "330200000000"), "m": ("330200000000", "330106000000")}
"""Divisions of others: another province, another city, another district of the same city."""


def node_of(letter: str) -> str:
    """The node of a tier."""
    return f"{HERE[letter]}-{letter.upper().replace('M', 'C')}"


class World:
    """The things, their addresses and the texts by which a leak is known."""

    def __init__(self) -> None:
        for code in {"000000000000", "330000000000", "330200000000", "320000000000", "330106000000", DISTRICT}:
            division(code, name="国家" if code == "000000000000" else "")
        division("330200000000", name="宁波市")
        city()
        division(COMMUNITY[:9] + "000", level=Level.STREET)
        self.grid = unit_grid(name="canary-grid")
        self.case = stored_case(
            address="canary-case",
            case_no="3301022026010100000001",
            origin_code="330100000000-C",
            filed_at=timezone.now(),
            close_deadline=timezone.now() + dt.timedelta(minutes=1),
        )
        WorkflowVersion.objects.create(code="canary-workflow", title="canary-workflow")
        CaseApplication.objects.create(
            case=self.case, kind="delay", reason="canary-application", applied_at=timezone.now(), from_state="50"
        )
        CaseSupervision.objects.create(
            case=self.case, opinion="canary-supervision", issued_at=timezone.now(), due_at=timezone.now()
        )
        self.component = component(obj_name="canary-component")
        self.organisation = organisation("CANARYORG", division_code=DISTRICT, name="canary-organisation")
        self.person = person("acceptor", division_code=DISTRICT, username="canary-person")
        robot = person("data_officer", division_code=DISTRICT, username="canary-robot", is_integration=True)
        api_token(robot)
        self.token = ApiToken.objects.get(user=robot)
        ApiToken.objects.update(name="canary-token")
        with transaction.atomic():
            self.audit = audit.record("canary.audit", key="canary-audit", division_code=DISTRICT)
        self.node = Node.objects.create(
            node_code="330102000000-C",
            tier="3",
            division_code=DISTRICT,
            platform_name="canary-node",
            base_url="http://127.0.0.1",
            std_version="1",
        )
        self.role = Role.objects.create(
            code="canary_role", name="canary_role", tiers=["national", "provincial", "municipal"]
        )
        assign_perm("accounts.view_organisation", self.person, self.organisation)
        self.rule = disposal_rule()
        self.import_run = ImportRun.objects.create(kind="grids", division_code=DISTRICT, file_name="canary-import")
        ImportIssue.objects.create(run=self.import_run, row_no=1, code="bad", message="canary-issue")
        class_entry()
        DictionaryVersion.objects.create(
            kind="classes", code=CURRENT, title="分类", source="tests", provenance="designed",
            valid_from=dt.date(2026, 1, 1), is_default=True, content_sha=b"\0" * 32,
        )  # fmt: skip
        self._exchange()
        self._performance()
        for file in sorted((DATA / "datasets").glob("*.json")):
            load_dictionary(parse_file(file.read_bytes(), file.name))

    def _exchange(self) -> None:
        """A link to the district's node, and what came over it."""
        child = self.node.node_code
        self.link = Link.objects.create(peer_code=child, peer_name="canary-link", role="child", state="live")
        Enrolment.objects.create(
            child_code=child, code_sha=b"x", state="asked", made_by="x", expires_at="2099-01-01T00:00Z"
        )
        stream = Stream.objects.create(
            producer_code=child, flow="up", scope="A", lane="normal", epoch_id="0" * 32, seq=7, chain=b"\0" * 32
        )
        batch = Batch.objects.create(
            stream=stream, epoch_no=1, from_seq=1, to_seq=7, base_chain=b"\0" * 32, to_chain=b"\0" * 32, kid="k",
            header=b"{}", signature=b"s", body_size=1, datasets={"GL01": 7},
        )  # fmt: skip
        self.parked = Parked.objects.create(
            stream=stream, epoch_no=1, seq=7, flow="up", dataset="GL01", owner_code=child, rid="1" * 32, line="x",
            reasons=[{"code": "x", "detail": "canary-parked", "remedy": "x"}],
        )  # fmt: skip
        for receiver in (child, *(f"{code}-{letter.upper().replace('M', 'C')}" for letter, code in HERE.items())):
            Receipt.objects.create(
                stream=stream, receiver_code=receiver, epoch_no=1, from_seq=1, upto_seq=batch.to_seq, applied=6,
                superseded=0, parked=[{"dataset": "GL01", "reasons": []}], text=b"{}", kid="k", signature=b"s",
                made_at=timezone.now(),
            )  # fmt: skip
        Comparison.objects.create(
            peer_code=child, owner_code=child, dataset="GL01", flow="up", result="different", records=1, differing=1,
            examples=["11111111"], at=timezone.now(),
        )  # fmt: skip

    def _performance(self) -> None:
        """A frozen result of the district with an objection, a result that came from it, and a made report."""
        formulas = find_set()
        snapshot = PerformanceSnapshot.objects.create(
            period="2026-01", target="1", formula_key=formulas.key, formulas=formulas.document,
            division_code="330100000000", digest="0" * 64, frozen_by="canary-snapshot",
        )  # fmt: skip
        self.snapshot_row = SnapshotRow.objects.create(
            snapshot=snapshot, target_code="330102", name="canary-row", division_code=DISTRICT, covered=100,
            counts={"register_num": 1}, values={}, score=90, grade="A",
        )  # fmt: skip
        self.objection = Objection.objects.create(
            row=self.snapshot_row, count_code="register_num", reason="x", raised_by=self.person
        )
        PerformanceResult.objects.create(
            origin_code=self.node.node_code, period="M", period_code="202601", target_type="2",
            target_code="canary-result", metrics={}, score=90, grade="A", formula_version=formulas.key,
            computed_at=timezone.now(),
        )  # fmt: skip
        self.report = AnalysisReport.objects.create(
            period="2026-01", division_code=DISTRICT, formula_key=formulas.key, message="canary-report", state="done",
            made_by=self.person, files={"pdf": "x"},
        )  # fmt: skip
        for letter in HERE:  # every tier keeps files of its own
            place = Path(settings.VAR) / "reports" / node_of(letter) / path_of(self.report, "pdf").name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"%PDF-")

    def settle(self, letter: str) -> None:
        """Let the things, but for the case, belong to the node of a tier: what is its own shows most."""
        self.here = HERE[letter]
        node = node_of(letter)
        for thing in (self.grid, self.component, self.organisation):
            type(thing).objects.filter(pk=thing.pk).update(origin_code=node)

    def canary(self, kind: str) -> str:
        """The text that only the thing has."""
        own = {"grid": self.grid.grid_code, "case": self.case.case_no, "grant": self.person.username}
        return own.get(kind, f"canary-{kind}")

    def text_of(self, row) -> str:
        """What who is responsible must find behind a route; empty where the table says nothing of it."""
        if row.lists:
            return self.canary(row.lists)
        parts = {"0": "330000000000", "33": "测试市", "3301": DISTRICT}
        part = parts[self.here.rstrip("0") or "0"]
        names = {"part": part if part == "测试市" else f"区划{part}"}
        names |= {"case": self.case.case_no, "link": "canary-link", "node_code": self.node.node_code}
        return row.holds.format(here=self.here, **names)

    def arguments(self, route_name: str, about: str) -> list[object]:
        """What stands in the address of a route about a thing."""
        found = {
            "case": lambda: [self.case.case_no],
            "workflow": lambda: ["canary-workflow"],
            "case_act": lambda: [self.case.case_no, "accept"],
            "grid": lambda: [self.grid.grid_code],
            "component": lambda: [self.component.obj_id],
            "organisation": lambda: [self.organisation.org_code],
            "person": lambda: [self.person.username],
            "grant": lambda: [self.person.username, 0],
            "role": lambda: ["leader"],
            "own_role": lambda: [self.role.code],
            "token": lambda: [self.token.pk],
            "audit": lambda: [self.audit.pk],
            "import": lambda: [self.import_run.pk],
            "figure": lambda: ["closing_rate", "330100000000", str(timezone.localdate().year)],
            "performance": lambda: ["area", self.here.rstrip("0") or "0"],
            "statement": lambda: ["area", self.here, "2026"],
            "formulas": lambda: ["sample-2026.1"],
            "snapshot": lambda: [self.snapshot_row.snapshot_id],
            "snapshot_row": lambda: [self.snapshot_row.pk],
            "objection": lambda: [self.objection.pk],
            "report": lambda: [self.report.pk, "pdf"],
            "city": lambda: ["330100000000"],
            "division": lambda: [DISTRICT],
            "dataset": lambda: ["GL01"],
            "code_list": lambda: ["CL_VALID"],
            "rule": lambda: [self.rule.pk],
            "link": lambda: [self.link.peer_code],
            "parked": lambda: [self.parked.pk],
            "node": lambda: [self.node.node_code],
            "held": lambda: [self.link.peer_code, "GL01"],
            "tile": lambda: ["cases", 12, 3413, 1689],
            "": list,
        }
        return found[about]()

    def address(self, row) -> str:
        """The address of a route about the things of this world."""
        address = reverse(row.name, args=self.arguments(row.name, row.about))
        return f"{address}?{row.query.format(here=self.here)}" if row.query else address


def all_powerful(division_code: str, **fields) -> User:
    """Somebody who may do everything, in one division: what stays hidden then is hidden by region alone."""
    role, is_new = Role.objects.get_or_create(
        code="everything", defaults={"name": "everything", "tiers": ["national", "provincial", "municipal"]}
    )
    if is_new:
        wanted = {p.codename for p in all_permissions()}
        rows = Permission.objects.select_related("content_type")
        role.permissions.set([r for r in rows if f"{r.content_type.app_label}.{r.codename}" in wanted])
    return person("everything", division_code=division_code, **fields)
