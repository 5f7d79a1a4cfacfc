"""Mistakes in declarations: each names its place and the nearest good spelling, and all are told at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import headless
from headless import Auth, ConfigError, Index

# The mistakes are what is tested here; a type checker would find most of them first.
fields: Any = headless.fields
Collection: Any = headless.Collection
Config: Any = headless.Config
Endpoint: Any = headless.Endpoint
Headless: Any = headless.Headless

TITLE = fields.Text("title")
HERO = fields.Block("hero", fields=[TITLE])
REFERRING = fields.Group("g", fields=[fields.Blocks("b", block_references=["heor"])])


def problems(make: Callable[[], Any]) -> list[str]:
    """What a declaration is refused for."""
    with pytest.raises(ConfigError) as refused:
        make()
    return refused.value.problems


def posts(**options: Any) -> Any:
    return Collection("posts", **{"fields": [TITLE], **options})


def application(*collections: Any, **options: Any) -> Any:
    return Headless(collections=collections, database="sqlite:///:memory:", secret="s" * 40, **options)


MISTAKES: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "an unknown option": (lambda: fields.Text("title", max_lenght=5), ["Text 'title'", "'max_lenght'", "'max_length'"]),
    "one in camelCase": (lambda: fields.Text("title", maxLenght=5), ["Text 'title'", "'maxLenght'", "'max_length'"]),
    "one of a collection": (lambda: posts(acces={}), ["Collection 'posts'", "'acces'", "'access'"]),
    "one of a nested option": (lambda: posts(admin={"use_as_titel": "x"}),
        ["Collection 'posts'", "'use_as_titel'", "'use_as_title'"]),
    "one of a field's admin": (lambda: fields.Text("title", admin={"widht": "50%"}),
        ["Text 'title'", "'widht'", "'width'"]),
    "one of auth": (lambda: posts(auth={"token_expiry": 5}), ["'token_expiry'", "'token_expiration'"]),
    "one of a config": (lambda: Config(colections=[]), ["Config", "'colections'", "'collections'"]),
    "one of the application": (lambda: Headless(colections=[]), ["'colections'", "'collections'"]),
    "one that says nothing": (lambda: fields.Text("title", zzzz=1), ["Text 'title'", "unknown option 'zzzz'"]),
    "one given twice": (lambda: fields.Text("title", max_length=1, maxLength=2),
        ["Text 'title'", "'max_length'", "twice"]),
    "a text for a number": (lambda: fields.Text("title", max_length="5"), ["Text 'title'", "max_length", "integer"]),
    "a word for a yes": (lambda: fields.Text("title", required="no"), ["Text 'title'", "required", "boolean"]),
    "a number for a yes": (lambda: fields.Text("title", required=1), ["Text 'title'", "required", "boolean"]),
    "a number for a name": (lambda: fields.Text(5), ["Text", "name", "string"]),
    "no name": (lambda: fields.Text(), ["Text", "name"]),
    "no fields": (lambda: Collection("posts"), ["Collection 'posts'", "'fields'", "required"]),
    "no options": (lambda: fields.Select("pick"), ["Select 'pick'", "'options'", "required"]),
    "no relation": (lambda: fields.Relationship("ref"), ["Relationship 'ref'", "'relation_to'", "required"]),
    "options by place": (lambda: fields.Text("title", 5), ["Text 'title'", "by name"]),
    "fields that are no list": (lambda: posts(fields=TITLE), ["Collection 'posts'", "fields", "list"]),
    "a field that is none": (lambda: posts(fields=["title"]), ["Collection 'posts'", "fields.0"]),
    "a hook of no kind": (lambda: posts(hooks={"before_chang": print}),
        ["Collection 'posts'", "'before_chang'", "'before_change'"]),
    "a field's hook of no kind": (lambda: fields.Text("t", hooks={"after_delete": print}),
        ["Text 't'", "'after_delete'"]),
    "a hook that is none": (lambda: posts(hooks={"before_change": "run"}),
        ["before_change", "'run'", "not a function"]),
    "a rule of no operation": (lambda: posts(access={"raed": "anyone"}), ["Collection 'posts'", "'raed'", "'read'"]),
    "a misspelt rule": (lambda: posts(access={"read": "anyon"}), ["Collection 'posts'", "'anyon'", "'anyone'"]),
    "an empty rule": (lambda: posts(access={"read": {}}), ["Collection 'posts'", "every document", "anyone"]),
    "an empty list of rules": (lambda: posts(access={"read": []}), ["Collection 'posts'", "nobody"]),
    "a rule that is none": (lambda: posts(access={"read": 5}), ["Collection 'posts'", "5", "not a rule"]),
    "a slug of two words": (lambda: Collection("Blog Posts", fields=[TITLE]), ["'Blog Posts'", "slug"]),
    "a slug of the platform": (lambda: Collection("globals", fields=[TITLE]), ["'globals'", "taken"]),
    "a name of the platform": (lambda: posts(fields=[fields.Text("hash")]), ["'posts'", "'hash'", "taken"]),
    "a name with a space": (lambda: posts(fields=[fields.Text("a b")]), ["'posts'", "'a b'", "letters"]),
    "a unique list": (lambda: posts(fields=[fields.Text("tags", has_many=True, unique=True)]),
        ["'posts'", "'tags'", "unique"]),
    "rows of one value": (lambda: posts(fields=[fields.Number("n", min_rows=2)]), ["'posts'", "'n'", "has_many"]),
    "two fields of one name": (lambda: posts(fields=[TITLE, fields.Number("title")]),
        ["'posts'", "two fields", "'title'"]),
    "two through a row": (lambda: posts(fields=[TITLE, fields.Row(fields=[fields.Text("title")])]),
        ["two fields", "'title'"]),
    "a mistake in a group": (lambda: posts(fields=[fields.Group("g", fields=[fields.Text("1")])]),
        ["posts", ".g", "'1'"]),
    "a mistake in rows": (lambda: posts(fields=[fields.Array("rows", fields=[fields.Select("s", options=[])])]),
        [".rows", "'s'", "options"]),
    "an option twice": (lambda: posts(fields=[fields.Select("s", options=["a", "a"])]), ["'s'", "twice"]),
    "a radio without options": (lambda: posts(fields=[fields.Radio("r", options=[])]), ["'r'", "options"]),
    "an on_delete of no kind": (lambda: posts(fields=[fields.Relationship("r", relation_to="x", on_delete="keep")]),
        ["'r'", "'keep'", "cascade"]),
    "no block": (lambda: posts(fields=[fields.Blocks("b")]), ["'posts'", "'b'", "no blocks"]),
    "blocks that are no list": (lambda: fields.Blocks("b", blocks="hero"), ["Blocks 'b'", "blocks", "list"]),
    "a block that is none": (lambda: fields.Blocks("b", blocks=[5]), ["Blocks 'b'", "blocks.0"]),
    "a block's option": (lambda: fields.Block("hero", fields=[], lables={}), ["Block 'hero'", "'lables'", "'labels'"]),
    "a block's label": (lambda: fields.Block("hero", fields=[], labels={"singlar": "x"}),
        ["Block 'hero'", "'singlar'", "'singular'"]),
    "a block's name with a space": (lambda: fields.Block("a b", fields=[]), ["block 'a b'", "letters"]),
    "a block without fields": (lambda: fields.Block("hero"), ["Block 'hero'", "'fields'", "required"]),
    "a block's id": (lambda: fields.Block("hero", fields=[fields.Text("id")]), ["block 'hero'", "'id'", "taken"]),
    "a block's kind": (lambda: fields.Block("hero", fields=[fields.Row(fields=[fields.Text("blockType")])]),
        ["block 'hero'", "'blockType'", "taken"]),
    "a block's own name": (lambda: fields.Block("hero", fields=[fields.Text("blockName")]),
        ["block 'hero'", "'blockName'", "taken"]),
    "a mistake in a block": (lambda: fields.Block("hero", fields=[fields.Select("s", options=[])]),
        ["block 'hero'", "'s'", "options"]),
    "a block twice": (lambda: posts(fields=[fields.Blocks("b", blocks=[HERO], block_references=["hero"])]),
        ["'posts'", "'b'", "two blocks", "'hero'"]),
    "a filter of no block": (lambda: posts(fields=[fields.Blocks("b", blocks=[HERO], filter_options=["heor"])]),
        ["'posts'", "'b'", "'heor'", "'hero'"]),
    "a filter that is none": (lambda: fields.Blocks("b", blocks=[HERO], filter_options=5), ["Blocks 'b'", "slugs"]),
    "a block of no declaration": (lambda: application(posts(fields=[REFERRING]), blocks=[HERO]),
        ["'posts'", "'g.b'", "'heor'", "'hero'"]),
    "two blocks of one slug": (lambda: Config(blocks=[HERO, HERO]), ["Config", "two blocks", "'hero'"]),
    "a block that is only named": (lambda: Config(blocks=["hero"]), ["Config", "blocks.0"]),
    "a block in itself": (lambda: Config(blocks=[
        fields.Block("a", fields=[fields.Array("rows", fields=[fields.Blocks("in", block_references=["b"])])]),
        fields.Block("b", fields=[fields.Blocks("in", blocks=["a"])]),
    ]), ["Config", "'a'", "a > b > a"]),
    "an index in a block": (lambda: application(posts(fields=[fields.Blocks("b", blocks=[
        fields.Block("hero", fields=[fields.Text("slug", unique=True)])])])), ["'b.hero.slug'", "unique"]),
    "a tab without a name": (lambda: fields.Tabs(tabs=[{"fields": []}]), ["Tabs", "name or a label"]),
    "two collections of one slug": (lambda: Config(collections=[posts(), posts()]), ["two collections", "'posts'"]),
    "a method of no kind": (lambda: Endpoint("fetch", "/x", print), ["Endpoint", "'fetch'", "get"]),
    "a path without a slash": (lambda: Endpoint("get", "x", print), ["Endpoint", "'x'", "slash"]),
    "a handler that is none": (lambda: Endpoint("get", "/x", "handler"), ["Endpoint", "'handler'", "function"]),
    "a mount without a slash": (lambda: Config(mounts={"x": print}), ["Config", "'x'", "slash"]),
    "a reference to nowhere": (lambda: application(posts(fields=[fields.Relationship("r", relation_to="usrs")])),
        ["'posts'", "'r'", "'usrs'", "'users'"]),
    "a title of no field": (lambda: application(posts(admin={"use_as_title": "titel"})),
        ["'posts'", "use_as_title", "'titel'", "'title'"]),
    "a column of no field": (lambda: application(posts(admin={"default_columns": ["titel"]})),
        ["default_columns", "'titel'", "'title'"]),
    "a sort by no field": (lambda: application(posts(default_sort="-titel")),
        ["'posts'", "default_sort", "'titel'", "'title'"]),
    "an index of no field": (lambda: application(posts(indexes=[Index(fields=["titel"])])), ["'posts'", "'titel'"]),
    "an index that is none": (lambda: posts(indexes=None), ["'posts'", "None", "not an index"]),
    "a field that is added": (lambda: application(posts(fields=[fields.Date("createdAt")])),
        ["'posts'", "'createdAt'", "platform"]),
    "two that share a column": (
        lambda: application(posts(fields=[fields.Text("a__b"), fields.Group("a", fields=[fields.Text("b")])])),
        ["'posts'", "'a__b'", "'a.b'", "column"],
    ),
    "two that share a table": (
        lambda: application(Collection("a-b", fields=[TITLE]), Collection("a_b", fields=[TITLE])),
        ["'a-b'", "'a_b'", "table"],
    ),
    "two endpoints of one path": (
        lambda: application(posts(endpoints=[Endpoint("get", "/x", print), Endpoint("get", "/x", print)])),
        ["GET", "/x", "two endpoints"],
    ),
    "a plugin of no name": (lambda: application(plugins=["mesages"]), ["'mesages'", "'messages'"]),
    "negative depths": (lambda: Config(default_depth=-1), ["Config", "default_depth"]),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_its_place_and_the_remedy(make: Callable[[], Any], words: list[str]) -> None:
    """The message holds all of these words."""
    text = "\n".join(problems(make))
    for word in words:
        assert word in text


def test_all_mistakes_are_told_at_once() -> None:
    """Of one declaration, of all fields of a collection, and of all collections of an application."""
    assert len(problems(lambda: fields.Text("t", max_lenght=1, requird=True, labl="x"))) == 3
    assert len(problems(lambda: fields.Text("t", max_length="1", required="yes", label=5))) >= 3
    bad = [
        fields.Text("hash"),
        fields.Text("a b"),
        fields.Select("s", options=[]),
        fields.Group("g", fields=[fields.Text("1")]),
    ]
    assert len(problems(lambda: posts(fields=bad))) == 4
    broken = [
        Collection(slug, fields=[fields.Relationship("r", relation_to="nowhere")], default_sort="nope")
        for slug in ("a", "b")
    ]
    assert len(problems(lambda: application(*broken))) == 4


def test_declarations_are_frozen() -> None:
    """Neither the object, nor its lists and mappings can be changed after they were read."""
    given = [TITLE]
    made = posts(fields=given, access={"read": "anyone"}, custom={"deep": {"list": [1]}}, auth={"token_expiration": 5})
    given.append(fields.Text("later"))
    assert made.fields == (TITLE,)
    for change in (
        lambda: setattr(made, "slug", "x"), lambda: setattr(made.fields[0], "required", True),
        lambda: setattr(made.auth, "token_expiration", 1), lambda: made.access.update(read=None),
        lambda: made.custom["deep"].update(x=1), lambda: made.custom["deep"]["list"].append(1),
    ):  # fmt: skip
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
            change()


def test_camel_case_is_read_too() -> None:
    """Names in Payload's spelling make equal objects."""
    camel = fields.Relationship(
        "r", relationTo=["a", "b"], hasMany=True, maxRows=3, defaultValue=None, admin={"readOnly": True}
    )
    snake = fields.Relationship("r", relation_to=("a", "b"), has_many=True, max_rows=3, admin={"read_only": True})
    assert camel == snake
    assert posts(defaultSort="-title", hooks={"beforeChange": print}) == posts(
        default_sort=["-title"], hooks={"before_change": [print]}
    )


def test_mappings_and_objects_make_equal_declarations() -> None:
    """What YAML gives and what Python writes is the same."""
    assert posts(auth=True).auth == posts(auth={}).auth == posts(auth=Auth()).auth == Auth()
    assert posts(auth=False).auth is None
    assert fields.Select("s", options=["one_two"]) == fields.Select(
        "s", options=[{"value": "one_two", "label": "One Two"}]
    )
    assert Config(collections=[{"slug": "posts", "fields": [TITLE]}]).collections[0] == posts()
    assert Config(cors="*").cors == Config(cors={"origins": ["*"]}).cors
    assert Endpoint("get", "/a/:id", print).path == Endpoint("GET", "/a/{id}", print).path == "/a/{id}"


def test_labels_are_made_of_names() -> None:
    """Words of the slug and of the field's name, singular and plural, unless they are given."""
    made = Collection("blog-categories", fields=[fields.Text("firstName"), fields.Text("given", label="Given Name")])
    assert (made.singular, made.plural) == ("Blog Category", "Blog Categories")
    assert [field.title for field in made.fields] == ["First Name", "Given Name"]
    assert posts(labels={"singular": "Entry"}).plural == "Entries"
