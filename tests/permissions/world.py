"""One of everything, in 上城区 of 杭州, each with a text that nothing else has; and people who look at it."""

import datetime as dt
import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.gis.geos import MultiPolygon
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from cityops.accounts.models import ApiToken, Role, User
from cityops.accounts.permissions import all_permissions
from cityops.foundation import audit
from cityops.regions.rules import Level
from grid.desks.models import CaseExport, SavedView
from grid.duty.models import DutyGrid, EvaluationGrid
from grid.intake.models import Answer, DutyRule
from grid.interfaces.models import Partner, PartnerCase, PartnerNotice, PartnerSecret, WebhookDelivery
from grid.models import (
    CaseApplication,
    CaseMedia,
    CaseSupervision,
    CodeConversion,
    ComponentChange,
    ComponentCheck,
    ImportIssue,
    ImportRun,
    WorkflowVersion,
)
from grid.oversight.models import SupervisionTask
from grid.performance.models import AnalysisReport, Objection, PerformanceResult, PerformanceSnapshot, SnapshotRow
from grid.performance.selectors.sets import find_set
from grid.performance.services.reports import path_of
from grid.places.models import MatchReport
from grid.reporters.models import ContactRequest
from grid.rules.codes import CURRENT
from grid.services import photos
from grid.services.reporting_hooks import keep_reporter
from grid.signals.models import Signal
from sync.aggregation.models import (
    CodeMapping,
    DatasetPlan,
    QualityFinding,
    QualityIssue,
    QualityScore,
    RuleResult,
)
from sync.exchange.models import (
    Alarm,
    Batch,
    Comparison,
    Conflict,
    Enrolment,
    Erasure,
    Key,
    Link,
    Parked,
    Receipt,
    RecordVersion,
    Stream,
)
from sync.roads.models import Bundle
from sync.standard.files import DATA, parse_file
from sync.standard.models import DictionaryVersion
from sync.standard.services.loading import load_dictionary
from tests.factories import duty
from tests.factories.grid import COMMUNITY, city, class_entry, disposal_rule, stored_case, unit_grid
from tests.factories.ground import component
from tests.factories.people import api_token, division, organisation, person
from tests.factories.places import place
from tiers.models import Node

DISTRICT = "330102000000"
REPORTER, REPORTER_PHONE = "欧阳测某", "13987654321"
"""Who reported the case: on no page, in no file, in no answer."""
HERE = {"n": "000000000000", "p": "330000000000", "m": "330100000000"}
"""Division of who is responsible for the things, by tier."""
ELSEWHERE = {"n": ("320000000000",), "p": ("320000000000", "330200000000"), "m": ("330200000000", "330106000000")}
"""Divisions of others: another province, another city, another district of the same city."""


def node_of(letter: str) -> str:
    """The node of a tier."""
    return f"{HERE[letter]}-{letter.upper().replace('M', 'C')}"


