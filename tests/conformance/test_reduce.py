"""The check is reduced to what is supported without losing, or inventing, anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from headless.names import snake
from tests.conformance.answers import summary
from tests.conformance.gaps import GAPS, Gaps
from tests.conformance.reduce import Declaration, Reduction, reduce_config
from tests.conformance.report import read_floor
from tests.conformance.run import reduced
from tests.conformance.selection import reduce_suite
from tests.conformance.suite import Suite, load_config, load_differences, load_suite, with_differences

Exchange = tuple[dict[str, Any], dict[str, Any]]

FIRST_TYPES = (
    "text", "textarea", "number", "email", "checkbox", "date", "select", "radio", "relationship", "json",
    "rich_text", "array", "group", "row", "collapsible", "tabs",
)  # fmt: skip
ALL_TYPES = (*FIRST_TYPES, "code", "point", "blocks", "upload", "join")


@pytest.fixture(scope="module")
def reduction() -> Reduction:
    return reduce_config(load_config(), FIRST_TYPES, GAPS)


@pytest.fixture(scope="module")
def suite(reduction: Reduction) -> Suite:
    return reduce_suite(load_suite(), reduction)


def fields_of(value: Any) -> Iterator[Declaration]:
    """Every field of a configuration, however deep."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from fields_of(item)
    for field in value.get("fields", ()) if isinstance(value, dict) else ():
        if isinstance(field, dict) and "type" in field:
            yield field


