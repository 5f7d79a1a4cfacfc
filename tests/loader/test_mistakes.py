"""Every mistake in a declaration is told with file, line, column and the nearest good spelling, all of them at once."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless import ConfigError
from tests.loader.declared import Folder

POSTS = "collections:\n- slug: posts\n  fields:\n  - {name: title, type: text%s}\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (", requird: true", "4:31: Text 'title': unknown option 'requird' – did you mean 'required'?"),
        (", maxLenght: 5", "4:31: Text 'title': unknown option 'maxLenght' – did you mean 'max_length'?"),
        (", colour: red", "4:31: Text 'title': unknown option 'colour'"),
        (
            ", required: yes",
            "4:41: Text 'title': required: input should be a valid boolean – did you mean true, without quotes?",
        ),
        (
            ", required: 'false'",
            "4:41: Text 'title': required: input should be a valid boolean – did you mean false, without quotes?",
        ),
        (
            ", maxLength: '80'",
            "4:42: Text 'title': max_length: input should be a valid integer – did you mean 80, without quotes?",
        ),
        (", max_length: 1_000", "4:43: Text 'title': max_length: input should be a valid integer"),
        (
            ", label: 5",
            (
                "4:38: Text 'title': label: input should be a valid string or a valid boolean "
                "– did you mean '5', in quotes?"
            ),
        ),
        (", admin: {widht: 5}", "4:39: Text 'title': FieldAdmin: unknown option 'widht' – did you mean 'width'?"),
        (", admin: {rows: x}", "4:39: Text 'title': FieldAdmin: rows: input should be a valid integer"),
        (", access: {raed: staff}", "4:40: Text 'title': unknown operation 'raed' – did you mean 'read'?"),
        (
            ", hooks: {beforeChang: []}",
            "4:39: Text 'title': unknown kind of hook 'beforeChang' – did you mean 'before_change'?",
        ),
    ],
)
def test_a_mistake_in_a_field(folder: Folder, options: str, problem: str) -> None:
    """The key is named when it is wrong, the value when that is."""
    assert folder.problems(POSTS % options) == [f"headless.yaml:{problem}"]


def test_mistakes_in_globals(folder: Folder) -> None:
    """Each at its place, in its own file too, and two of a slug."""
    folder.write({"globals/foot.yaml": "acces: staff\nfields:\n- {name: x, type: upload, relation_to: nope}\n"})
    assert folder.problems("globals:\n- {slug: top, fields: [], labels: {}}\n- {slug: top, fields: []}\n") == [
        "globals/foot.yaml:1:1: Global 'foot': unknown option 'acces' – did you mean 'access'?",
        "headless.yaml:2:27: Global 'top': unknown option 'labels' – did you mean 'label'?",
    ]
    folder.write({"globals/foot.yaml": "fields:\n- {name: x, type: upload, relation_to: nope}\n"})
    assert folder.problems("{}\n") == [
        "globals/foot.yaml:2:40: global 'foot', field 'x': there is no collection 'nope'"
    ]
    folder.write({"globals/foot.yaml": "slug: top\nfields: []\n"})
    assert folder.problems("globals:\n- {slug: top, fields: []}\n") == [
        "globals/foot.yaml:1:1: two globals are called 'top', the other in headless.yaml:2:4"
    ]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("{name: x, type: tetx}", "4:21: unknown field type 'tetx' – did you mean 'text'?"),
        ("{name: x}", "4:5: field 'x': option 'type' is required"),
        ("{name: x, typ: text}", "4:5: field 'x': option 'type' is required – is 'typ' meant to be it?"),
        ("{type: text}", "4:5: Text: option 'name' is required"),
        ("title", "4:5: a field is a mapping with a type, as in {name: title, type: text}"),
        ("{name: x, type: select, options: []}", "4:29: select field 'x' has no options"),
        ("{name: x, type: select, options: [a, {lable: B}]}", "4:43: Select 'x': Option: unknown option 'lable'"),
        (
            "{name: x, type: group, fields: [{name: y, type: txt}]}",
            "4:53: unknown field type 'txt' – did you mean 'text'?",
        ),
        ("{type: tabs, tabs: [{fields: []}]}", "4:25: Tabs: a tab has a name or a label"),
    ],
)
def test_a_field_that_is_none(folder: Folder, field: str, problem: str) -> None:
    """Its type is what a field needs first."""
    problems = folder.problems(f"collections:\n- slug: posts\n  fields:\n  - {field}\n")
    assert any(found.startswith(f"headless.yaml:{problem}") for found in problems), problems


def test_an_unknown_field_type_like_none_names_them_all(folder: Folder) -> None:
    """Where nothing is near, everything there is."""
    (problem,) = folder.problems("collections:\n- slug: a\n  fields: [{name: x, type: hologram}]\n")
    assert problem.startswith("headless.yaml:3:28: unknown field type 'hologram' (there are array, blocks, checkbox, ")


def test_a_collection_without_a_slug(folder: Folder) -> None:
    """One in the list needs its slug; a file of its own gives it by its name."""
    assert folder.problems("collections:\n- fields: []\n") == [
        "headless.yaml:2:3: Collection: option 'slug' is required"
    ]
    folder.write({"collections/posts.yaml": "fields: []\n"})
    assert [collection.slug for collection in folder.load("").collections] == ["posts"]


def test_names_that_cannot_be(folder: Folder) -> None:
    """A slug and a field's name are where they are told to be wrong."""
    text = "collections:\n- slug: Big Posts\n  fields:\n  - {type: text, name: hash}\n"
    problems = folder.problems(text)
    assert problems == [
        "headless.yaml:2:3: collection 'Big Posts': a slug is lower-case words joined by '-' or '_'",
        "headless.yaml:4:18: text field 'hash': this name is taken by the platform",
    ]


