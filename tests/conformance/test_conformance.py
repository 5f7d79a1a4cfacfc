"""The framework answers as Payload 3 was recorded to answer, as far as it has what the recording used."""

from __future__ import annotations

from tests.conformance.report import fallen, read_floor, risen
from tests.conformance.run import run

HINT = "`python -m tests.conformance --update` makes what passes now the floor: it may only rise."


def test_recorded_answers_are_given(database_kind: str) -> None:
    """Every case of the floor passes with all its answers on each database, and every case that passes is in it."""
    done, floor = run(), read_floor()
    assert not (lines := fallen(done, floor)), "\n".join(lines)
    assert not (cases := risen(done, floor)), f"{', '.join(cases)} pass: add them. {HINT}"
