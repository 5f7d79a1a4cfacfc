"""Ui: something of the admin alone."""

from __future__ import annotations

from headless import Collection, Config, fields
from headless.testing import TestClient

NOTED = fields.Ui("chart", admin={"description": "Sales of the week."})


def test_nothing_of_it_is_in_documents() -> None:
    """It is neither read, nor written, nor queried."""
    things = Collection(
        "things", access="anyone", fields=[NOTED, fields.Text("title"), fields.Group("seo", fields=[NOTED])]
    )
    with TestClient(Config(collections=[things])) as client:
        made = client.post("/api/things", json={"title": "One", "chart": "x", "seo": {"chart": "y"}}).json()["doc"]
        assert "chart" not in made
        assert made["seo"] == {}
        assert client.get("/api/things?where[chart][exists]=true").status_code == 400


def test_its_label_is_made_of_its_name() -> None:
    """Unless it is given."""
    assert fields.Ui("salesChart").title == "Sales Chart"
    assert fields.Ui("salesChart", label="Sales").title == "Sales"
