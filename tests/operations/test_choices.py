"""What may be chosen: `filter_options` of relationships and selects, asked at each write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, ConfigError, Headless, QueryError, fields, nobody
from headless.fields import FieldContext
from headless.testing import TestClient

SECRET = "s" * 40  # a secret of the tests


def of_country(ctx: FieldContext) -> Any:
    """Cities of the chosen country; where none is chosen, all of them."""
    country = ctx.data.get("country")
    return {"country": {"equals": country}} if country else True


async def by_collection(ctx: FieldContext) -> Any:
    """Cities with a name; no regions."""
    return {"name": {"exists": True}} if ctx.relation_to == "cities" else False


def channels(ctx: FieldContext) -> Any:
    return ["web"] if ctx.sibling_data.get("quiet") else True


CITIES = Collection("cities", access=nobody, fields=[fields.Text("name"), fields.Text("country", hidden=True)])
REGIONS = Collection("regions", fields=[])
TRIPS = Collection(
    "trips",
    access="anyone",
    fields=[
        fields.Text("country"),
        fields.Relationship("city", relation_to="cities", filter_options=of_country),
        fields.Relationship("stops", relation_to="cities", has_many=True, filter_options={"country": {"equals": "it"}}),
        fields.Relationship("place", relation_to=["cities", "regions"], filter_options=by_collection),
        fields.Relationship("home", relation_to="cities", filter_options={"name": {"equals": "$user.town"}}),
        fields.Checkbox("quiet"),
        fields.Select("channel", options=["web", "mail"], filter_options=channels),
        fields.Select("channels", options=["web", "mail"], has_many=True, filter_options=channels),
    ],
)


@pytest.fixture(scope="module")
def client(database_kind: str) -> Iterator[TestClient]:
    with TestClient(Config(collections=[CITIES, REGIONS, TRIPS])) as client:
        for name, country in (("Rome", "it"), ("Milan", "it"), ("Paris", "fr"), (None, "fr")):
            client.create("cities", {"name": name, "country": country})
        client.create("regions", {})
        yield client


def message(client: TestClient, document: dict[str, Any]) -> str | None:
    answer = client.post("/api/trips?depth=0", json=document)
    if answer.status_code == 201:
        return None
    assert answer.status_code == 400
    (error,) = answer.json()["errors"][0]["data"]["errors"]
    return str(error["message"])


def selections(shown: str) -> str:
    return f"This field has the following invalid selections:{shown}, "


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"stops": [1, 2]}, None), ({"stops": []}, None), ({"stops": None}, None),
        ({"stops": [1, 3]}, selections(" 3")), ({"stops": [3, 1, 4]}, selections(" 3  4")),
        ({"stops": [99]}, selections(" 99")), ({"stops": ["3"]}, selections(" 3")),
        ({"city": 3}, None), ({"country": "fr", "city": 3}, None), ({"country": "it", "city": 3}, selections(" 3")),
        ({"place": {"relationTo": "cities", "value": 1}}, None),
        ({"place": {"relationTo": "cities", "value": 4}}, selections(' {"relationTo":"cities","value":4}')),
        ({"place": {"relationTo": "regions", "value": 1}}, selections(' {"relationTo":"regions","value":1}')),
    ],
)  # fmt: skip
def test_references_are_those_that_fit(client: TestClient, document: dict[str, Any], said: str | None) -> None:
    """A document that does not fit and one that does not exist are refused alike; hidden fields may be asked for."""
    assert message(client, document) == said


def test_what_is_no_reference_is_told_as_before(client: TestClient) -> None:
    """Once."""
    said = "This relationship field has the following invalid relationships: abc 0"
    assert message(client, {"stops": ["abc"]}) == said


@pytest.mark.parametrize(
    ("document", "fits"),
    [
        ({"channel": "mail"}, True), ({"quiet": True, "channel": "web"}, True),
        ({"quiet": True, "channel": "mail"}, False), ({"quiet": True, "channel": None}, True),
        ({"channels": ["mail", "web"]}, True), ({"quiet": True, "channels": ["web"]}, True),
        ({"quiet": True, "channels": ["web", "mail"]}, False), ({"quiet": True, "channels": []}, True),
    ],
)  # fmt: skip
def test_options_are_those_that_are_offered(client: TestClient, document: dict[str, Any], fits: bool) -> None:
    """By the values beside it."""
    assert message(client, document) == (None if fits else "This field has an invalid selection.")


def test_every_write_is_asked(client: TestClient) -> None:
    """Also when only what it depends on changes."""
    id = client.create("trips", {"country": "fr", "city": 3})["id"]
    assert client.patch(f"/api/trips/{id}", json={"country": "it"}).status_code == 400
    assert client.patch(f"/api/trips/{id}", json={"country": "it", "city": 1}).status_code == 200


def test_a_where_may_name_the_user() -> None:
    """Who has no such value may choose nothing; the system is nobody."""
    users = Collection("users", auth=True, access="anyone", fields=[fields.Text("town")])
    with TestClient(Config(collections=[CITIES, REGIONS, TRIPS, users])) as client:
        for name in ("Rome", "Paris"):
            client.create("cities", {"name": name})
        ada = client.user("ada@example.com", town="Rome")
        answers = [client.post("/api/trips", json={"home": id}, as_=ada).status_code for id in (1, 2)]
        assert answers == [201, 400]
        assert client.post("/api/trips", json={"home": 1}).status_code == 400


@pytest.mark.parametrize("answer", [None, 5, "all", [1], {"nope": {"equals": 1}}, {"name": {"nope": 1}}])
def test_an_answer_that_is_none_lets_nothing_through(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """And says so in the log; the client learns nothing of it."""
    trips = Collection("trips", access="anyone", fields=[
        fields.Relationship("city", relation_to="cities", filter_options=lambda ctx: answer)
    ])  # fmt: skip
    with TestClient(Config(collections=[CITIES, trips])) as client:
        client.create("cities", {"name": "Rome"})
        assert message(client, {"city": 1}) == selections(" 1")
    assert "headless.fields" in {record.name for record in caplog.records}


@pytest.mark.parametrize("answer", [None, 5, "web", {"value": "web"}])
def test_an_answer_that_is_no_list_offers_nothing(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The same for options."""
    select = fields.Select("channel", options=["web"], filter_options=lambda ctx: answer)
    with TestClient(Config(collections=[Collection("trips", access="anyone", fields=[select])])) as client:
        assert message(client, {"channel": "web"}) == "This field has an invalid selection."
    assert "headless.fields" in {record.name for record in caplog.records}


