"""A project in YAML is the same as in Python, in one file or in several."""

from __future__ import annotations

import operator
import os
import posixpath
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from headless import Collection, Config, Endpoint, Global, Headless, Index, Plugin, anyone, fields, staff
from headless.auth import Auth
from headless.declaration import Str, declaration
from headless.fields.base import DataField
from headless.loader import load_project
from headless.loader.document import parse
from headless.loader.mistakes import Mistakes
from tests.conformance.gaps import GAPS
from tests.conformance.reduce import reduce_config
from tests.conformance.suite import load_config
from tests.loader.declared import Folder

CONFORMANCE = Path(__file__).parents[1] / "conformance"

SHOP = """\
secretEnv: SHOP_SECRET
defaultDepth: 1
cors: ["http://a.example"]
admin: {user: people, name: Shop}
custom: {on: yes, sizes: [1, 2.5, null, true]}
endpoints:
  - {path: "/peek/:id", method: get, handler: "posixpath:basename", access: staff, summary: Peeks}
collections:
  - slug: people
    auth: {tokenExpiration: 60, cookies: {sameSite: Strict, secure: true}}
    labels: {singular: Person, plural: People}
    fields: [{name: name, type: text}]
  - slug: posts
    default_sort: -title
    access: {read: [staff, {status: {in: [hot, new]}}], create: nobody}
    admin: {useAsTitle: title, defaultColumns: [title, status], pagination: {limits: [10, 20]}}
    hooks: {beforeChange: "posixpath:normpath"}
    indexes: [{fields: [title, status], unique: true}]
    fields:
      - {name: title, type: text, required: true, maxLength: 120, admin: {width: 50%, readOnly: true}}
      - {name: status, type: select, options: [new, {label: Very hot, value: hot}], defaultValue: new}
      - {name: when, type: date, defaultValue: now}
      - {name: author, type: relationship, relationTo: people, "validate": "operator:eq"}
      - {name: more, type: relationship, relationTo: [people, posts], hasMany: true}
      - {name: data, type: json, defaultValue: {list: [1, {x: null}]}}
      - name: seo
        type: group
        fields: [{type: row, fields: [{name: slug, type: text, unique: true}]}]
      - name: links
        type: array
        minRows: 1
        fields: [{name: url, type: text}]
      - type: tabs
        tabs:
          - {name: extra, fields: [{name: score, type: number, min: 0}]}
          - label: Body
            fields: [{type: collapsible, label: Text, fields: [{name: body, type: textarea}]}]
      - name: layout
        type: blocks
        blockReferences: [quote]
        filter_options: os:fspath
        blocks:
          - slug: hero
            labels: {singular: Big picture}
            interfaceName: HeroBlock
            admin: {group: Pictures, disableBlockName: true}
            fields:
              - {name: heading, type: text, required: true, hooks: {before_change: posixpath:normpath}}
blocks:
  - slug: quote
    fields: [{name: text, type: textarea}]
"""