def test_two_of_a_name(folder: Folder) -> None:
    """Two fields of one level, also through rows and tabs, and two collections, also in two files: both are named."""
    folder.write(
        {
            "collections/posts.yaml": (
                "fields:\n- {name: title, type: text}\n- type: row\n  fields:\n  - {name: title, type: text}\n"
                "- {name: seo, type: group, fields: [{name: title, type: text}, {name: title, type: text}]}\n"
                "- type: tabs\n  tabs:\n  - {label: More, fields: [{name: seo, type: text}]}\n"
            ),
            "collections/other.yaml": "slug: posts\nfields: []\n",
            "collections/third.yaml": "slug: notes\nfields: []\n",
        }
    )
    assert folder.problems("collections:\n- {slug: notes, fields: []}\n") == [
        "collections/posts.yaml:1:1: two collections are called 'posts', the other in collections/other.yaml:1:1",
        "collections/posts.yaml:5:6: two fields are called 'title', the other in line 2",
        "collections/posts.yaml:6:65: two fields are called 'title', the other in line 6",
        "collections/posts.yaml:9:29: two fields are called 'seo', the other in line 6",
        "collections/third.yaml:1:1: two collections are called 'notes', the other in headless.yaml:2:4",
    ]


def test_mistakes_in_blocks(folder: Folder) -> None:
    """Each in its line: in a block of a field, in one of the application, and in what names them."""
    text = """\
blocks:
- {slug: quote, fields: [{name: text, type: txt}]}
- {slug: card, feilds: []}
- {slug: card, fields: []}
collections:
- slug: pages
  fields:
  - name: layout
    type: blocks
    blocks:
    - {slug: hero, fields: [{name: id, type: text}]}
    - slug: wide
      admin: {gruop: x}
      fields: [{name: a, type: text}, {name: a, type: text}]
    - {slug: hero, fields: []}
    - {slug: 5, fields: []}
    - quote
    filter_options: nothing
"""
    assert folder.problems(text) == [
        f"headless.yaml:{problem}"
        for problem in (
            "2:45: unknown field type 'txt' – did you mean 'text'?",
            "3:3: Block 'card': option 'fields' is required",
            "3:16: Block 'card': unknown option 'feilds' – did you mean 'fields'?",
            "4:10: two blocks are called 'card', the other in line 3",
            "11:7: block 'hero': the name 'id' is taken: every block has it by itself",
            "13:15: Block 'wide': BlockAdmin: unknown option 'gruop' – did you mean 'group'?",
            "14:40: two fields are called 'a', the other in line 14",
            "15:14: two blocks are called 'hero', the other in line 11",
            "16:14: Block: slug: input should be a valid string – did you mean '5', in quotes?",
            "18:21: there is no filter 'nothing' (there is no functions.py beside the file)",
        )
    ]


