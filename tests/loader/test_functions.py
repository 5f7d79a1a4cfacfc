"""Functions in YAML are names: where they are looked for, and where they may stand."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from headless import ConfigError, anyone, authenticated, staff
from headless.loader import load_project
from tests.loader.declared import Folder

FUNCTIONS = """\
from headless import AccessContext, Endpoint, HookContext, Request
from headless.fields import FieldContext


def own(ctx: AccessContext):
    return {"id": {"equals": "$user.id"}}


async def stamp(ctx: HookContext) -> None: ...


def even(value, ctx: "FieldContext") -> bool:
    return value % 2 == 0


def featured(data, sibling_data, ctx: FieldContext): ...


def hello(request: Request): ...


def free(ctx):
    return True


def two(one, other): ...


@Endpoint.get("/unread", access=own)
async def unread(request): ...


mine = {"owner": {"equals": "$user.id"}}
limit = 3
"""

POSTS = """\
collections:
- slug: posts
  fields:
  - name: title
    type: text
    %s
"""


def posts(options: str) -> str:
    return POSTS % options


def rule(name: str) -> str:
    return f"collections: [{{slug: posts, fields: [], access: {{read: {name}}}}}]\n"


@pytest.fixture(autouse=True)
def functions(folder: Folder) -> None:
    folder.write({"functions.py": FUNCTIONS})


def test_every_place_for_a_function_takes_a_name(folder: Folder) -> None:
    """Rules, hooks, validators, conditions, handlers, endpoints, mounts and the start."""
    config = folder.load(
        """\
on_init: two
mounts: {/shop: two}
endpoints: [unread, {path: /hello, method: get, handler: hello, access: own}]
hooks: {afterError: stamp}
collections:
- slug: posts
  access: {read: [staff, own, {published: {equals: true}}], create: free, update: mine}
  hooks: {beforeChange: [stamp, stamp], afterCommit: stamp}
  endpoints: [{path: /x, method: get, handler: hello}]
  fields:
  - {name: size, type: number, validate: even, access: {read: own}, hooks: {beforeChange: [stamp]}}
  - type: tabs
    tabs: [{name: a, hooks: {afterRead: stamp}, fields: [{name: b, type: text, admin: {condition: featured}}]}]
