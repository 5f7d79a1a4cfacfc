"""UUIDs of version 7: what they are made of, and that each is greater than the one before."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest

from headless.uuid7 import Uuid7

AT = 1_767_225_600.123


def test_it_is_a_uuid_of_version_7_that_begins_with_the_time() -> None:
    """In the one form that RFC 9562 writes: 36 characters in lower case."""
    text = Uuid7(lambda: AT)()
    made = uuid.UUID(text)
    assert (str(made), made.version, made.variant) == (text, 7, uuid.RFC_4122)
    assert made.int >> 80 == int(AT * 1000)


@pytest.mark.parametrize("step", [0.0, 0.0004, 0.001, 3600.0, -0.001, -3600.0])
def test_each_is_greater_than_the_one_before(step: float) -> None:
    """Within a millisecond, later, and while the clock goes back."""
    now = AT

    def clock() -> float:
        nonlocal now
        now += step
        return now

    new = Uuid7(clock)
    made = [new() for _ in range(500)]
    assert all(one < next_ for one, next_ in pairwise(made))
    assert {uuid.UUID(text).version for text in made} == {7}
    assert {uuid.UUID(text).variant for text in made} == {uuid.RFC_4122}


def test_a_millisecond_that_is_full_borrows_from_the_next() -> None:
    """The order holds, and no bit runs over into another part."""
    new = Uuid7(lambda: AT)
    first = new()
    new._random = (1 << 74) - 1
    made = uuid.UUID(new())
    assert str(made) > first
    assert made.int >> 80 == int(AT * 1000) + 1
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_two_makers_agree_on_nothing_but_the_time() -> None:
    """What follows the time is random: two processes never make the same."""
    one, other = (Uuid7(lambda: AT)() for _ in range(2))
    assert one[:14] == other[:14]
    assert one[14:] != other[14:]


@pytest.mark.parametrize("at", [0.0, -5.0, 2.0**48])
def test_a_clock_that_is_wrong_makes_uuids_all_the_same(at: float) -> None:
    """Times that do not fit are taken for the nearest that do."""
    assert uuid.UUID(Uuid7(lambda: at)()).version == 7