def test_a_block_that_is_declared_nowhere(folder: Folder) -> None:
    """It is told where it is named, with the nearest that is declared."""
    text = (
        "blocks:\n- {slug: quote, fields: []}\n"
        "collections:\n- {slug: pages, fields: [{name: layout, type: blocks, block_references: [quot]}]}\n"
        "- {slug: posts, fields: [{name: layout, type: blocks, blocks: [quot]}]}\n"
    )
    assert folder.problems(text) == [
        "headless.yaml:4:74: collection 'pages', field 'layout': there is no block 'quot' – did you mean 'quote'?",
        "headless.yaml:5:64: collection 'posts', field 'layout': there is no block 'quot' – did you mean 'quote'?",
    ]


EVERYTHING = [
    "1:1: Config: unknown option 'colections' – did you mean 'collections'?",
    "2:9: Config: AdminOptions: unknown option 'usr' – did you mean 'user'?",
    "2:17: Config: AdminOptions: path: input should be a valid string",
    "3:8: Config: CorsOptions: unknown option 'origin' – did you mean 'origins'?",
    "4:9: Config: unknown kind of hook 'afterErr' – did you mean 'after_error'?",
    "5:1: Config: default_depth and max_depth are 0 or more",
    "6:8: Config: 1 is not a name",
    "10:10: Collection 'posts': Auth: unknown option 'tokenExp' – did you mean 'token_expiration'?",
    "10:33: Collection 'posts': Auth: Cookies: unknown option 'samesit' – did you mean 'same_site'?",
    "10:60: Collection 'posts': Auth: min_password_length: input should be a valid integer",
    "11:12: Collection 'posts': Labels: unknown option 'singlar' – did you mean 'singular'?",
    "12:24: Collection 'posts': CollectionAdmin: Pagination: limits.1: input should be a valid integer",
    "12:42: Collection 'posts': CollectionAdmin: Pagination: default_limit: input should be a valid integer",
    "12:62: Collection 'posts': CollectionAdmin: unknown option 'hiden' – did you mean 'hidden'?",
    "14:19: Collection 'posts': Index: unique: input should be a valid boolean",
    "15:5: Collection 'posts': Index: option 'fields' is required",
    "15:6: Collection 'posts': Index: unknown option 'feilds' – did you mean 'fields'?",
    "17:12: Endpoint 'gte': a path begins with a slash: 'hello'",
    ("17:27: Endpoint 'gte': 'gte' is not a method: give one of get, post, put, patch, delete, head, options"),
    "17:41: 'os:getcwd' is not a handler: a handler is called with (request)",
    "18:5: there is no endpoint 'nothing' (there is no functions.py beside the file)",
    "19:5: an endpoint is a mapping with method, path and handler, or an Endpoint's name",
]


def test_the_root_and_what_is_nested(folder: Folder) -> None:
    """Each in its line, however deep, those that hide behind another included."""
    text = """\
colections: []
admin: {usr: x, path: 5}
cors: {origin: x}
hooks: {afterErr: []}
max_depth: -1
csrf: [1]
collections:
- slug: posts
  fields: []
  auth: {tokenExp: 5, cookies: {samesit: Lax, secure: no}, min_password_length: ten}
  labels: {singlar: Post}
  admin: {pagination: {limits: [5, ten], defaultLimit: '3'}, hiden: true}
  indexes:
  - {fields: [a], unique: no}
  - {feilds: [b]}
  endpoints:
  - {path: hello, method: gte, handler: 'os:getcwd'}
  - nothing
  - 5
"""
    assert folder.problems(text) == [f"headless.yaml:{problem}" for problem in EVERYTHING]


def test_names_of_what_is_not_there(folder: Folder) -> None:
    """Collections that are referred to and fields that are shown must exist somewhere in the project."""
    folder.write(
        {
            "collections/books.yaml": (
                "admin: {use_as_title: titel}\ndefault_sort: -tilte\nfields:\n- {name: title, type: text}\n"
                "- {name: author, type: relationship, relation_to: persons}\n"
                "- {name: owner, type: relationship, relation_to: users}\n"
                "- type: group\n  name: extra\n  fields:\n"
                "  - {name: source, type: relationship, relation_to: [books, persons]}\n"
            ),
            "collections/person.yaml": "fields: []\n",
        }
    )
    problems = folder.problems("")
    places = [problem.partition(": ")[0] for problem in problems]
    assert places == [f"collections/books.yaml:{place}" for place in ("1:23", "2:15", "5:51", "10:61")]
    assert problems[2].endswith("there is no collection 'persons' – did you mean 'person'?")