"""
    )
    (collection,) = config.collections
    own, stamp = config.endpoints[1].access, config.hooks["after_error"][0]
    assert (own.__name__, stamp.__name__) == ("own", "stamp")
    assert config.on_init is config.mounts["/shop"]
    assert config.endpoints[0].path == "/unread"
    assert config.endpoints[0].access is own
    assert collection.access["read"] == (staff, own, {"published": {"equals": True}})
    assert collection.access["create"].__name__ == "free"
    assert collection.access["update"] == {"owner": {"equals": "$user.id"}}
    assert collection.hooks == {"before_change": (stamp, stamp), "after_commit": (stamp,)}
    assert collection.endpoints
    assert collection.endpoints[0].handler is config.endpoints[1].handler
    size: Any
    tabs: Any
    size, tabs = collection.fields
    assert size.validate.__name__ == "even"
    assert size.access["read"] is own
    assert tabs.children[0].hooks["after_read"] == (stamp,)
    assert tabs.children[0].children[0].admin.condition.__name__ == "featured"


def test_text_elsewhere_is_text(folder: Folder) -> None:
    """A name means a function only where a function belongs: never in data."""
    config = folder.load(
        posts("default_value: own\n    custom: {validate: stamp, fields: [own], access: {read: own}}\n    label: own")
    )
    field: Any = config.collections[0].fields[0]
    assert (field.default_value, field.label) == ("own", "own")
    assert field.custom == {"validate": "stamp", "fields": ("own",), "access": {"read": "own"}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (rule("stamp"), "1:56: 'stamp' is a hook, not a rule (functions.py:9)"),
        (rule("even"), "1:56: 'even' is a validator, not a rule (functions.py:12)"),
        (rule("hello"), "1:56: 'hello' is a handler, not a rule (functions.py:19)"),
        (rule("unread"), "1:56: 'unread' is an endpoint, not a rule"),
        (rule("limit"), "1:56: 'limit' is of type int, not a function"),
        (rule("two"), "1:56: 'two' is not a rule: a rule is called with (ctx) (functions.py:26)"),
        (posts("hooks: {before_change: [own]}"), "6:29: 'own' is a rule, not a hook (functions.py:5)"),
        (posts("hooks: {before_change: [staff]}"), "6:29: 'staff' is a rule, not a hook"),
        (posts("validate: stamp"), "6:15: 'stamp' is a hook, not a validator (functions.py:9)"),
        (
            posts("validate: free"),
            "6:15: 'free' is not a validator: a validator is called with (value, ctx) (functions.py:22)",
        ),
        (posts("validate: featured"), "6:15: 'featured' is a condition, not a validator (functions.py:16)"),
        (posts("admin: {condition: even}"), "6:24: 'even' is a validator, not a condition (functions.py:12)"),
        ("endpoints: [hello]\n", "1:13: 'hello' is a handler, not an endpoint (functions.py:19)"),
        (
            "endpoints: [{path: /x, method: get, handler: unread}]\n",
            "1:46: 'unread' is an endpoint, not a handler",
        ),
        (
            "endpoints: [{path: /x, method: get, handler: own}]\n",
            "1:46: 'own' is a rule, not a handler (functions.py:5)",
        ),
        ("on_init: stamp\n", "1:10: 'stamp' is a hook, not a start hook (functions.py:9)"),
        ("plugins: [stamp]\n", "1:11: 'stamp' is a hook, not a plugin (functions.py:9)"),
    ],
)
def test_a_function_of_another_kind_is_refused(folder: Folder, text: str, problem: str) -> None:
    """By what it is annotated with, by what made it, or by the arguments it takes; with where it is defined."""
    assert folder.problems(text) == [f"headless.yaml:{problem}"]


def test_a_function_that_says_nothing_is_what_it_is_used_as(folder: Folder) -> None:
    """It is accepted where its arguments fit, but not as two kinds."""
    used = rule("free") + "endpoints: [{path: /x, method: get, handler: free}]\n"
    assert folder.problems(used) == ["headless.yaml:1:56: 'free' is used as a handler in line 2, so it is not a rule"]
    folder.load(rule("free"))
    folder.load(posts("hooks: {beforeChange: free, afterRead: free}"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            rule("owm"),
            "1:56: there is no rule 'owm' – did you mean 'own'? (looked in the built-in rules, functions.py)",
        ),
        (
            rule("authentcated"),
            (
                "1:56: there is no rule 'authentcated' – did you mean 'authenticated'? "
                "(looked in the built-in rules, functions.py)"
            ),
        ),
        (
            posts("hooks: {beforeChange: stmap}"),
            "6:27: there is no hook 'stmap' – did you mean 'stamp'? (looked in functions.py)",
        ),
        (posts("validate: owm"), "6:15: there is no validator 'owm' (looked in functions.py)"),
        (rule("os:nothing"), "1:56: module os has no 'nothing'"),
        (rule("no.such:thing"), "1:56: there is no module 'no' (looked for no.such:thing)"),
    ],
)
def test_a_name_that_is_not_there(folder: Folder, text: str, problem: str) -> None:
    """The nearest of the same kind is named, and where was looked."""
    assert folder.problems(text) == [f"headless.yaml:{problem}"]


def test_without_any_source_that_is_said(folder: Folder) -> None:
    """Where functions.py would be looked for."""
    (folder.path / "functions.py").unlink()
    assert folder.problems(posts("validate: even")) == [
        "headless.yaml:6:15: there is no validator 'even' (there is no functions.py beside the file)"
    ]


def test_the_first_source_that_has_a_name_wins(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in rules, functions.py, what the file imports, what the caller imports; module:attribute is exact."""
    sources = {"functions": "", "lib/declared": "one = ", "given": "one = two = ", "installed_rules": "two = three = "}
    for name, assigned in sources.items():
        assigned = f"anyone = {assigned}" if name != "installed_rules" else assigned
        folder.write({f"{name}.py": f"{assigned or 'anyone = '}lambda ctx: {name!r}\n"})
    (folder.path / "site").mkdir()
    (folder.path / "installed_rules.py").rename(folder.path / "site" / "installed_rules.py")
    monkeypatch.syspath_prepend(folder.path / "site")
    names = "[anyone, one, two, three, 'installed_rules:two']"
    config = folder.load(rule(names) + "imports: [lib/declared.py]\n", "given.py", "installed_rules")
    first, *rules = config.collections[0].access["read"]
    assert first is anyone
    assert [rule(None) for rule in rules] == ["lib/declared", "given", "installed_rules", "installed_rules"]


