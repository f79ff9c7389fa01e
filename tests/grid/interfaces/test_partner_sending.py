"""Webhooks that go out: signed, in order, again after failures, and not to where they may not go."""

import datetime as dt
import http.server
import json
import threading

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.models import AuditEvent
from grid.interfaces.models import Partner, PartnerSecret, WebhookDelivery
from grid.interfaces.services import partners as services
from grid.interfaces.services.secrets import end_secret, make_secret, take_secret, valid_secrets
from grid.interfaces.services.sending import deliver_due, drop_old
from grid.interfaces.services.telling import tell
from grid.reporters.services.keeping import rotate_keys
from grid.services.cases import act
from tests.factories.grid import ready_city, registered
from tests.factories.partners import THEIR_SECRET, partner, with_secrets
from tests.factories.people import organisation, person


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got, self.statuses, self.headers = [], [], {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?x=1"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.CITYOPS_KEY_DIR = tmp_path
    settings.CITYOPS_PARTNER_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def bureau(db):
    ready_city()
    return organisation("CZ00000000000000A1")


@pytest.fixture
def district(bureau, receiver):
    return partner("shangcheng", organisation=bureau, webhook_url=receiver.url)


def moved(bureau, *more):
    case = registered()
    steps = [("acceptor", "accept", {}), ("duty_leader", "file", {})]
    steps += [("dispatcher", "dispatch", {"duty_org": bureau.org_code}), *more]
    for role, action, fields in steps:
        act(person(role), case, action, **fields)
        tell(case.pk)
    return case


def test_a_message_is_signed_so_that_a_receiver_of_the_specification_takes_it(district, bureau, receiver):
    secret = with_secrets(district)
    case = moved(bureau)
    assert deliver_due() == 1
    path, headers, body = receiver.got[0]
    read = Webhook(secret).verify(body, headers)
    assert path == "/hook?x=1"
    assert (read["type"], read["data"]["case"]["case_no"]) == ("case.assigned", case.case_no)
    with pytest.raises(WebhookVerificationError):
        Webhook(THEIR_SECRET).verify(body, headers)
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.attempts, row.answer) == ("delivered", 200, 1, "ok")
    assert headers["webhook-id"] == row.msg_id


def test_two_secrets_sign_while_one_replaces_the_other(district, bureau, receiver):
    first = with_secrets(district)
    second = make_secret(district.account, district)
    with pytest.raises(Refused):
        make_secret(district.account, district)
    moved(bureau)
    deliver_due()
    _path, headers, body = receiver.got[0]
    assert Webhook(first).verify(body, headers) == Webhook(second).verify(body, headers)
    old = PartnerSecret.objects.filter(direction="out").order_by("pk").first()
    assert timezone.now() < old.ends_at <= timezone.now() + dt.timedelta(hours=24)
    end_secret(district.account, district, old.pk)
    assert valid_secrets(district, "out") == [second]


def test_no_secret_stands_in_the_database_or_the_trail_and_a_new_key_opens_it(district):
    text = with_secrets(district)
    stored = b"".join(bytes(row.closed) for row in PartnerSecret.objects.all())
    assert text.encode() not in stored
    assert text[6:20] not in json.dumps(list(AuditEvent.objects.values("before", "after")))
    before = {bytes(row.closed)[1:9] for row in PartnerSecret.objects.all()}
    for _time in range(3):
        rotate_keys()
    assert valid_secrets(district, "out") == [text]
    assert before.isdisjoint({bytes(row.closed)[1:9] for row in PartnerSecret.objects.all()})