STATEMENT = (
    '{"protocol":"CSP/1","owner":"CHILD","dataset":"GL01","flow":"up","child":"CHILD","child_records":"1",'
    '"child_deleted":"0","child_digest":"SHA","child_seq":"1","parent":"990000000000-P","parent_records":"1",'
    '"parent_deleted":"0","parent_digest":"SHA","parent_seq":"1","parent_kid":"k","at":"2026-11-01T00:00:00Z"}'
).replace("SHA", "ab" * 32)


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
        ComponentChange.objects.create(
            component=self.component,
            division_code=self.component.division_code,
            kind=ComponentChange.Kind.values[0],
            at=timezone.now(),
            by_name="canary",
        )
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
        self.check = ComponentCheck.objects.create(
            component=self.component, finding="missing", description="canary-check", division_code=COMMUNITY,
            geom=self.component.geom, due_on=dt.date(2026, 1, 1), raised_by=self.person,
        )  # fmt: skip
        self.conversion = CodeConversion.objects.create(
            from_std="GB/T 30428.2-2013", to_std=CURRENT, division_code=DISTRICT, started_by="canary-conversion",
            state="dry_run",
        )  # fmt: skip
        class_entry()
        DictionaryVersion.objects.create(
            kind="classes", code=CURRENT, title="分类", source="tests", provenance="designed",
            valid_from=dt.date(2026, 1, 1), is_default=True, content_sha=b"\0" * 32,
        )  # fmt: skip
        self._evidence()
        self.place = place("canary-place")
        self.match = MatchReport.objects.create(
            division_code=DISTRICT, title="canary-match", total=1, found=1, ambiguous=0, missing=0,
            rows=[{"row": 2, "text": "canary-match", "verdict": "found", "place_id": self.place.place_id,
                   "name": "", "address": "", "score": 1.0, "reasons": ["name"], "others": 0}],
        )  # fmt: skip
        self.duty = DutyRule.objects.create(
            class_code="06", org_code="CANARY", valid_from="2026-01-01", source="canary-duty"
        )
        self.answer = Answer.objects.create(
            case=self.case, main=self.case, outcome="closed", channel="phone", text="canary-answer"
        )
        self.signal = Signal.objects.create(
            kind="far_photo", key=self.case.rid.hex, division_code=DISTRICT, case=self.case, score=60,
            facts={"metres": 900, "threshold": 500, "case": "canary-signal"}, window_from=timezone.now(),
            window_to=timezone.now(), found_at=timezone.now(), seen_at=timezone.now(),
        )  # fmt: skip
        self._partner()
        self.saved_view = SavedView.objects.create(
            owner=self.person, desk="cases", name="canary-saved_view", is_shared=True
        )
        self.case_export = CaseExport.objects.create(owner=self.person, desk="cases")
        self._exchange()
        self._duty()
        self._performance()
        self._oversight()
        self._aggregation()
        for file in sorted((DATA / "datasets").glob("*.json")):
            load_dictionary(parse_file(file.read_bytes(), file.name))

    def _evidence(self) -> None:
        """A photo of the case, one that waits for a case, and who reported, with a request to be called."""
        facts = {
            "usage": "report", "taken_at": timezone.now(), "uploaded_at": timezone.now(), "sha256": "0" * 64,
            "file": "ca/na/canary.jpg",
        }  # fmt: skip
        self.media = CaseMedia.objects.create(case=self.case, **facts)
        self.loose_media = CaseMedia.objects.create(uploaded_by=self.person, **facts)
        keep_reporter(self.case.rid, name=REPORTER, phone=REPORTER_PHONE)
        self.contact = ContactRequest.objects.create(case=self.case, question="canary-contact", asked_by=self.person)

    def _partner(self) -> None:
        """A district's platform with a case in common, a secret, an event and a notice."""
        account = person("department", division_code=DISTRICT, username="canary-partner", is_integration=True)
        self.partner = Partner.objects.create(
            code="canary-partner", name="canary-partner", kind="district", division_code=DISTRICT, account=account
        )
        self.secret = PartnerSecret.objects.create(partner=self.partner, direction="in", closed=b"x", hint="xxxx")
        self.share = PartnerCase.objects.create(
            partner=self.partner, case=self.case, their_no="canary-partner_case", reported_at=timezone.now()
        )
        self.delivery = WebhookDelivery.objects.create(
            msg_id="canary-delivery", partner=self.partner, case=self.case, type="case.moved", state="kept",
            payload={"data": {}}, created_at=timezone.now(),
        )  # fmt: skip
        self.notice = PartnerNotice.objects.create(
            partner=self.partner, title="canary-notice", text="x", issued_at=timezone.now()
        )

    def _exchange(self) -> None:
        """A link to the district's node, and what came over it."""
        child = self.node.node_code
        self.link = Link.objects.create(peer_code=child, peer_name="canary-link", role="child", state="live")
        self.key = Key.objects.create(
            kid="ca" * 16, node_code=child, suite="intl", public_key="00", state="pending", vouched_by="canary-key",
            approved_by="x",
        )  # fmt: skip
        Bundle.objects.create(
            peer_code=child, direction="in", number=3, sha="0" * 64, size=1, by="canary-bundle", batches=1, records=7
        )
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
            stream=stream, epoch_no=1, seq=7, flow="up", dataset="GL01", owner_code=child, rid="1" * 32, line=b"x",
            reasons=[{"code": "x", "detail": "canary-parked", "remedy": "x"}],
        )  # fmt: skip
        self.conflict = Conflict.objects.create(
            rid="2" * 32, dataset="GL01", division_code=child[:12], holder_code=child, cause="fork", line="x",
            reason="canary-conflict", kept={"fields": {"title": "a"}}, other={"fields": {"title": "b"}},
        )  # fmt: skip
        self.erasure = Erasure.objects.create(owner_code=child, dataset="GL01", rid="2" * 32, reason="canary-erasure")
        for receiver in (child, *(f"{code}-{letter.upper().replace('M', 'C')}" for letter, code in HERE.items())):
            Receipt.objects.create(
                stream=stream, receiver_code=receiver, epoch_no=1, from_seq=1, upto_seq=batch.to_seq, applied=6,
                superseded=0, parked=[{"dataset": "GL01", "reasons": []}], text=b"{}", kid="k", signature=b"s",
                made_at=timezone.now(),
            )  # fmt: skip
        self.comparison = Comparison.objects.create(
            peer_code=child, owner_code=child, dataset="GL01", flow="up", result="different", records=1, differing=1,
            examples=["11111111"], at=timezone.now(), statement=STATEMENT.replace("CHILD", child),
        )  # fmt: skip
        self.alarm = Alarm.objects.create(
            kind="frozen", node_code=child, level="red", facts={"reason": "canary-alarm"}, raised_at=timezone.now(),
            seen_at=timezone.now(),
        )  # fmt: skip
        self.returned = {node_of(letter): self._returned(node_of(letter)) for letter in HERE}

    def _returned(self, node: str) -> str:
        """A record of a node that a tier above sent back."""
        stream = Stream.objects.create(
            producer_code=node, flow="up", scope="N", lane="bulk", epoch_id="0" * 32, seq=1, chain=b"\0" * 32
        )
        rid = str(uuid.uuid4())
        RecordVersion.objects.create(
            rid=rid, dataset="JC02", owner_code=node, rec_epoch=1, rev=1, op="D", content_sha=b"\0" * 32, seq=1,
            at=timezone.now(),
        )  # fmt: skip
        Receipt.objects.create(
            stream=stream, receiver_code="990000000000-P", epoch_no=1, from_seq=1, upto_seq=1, applied=0, superseded=0,
            parked=[{"seq": "1", "dataset": "JC02", "rid": rid, "reasons": []}], text=b"{}", kid="k", signature=b"s",
            made_at=timezone.now(),
        )  # fmt: skip
        return rid

    def _duty(self) -> None:
        """A responsibility grid with somebody on shift, a plan and an evaluation grid on it."""
        self.duty_grid = DutyGrid.objects.create(
            grid_code=COMMUNITY + "901", name="canary-duty_grid", unit_grids=f'["{self.grid.grid_code}"]',
            org_code=self.organisation.org_code, geom=MultiPolygon(self.grid.geom, srid=4490),
            valid_from=dt.date(2026, 1, 1), origin_code="330100000000-C",
        )  # fmt: skip
        self.duty_grid.units.create(grid_code=self.grid.grid_code, grid_kind="01", since=dt.date(2026, 1, 1))
        self.shift = duty.running_shift("canary-shift")
        self.duty_entry = duty.assignment(self.duty_grid, self.shift, who=self.person)
        self.patrol_plan = duty.plan([self.grid.grid_code], name="canary-patrol_plan")
        self.evaluation_grid = EvaluationGrid.objects.create(
            grid_code="33010200101A", name="canary-evaluation_grid", grid_type="A", division_code=COMMUNITY[:9],
            geom=self.grid.geom, eval_year="2026", origin_code="330100000000-C",
        )  # fmt: skip

    def _oversight(self) -> None:
        """The same supervision of the district's node, issued at either upper tier."""
        at = timezone.now()
        for letter in "np":
            SupervisionTask.objects.create(
                task_no="canary-task", title="x", source_ref=self.case.case_no, issuer_node=HERE[letter],
                content="canary-oversight", targets=[self.node.node_code], sign_deadline=at, deadline=at,
                urgency="3", issued_at=at, origin_code=node_of(letter),
            )  # fmt: skip

    def _aggregation(self) -> None:
        """What was found of the district's node, its score, and an issue about it of every tier."""
        child, at = self.node.node_code, timezone.now()
        QualityFinding.objects.create(
            rule_code="GL01-Q2-01", owner_code=child, dataset="GL01", subject="x", record_key="canary-finding",
            detail="x", found_at=at, seen_at=at,
        )  # fmt: skip
        RuleResult.objects.create(
            rule_code="GL01-Q2-01", owner_code=child, dataset="GL01", clause="Q2", severity="1", checked=1, broken=1,
            ran_at=at,
        )  # fmt: skip
        DatasetPlan.objects.create(node_code=child, dataset="GL01", frequency="day", note="canary-plan", changed_by="x")
        self.mapping = CodeMapping.objects.create(
            node_code=child, kind="2", local_code="x", local_name="canary-mapping", version=CURRENT, class_code="06001",
            valid_from="2026-01-01", changed_by="x",
        )  # fmt: skip
        QualityScore.objects.create(
            owner_code=child, dataset="GL01", day=timezone.localdate(), records=1, broken=1, parked=0, score=50,
            clauses={"Q2": "50.00"}, scored_at=at,
        )  # fmt: skip
        for letter in HERE:
            QualityIssue.objects.create(
                issue_no="canary-quality_issue", node_code=DISTRICT, targets=[child], dataset="GL01", rule_code="Q2",
                cause="1", item_code="GL01-Q2-01", title="x", records=1, examples=[], found_at=at, severity="1",
                fix_deadline=at, origin_code=node_of(letter),
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
        for name in (self.media.file, photos.thumbnail_name(self.media.file)):
            photos.path_of(name).parent.mkdir(parents=True, exist_ok=True)
            photos.path_of(name).write_bytes(b"canary-media")
        node = node_of(letter)
        for thing in (self.grid, self.component, self.organisation, self.place):
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
            "blob": lambda: ["ab" * 32],
            "workflow": lambda: ["canary-workflow"],
            "case_act": lambda: [self.case.case_no, "accept"],
            "media": lambda: [self.case.case_no, self.media.pk],
            "loose_media": lambda: [self.loose_media.pk],
            "contact": lambda: [self.contact.pk],
            "grid": lambda: [self.grid.grid_code],
            "component": lambda: [self.component.obj_id],
            "organisation": lambda: [self.organisation.org_code],
            "person": lambda: [self.person.username],
            "grant": lambda: [self.person.username, 0],
            "role": lambda: ["leader"],
            "own_role": lambda: [self.role.code],
            "token": lambda: [self.token.pk],
            "audit": lambda: [self.audit.pk],
            "check": lambda: [self.check.pk],
            "conversion": lambda: [self.conversion.pk],
            "import": lambda: [self.import_run.pk],
            "place": lambda: [self.place.place_id],
            "match": lambda: [self.match.pk],
            "oversight": lambda: ["canary-task"],
            "mapping": lambda: [self.mapping.pk],
            "quality_rule": lambda: ["GL01-Q2-01"],
            "quality_issue": lambda: ["canary-quality_issue"],
            "duty_grid": lambda: [self.duty_grid.grid_code],
            "duty_day": lambda: [self.duty_grid.grid_code, self.duty_entry.day.isoformat()],
            "duty_entry": lambda: [self.duty_entry.pk],
            "shift": lambda: [self.shift.pk],
            "patrol_plan": lambda: [self.patrol_plan.pk],
            "evaluation_grid": lambda: [self.evaluation_grid.pk],
            "figure": lambda: ["closing_rate", "330100000000", str(timezone.localdate().year)],
            "performance": lambda: ["area", self.here.rstrip("0") or "0"],
            "statement": lambda: ["area", self.here, "2026"],
            "formulas": lambda: ["sample-2026.1"],
            "snapshot": lambda: [self.snapshot_row.snapshot_id],
            "snapshot_row": lambda: [self.snapshot_row.pk],
            "objection": lambda: [self.objection.pk],
            "report": lambda: [self.report.pk, "pdf"],
            "saved_view": lambda: [self.saved_view.pk],
            "case_export": lambda: [self.case_export.pk],
            "desk": lambda: ["acceptor"],
            "city": lambda: ["330100000000"],
            "division": lambda: [DISTRICT],
            "dataset": lambda: ["GL01"],
            "code_list": lambda: ["CL_VALID"],
            "rule": lambda: [self.rule.pk],
            "link": lambda: [self.link.peer_code],
            "key": lambda: [self.key.kid],
            "parked": lambda: [self.parked.pk],
            "conflict": lambda: [self.conflict.pk],
            "comparison": lambda: [self.comparison.pk],
            "alarm": lambda: [self.alarm.pk],
            "returned": lambda: ["JC02", self.returned[settings.CITYOPS_NODE]],
            "node": lambda: [self.node.node_code],
            "held": lambda: [self.link.peer_code, "GL01"],
            "tile": lambda: ["cases", 12, 3413, 1689],
            "source": lambda: ["02"],
            "duty": lambda: [self.duty.pk],
            "answer": lambda: [self.answer.pk],
            "signal": lambda: [self.signal.pk],
            "signal_kind": lambda: ["pair"],
            "form": lambda: ["json"],
            "service": lambda: ["2-06001", "json"],
            "request": lambda: [self.case.case_no, "json"],
            "request_token": lambda: [self.case.rid, "json"],
            "partner": lambda: [self.partner.code],
            "partner_secret": lambda: [self.partner.code, self.secret.pk],
            "partner_share": lambda: [self.partner.code, self.share.pk],
            "partner_operation": lambda: [self.case.case_no, "urge"],
            "delivery": lambda: [self.delivery.pk],
            "notice": lambda: [self.notice.pk],
            "nothing": lambda: ["nowhere"],
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