def keys_of(value: Any) -> Iterator[str]:
    """Every key of a JSON value, however deep."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(item)
    if isinstance(value, dict):
        yield from value


def recorded_messages(value: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The summaries of all recorded validation errors, with the errors they sum up."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from recorded_messages(item)
    if isinstance(value, dict) and value.get("name") == "ValidationError":
        yield value["message"], value["data"]["errors"]


def test_nothing_changes_when_nothing_is_missing() -> None:
    """With every type and option supported, configuration and answers are as they were recorded."""
    config, recorded = load_config(), load_suite()
    whole = reduce_config(config, ALL_TYPES, Gaps())
    suite = reduce_suite(recorded, whole)
    assert whole.dropped == ()
    assert whole.config == config
    assert suite.answers == recorded.answers
    assert suite.left_out == []


def test_only_supported_types_are_left(reduction: Reduction) -> None:
    """No field of a missing type stays in the configuration, and each that went is listed."""
    assert {snake(field["type"]) for field in fields_of(reduction.config)} <= set(FIRST_TYPES)
    listed = {str(drop) for drop in reduction.dropped}
    assert "lab.blk: the field type blocks" in listed
    assert "posts.seo.image: the field type upload" in listed
    assert "media: uploads" in listed


def test_no_reference_leads_to_a_dropped_collection(reduction: Reduction) -> None:
    """Relationships name collections that are left."""
    left = {collection["slug"] for collection in reduction.config["collections"]}
    named = [field["relationTo"] for field in fields_of(reduction.config) if "relationTo" in field]
    assert {slug for slugs in named for slug in ([slugs] if isinstance(slugs, str) else slugs)} <= left


def test_no_dropped_key_is_left_in_a_request_or_an_answer(reduction: Reduction, suite: Suite) -> None:
    """What is not supported is neither sent nor expected."""
    kept = {field["name"] for field in fields_of(reduction.config) if "name" in field}
    dropped = {key for shape in reduction.shapes.collections.values() for key in shape.dropped} - kept
    dropped -= {"children"}  # a key of the nodes of a rich text, too
    assert {"blk", "spot", "_status", "deletedAt"} <= dropped
    answers = [answer["body"] for case in suite.answers.values() for answer in case["steps"]]
    assert dropped & set(keys_of(answers)) == set()
    sent = [step.get("json") for area in suite.areas for case in area["cases"] for step in case["steps"]]
    on_purpose = {"deletedAt", "title"}  # sent to a collection without trash, where nothing comes of it
    assert dropped & set(keys_of(sent)) <= on_purpose


def test_summaries_of_errors_are_rebuilt_as_they_were_recorded() -> None:
    """The message of a validation error can be made from the errors that are left."""
    recorded = list(recorded_messages(load_suite().answers))
    assert len(recorded) > 50
    assert [summary(errors) for _, errors in recorded] == [message for message, _ in recorded]


def test_as_much_is_left_as_the_floor_holds() -> None:
    """A change of the reducer that costs answers shows here."""
    assert reduced()[1].compared >= sum(read_floor().values())


def test_a_set_up_that_writes_every_type_still_runs(suite: Suite) -> None:
    """Writes lose the dropped keys instead of being left out."""
    area = next(area for area in suite.areas if area["area"] == "02-where")
    created = area["setup"][3]["json"]
    assert created["title"] == "Alpha One"
    assert "spot" not in created
    assert len(suite.answers["02-where/_setup"]["steps"]) == 8


def test_every_difference_differs() -> None:
    """Each answer that is ours on purpose has a reason and is not the recorded one."""
    recorded = load_suite()
    for difference in load_differences():
        ours = with_differences(recorded, [difference])
        assert difference.why
        assert ours.answers[difference.case] != recorded.answers[difference.case]


CONFIG = {
    "collections": [
        {
            "slug": "posts",
            "versions": {"drafts": True},
            "fields": [
                {"name": "title", "type": "text", "required": True, "localized": True},
                {"name": "place", "type": "point", "required": True},
                {"name": "next", "type": "relationship", "relationTo": "posts"},
            ],
        },
        {"slug": "plain", "fields": [{"name": "title", "type": "text"}]},
    ]
}


def reduce_steps(*steps: Exchange) -> tuple[list[str], list[Any], list[str]]:
    """The requests that run, the answers that are compared and why others are not, of one case."""
    case = {"name": "case", "steps": [step for step, _ in steps]}
    answers = [{"req": step["req"], "status": 200, **answer} for step, answer in steps]
    recorded = Suite([{"area": "area", "cases": [case]}], {"area/case": {"steps": answers}})
    reduced = reduce_suite(recorded, reduce_config(json.loads(json.dumps(CONFIG)), FIRST_TYPES, GAPS))
    runs = [step["req"] for step in reduced.areas[0]["cases"][0]["steps"]]
    compared = [answer["body"] for answer in reduced.answers["area/case"]["steps"]]
    return runs, compared, [left_out.reason for left_out in reduced.left_out]


CREATE: Exchange = (
    {"req": "POST /api/posts", "json": {"title": "a"}, "save": {"id": "doc.id"}},
    {"body": {"doc": {"id": "<id:1>"}}},
)
DRAFT: Exchange = (
    {"req": "PATCH /api/posts/{{id}}", "q": "draft=true", "json": {"title": "b"}},
    {"body": {"doc": {}}},
)


def test_reads_after_a_change_that_was_left_out_are_left_out() -> None:
    """A document that a skipped step would have changed is not compared, nor a list that has it."""
    one: Exchange = ({"req": "GET /api/posts/{{id}}"}, {"body": {"id": "<id:1>"}})
    several: Exchange = ({"req": "GET /api/posts"}, {"body": {"docs": []}})
    other: Exchange = ({"req": "GET /api/plain"}, {"body": {"docs": []}})
    runs, _, reasons = reduce_steps(CREATE, DRAFT, one, several, other)
    assert runs == ["POST /api/posts", "GET /api/plain"]
    assert reasons == [
        "versions and drafts",
        "a step that was left out changes id",
        "a step that was left out changes posts",
    ]


def test_documents_that_are_not_as_recorded_still_go() -> None:
    """A deletion by id runs without being compared, so that nothing stays for the cases that follow."""
    runs, compared, _ = reduce_steps(CREATE, DRAFT, ({"req": "DELETE /api/posts/{{id}}"}, {"body": {"doc": {}}}))
    assert runs == ["POST /api/posts", "DELETE /api/posts/{{id}}"]
    assert len(compared) == 1


def test_refusals_of_dropped_fields_go_from_recorded_errors() -> None:
    """A validation error keeps what the fields that are left are refused for, and its summary follows."""
    title = {"label": "Title", "message": "This field is required.", "path": "title"}
    place = {"label": "Place", "message": "This field is required.", "path": "place"}
    both = {"name": "ValidationError", "data": {"errors": [title, place]}, "message": "…: Title, Place"}
    only = {"name": "ValidationError", "data": {"errors": [place]}, "message": "…: Place"}
    _, compared, reasons = reduce_steps(
        ({"req": "POST /api/posts", "json": {"place": []}}, {"status": 400, "body": {"errors": [both]}}),
        ({"req": "POST /api/posts", "json": {"title": "a"}}, {"status": 400, "body": {"errors": [only]}}),
    )
    assert reasons == ["writes dropped fields only", "only dropped fields were refused"]
    assert compared == []
    _, compared, _ = reduce_steps(
        ({"req": "POST /api/posts", "json": {"next": 1}}, {"status": 400, "body": {"errors": [both]}})
    )
    assert compared[0]["errors"][0]["data"]["errors"] == [title]
    assert compared[0]["errors"][0]["message"] == "The following field is invalid: Title"


@pytest.mark.parametrize(
    "query",
    [
        "where[place][exists]=true",
        "where[or][0][title][equals]=a&where[or][1][next.place][exists]=true",
        'where={"and":[{"place":{"exists":true}}]}',
        "sort=-place",
        "select[place]=true",
        "populate[posts][place]=true",
        "where[_status][equals]=draft",
        "where[title.de][equals]=a",
    ],
)
def test_queries_of_dropped_fields_are_left_out(query: str) -> None:
    """A query that names a dropped field anywhere is not made."""
    runs, _, reasons = reduce_steps(({"req": "GET /api/posts", "q": query, "as": "admin"}, {"body": {"docs": []}}))
    assert runs == []
    assert len(reasons) == 1


def test_selections_lose_dropped_fields() -> None:
    """A select of several fields is made with those that are left."""
    query = "depth=0&select[title]=true&select[place]=true"
    _, compared, reasons = reduce_steps(
        (
            {"req": "GET /api/posts", "q": query},
            {"body": {"docs": [{"id": "<id:1>", "title": "a", "place": [1, 2]}]}},
        )
    )
    assert reasons == []
    assert compared == [{"docs": [{"id": "<id:1>", "title": "a"}]}]