@pytest.mark.parametrize(
    "text", ["", "secret", "whsec_", "whsec_!!", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_what_is_no_secret_is_refused(district, text):
    with pytest.raises(InvalidInput):
        take_secret(district.account, district, text)


def test_a_failure_is_tried_again_later_and_what_follows_in_the_case_waits_for_it(district, bureau, receiver):
    with_secrets(district)
    receiver.statuses = [500]
    first = moved(bureau)
    act(district.account, first, "sign")
    tell(first.pk)
    second = moved(bureau)
    assert deliver_due() == 2
    states = dict(WebhookDelivery.objects.values_list("case__case_no", "state").filter(type="case.assigned"))
    assert states == {first.case_no: "waiting", second.case_no: "delivered"}
    row = WebhookDelivery.objects.get(case=first, type="case.assigned")
    assert dt.timedelta(seconds=4) < row.next_try_at - timezone.now() < dt.timedelta(seconds=6)
    assert deliver_due() == 0
    WebhookDelivery.objects.filter(pk=row.pk).update(next_try_at=timezone.now())
    assert deliver_due() == 2
    told = [json.loads(body)["data"] for _path, _headers, body in receiver.got]
    assert [one["step"] and one["step"]["action"] for one in told if one["case"]["case_no"] == first.case_no] == [
        None,
        None,
        "sign",
    ]
    ids = [headers["webhook-id"] for _path, headers, _body in receiver.got]
    assert ids[0] == ids[2], "the id stays the same at every attempt"


def test_after_the_last_attempt_it_has_failed_and_is_sent_again_by_hand(district, bureau, receiver):
    with_secrets(district)
    moved(bureau)
    WebhookDelivery.objects.update(attempts=9)
    receiver.statuses = [503]
    deliver_due()
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.next_try_at) == ("failed", 503, None)
    services.send_again(person("data_officer"), row)
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("delivered", 1)


def test_a_receiver_that_asks_for_time_gets_it(district, bureau, receiver):
    with_secrets(district)
    receiver.statuses, receiver.headers = [429], {"Retry-After": "3600"}
    moved(bureau)
    deliver_due()
    assert WebhookDelivery.objects.get().next_try_at > timezone.now() + dt.timedelta(minutes=55)


def test_a_receiver_that_asks_for_no_number_of_seconds_holds_nothing_up(district, bureau, receiver):
    with_secrets(district)
    receiver.statuses, receiver.headers = [503], {"Retry-After": "9" * 5000}
    moved(bureau)
    assert deliver_due() == 1
    assert WebhookDelivery.objects.get().status == 503


def test_a_redirect_is_not_followed(district, bureau, receiver):
    with_secrets(district)
    receiver.statuses, receiver.headers = [302], {"Location": "http://127.0.0.1:1/"}
    moved(bureau)
    assert deliver_due() == 1
    assert (WebhookDelivery.objects.get().status, len(receiver.got)) == (302, 1)


def test_a_partner_that_is_gone_or_fails_for_days_is_sent_nothing_until_somebody_switches_it_on(
    district, bureau, receiver
):
    with_secrets(district)
    receiver.statuses = [410]
    moved(bureau)
    deliver_due()
    district.refresh_from_db()
    assert (district.is_sent_to, "410" in district.stopped_why) == (False, True)
    assert AuditEvent.objects.filter(action="partner.stop", object_key="shangcheng").exists()
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    assert deliver_due() == 0
    services.resume_sending(person("data_officer"), district)
    assert deliver_due() == 1

    Partner.objects.update(failing_since=timezone.now() - dt.timedelta(days=6))
    receiver.statuses = [500]
    moved(bureau)
    deliver_due()
    district.refresh_from_db()
    assert "5 天" in district.stopped_why


@pytest.mark.parametrize("networks", [[], ["10.0.0.0/8"]])
def test_an_address_that_is_not_allowed_is_never_called(district, bureau, receiver, settings, networks):
    with_secrets(district)
    settings.CITYOPS_PARTNER_NETWORKS = networks
    moved(bureau)
    deliver_due()
    row = WebhookDelivery.objects.get()
    assert (receiver.got, row.state, "CITYOPS_PARTNER_NETWORKS" in row.answer) == ([], "waiting", True)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(district, bureau, receiver, settings):
    with_secrets(district)
    settings.CITYOPS_PARTNER_NETWORKS = []
    Partner.objects.update(webhook_url=receiver.url.replace("http://127.0.0.1", "https://localhost"))
    moved(bureau)
    deliver_due()
    assert (receiver.got, WebhookDelivery.objects.get().status) == ([], None)


def test_without_a_secret_nothing_is_sent(district, bureau, receiver):
    moved(bureau)
    deliver_due()
    assert (receiver.got, "签名密钥" in WebhookDelivery.objects.get().answer) == ([], True)


def test_only_wanted_events_are_told_but_what_is_given_over_always(bureau, receiver):
    quiet = partner("quiet", organisation=bureau, webhook_url=receiver.url, events=[])
    with_secrets(quiet)
    case = moved(bureau)
    act(quiet.account, case, "sign")
    tell(case.pk)
    assert list(WebhookDelivery.objects.values_list("type", flat=True)) == ["case.assigned"]


def test_old_deliveries_go_but_not_those_that_wait(district, bureau):
    moved(bureau)
    moved(bureau)
    old = timezone.now() - dt.timedelta(days=91)
    WebhookDelivery.objects.update(created_at=old)
    first = WebhookDelivery.objects.order_by("pk").first()
    WebhookDelivery.objects.filter(pk=first.pk).update(state="delivered")
    assert drop_old() == 1
    assert WebhookDelivery.objects.get().state == "waiting"