def shop() -> Config:
    people = Collection(
        "people",
        auth=Auth(token_expiration=60, cookies={"same_site": "Strict", "secure": True}),
        labels={"singular": "Person", "plural": "People"},
        fields=[fields.Text("name")],
    )
    posts = Collection(
        "posts",
        default_sort="-title",
        access={"read": [staff, {"status": {"in": ["hot", "new"]}}], "create": "nobody"},
        admin={"use_as_title": "title", "default_columns": ["title", "status"], "pagination": {"limits": [10, 20]}},
        hooks={"before_change": posixpath.normpath},
        indexes=[Index(fields=["title", "status"], unique=True)],
        fields=[
            fields.Text("title", required=True, max_length=120, admin={"width": "50%", "read_only": True}),
            fields.Select("status", options=["new", {"label": "Very hot", "value": "hot"}], default_value="new"),
            fields.Date("when", default_value="now"),
            fields.Relationship("author", relation_to="people", validate=operator.eq),
            fields.Relationship("more", relation_to=["people", "posts"], has_many=True),
            fields.Json("data", default_value={"list": [1, {"x": None}]}),
            fields.Group("seo", fields=[fields.Row(fields=[fields.Text("slug", unique=True)])]),
            fields.Array("links", min_rows=1, fields=[fields.Text("url")]),
            fields.Tabs(
                tabs=[
                    fields.Tab("extra", fields=[fields.Number("score", min=0)]),
                    fields.Tab(label="Body", fields=[fields.Collapsible("Text", fields=[fields.Textarea("body")])]),
                ]
            ),
            fields.Blocks(
                "layout",
                block_references=["quote"],
                filter_options=os.fspath,
                blocks=[
                    fields.Block(
                        "hero",
                        labels={"singular": "Big picture"},
                        interface_name="HeroBlock",
                        admin={"group": "Pictures", "disable_block_name": True},
                        fields=[fields.Text("heading", required=True, hooks={"before_change": posixpath.normpath})],
                    )
                ],
            ),
        ],
    )
    return Config(
        secret_env="SHOP_SECRET",
        default_depth=1,
        cors=["http://a.example"],
        admin={"user": "people", "name": "Shop"},
        custom={"on": "yes", "sizes": [1, 2.5, None, True]},
        endpoints=[Endpoint("get", "/peek/{id}", posixpath.basename, access=staff, summary="Peeks")],
        collections=[people, posts],
        blocks=[fields.Block("quote", fields=[fields.Textarea("text")])],
    )


def test_python_and_yaml_give_equal_objects(folder: Folder) -> None:
    """Every option in its snake_case or camelCase spelling; functions are the same by identity."""
    config = folder.load(SHOP)
    assert config == shop()
    assert config.collections[1].fields == shop().collections[1].fields


def test_one_file_and_several_give_equal_objects(folder: Folder) -> None:
    """A collection in `collections/` takes its slug from the name of its file, and comes after those listed."""
    declared = parse(SHOP, Path("shop.yaml"), Mistakes()).data()
    posts = {key: value for key, value in declared["collections"].pop().items() if key != "slug"}
    folder.write(
        {
            "collections/posts.yaml": yaml.safe_dump(posts, sort_keys=False),
            "collections/.posts.yaml": "slug: [",
            "collections/README.md": "# not a collection",
        }
    )
    assert folder.load(yaml.safe_dump(declared, sort_keys=False)) == shop()


HEADER = """\
slug: header
label: The top
access: {read: anyone}
hooks: {afterChange: "posixpath:normpath"}
endpoints: [{path: /flat, method: get, handler: "posixpath:basename"}]
admin: {group: Site}
fields: [{name: title, type: text, defaultValue: Hi}]
"""


def test_globals_are_listed_or_have_files(folder: Folder) -> None:
    """In `globals:` or in `globals/`, where the file's name is the slug; equal to those declared in Python."""
    header = Global(
        "header",
        label="The top",
        access={"read": anyone},
        hooks={"after_change": posixpath.normpath},
        endpoints=[Endpoint("get", "/flat", posixpath.basename)],
        admin={"group": "Site"},
        fields=[fields.Text("title", default_value="Hi")],
    )
    listed = folder.load("globals:\n" + textwrap.indent(HEADER, "    ").replace("    slug", "  - slug", 1))
    assert listed == Config(globals=[header])
    folder.write({"globals/header.yaml": HEADER.partition("\n")[2], "globals/foot.yml": "fields: []\n"})
    assert folder.load("{}\n") == Config(globals=[Global("foot", fields=[]), header])


def test_files_are_read_in_the_order_of_their_names(folder: Folder) -> None:
    """So that two machines agree; `.yml` is YAML too."""
    folder.write(
        {"collections/b.yml": "fields: []", "collections/c.yaml": "fields: []", "collections/a.yaml": "fields: []"}
    )
    config = folder.load("collections: [{slug: z, fields: []}]\n")
    assert [collection.slug for collection in config.collections] == ["z", "a", "b", "c"]


