"""What somebody of another city meets who asks for a case of 杭州: nothing, at any door, at any tier.

The strangers hold every permission there is, so it is the region alone that keeps the case from them. One who is
responsible for it asks at the same doors first: what is closed to the strangers is open there.
"""

import pytest
from django.urls import NoReverseMatch, reverse

from cityops.foundation.models import AuditEvent
from sync.exchange.models import Comparison, Enrolment, Link, Parked, Receipt, Stream
from tests.factories.people import NINGBO, api_token, bearer, person
from tests.permissions.policy import ALL
from tests.permissions.visits import Visitor, body_of, entered
from tests.permissions.world import HERE, all_powerful

TIERS = tuple(ALL)
STRANGERS = {"m": (NINGBO,), "p": (NINGBO, "320000000000"), "n": (NINGBO, "320000000000")}
"""宁波 at each tier; at the upper tiers somebody of another province, too."""
CITY = "330100000000-C"
OTHERS = [(letter, code) for letter in TIERS for code in STRANGERS[letter]]
SQUARES = ((12, 3413, 1689), (14, 13653, 6759), (16, 54614, 27037))
"""Tiles around the case: zoom, column, row."""
every_stranger = pytest.mark.parametrize(("letter", "code"), OTHERS, ids=lambda value: value)


@pytest.fixture
def insider(letter, world):
    return entered(all_powerful(HERE[letter]))


@pytest.fixture
def stranger(code, world):
    return entered(all_powerful(code))


@pytest.fixture
def number(world):
    return world.case.case_no


@every_stranger
def test_its_page_is_404(insider, stranger, number):
    page = reverse("case-detail", args=[number])
    assert insider.get(page).status_code == 200
    answer = stranger.get(page)
    assert answer.status_code == 404
    assert "canary" not in body_of(answer)
    nobodys = stranger.get(reverse("case-detail", args=["1" * 22]))
    assert body_of(answer).replace(number, "") == body_of(nobodys).replace("1" * 22, "")


