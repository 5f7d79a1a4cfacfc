"""Dates with a time zone: the field beside the date that says in which one it is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, fields
from headless.testing import TestClient

NOON = "2026-01-31T12:00:00.000Z"
EVENTS = Collection(
    "events",
    access="anyone",
    fields=[
        fields.Text("title"),
        fields.Date("start", timezone=True),
        fields.Text("place"),
        fields.Array(
            "talks", fields=[fields.Date("at", timezone={"default_timezone": "Europe/Berlin"}), fields.Text("by")]
        ),
        fields.Date(
            "doors",
            timezone={
                "supported_timezones": ["Europe/Berlin", {"value": "+05:30", "label": "India"}],
                "required": True,
            },
        ),
    ],
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(Config(collections=[EVENTS])) as client:
        yield client


def refused(client: TestClient, document: dict[str, Any]) -> list[tuple[str, str]]:
    answer = client.post("/api/events", json=document)
    assert answer.status_code == 400, answer.text
    return [(error["path"], error["message"]) for error in answer.json()["errors"][0]["data"]["errors"]]


def test_the_zone_stands_behind_its_date(client: TestClient) -> None:
    """Under the date's name with `_tz`, in rows too; null until it is given, or the default."""
    made = client.post("/api/events", json={"start": NOON, "talks": [{"at": NOON}]}).json()["doc"]
    assert list(made)[1:7] == ["title", "start", "start_tz", "place", "talks", "doors"]
    assert made["start_tz"] is None
    assert made["doors_tz"] is None
    assert list(made["talks"][0]) == ["id", "at", "at_tz", "by"]
    assert made["talks"][0]["at_tz"] == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "+02:00", "-03:30"])
def test_zones(client: TestClient, zone: str) -> None:
    """IANA names and offsets are kept as they are, and found again."""
    made = client.post("/api/events", json={"start": NOON, "start_tz": zone}).json()["doc"]
    assert (made["start"], made["start_tz"]) == (NOON, zone)
    assert client.system.count("events", {"start_tz": {"equals": zone}}) == 1


@pytest.mark.parametrize(
    "zone", ["Berlin", "europe/berlin", "+2", "+15:00", "localtime", "../etc/passwd", 2, [], {}, True]
)
def test_what_is_no_zone_is_refused(client: TestClient, zone: Any) -> None:
    """As a selection that is none."""
    assert refused(client, {"start_tz": zone}) == [("start_tz", "This field has an invalid selection.")]


def test_only_the_supported_zones_are_taken(client: TestClient) -> None:
    """Where they are listed."""
    assert client.post("/api/events", json={"doors": NOON, "doors_tz": "+05:30"}).status_code == 201
    assert refused(client, {"doors_tz": "Europe/Paris"}) == [("doors_tz", "This field has an invalid selection.")]


def test_a_date_may_require_its_zone(client: TestClient) -> None:
    """When there is a date; a required date that has a zone requires it."""
    assert client.post("/api/events", json={"doors": None}).status_code == 201
    assert refused(client, {"doors": NOON}) == [("doors_tz", "This field is required.")]
    things = Collection("things", access="anyone", fields=[fields.Date("day", required=True, timezone=True)])
    with TestClient(Config(collections=[things])) as other:
        paths = [
            [error["path"] for error in answer.json()["errors"][0]["data"]["errors"]]
            for answer in (other.post("/api/things", json={}), other.post("/api/things", json={"day": NOON}))
        ]
        assert paths == [["day"], ["day_tz"]]


def test_the_zone_is_guarded_as_its_date() -> None:
    """Who may not read or write the date may not read or write its zone."""
    secret = fields.Date("day", timezone=True, access={"read": "nobody"})
    hidden = fields.Date("gone", timezone=True, hidden=True)
    things = Collection("things", access="anyone", fields=[secret, hidden])
    with TestClient(Config(collections=[things])) as client:
        made = client.post("/api/things", json={"day": NOON, "day_tz": "UTC", "gone_tz": "UTC"}).json()["doc"]
        assert not {"day", "day_tz", "gone", "gone_tz"} & set(made)
        for path in ("day_tz", "gone_tz"):
            assert client.get(f"/api/things?where[{path}][exists]=true").status_code == 400


def test_a_name_that_is_taken_is_told() -> None:
    """By another field, not by the same declaration read again."""
    again = Collection("again", fields=[*EVENTS.fields, fields.Text("more")])
    assert [field.key for field in again.fields].count("start_tz") == 1
    with pytest.raises(ConfigError, match="two fields are called 'start_tz'"):
        Collection("clash", fields=[fields.Date("start", timezone=True), fields.Text("start_tz")])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timezone": "Europe/Berlin"}, "timezone is true, false or options"),
        ({"timezone": {"default_timezone": "Berlin"}}, "there is no time zone 'Berlin'"),
        ({"timezone": {"supported_timezones": ["Mars/Base"]}}, "there is no time zone 'Mars/Base'"),
        ({"timezone": {"supported_timezones": "UTC"}}, "options are a list"),
        ({"admin": {"date": {"picker_appearance": "day_onyl"}}}, "did you mean 'day_only'"),
    ],
)
def test_mistakes(options: dict[str, Any], said: str) -> None:
    """Are told when the field is declared."""
    with pytest.raises(ConfigError, match=said):
        fields.Date("day", **options)


def test_a_default_is_one_of_the_supported() -> None:
    """Otherwise no document could be made."""
    with pytest.raises(ConfigError, match="default_timezone is not among"):
        Collection("things", fields=[
            fields.Date("day", timezone={"default_timezone": "UTC", "supported_timezones": ["Europe/Berlin"]})
        ])  # fmt: skip