def test_the_recorded_configuration_is_read(tmp_path: Path) -> None:
    """Payload's own spellings: all that there is today, with the named functions from a file of their own."""
    config = reduce_config(load_config(), fields.registry, GAPS).config
    path = tmp_path / "headless.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    loaded = load_project(path, imports=[CONFORMANCE / "functions.py"])
    assert [collection.slug for collection in loaded.collections] == [item["slug"] for item in config["collections"]]
    assert loaded.secret_env == "PAYLOAD_SECRET"
    users = loaded.collection("users")
    assert users.access["read"].__name__ == "self_or_admin"
    roles: Any = users.fields[1]
    assert roles.default_value == ("user",)


def test_templates_lie_beside_the_file(folder: Folder) -> None:
    """Wherever the command runs."""
    folder.write({"conf/site.yaml": "templates: [templates, /srv/shared]\n"})
    assert load_project("conf/site.yaml").templates == (Path("conf/templates"), Path("/srv/shared"))
    assert load_project(folder.path / "conf" / "site.yaml").templates[0] == folder.path / "conf" / "templates"


PLUGINS = """\
from headless import plugin

@plugin("stamps")
def stamps(config, size=1):
    return config.replace(custom={"size": size})
"""


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """A plugin that is installed as `chat`."""
    chat = Plugin("chat", lambda config, public=False: config.replace(custom={"public": public}))

    class Entry:
        name, value = "chat", "chat:chat"

        def load(self) -> Plugin:
            return chat

    monkeypatch.setattr("headless.extension.entry_points", lambda group: [Entry()])
    return chat


def test_plugins_are_enabled_by_name(folder: Folder, installed: Plugin) -> None:
    """An installed one stays its name, as in Python; with options it is an object; the project's own are objects."""
    folder.write({"functions.py": PLUGINS})
    assert folder.load("plugins: [chat]\n") == Config(plugins=["chat"])
    with_options, own = folder.load("plugins: [{chat: {public: true}}, stamps]\n").plugins
    assert with_options.setup(Config()).custom == {"public": True}
    assert own.name == "stamps"
    (own_with_options,) = folder.load("plugins:\n- stamps: {size: 3}\n").plugins
    assert own_with_options.setup(Config()).custom == {"size": 3}
    assert folder.load("plugins:\n- chat:\n").plugins == ("chat",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("plugins: [chatt]", "1:11: there is no plugin 'chatt' – did you mean 'chat'? (installed: chat)"),
        ("plugins: [{chat: {publik: 1}}]", "1:19: plugin 'chat': unknown option 'publik' – did you mean 'public'?"),
        ("plugins: [{chat: yes}]", "1:18: the options of plugin 'chat' are a mapping"),
        ("plugins: [5]", "1:11: a plugin is its name, or a mapping of its name to its options"),
        ("plugins: [{a: {}, b: {}}]", "1:11: a plugin is its name, or a mapping of its name to its options"),
        ("plugins: ['os:path']", "1:11: 'os:path' is of type module, not a function"),
    ],
)
def test_a_plugin_that_is_none(folder: Folder, installed: Plugin, text: str, problem: str) -> None:
    """Its name, or the option that it does not have, is named."""
    assert folder.problems(text) == [f"headless.yaml:{problem}"]


@declaration
class Colour(DataField):
    """A field type that a plugin could bring."""

    palette: Str = "rgb"
    pick: Any = None


def test_the_registry_of_field_types_is_a_parameter(folder: Folder) -> None:
    """A plugin's own types are declared, checked and suggested like the platform's."""
    registry: Mapping[str, Any] = {**fields.registry, "colour": Colour}
    text = "collections: [{slug: a, fields: [{name: x, type: %s, palette: %s}]}]\n"
    (field,) = folder.load(text % ("colour", "hsl"), registry=registry).collections[0].fields
    assert field == Colour("x", palette="hsl")
    with pytest.raises(Exception, match="unknown field type 'color' – did you mean 'colour'"):
        folder.load(text % ("color", "hsl"), registry=registry)


def test_what_is_loaded_can_be_served(folder: Folder) -> None:
    """The config goes into an application as it is."""
    app = Headless(
        folder.load(SHOP), database="sqlite:///:memory:", secret="a secret of forty characters, or nearly so"
    )
    assert set(app.collections) >= {"people", "posts"}
