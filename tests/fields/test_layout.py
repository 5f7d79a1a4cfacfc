"""Groups, rows, collapsibles and tabs: which of them shape the data, and how errors call what is inside."""

from __future__ import annotations

from typing import Any

import pytest

from headless import Collection, Config, ValidationError, fields
from headless.testing import TestClient

INNER = fields.Text("inner", required=True)
SHAPES: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "row": (fields.Row(fields=[INNER]), {"inner": "x"}, "inner", "Inner"),
    "collapsible": (fields.Collapsible("More", fields=[INNER]), {"inner": "x"}, "inner", "More > Inner"),
    "group": (fields.Group("meta", fields=[INNER]), {"meta": {"inner": "x"}}, "meta.inner", "Meta > Inner"),
    "a group with a label": (fields.Group("meta", label="About", fields=[INNER]), {"meta": {"inner": "x"}},
        "meta.inner", "About > Inner"),
    "a group without a name": (fields.Group(label="Side", fields=[INNER]), {"inner": "x"}, "inner", "Side > Inner"),
    "a named tab": (fields.Tabs(tabs=[fields.Tab("meta", fields=[INNER])]), {"meta": {"inner": "x"}}, "meta.inner",
        "Meta > Inner"),
    "a tab": (fields.Tabs(tabs=[{"label": "First", "fields": [INNER]}]), {"inner": "x"}, "inner", "First > Inner"),
    "all of them": (
        fields.Collapsible("More",
            fields=[fields.Row(fields=[fields.Group("meta", fields=[fields.Group("deep", fields=[INNER])])])]),
        {"meta": {"deep": {"inner": "x"}}}, "meta.deep.inner", "More > Meta > Deep > Inner",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "document", "path", "label"), SHAPES.values(), ids=SHAPES)
def test_the_shape_of_the_data(declared: Any, document: dict[str, Any], path: str, label: str) -> None:
    """What has a name is an object; errors and queries use the path of the data, labels what is seen in the admin."""
    with TestClient(Config(collections=[Collection("things", fields=[declared])])) as client:
        made = client.create("things", document)
        assert {key: made[key] for key in document} == document
        assert client.system.count("things", {path: {"equals": "x"}}) == 1
        with pytest.raises(ValidationError) as refused:
            client.create("things", {})
        assert [(error["path"], error["label"]) for error in refused.value.errors] == [(path, label)]


@pytest.mark.parametrize("value", [5, "x", True, [], [{}]])
def test_a_group_is_an_object(value: Any) -> None:
    """Everything else is refused, and changes nothing."""
    group = fields.Group("meta", fields=[fields.Text("inner")])
    with TestClient(Config(collections=[Collection("things", fields=[group])])) as client:
        client.create("things", {"meta": {"inner": "kept"}})
        with pytest.raises(ValidationError, match="Meta"):
            client.update_document("things", 1, {"meta": value})
        assert client.get_document("things", 1)["meta"] == {"inner": "kept"}


def test_what_holds_fields_may_hold_none() -> None:
    """Nothing breaks while a declaration grows: rows then have an id alone."""
    things = Collection("things", fields=[fields.Group("seo", fields=[]), fields.Array("rows", fields=[])])
    with TestClient(Config(collections=[things])) as client:
        made = client.create("things", {"seo": {}, "rows": [{}]})
        assert made["seo"] == {}
        assert list(made["rows"][0]) == ["id"]
        assert client.get_document("things", 1) == made
