"""What is not YAML, or not to be read as a declaration, is refused with its line and the remedy."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headless import ConfigError
from headless.loader import load_project
from tests.loader.declared import Folder


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cors: []\n\tcsrf: []\n", "headless.yaml:2:1: a tab: YAML is indented with spaces"),
        ("admin:\n\tuser: staff\n", "headless.yaml:2:1: a tab: YAML is indented with spaces"),
        (
            "server_url: http: x\n",
            "headless.yaml:1:17: a colon cannot stand here: mind the indentation, or put the text in quotes",
        ),
        (
            "debug: true\n  cors: []\n",
            "headless.yaml:2:7: a colon cannot stand here: mind the indentation, or put the text in quotes",
        ),
        ("debug: true\ncors\n", "headless.yaml:2:1: a key needs a colon and a space after it"),
        ("database: 'x\n", "headless.yaml:1:11: this quote is never closed"),
        ("database: @home\n", "headless.yaml:1:11: '@' cannot begin a text: put the text in quotes"),
        (
            'database: "C:\\data"\n',
            "headless.yaml:1:14: this escape is not known: write \\\\ for a backslash, or use single quotes",
        ),
        ("? [a]\n: b\n", "headless.yaml:1:3: a key is a text, not a list or a mapping"),
        ("1: b\n", "headless.yaml:1:1: a key is a text: put it in quotes"),
        ("<<: {a: 1}\n", "headless.yaml:1:1: YAML 1.2 has no merge keys (<<): write the options out"),
        ("debug: !!int no\n", "headless.yaml:1:8: 'no' is not what its tag !!int says"),
        ("debug: !ruby x\n", "headless.yaml:1:8: the tag !ruby means nothing here"),
        ("debug: !!python/name:os.system x\n", "headless.yaml:1:8: the tag !!python/name:os.system means nothing here"),
        ("cors: !!set {a: 1}\n", "headless.yaml:1:7: the tag !!set means nothing here"),
        (f"debug: {'9' * 5000}\n", "headless.yaml:1:8: a number with more digits than can be read"),
        ("debug: true\n---\ndebug: true\n", "headless.yaml:2:1: a second document begins here: a file holds one"),
        ("- debug\n", "headless.yaml:1:1: the file holds options, such as collections: […]"),
        ("name: a\u2028b\n", "headless.yaml:1:8: the character \\u2028 is written in double quotes, as this escape"),
        ("name: a\x01b\n", "headless.yaml:1:8: the character \\x01 is written in double quotes, as this escape"),
    ],
)
def test_it_is_said_where_and_how(folder: Folder, text: str, problem: str) -> None:
    """File, line, column and what to do."""
    assert folder.problems(text) == [problem]


def test_a_list_that_is_not_closed_is_said_with_its_beginning(folder: Folder) -> None:
    """What was begun is named with its line."""
    (problem,) = folder.problems("cors: [a, b\ndebug: true\n")
    assert problem.startswith("headless.yaml:2:6: ")
    assert problem.endswith("while parsing a flow sequence that begins in line 1")


def test_a_key_given_twice_is_said_with_both_lines(folder: Folder) -> None:
    """At every level, and every repetition."""
    text = "debug: true\nadmin:\n  user: a\n  user: b\n  user: c\ndebug: false\n"
    assert folder.problems(text) == [
        "headless.yaml:4:3: the key 'user' is given twice, first in line 3",
        "headless.yaml:5:3: the key 'user' is given twice, first in line 3",
        "headless.yaml:6:1: the key 'debug' is given twice, first in line 1",
    ]


def test_a_key_in_two_spellings_is_given_twice(folder: Folder) -> None:
    """`max_depth` and `maxDepth` are one option."""
    assert folder.problems("max_depth: 1\nmaxDepth: 2\n") == [
        "headless.yaml:2:1: Config: option 'max_depth' is given twice, first in line 1"
    ]


def test_anchors_repeat_what_they_name(folder: Folder) -> None:
    """An alias is the value of its anchor, also of a whole mapping."""
    config = folder.load(
        "custom: {first: &rules {read: staff}, second: *rules, third: &word text, fourth: [*word, *rules]}\n"
    )
    assert config.custom["second"] == {"read": "staff"}
    assert config.custom["fourth"] == ("text", {"read": "staff"})


def test_a_bomb_of_aliases_costs_nothing(folder: Folder) -> None:
    """Nine levels of nine aliases would be 387 million values: refused at the line that crosses the bound."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    folder.write({"headless.yaml": "\n".join(lines)})
    tracemalloc.start()
    with pytest.raises(ConfigError) as caught:
        load_project("headless.yaml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.problems[0].endswith("more than 200,000 values, those that aliases repeat included")
    assert caught.value.problems[0].startswith("headless.yaml:6:")
    assert peak < 50_000_000


def test_aliases_cannot_lead_nowhere(folder: Folder) -> None:
    """An alias without an anchor, and one inside its own anchor."""
    assert folder.problems("cors: *origins\n") == ["headless.yaml:1:7: there is no anchor &origins before this alias"]
    assert folder.problems("cors: &all [x, *all]\n") == ["headless.yaml:1:16: *all stands inside what it repeats"]


@pytest.mark.parametrize("text", ["custom: " + "[" * 5_000, "custom: " + "{a: " * 5_000, "- " * 5_000])
def test_absurd_depth_is_refused(folder: Folder, text: str) -> None:
    """It is not the interpreter's stack that decides."""
    (problem,) = folder.problems(text)
    assert problem.endswith("nested more than 100 levels deep")


def test_depth_counts_what_aliases_repeat(folder: Folder) -> None:
    """An alias may not bury its anchor deeper than can be written."""
    lines = ["a0: &a0 " + "[" * 30 + "]" * 30]
    lines += [f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}" for n in range(1, 5)]
    (problem, *_) = folder.problems("\n".join(lines))
    assert "nested more than 100 levels deep" in problem


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(" \n\t-:?,[]{}#&*!|>'\"%@`ab1~\\.\x00\x85\ufeff\u2028é😀", max_size=60))
def test_whatever_the_text_it_is_read_or_refused(folder: Folder, text: str) -> None:
    """With a line, and no other exception."""
    try:
        folder.load(text)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = []
    assert all(problem.startswith("headless.yaml:") for problem in problems)


def test_a_file_that_is_not_utf_8(folder: Folder) -> None:
    """Latin-1 is refused with the line of its first letter."""
    (folder.path / "headless.yaml").write_bytes(b"debug: true\nname: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"^headless.yaml:2: this file is not UTF-8 text$"):
        load_project("headless.yaml")


def test_a_byte_order_mark_is_not_text(folder: Folder) -> None:
    """Some editors write one."""
    (folder.path / "headless.yaml").write_bytes(b"\xef\xbb\xbfdebug: true\n")
    assert load_project("headless.yaml").debug is True


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named as it was given when it is outside the current folder."""
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path / "nothing.yaml")
    assert caught.value.problems == [f"{tmp_path / 'nothing.yaml'}: cannot be read: No such file or directory"]


def test_an_empty_file_declares_nothing(folder: Folder) -> None:
    """The collections may all have files of their own."""
    assert folder.load("").collections == ()
    assert folder.load("# nothing yet\n---\n").collections == ()
