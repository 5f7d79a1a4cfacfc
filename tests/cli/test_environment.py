"""The `.env` file: what it may say, and that the environment has the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from headless.environment import load_environment, read_environment
from headless.errors import ConfigError


def env_file(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("A = spaced out  ", "spaced out"),
        ("export A=exported", "exported"),
        ("A=", ""),
        ("A=value # a comment", "value"),
        ("A=# only a comment", ""),
        ("A=with#hash", "with#hash"),
        ("A=a=b", "a=b"),
        ('A="two words" # a comment', "two words"),
        (r'A="line\nline \"quoted\" back\\slash"', 'line\nline "quoted" back\\slash'),
        (r"A='literal \n # all of it'", r"literal \n # all of it"),
        ("A=postgresql://user:p%40ss@host/db?x=1", "postgresql://user:p%40ss@host/db?x=1"),
        ("A=grün", "grün"),
    ],
)
def test_a_line_is_read_as_it_is_meant(tmp_path: Path, line: str, value: str) -> None:
    """Bare, quoted and exported values are read; comments are not part of them."""
    assert read_environment(env_file(tmp_path, line)) == {"A": value}


def test_blank_lines_comments_and_a_byte_order_mark_are_skipped(tmp_path: Path) -> None:
    """What editors leave in a file does no harm."""
    assert read_environment(env_file(tmp_path, "\ufeffA=1\n\n# B=2\r\n  C=3\n")) == {"A": "1", "C": "3"}


def test_every_mistake_is_named_with_its_line_and_without_its_value(tmp_path: Path) -> None:
    """All wrong lines are reported together, and a secret is not repeated in the message."""
    path = env_file(tmp_path, 'A=1\nhunter2\nB="hunter2\n3C=hunter2\n')
    with pytest.raises(ConfigError) as caught:
        read_environment(path)
    assert [problem.partition(":")[2].partition(":")[0] for problem in caught.value.problems] == [
        "2",
        "3",
        "4",
    ]
    assert "the quotes around B do not close" in caught.value.problems[1]
    assert "hunter2" not in caught.value.message


def test_the_environment_has_the_last_word(tmp_path: Path) -> None:
    """A variable that is set already keeps its value, also an empty one."""
    env_file(tmp_path, "SET=file\nEMPTY=file\nNEW=file\n")
    environ = {"SET": "environment", "EMPTY": ""}
    assert load_environment(tmp_path, environ) == {"NEW": "file"}
    assert environ == {"SET": "environment", "EMPTY": "", "NEW": "file"}


def test_a_folder_without_the_file_sets_nothing(tmp_path: Path) -> None:
    """The file is optional."""
    assert load_environment(tmp_path, {}) == {}