@every_stranger
def test_its_moves_are_404(letter, stranger, number, world):
    if letter != "m":
        with pytest.raises(NoReverseMatch):
            reverse("case-act", args=[number, "accept"])
        return
    before = type(world.case).objects.get(pk=world.case.pk).state
    assert stranger.post(reverse("case-act", args=[number, "accept"])).status_code == 404
    answer = stranger.post(reverse("api:case-act", args=[number, "accept"]), {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert type(world.case).objects.get(pk=world.case.pk).state == before


@every_stranger
def test_it_is_in_no_list_by_no_filter(insider, stranger, number):
    for query in (
        "",
        f"?q={number}",
        "?q=canary",
        "?division=330102000000",
        "?division_code=330102000000",
        "?view=all",
    ):
        assert number in body_of(insider.get(reverse("case-list"))), "the list has it for who is responsible"
        shown = body_of(stranger.get(reverse("case-list") + query))
        assert f"/cases/{number}/" not in shown, query
        assert "canary-case" not in shown, query


@every_stranger
def test_the_api_neither_lists_nor_gives_it(letter, code, world, number):
    inside = bearer(api_token(all_powerful(HERE[letter], is_integration=True)))
    outside = bearer(api_token(all_powerful(code, is_integration=True)))
    client, cases, one = Visitor(), reverse("api:case-list"), reverse("api:case-detail", args=[number])
    assert [row["case_no"] for row in client.get(cases, headers=inside).json()["results"]] == [number]
    assert client.get(one, headers=inside).json()["case_no"] == number
    assert client.get(cases, headers=outside).json()["results"] == []
    answer = client.get(one, headers=outside)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@every_stranger
@pytest.mark.parametrize("layer", ["cases", "grids", "components"])
def test_its_tiles_have_no_byte(insider, stranger, layer):
    addresses = [reverse("tile", args=[layer, *square]) for square in SQUARES]
    full = [insider.get(address) for address in addresses]
    assert any(answer.status_code == 200 and answer.content for answer in full)
    for address in addresses:
        answer = stranger.get(address)
        assert (answer.status_code, answer.content) == (204, b"")


@every_stranger
def test_no_export_holds_it(insider, stranger, number):
    export = reverse("case-export")
    assert number in body_of(insider.get(export))
    answer = stranger.get(export)
    assert answer.status_code == 200
    assert number not in body_of(answer)
    assert "canary" not in body_of(answer)


@every_stranger
def test_a_search_for_its_exact_number_finds_nothing(insider, stranger, number):
    page = reverse("case-detail", args=[number])
    assert insider.get(reverse("search"), {"q": number}).url == page
    answer = stranger.get(reverse("search"), {"q": number}, follow=True)
    assert page not in [url for url, _status in answer.redirect_chain]
    assert page not in body_of(answer)
    assert "canary" not in body_of(answer)


@every_stranger
def test_no_figure_opens_to_it(insider, stranger, number):
    arguments = ["closing_rate", "330100000000", "2026"]
    for name in ("figure-detail", "figure-records", "figure-export", "api:figure-detail", "api:figure-records"):
        assert insider.get(reverse(name, args=arguments)).status_code == 200, name
        answer = stranger.get(reverse(name, args=arguments))
        assert answer.status_code == 404, name
        assert number not in body_of(answer)


@every_stranger
def test_its_trail_is_theirs_who_are_responsible(insider, stranger, number, world):
    listed = reverse("audit-list")
    assert "canary-audit" in body_of(insider.get(listed))
    for query in ("", "?q=canary-audit", "?format=csv", "?key=canary-audit"):
        assert "canary.audit" not in body_of(stranger.get(listed + query))
    entry = AuditEvent.objects.get(object_key="canary-audit")
    assert insider.get(reverse("audit-detail", args=[entry.pk])).status_code == 200
    assert stranger.get(reverse("audit-detail", args=[entry.pk])).status_code == 404


@pytest.fixture
def sent(letter, world):
    """The evidence of what the city sent, here: at the nation it comes over the link of the province."""
    up = "330000000000-P" if letter == "n" else CITY
    Link.objects.create(peer_code=up, peer_name="下级", role="child", state="live")
    Link.objects.create(peer_code=ABOVE, peer_name="国家", role="parent", state="live")
    stream = Stream.objects.create(
        producer_code=CITY, flow="up", scope="A", lane="normal", epoch_id="0" * 32, seq=77_001, chain=b"\0" * 32
    )
    Parked.objects.create(
        stream=stream, epoch_no=1, seq=77_001, flow="up", dataset="GL01", owner_code=CITY, rid="1" * 32, line=b"x"
    )
    Receipt.objects.create(
        stream=stream, receiver_code=world_node(letter), epoch_no=1, from_seq=1, upto_seq=77_001, applied=1,
        superseded=0, text=b"{}", kid="k", signature=b"s", made_at="2026-11-24T00:00:00Z",
    )  # fmt: skip
    Comparison.objects.create(
        peer_code=up, owner_code=CITY, dataset="GL01", flow="up", result="different", records=1, differing=1,
        examples=["11111111"], at="2026-11-24T00:00:00Z",
    )  # fmt: skip
    Enrolment.objects.create(child_code=CITY, code_sha=b"x", state="asked", made_by="x", expires_at="2099-01-01T00:00Z")
    return up


ABOVE = "000000000000-N"
of_another_region = pytest.mark.parametrize("code", [NINGBO, "320000000000"])
at_an_upper_tier = pytest.mark.parametrize("letter", ["p", "n"])


@of_another_region
@at_an_upper_tier
def test_what_its_city_sent_is_shown_to_whom_is_responsible(letter, code, sent, insider, stranger):
    pages = {
        "parked": reverse("exchange-parked"),
        "parked of the city": reverse("exchange-parked") + f"?owner={CITY}&state=",
        "overview": reverse("exchange-overview"),
        "the link to the parent": reverse("exchange-link", args=[ABOVE]),
        "enrolments": reverse("exchange-enrolments"),
        "API: parked": reverse("api:exchange-parked-list"),
        "API: datasets": reverse("api:exchange-dataset-list"),
        "API: links": reverse("api:exchange-link-list"),
    }
    for name in ("parked", "enrolments", "API: parked"):
        assert CITY in body_of(insider.get(pages[name]))
    for name, address in pages.items():
        answer = stranger.get(address)
        shown = body_of(answer).replace(f'value="{CITY}"', "").replace(f"owner={CITY}", "")
        assert answer.status_code == 200, name
        assert CITY not in shown, name
        assert "77001" not in shown.replace(" ", "").replace(",", ""), name
    records = reverse("exchange-records", args=[CITY, "GL01"])
    assert insider.get(records).status_code == 200
    assert stranger.get(records).status_code == 404


@of_another_region
@at_an_upper_tier
def test_what_its_city_sent_is_touched_by_nobody_else(letter, code, sent, stranger):
    assert stranger.get(reverse("exchange-link", args=[sent])).status_code == 404
    assert stranger.post(reverse("exchange-thaw", args=[sent])).status_code == 404
    assert stranger.post(reverse("exchange-compare", args=[sent])).status_code == 404
    assert stranger.post(reverse("exchange-suspend", args=[sent])).status_code == 404
    assert stranger.post(reverse("exchange-retire", args=[sent])).status_code == 404
    assert stranger.post(reverse("exchange-refuse", args=[CITY])).status_code == 404
    assert stranger.post(reverse("exchange-cancel", args=[CITY])).status_code == 404
    assert stranger.post(reverse("exchange-approve", args=[CITY])).status_code == 404
    assert stranger.post(reverse("exchange-retry", args=[Parked.objects.get(owner_code=CITY).pk])).status_code == 404
    refused = stranger.post(reverse("exchange-code"), {"child": CITY})
    assert refused.status_code == 422
    assert Enrolment.objects.get(child_code=CITY).state == "asked"


def world_node(letter: str) -> str:
    return f"{HERE[letter]}-{letter.upper()}"


@pytest.mark.parametrize("letter", ["m"])
def test_a_leader_of_the_other_city_meets_the_same(letter, world, number):
    """Not only who may everything: the seeded role, as it comes."""
    leader = entered(person("leader", division_code=NINGBO))
    assert leader.get(reverse("case-detail", args=[number])).status_code == 404
    assert number not in body_of(leader.get(reverse("case-list")))


@pytest.mark.parametrize("letter", ["p", "n"])
def test_a_case_of_the_tiers_own_opens_without_a_desk(letter, world, insider, number):
    """At the upper tiers no route moves a case, whoever owns it and whatever the reader may do."""
    type(world.case).objects.filter(pk=world.case.pk).update(origin_code=world_node(letter))
    page = insider.get(reverse("case-detail", args=[number]))
    assert page.status_code == 200
    assert insider.get(reverse("api:case-detail", args=[number])).json()["moves"] == []
