"""What the description says is true: schemathesis asks everything that it describes, as anybody who may ask.

All its checks are on, streams and the end of a session included. What they take for a failure though it is meant is
listed in `fuzzing.MEANT`, each with its reason. `HEADLESS_FUZZ=500` asks that many examples of each operation, new ones
each time, and goes through every case of every query.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

schemathesis = pytest.importorskip(
    "schemathesis", reason="schemathesis is not installed: python3 dev.py test installs it"
)

from tests.openapi import fuzzing  # noqa: E402

MANY = int(os.environ.get("HEADLESS_FUZZ", "0"))
EXAMPLES = MANY or 2
COVERED = r"^(POST /api/(posts|things|users/.*)|GET /api/users/count|(GET|PATCH|DELETE) /api/posts/\{id\})$"
"""Where each case of each schema is asked too, which are thousands for every where: counting users stands for those."""


def settings(token: str | None) -> Any:
    """Few and always the same examples, unless many are asked for."""
    return schemathesis.Config.from_dict(
        {
            "seed": random.randrange(2**32) if MANY else 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],  # how long it takes to think of an example is not the question
            **({} if token is None else {"auth": {"openapi": {"bearer": {"bearer": token}}}}),
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": not MANY,
                "no-shrink": True,
                "database": "none",
                # Text that no database can hold is refused anywhere, which tests/http shows: it would hide the rest.
                "allow-x00": False,
                "codec": "utf-8",
            },
            "phases": {
                "coverage": {"enabled": bool(MANY)},
                "stateful": {"generation": {"max-examples": EXAMPLES}, "max-steps": 5},
            },
            "operations": [{"include-name-regex": COVERED, "phases": {"coverage": {"enabled": True}}}],
        }
    )


def asked(app: Any, token: str | None) -> Any:
    schema = schemathesis.openapi.from_dict(fuzzing.described(app, token), config=settings(token))
    schema.app = app
    schema.hook(fuzzing.filter_failure)
    return schema


@pytest.mark.slow
@pytest.mark.timeout(0 if MANY else 400)
@pytest.mark.parametrize("who", ["nobody", "user", "admin"])
def test_every_answer_is_as_described(who: str) -> None:
    """No error of the server's; what the description allows is accepted, what it forbids refused, answers are as told.

    The end of the session comes last: nobody is anybody afterwards.
    """
    app, tokens = fuzzing.prepared()
    schema = asked(app, tokens.get(who))
    found = list(fuzzing.failures(schema.exclude(path_regex="/logout$")))
    found += fuzzing.failures(schema.include(path_regex="/logout$"))
    assert not found, "\n\n".join(found[:5])
