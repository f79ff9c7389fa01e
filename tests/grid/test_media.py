"""Photos of cases: taken in once, tied to one case, shown to who sees the case, cleared away where no case came."""

import datetime as dt
import io
import os
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case, CaseMedia
from grid.rules.codes import CURRENT
from grid.rules.distance import metres_between
from grid.selectors.media import album_of
from grid.services import media, photos
from grid.tasks import clear_loose_photos
from sync.standard.models import DictionaryVersion
from tests.factories import grid as ground
from tests.factories.people import NINGBO, api_token, bearer, organisation, person
from tests.factories.photos import exif, photo
from tests.permissions.visits import entered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.CITYOPS_MEDIA_DIR = tmp_path / "pictures"
    ground.ready_city()
    return tmp_path / "pictures"


@pytest.fixture
def user():
    return person(("collector", "acceptor"))


@pytest.fixture
def case(user):
    return ground.registered(user, source="02")


def taken(user, content=None, *, usage="report", media_id=None, **claims):
    file = io.BytesIO(photo() if content is None else content)
    return media.store(user, file, media_id=media_id or uuid.uuid4(), usage=usage, **claims)


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((120.0, 30.0), (120.0, 30.0), 0),
        ((120.0, 30.0), (120.0, 30.001), 111),
        ((120.0, 30.0), (120.001, 30.0), 96),
        ((0.0, 0.0), (180.0, 0.0), 20_015_115),
    ],
)
def test_distances_are_those_of_the_globe(one, other, metres):
    assert metres_between(one, other) == pytest.approx(metres, rel=0.006, abs=0.5)


def test_a_photo_is_kept_with_what_the_device_claimed(user, folder):
    row = taken(user, photo(exif=exif()), device_id="T-1")
    row.refresh_from_db()
    assert (row.case, row.uploaded_by, row.device_id, row.media_type) == (None, user, "T-1", "1")
    assert row.taken_at == dt.datetime(2026, 3, 1, 1, 30, tzinfo=dt.UTC)
    assert row.geom.coords == pytest.approx((120.005, 30.005), abs=1e-6)
    assert (len(row.sha256), len(row.phash), row.width, row.height) == (64, 16, 640, 480)
    assert row.size == (folder / photos.media_folder().name / row.file).stat().st_size
    assert len(files_in(folder)) == 2


def test_the_callers_claim_goes_before_that_of_the_file(user):
    at = timezone.now() - dt.timedelta(hours=1)
    row = taken(user, photo(exif=exif()), taken_at=at, longitude=120.1, latitude=30.1)
    assert (row.taken_at, row.geom.coords) == (at, (120.1, 30.1))


def test_without_any_claim_the_time_is_that_of_arrival_and_there_is_no_place(user):
    row = taken(user)
    assert (row.taken_at, row.geom) == (row.uploaded_at, None)


def test_the_same_photo_sent_twice_is_one(user, folder):
    key = uuid.uuid4()
    first, again = taken(user, media_id=key), taken(user, media_id=key)
    assert first.pk == again.pk
    assert CaseMedia.objects.count() == 1
    assert len(files_in(folder)) == 2
    assert AuditEvent.objects.filter(action="media.add").count() == 1


def test_another_photo_under_a_name_that_is_taken_is_refused(user, folder):
    key = uuid.uuid4()
    taken(user, media_id=key)
    for sender, content in ((user, photo(2)), (person("collector"), photo())):
        with pytest.raises(InvalidInput, match="另一张照片"):
            taken(sender, content, media_id=key)
    assert len(files_in(folder)) == 2