def test_a_built_in_rule_that_hides_a_function_is_said(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """Who defines `staff` anew would else believe that it is asked."""
    folder.write({"functions.py": "from headless import anyone\n\ndef staff(ctx):\n    return False\n"})
    with caplog.at_level(logging.WARNING):
        config = folder.load(rule("[staff, anyone]"))
    assert config.collections[0].access["read"][0] is staff
    assert caplog.messages == ["staff in functions.py is not used: the built-in rule of this name is"]


def test_files_are_found_from_the_yaml_never_from_the_current_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A functions.py, or an import, of the folder in which the command happens to run is somebody else's."""
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    folder.write(
        {
            "conf/site.yaml": rule("own") + "imports: [rules.py]\n",
            "conf/rules.py": "def own(ctx): return 'of the project'\n",
            "rules.py": "def own(ctx): return 'of the current folder'\n",
        }
    )
    config = load_project("conf/site.yaml")
    assert config.collections[0].access["read"](None) == "of the project"
    assert folder.problems("imports: [rules]\n") == [
        "headless.yaml:1:11: there is no module 'rules' – did you mean 'rules.py'?"
    ]
    assert folder.problems(rule("'rules:own'")) == [
        "headless.yaml:1:56: there is no module 'rules' (looked for rules:own)"
    ]
    assert sys.path[0] == ""


def test_imports_of_the_caller(folder: Folder, tmp_path: Path) -> None:
    """A path is relative to the current folder; a dotted name may come joined to a folder, as the command line does."""
    folder.write({"lib/rules.py": "def ours(ctx): return True\n"})
    folder.load(rule("ours"), "lib/rules.py")
    folder.load(rule("ours"), Path("lib/rules.py"))
    folder.load(rule("ours"), tmp_path / "lib" / "rules.py")
    folder.load("endpoints: [{path: /x, method: get, handler: basename}]\n", tmp_path / "os.path")
    assert folder.problems("", "lib/nothing.py") == ["headless.yaml: there is no file lib/nothing.py"]
    assert folder.problems("imports: [lib/nothing.py]\n") == ["headless.yaml:1:11: there is no file lib/nothing.py"]
    assert folder.problems("imports: [5]\n") == [
        "headless.yaml:1:11: an import is a text: the path of a .py file, or the name of a module"
    ]


def test_one_import_needs_no_list(folder: Folder) -> None:
    """And a file that is named twice runs once."""
    folder.write(
        {"lib.py": "import builtins\nbuiltins.runs = getattr(builtins, 'runs', 0) + 1\nruns = builtins.runs\n"}
    )
    import builtins

    folder.load("imports: lib.py\n", "lib.py", folder.path / "lib.py")
    assert builtins.__dict__.pop("runs") == 1


def test_two_projects_in_one_process_do_not_meet(folder: Folder) -> None:
    """Both have a functions.py; each keeps its own, in modules that stay importable by their names."""
    for name in ("one", "two"):
        folder.write(
            {
                f"{name}/headless.yaml": rule("own"),
                f"{name}/functions.py": f"def own(ctx):\n    return {name!r}\n",
            }
        )
    rules = [load_project(f"{name}/headless.yaml").collections[0].access["read"] for name in ("one", "two")]
    assert [rule(None) for rule in rules] == ["one", "two"]
    assert [sys.modules[rule.__module__].own for rule in rules] == rules
    assert "functions" not in sys.modules


def test_a_changed_file_is_read_anew(folder: Folder) -> None:
    """Also within the same second, and when it is as long as before."""
    for answer in ("'1'", "'2'", "'3'"):
        folder.write({"functions.py": f"def own(ctx): return {answer}\n"})
        assert repr(folder.load(rule("own")).collections[0].access["read"](None)) == answer


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def f(:\n", "functions.py:1:7: SyntaxError: invalid syntax"),
        (
            "\nimport nowhere_to_be_found\n",
            "functions.py:2: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        ("x = 1\n\ndef f():\n    return x / 0\n\nf()\n", "functions.py:4: ZeroDivisionError: division by zero"),
        (
            "from headless import Index\n\nIndex(feilds=['a'])\n",
            "functions.py:3: Index: unknown option 'feilds' – did you mean 'fields'?",
        ),
    ],
)
def test_an_error_in_a_file_is_said_with_its_line(folder: Folder, source: str, problem: str) -> None:
    """Names that could have been in it are not called unknown too."""
    folder.write({"functions.py": source})
    assert folder.problems(posts("validate: even")) == [problem]


def test_an_error_further_down_is_said_with_both_places(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of the file that the project names, and the one that raised."""
    folder.write(
        {
            "functions.py": "\nimport deeper_rules\n",
            "site/deeper_rules.py": "\n\nraise RuntimeError('no')\n",
        }
    )
    monkeypatch.syspath_prepend(folder.path / "site")
    said = "RuntimeError: no"
    assert folder.problems("") == [f"functions.py:2: {said} (raised in site/deeper_rules.py:3)"]
    folder.write({"functions.py": ""})
    assert folder.problems("imports: [deeper_rules]\n") == [f"site/deeper_rules.py:3: {said}"]
    assert folder.problems(rule("'deeper_rules:x'")) == [f"site/deeper_rules.py:3: {said} (looked for deeper_rules:x)"]


def test_annotations_that_cannot_be_looked_up_are_read_as_they_are_written(folder: Folder) -> None:
    """Imports only for type checkers, strings and optional contexts say the kind as well."""
    folder.write(
        {
            "functions.py": (
                "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                "    from headless import HookContext\n    import headless\n"
                "def one(ctx: HookContext): ...\ndef two(ctx: headless.HookContext | None): ...\n"
            )
        }
    )
    for name in ("one", "two"):
        with pytest.raises(ConfigError, match=f"'{name}' is a hook, not a rule"):
            folder.load(rule(name))


def test_callables_of_every_make_are_functions(folder: Folder) -> None:
    """Partials, bound methods, lambdas, objects with __call__, and built-ins whose signature nobody knows."""
    folder.write(
        {
            "functions.py": (
                "import functools\nfrom headless import AccessContext\n"
                "class Team:\n"
                "    def member(self, ctx: AccessContext): return True\n"
                "    def __call__(self, ctx): return True\n"
                "team = Team()\nmember = team.member\nlate = lambda ctx: True\n"
                "part = functools.partial(lambda ctx, size: True, size=3)\nrarely = max\n"
            )
        }
    )
    assert len(folder.load(rule("[team, member, late, part, rarely]")).collections[0].access["read"]) == 5
    assert folder.load(rule("authenticated")).collections[0].access["read"] is authenticated


ACCOUNTS = """\
from headless import MailContext, Request


async def by_proxy(request: Request): ...


def mail(context: MailContext):
    return "Hello"


def strict(value, ctx):
    return True
"""


def test_functions_of_accounts_are_named_where_they_are_asked_for(folder: Folder) -> None:
    """Strategies, texts of mails and the rule for passwords."""
    folder.write({"functions.py": ACCOUNTS})
    config = folder.load(
        "imports: [functions.py]\n"
        "collections:\n"
        "- slug: people\n"
        "  auth:\n"
        "    strategies: [by_proxy]\n"
        "    validatePassword: strict\n"
        "    forgotPassword: {generateEmailHTML: mail}\n"
        "    verify: {generateEmailSubject: mail}\n"
        "  fields: []\n",
    )
    auth = config.collections[0].auth
    found = [*auth.strategies, auth.validate_password, auth.forgot_password.generate_email_html]
    assert [each.__name__ for each in (*found, auth.verify.generate_email_subject)] == [
        "by_proxy", "strict", "mail", "mail"
    ]  # fmt: skip
