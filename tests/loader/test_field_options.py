"""Options of fields whose values look like something else: schemas, wheres, zones and functions by name."""

from __future__ import annotations

import re
from typing import Any

from headless import fields
from tests.loader.declared import Folder

TEXT = """
collections:
  - slug: cities
    fields: [{name: access, type: text}, {name: title, type: text}, {type: slug, slugify: shorten}]
  - slug: trips
    fields:
      - name: shape
        type: json
        jsonSchema: {type: object, properties: {fields: {type: array}, access: {type: string}, hooks: {}}}
      - {name: city, type: relationship, relationTo: cities, filterOptions: {access: {equals: open}}}
      - {name: other, type: relationship, relationTo: cities, filterOptions: fitting}
      - {name: channel, type: select, options: [web], filterOptions: fitting}
      - {name: start, type: date, timezone: {defaultTimezone: Europe/Berlin, supportedTimezones: [Europe/Berlin]}}
      - {name: day, type: date, admin: {date: {pickerAppearance: dayOnly}}}
      - {name: note, type: ui, admin: {description: Mind the gap.}}
"""
FUNCTIONS = """
def fitting(ctx):
    return True

def shorten(text, ctx):
    return text[:3]
"""


def test_yaml_and_python_give_equal_declarations(folder: Folder) -> None:
    """Names of functions are looked up where functions belong, and nowhere inside of data."""
    (folder.path / "functions.py").write_text(FUNCTIONS)
    cities, trips = folder.load(TEXT).collections
    slug_of_city: Any = cities.fields[2]
    other: Any = trips.fields[2]
    shorten, fitting = slug_of_city.slugify, other.filter_options
    assert (shorten.__name__, fitting.__name__) == ("shorten", "fitting")
    assert cities.fields == (
        fields.Text("access"), fields.Text("title"), slug := fields.Slug(slugify=shorten), *slug.companions
    )  # fmt: skip
    schema = {"type": "object", "properties": {"fields": {"type": "array"}, "access": {"type": "string"}, "hooks": {}}}
    start = fields.Date(
        "start", timezone={"default_timezone": "Europe/Berlin", "supported_timezones": ["Europe/Berlin"]}
    )
    assert trips.fields == (
        fields.Json("shape", json_schema=schema),
        fields.Relationship("city", relation_to="cities", filter_options={"access": {"equals": "open"}}),
        fields.Relationship("other", relation_to="cities", filter_options=fitting),
        fields.Select("channel", options=["web"], filter_options=fitting),
        start,
        *start.companions,
        fields.Date("day", admin={"date": {"picker_appearance": "day_only"}}),
        fields.Ui("note", admin={"description": "Mind the gap."}),
    )


def test_mistakes_in_them_have_their_line(folder: Folder) -> None:
    """And say what is wrong."""
    text = """
collections:
  - slug: trips
    fields:
      - {name: shape, type: json, json_schema: {type: strng}}
      - {name: start, type: date, timezone: {default_timezone: Mars}}
      - {name: channel, type: select, options: [web], filter_options: nobody_has_it}
"""
    shape, start, channel = folder.problems(text)
    assert re.search(r":5:\d+: Json 'shape': this is no JSON Schema", shape)
    assert re.search(r":6:\d+: Date 'start': .*there is no time zone 'Mars'", start)
    assert re.search(r":7:\d+: there is no filter 'nobody_has_it'", channel)
