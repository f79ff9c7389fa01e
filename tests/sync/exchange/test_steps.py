"""Steps of a case travel inside it: checked as strictly as the case, and never changed where they were written."""

import msgspec
import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from cityops.accounts.models import Organisation
from grid.models import Case, CaseStep
from sync.exchange import models
from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope as envelopes
from sync.exchange.rules.crypto import sha256_hex
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories import grid as ground
from tests.factories.people import division
from tests.sync.exchange.conftest import CITY, Sent, become_province, last_envelope

pytestmark = pytest.mark.django_db
GOOD = {"seq": 1, "action": "01", "to_state": "10", "operator_role": "01"}


def step_of(case: Case, **fields) -> CaseStep:
    facts = {"origin_code": case.origin_code, "operated_at": timezone.now(), **GOOD, **fields}
    return CaseStep.objects.create(case=case, **facts)


def received(sent_by_city, change=lambda block: block):
    """The receipt of the province for the city's last batch, its block of steps changed."""
    header = sent_by_city.header
    raw = envelopes.decompress(sent_by_city.envelope.body, header.raw_size)
    chain, parts, sections = bytes.fromhex(header.base_chain), [], []
    for section, lines, blocks in envelopes.cut(raw, header):
        changed = [change(block) for block in blocks]
        chain = chains.over_lines(chain, chains.split_lines(lines))
        for block in changed:
            chain = chains.over_block(chain, block)
        described = tuple(
            msgspec.structs.replace(one, size=len(block), count=block.count(b"\n"))
            for one, block in zip(section.children, changed, strict=True)
        )
        sections.append(msgspec.structs.replace(section, children=described))
        parts += [lines, *changed]
    raw = b"".join(parts)
    body = envelopes.compress(raw)
    facts = {"body_sha": sha256_hex(body), "raw_size": len(raw), "to_chain": chain.hex(), "sections": tuple(sections)}
    return receive(sent_by_city.changed(body=body, **facts), sender=CITY)


@pytest.fixture
def sent(city, as_tier) -> Sent:
    """Two cases of the city with a step each, on their way to the province."""
    from sync.exchange.services import keys
    from sync.exchange.services.streams import genesis

    division()
    models.Stream.objects.all().update(seq=0)
    models.Batch.objects.all().delete()
    models.InboxEntry.objects.all().delete()
    start = models.Stream.objects.get(producer_code=CITY, lane="normal")
    start.chain = genesis(producer=CITY, flow="up", scope="N", lane="normal", epoch_no=1, epoch_id=start.epoch_id)
    start.save()
    models.DirtyMark.objects.all().delete()
    for number in (1, 2):
        case = ground.stored_case(
            case_no=f"case{number}", reported_at=timezone.now(), dept_code1="A", dept_name1="城管局"
        )
        step_of(case)
        step_of(case, seq=2, action="04", from_state="10", to_state="30", operator_role="02", opinion=f"意见{number}")
    models.DirtyMark.objects.exclude(dataset="GL01").delete()
    sequence()
    key = keys.own_key()
    found = Sent(last_envelope(), key, keys._private(keys._path(key.kid)))
    Case.objects.all().delete()
    become_province(as_tier)
    return found


def test_cases_arrive_with_their_steps(sent):
    assert received(sent).applied == 2, [one.reasons for one in models.Parked.objects.all()]
    assert CaseStep.objects.filter(origin_code=CITY).count() == 4
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (b"\t04\t10\t30\t02", b"\t77\t10\t30\t02", "action"),
        (b"\t04\t10\t30\t02", b"\t04\t99\t30\t02", "from_state"),
        (b"\t04\t10\t30\t02", b"\t04\t10\t99\t02", "to_state"),
        (b"\t04\t10\t30\t02", b"\t04\t10\t30\tXX", "operator_role"),
    ],
)
def test_a_case_with_a_step_that_breaks_the_standard_is_parked_with_the_field_named(sent, before, after, field):
    assert before in envelopes.decompress(sent.envelope.body, sent.header.raw_size)
    receipt = received(sent, lambda block: block.replace(before, after, 1))
    assert receipt.applied == 1
    (parked,) = models.Parked.objects.all()
    assert [reason["code"] for reason in parked.reasons] == [f"steps.{field}"]
    assert parked.reasons[0]["remedy"]
    assert after in parked.blocks["steps"]
    assert Case.objects.count() == 1
    assert CaseStep.objects.count() == 2


def refused(statement: str, parameters: list) -> None:
    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing of before is left for the end
            cursor.execute(statement, parameters)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(ProgrammingError, match="append-only"):
        run()


def test_a_step_of_this_node_is_never_changed_or_taken_away(city):
    step = step_of(ground.stored_case())
    refused("UPDATE grid_casestep SET opinion = 'forged' WHERE id = %s", [step.pk])
    refused("UPDATE grid_casestep SET origin_code = '330000000000-P' WHERE id = %s", [step.pk])
    refused("DELETE FROM grid_casestep WHERE id = %s", [step.pk])
    refused("TRUNCATE grid_casestep", [])
    step.refresh_from_db()
    assert step.opinion == ""


def test_steps_go_with_their_case(city):
    case = ground.stored_case()
    step_of(case)
    rid = case.rid
    models.DirtyMark.objects.all().delete()
    with transaction.atomic():
        case.delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert not CaseStep.objects.exists()
    assert set(models.DirtyMark.objects.values_list("rid", flat=True)) == {rid}


def test_a_step_changed_past_the_guard_marks_its_case_and_the_one_it_came_from(city):
    one, other = ground.stored_case(case_no="one"), ground.stored_case(case_no="other")
    step = step_of(one)
    models.DirtyMark.objects.all().delete()
    guards = [trigger for trigger in CaseStep._meta.triggers if trigger.name.startswith("append_only")]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for guard in guards:
            cursor.execute(f"ALTER TABLE grid_casestep DISABLE TRIGGER {guard.get_pgid(CaseStep)}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    CaseStep.objects.filter(pk=step.pk).update(case=other)
    assert set(models.DirtyMark.objects.values_list("rid", flat=True)) == {one.rid, other.rid}
    models.DirtyMark.objects.all().delete()
    CaseStep.objects.filter(pk=step.pk).delete()
    assert set(models.DirtyMark.objects.values_list("rid", flat=True)) == {other.rid}


def test_steps_of_replicas_follow_their_owner(city):
    case = ground.stored_case(origin_code="330200000000-C")
    step = step_of(case)
    CaseStep.objects.filter(pk=step.pk).update(opinion="说明")
    CaseStep.objects.filter(pk=step.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not CaseStep.objects.exists()