def test_who_may_not_add_photos_adds_none(folder):
    with pytest.raises(NotAllowed):
        taken(person("leader"))
    assert files_in(folder) == []


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"usage": "selfie"}, "usage"),
        ({"longitude": 120.0}, "longitude"),
        ({"longitude": 30.0, "latitude": 120.0}, "longitude"),
        ({"content": b"no photo"}, "photo"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field_and_leaves_nothing(user, folder, claims, field):
    with pytest.raises(InvalidInput) as refused:
        taken(user, **claims)
    assert refused.value.facts["errors"][0]["field"] == field
    assert CaseMedia.objects.count() == 0
    assert files_in(folder) == []


def test_where_the_row_is_not_written_no_file_stays(user, folder, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit, no change")

    monkeypatch.setattr(media.audit, "record", broken)
    with pytest.raises(RuntimeError):
        taken(user)
    assert CaseMedia.objects.count() == 0
    assert files_in(folder) == []


def test_a_photo_tied_to_a_case_says_how_far_away_it_was_taken(user, case):
    near = taken(user, longitude=case.geom.x, latitude=case.geom.y + 0.001)
    nowhere = taken(user, photo(2))
    rows = media.attach(user, case, [near.pk, str(nowhere.pk)], "06", step_seq=3)
    assert [row.pk for row in rows] == [near.pk, nowhere.pk]
    near.refresh_from_db()
    nowhere.refresh_from_db()
    assert float(near.distance_m) == pytest.approx(111.2, abs=0.5)
    assert nowhere.distance_m is None
    assert {(row.case_id, row.stage, row.step_seq) for row in (near, nowhere)} == {(case.pk, "06", 3)}
    entry = AuditEvent.objects.get(action="media.attach")
    assert entry.object_key == case.case_no
    assert set(entry.after["media"]) == {str(near.pk), str(nowhere.pk)}


@pytest.mark.parametrize(("usage", "stage"), [("report", "01"), ("verify", "02"), ("handle", "07"), ("check", "08")])
def test_without_a_stage_it_follows_from_the_usage(user, case, usage, stage):
    row = taken(user, usage=usage, case=case)
    assert (row.case_id, row.stage) == (case.pk, stage)


def test_tying_it_again_changes_nothing(user, case):
    row = taken(user, case=case)
    media.attach(user, case, [row.pk], "09", usage="other")
    row.refresh_from_db()
    assert (row.stage, row.usage) == ("01", "report")
    assert AuditEvent.objects.filter(action="media.attach").count() == 1


def test_a_photo_of_another_person_or_another_case_is_not_there(user, case):
    theirs = taken(person("collector"), photo(2))
    used = taken(user, photo(3), case=ground.registered(user))
    for key in (theirs.pk, used.pk, uuid.uuid4(), "nonsense"):
        with pytest.raises(InvalidInput) as refused:
            media.attach(user, case, [key])
        assert refused.value.facts["errors"][0]["field"] == "media"
    assert CaseMedia.objects.filter(case=case).count() == 0


def test_another_citys_case_and_an_ended_one_take_no_photo(user, case):
    with pytest.raises(NotThere):
        taken(person("collector", division_code=NINGBO), case=case.case_no)
    Case.objects.filter(pk=case.pk).update(state="80")
    with pytest.raises(Refused, match="已结束"):
        taken(user, case=case.case_no)


def test_a_case_takes_so_many_photos_and_bytes_and_no_more(user, case, monkeypatch):
    monkeypatch.setattr(media, "MOST_OF_CASE", 2)
    for seed in (1, 2):
        taken(user, photo(seed), case=case)
    with pytest.raises(Refused, match="最多 2 张"):
        taken(user, photo(3), case=case)
    monkeypatch.setattr(media, "MOST_OF_CASE", 40)
    CaseMedia.objects.filter(case=case).update(size=25 << 20)
    with pytest.raises(Refused, match="50 MB"):
        taken(user, photo(4), case=case)


def test_a_person_may_have_so_many_photos_waiting(user, monkeypatch):
    monkeypatch.setattr(media, "MOST_LOOSE", 1)
    taken(user)
    with pytest.raises(Refused, match="还没有用于案件"):
        taken(user, photo(2))


def test_photos_that_no_case_came_for_go_after_a_day_with_their_files(user, case, folder):
    tied, old, new = (taken(user, photo(1), case=case), taken(user, photo(2)), taken(user, photo(3)))
    past = timezone.now() - dt.timedelta(hours=25)
    CaseMedia.objects.exclude(pk=new.pk).update(uploaded_at=past)
    stray = photos.keep(photos.read_photo(photo(4)))
    fresh = photos.keep(photos.read_photo(photo(5)))
    half = photos.path_of(stray).parent / "x.part"
    half.touch()
    for path in (*(photos.path_of(name) for name in (tied.file, stray, photos.thumbnail_name(stray))), half):
        os.utime(path, (past.timestamp(), past.timestamp()))
    assert clear_loose_photos() == 1
    assert set(CaseMedia.objects.values_list("pk", flat=True)) == {tied.pk, new.pk}
    assert photos.path_of(tied.file).exists()
    left = files_in(folder)
    kept = {photos.path_of(row.file).name for row in (tied, new)} | {photos.path_of(fresh).name}
    assert set(left) == kept | {photos.thumbnail_name(name) for name in kept}
    assert photos.path_of(old.file).name not in left


def test_the_album_sorts_by_before_and_after_and_warns(user, case):
    now = timezone.now()
    before = taken(user, photo(1), usage="report", case=case, longitude=120.1, latitude=30.1)
    after = taken(user, photo(2), usage="handle", case=case, taken_at=now - dt.timedelta(days=2))
    ahead = taken(user, photo(3), usage="other", case=case, taken_at=now + dt.timedelta(hours=2))
    album = album_of(case)
    assert [e.media.pk for e in album.before + album.after + album.other] == [before.pk, after.pk, ahead.pk]
    assert [(e.is_far, e.is_late, e.is_ahead) for e in (*album.before, *album.after, *album.other)] == [
        (True, False, False), (False, True, False), (False, False, True)
    ]  # fmt: skip


# --- served


def test_who_sees_the_case_gets_its_photos_as_a_jpeg_for_nobody_between(user, case):
    row = taken(user, case=case)
    client = entered(person("duty_leader"))
    for route, name in (("case-photo", row.file), ("case-thumbnail", photos.thumbnail_name(row.file))):
        response = client.get(reverse(route, args=[case.case_no, row.pk]))
        assert response.status_code == 200
        assert int(response.headers["Content-Length"]) == photos.path_of(name).stat().st_size
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["Content-Disposition"].startswith("inline")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"].startswith("private")
        again = client.get(
            reverse(route, args=[case.case_no, row.pk]), headers={"If-None-Match": response.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


def test_another_citys_photo_is_not_there_even_under_an_own_case(client, user, case):
    row = taken(user, case=case)
    other = ground.stored_case(division_code="330203001001")
    client.force_login(person("duty_leader", division_code=NINGBO))
    for number in (case.case_no, other.case_no):
        assert client.get(reverse("case-photo", args=[number, row.pk])).status_code == 404
    client.force_login(person("department", organisation=organisation()))
    assert client.get(reverse("case-photo", args=[case.case_no, row.pk])).status_code == 404


def test_a_waiting_photo_is_there_for_who_took_it_alone(user):
    row = taken(user)
    assert entered(user).get(reverse("loose-photo", args=[row.pk])).status_code == 200
    assert entered(person("collector")).get(reverse("loose-photo", args=[row.pk])).status_code == 404


def test_a_token_fetches_the_picture_where_its_owner_sees_the_case(client, user, case):
    row = taken(user, case=case)
    address = reverse("api:case-media-file", args=[case.case_no, row.pk])
    own, foreign = person("duty_leader"), person("duty_leader", division_code=NINGBO)
    answer = client.get(address, headers=bearer(api_token(own)))
    assert b"".join(answer.streaming_content) == photos.path_of(row.file).read_bytes()
    assert answer.headers["Content-Type"] == "image/jpeg"
    known = {**bearer(api_token(own)), "If-None-Match": answer.headers["ETag"]}
    assert client.get(address, headers=known).status_code == 304
    assert client.get(address, headers=bearer(api_token(foreign))).status_code == 404


def test_where_the_file_is_not_kept_the_answer_says_where_it_is(client, user, case):
    row = taken(user, case=case)
    photos.drop(row.file)
    client.force_login(user)
    response = client.get(reverse("case-photo", args=[case.case_no, row.pk]))
    assert response.status_code == 404
    assert "只保存在拍摄它的城市" in response.content.decode()


# --- pages


def sent(name="x.jpg", content=None):
    return SimpleUploadedFile(name, photo() if content is None else content, content_type="image/jpeg")


def registration(**more):
    return {
        "rid": str(uuid.uuid4()), "description": "路口有垃圾",
        "address": "测试路1号", "longitude": "120.005", "latitude": "30.005", "source": "02", "urgency": "3", **more,
    }  # fmt: skip


def class_key():
    """The key of a class that is in force."""
    DictionaryVersion.objects.get_or_create(
        kind="classes", code=CURRENT, title="x", source="x", provenance="designed", valid_from="2026-01-01",
        content_sha=b"\0" * 32, is_default=True,
    )  # fmt: skip
    return f"2-{ground.LITTER}"


def test_a_report_is_registered_with_its_photos_and_shows_them(client, user):
    client.force_login(user)
    form = registration(class_key=class_key(), photos=[sent(content=photo(exif=exif())), sent(content=photo(2))])
    response = client.post(reverse("case-register"), form, follow=True)
    case = Case.objects.get()
    assert response.redirect_chain[-1][0] == reverse("case-detail", args=[case.case_no])
    page = response.content.decode()
    for row in CaseMedia.objects.filter(case=case):
        assert reverse("case-photo", args=[case.case_no, row.pk]) in page
        assert (row.stage, row.usage, row.step_seq) == ("01", "report", 1)
    assert CaseMedia.objects.filter(case=case).count() == 2
    assert "120.00500, 30.00500" in page
    assert "距案件 0 米" in page


def test_the_same_form_twice_leaves_one_case_and_one_photo(client, user):
    client.force_login(user)
    form = registration(class_key=class_key())
    for _time in range(2):
        client.post(reverse("case-register"), {**form, "photos": [sent()]})
    assert (Case.objects.count(), CaseMedia.objects.count()) == (1, 1)


@pytest.mark.usefixtures("photos_are_asked_for")
def test_a_collectors_report_without_its_photo_is_told_beside_the_field(client, user):
    client.force_login(user)
    response = client.post(reverse("case-register"), registration(class_key=class_key(), source="01"))
    assert response.status_code == 422
    assert "photos" in response.context["form"].errors
    assert Case.objects.count() == 0


@pytest.mark.usefixtures("photos_are_asked_for")
def test_a_department_feeds_back_with_a_photo_and_not_without(client, case):
    own = organisation()
    Case.objects.filter(pk=case.pk).update(state="50", duty_org=own.org_code)
    client.force_login(person("department", organisation=own))
    address = reverse("case-act", args=[case.case_no, "feed_back"])
    without = client.post(address, {"opinion": "已清理", "version": case.version})
    assert without.status_code == 422
    for _time in range(2):
        client.post(address, {"opinion": "已清理", "version": case.version, "photos": [sent()]})
    case.refresh_from_db()
    row = CaseMedia.objects.get(case=case)
    assert (case.state, row.stage, row.usage, row.step_seq) == ("60", "07", "handle", 2)


@pytest.mark.parametrize("content", [b"<svg><script>alert(1)</script></svg>", b"", b"%PDF-1.7", b"GIF89a"])
def test_a_bad_file_is_told_beside_the_field_and_nothing_is_registered(client, user, content, folder):
    client.force_login(user)
    form = registration(class_key=class_key(), photos=[sent("bad.jpg", content)])
    response = client.post(reverse("case-register"), form)
    assert response.status_code == 422
    assert "bad.jpg" in response.content.decode()
    assert Case.objects.count() == 0
    assert files_in(folder) == []


def test_too_many_photos_at_once_are_told(client, user):
    client.force_login(user)
    form = registration(class_key=class_key(), photos=[sent(content=photo(seed)) for seed in range(5)])
    response = client.post(reverse("case-register"), form)
    assert response.status_code == 422
    assert "一次最多 4 张" in response.content.decode()


# --- API


@pytest.fixture
def robot():
    return bearer(api_token(person("hotline", is_integration=True)))


def test_the_api_takes_a_photo_once_and_lists_it_with_its_case(client, robot, case):
    key = str(uuid.uuid4())
    facts = {"media_id": key, "usage": "report", "case_no": case.case_no, "longitude": 120.005, "latitude": 30.006}
    for _time in range(2):
        response = client.post("/api/v1/media/", {**facts, "photo": sent()}, headers=robot)
        assert response.status_code == 201, response.content
    body = response.json()
    assert (body["media_id"], body["case_no"], body["stage"]) == (key, case.case_no, "01")
    assert float(body["distance_m"]) == pytest.approx(111.2, abs=0.5)
    listed = client.get(f"/api/v1/cases/{case.case_no}/media/", headers=robot).json()
    assert [row["media_id"] for row in listed] == [key]


def test_the_api_names_what_is_wrong(client, robot):
    facts = {"media_id": str(uuid.uuid4()), "usage": "report"}
    cases = [
        ({**facts, "photo": sent(content=b"no")}, "photo"),
        ({**facts, "photo": sent(), "usage": "x"}, "usage"),
        ({**facts, "photo": sent(), "media_id": "x"}, "media_id"),
        ({**facts, "photo": sent(), "colour": "x"}, "colour"),
        (facts, "photo"),
    ]
    for body, field in cases:
        response = client.post("/api/v1/media/", body, headers=robot)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == field
    assert CaseMedia.objects.count() == 0


def test_a_body_that_is_too_large_is_refused_unread(client, robot):
    facts = {"media_id": str(uuid.uuid4()), "usage": "report", "photo": sent(content=b"\0" * (12 << 20))}
    assert client.post("/api/v1/media/", facts, headers=robot).status_code == 413


def test_two_of_the_same_photo_at_once_leave_one_row_and_one_file(user, folder, monkeypatch):
    key = uuid.uuid4()
    known = media._known
    monkeypatch.setattr(media, "_known", lambda *asked: None if not CaseMedia.objects.exists() else known(*asked))
    with transaction.atomic():
        first = taken(user, media_id=key)
    calls = iter([None, first])
    monkeypatch.setattr(media, "_known", lambda *_asked: next(calls))
    assert taken(user, media_id=key).pk == first.pk
    assert len(files_in(folder)) == 2
