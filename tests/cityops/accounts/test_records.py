"""What leaves the node about organisations and nodes."""

from cityops.foundation.records import Flow, registry


def test_who_answers_the_phone_stays_in_the_city():
    kind = registry.get("JC02")
    assert kind.flow is Flow.UP
    assert not {"contact", "phone"} & set(kind.fields.values())
    assert set(kind.local) == {"contact", "phone"}


def test_a_node_tells_its_public_key_and_its_parent():
    fields = registry.get("JC11").fields
    assert {"node_code", "parent_code", "public_key", "base_url"} <= set(fields)


def test_every_column_that_travels_exists():
    for dataset in ("JC02", "JC11"):
        kind = registry.get(dataset)
        assert set(kind.fields.values()) <= {field.name for field in kind.model._meta.get_fields()}
