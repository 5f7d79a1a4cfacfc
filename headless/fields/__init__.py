"""The field types, by the names that declarations use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from headless.fields.appearance import FieldAdmin
from headless.fields.array import Array
from headless.fields.base import ABSENT, DataField, Field, FieldContext
from headless.fields.block import Block
from headless.fields.blocks import Blocks
from headless.fields.checkbox import Checkbox
from headless.fields.choice import Option
from headless.fields.code import Code
from headless.fields.collapsible import Collapsible
from headless.fields.date import Date
from headless.fields.email import Email
from headless.fields.group import Group
from headless.fields.join import Join
from headless.fields.json import Json
from headless.fields.number import Number
from headless.fields.point import Point
from headless.fields.radio import Radio
from headless.fields.relationship import Relationship
from headless.fields.rich_text import HtmlOf, RichText
from headless.fields.row import Row
from headless.fields.select import Select
from headless.fields.slug import Slug
from headless.fields.tabs import Tab, Tabs
from headless.fields.text import Text
from headless.fields.textarea import Textarea
from headless.fields.ui import Ui
from headless.fields.upload import Upload

registry: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "array": Array,
        "blocks": Blocks,
        "checkbox": Checkbox,
        "code": Code,
        "collapsible": Collapsible,
        "date": Date,
        "email": Email,
        "group": Group,
        "join": Join,
        "json": Json,
        "number": Number,
        "point": Point,
        "radio": Radio,
        "relationship": Relationship,
        "rich_text": RichText,
        "row": Row,
        "select": Select,
        "slug": Slug,
        "tabs": Tabs,
        "text": Text,
        "textarea": Textarea,
        "ui": Ui,
        "upload": Upload,
    }
)
"""The types by their names in YAML."""

__all__ = [
    "ABSENT", "Array", "Block", "Blocks", "Checkbox", "Code", "Collapsible", "DataField", "Date", "Email", "Field",
    "FieldAdmin", "FieldContext", "Group", "HtmlOf", "Join", "Json", "Number", "Option", "Point", "Radio",
    "Relationship", "RichText", "Row", "Select", "Slug", "Tab", "Tabs", "Text", "Textarea", "Ui", "Upload",
]  # fmt: skip