def test_an_admin_whose_users_cannot_be(folder: Folder) -> None:
    """The collection that the platform would add has a slug like any other."""
    (problem,) = folder.problems("debug: true\nadmin: {user: Big Users}\n")
    assert problem.startswith("headless.yaml:2:15: Collection 'Big Users': ")


def test_what_a_plugin_brings_may_be_referred_to(folder: Folder) -> None:
    """Plugins are asked before a reference is called wrong."""
    folder.write(
        {
            "functions.py": (
                "from headless import Collection, plugin\n@plugin('shelf')\ndef shelf(config):\n"
                "    return config.with_collections(Collection('shelves', fields=[]))\n"
            ),
            "collections/books.yaml": "fields: [{name: shelf, type: relationship, relation_to: shelves}]\n",
        }
    )
    assert folder.load("plugins: [shelf]\n").collection("books").slug == "books"
    (problem,) = folder.problems("")
    assert problem.startswith("collections/books.yaml:1:57: ")


def test_mistakes_of_all_files_are_told_together(folder: Folder) -> None:
    """A file that cannot be read, one that cannot be run and one that is wrong do not hide each other."""
    folder.write(
        {
            "functions.py": "import nowhere_to_be_found\n",
            "collections/a.yaml": "fields: []\nslgu: x\n",
            "collections/b.yml": "fields: [\n",
            "collections/c.yaml": "",
            "collections/d.yaml": "fields: [{name: x, type: text, validate: gone}]\n",
            "collections/e.yaml": "- x\n",
        }
    )
    assert [problem.partition(" ")[0] for problem in folder.problems("debug: maybe\n")] == [
        "collections/a.yaml:2:1:",
        "collections/b.yml:2:1:",
        "collections/c.yaml:1:1:",
        "collections/e.yaml:1:1:",
        "functions.py:1:",
        "headless.yaml:1:8:",
    ]


def test_a_root_that_cannot_be_read_hides_nothing_else(folder: Folder) -> None:
    """Names are not called unknown then: the file may have said where they are."""
    folder.write({"collections/a.yaml": "slgu: x\nfields: [{name: x, type: text, validate: gone}]\n"})
    assert (
        folder.problems("debug: [\n")[0]
        == "collections/a.yaml:1:1: Collection 'a': unknown option 'slgu' – did you mean 'slug'?"
    )
    assert len(folder.problems("debug: [\n")) == 2


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 12), st.sampled_from(["", "a", "staff", "text", "x:y", "/p"])
)
OPTIONS = [
    "slug", "fields", "access", "hooks", "endpoints", "auth", "admin", "labels", "indexes", "name", "type", "options",
    "tabs", "relation_to", "validate", "condition", "handler", "path", "method", "plugins", "imports", "mounts", "cors",
    "collections", "templates", "default_value", "custom", "read", "beforeChange", "cookies", "hasMany", "on_init",
]  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(OPTIONS), inner, max_size=4)),
    max_leaves=12,
)
field_types = st.sampled_from(["text", "select", "group", "tabs", "row", "relationship", "array", "collapsible"])
some_field: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.sampled_from(OPTIONS), anything, max_size=4).flatmap(
    lambda options: field_types.map(lambda kind: {"name": "x", "fields": [], **options, "type": kind})
)


@given(
    root=st.dictionaries(st.sampled_from(OPTIONS), anything, max_size=4),
    collection=st.dictionaries(st.sampled_from(OPTIONS), anything, max_size=4),
    fields=st.lists(some_field, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_but_mistakes_comes_of_nonsense(folder: Folder, root: Any, collection: Any, fields: Any) -> None:
    """Whatever stands where, it is loaded or refused with a line; no other exception."""
    declared = {**root, "collections": [{"slug": "posts", "fields": fields, **collection}]}
    problems: list[str] = []
    try:
        folder.load(yaml.safe_dump(declared))
    except ConfigError as error:
        problems = error.problems
    assert all(problem.startswith("headless.yaml:") for problem in problems), problems