def test_options_may_be_answered_as_they_are_declared() -> None:
    """Values, mappings or options."""
    select = fields.Select(
        "channel", options=["web", "mail", "print"], filter_options=lambda ctx: [select.options[0], {"value": "mail"}]
    )
    with TestClient(Config(collections=[Collection("trips", access="anyone", fields=[select])])) as client:
        assert [message(client, {"channel": value}) is None for value in ("web", "mail", "print")] == [
            True,
            True,
            False,
        ]


async def test_a_misspelt_where_is_told_at_the_start() -> None:
    """As that of a rule is."""
    trips = Collection("trips", fields=[
        fields.Relationship("city", relation_to="cities", filter_options={"nmae": {"equals": "Rome"}})
    ])  # fmt: skip
    app = Headless(collections=[CITIES, trips], database="sqlite:///:memory:", secret=SECRET)
    with pytest.raises(ConfigError, match="field 'city': its where cannot ask 'cities' for 'nmae'"):
        await app.startup()


@pytest.mark.parametrize("given", [{}, "name", 5, [{"name": {"equals": 1}}]])
def test_what_is_no_filter_is_refused(given: Any) -> None:
    """When the field is declared."""
    with pytest.raises(ConfigError, match="filter_options is a where"):
        fields.Relationship("city", relation_to="cities", filter_options=given)


async def test_within_narrows_by_what_the_asker_may_not_name() -> None:
    """The caller's own where beside the asker's, for what a page offers."""
    cities = Collection("cities", access="anyone", fields=[fields.Text("name"), fields.Text("country", hidden=True)])
    app = Headless(collections=[cities], database="sqlite:///:memory:", secret=SECRET)
    await app.startup()
    try:
        for name, country in (("Rome", "it"), ("Paris", "fr")):
            await app.as_system().create("cities", {"name": name, "country": country})
        page = await app.as_user(None).find(
            "cities", where={"name": {"exists": True}}, within={"country": {"equals": "it"}}
        )
        assert [(doc["name"], "country" in doc) for doc in page.docs] == [("Rome", False)]
        assert page.total_docs == 1
        with pytest.raises(QueryError):
            await app.as_user(None).find("cities", where={"country": {"equals": "it"}})
    finally:
        await app.aclose()
