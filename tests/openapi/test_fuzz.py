"""What the description says is true: schemathesis asks everything that it describes, as anybody who may ask.

Left out: streams, which never end and have tests of their own; and two checks that hold a server to refuse exactly what
a schema refuses. Ours takes more than it describes, as Payload does (unknown keys are ignored, `"5"` is 5), and refuses
what no schema can tell (a value that is taken, a reference to nothing).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headless import Collection, Config, Global, Headless, anyone, authenticated, fields, nobody, staff
from headless.fields import DataField, registry
from headless.security.passwords import LIGHT, Passwords
from tests.fields.example import NEEDS, declare

schemathesis = pytest.importorskip(
    "schemathesis", reason="schemathesis is not installed: python3 dev.py test installs it"
)

PASSWORD = "correct horse battery staple"
LEFT_OUT = r"/stream$|/logout$|/admins(/count|/distinct)?$"
NOT_HELD = ("negative_data_rejection", "positive_data_acceptance")


def every_type(*, joins: bool = True) -> list[Any]:
    """A field of each type that holds a value."""
    holding = [type_ for type_ in sorted(registry) if isinstance(declare(type_), DataField)]
    holding = [type_ for type_ in holding if joins or type_ != "join"]
    return [registry[type_](f"a_{type_.lower().replace('-', '_')}", **NEEDS.get(type_, {})) for type_ in holding]


def config() -> Config:
    admins = Collection("admins", auth=True, access={"update": nobody, "delete": nobody}, fields=[])
    users = Collection("users", auth=True, access={"read": anyone, "update": nobody}, fields=[fields.Text("name")])
    things = Collection("things", access=anyone, fields=every_type())
    posts = Collection(
        "posts",
        access={
            "read": anyone, "create": authenticated, "update": [staff, {"author": {"equals": "$user.id"}}],
            "delete": authenticated,
        },
        fields=[
            fields.Text("title", required=True, max_length=80, unique=True),
            fields.Select("status", options=["draft", "published"], default_value="draft", required=True),
            fields.Relationship("author", relation_to="users"),
            fields.Relationship("related", relation_to=["posts", "targets"], has_many=True),
            fields.Number("rating", min=0, max=5, has_many=True),
            fields.Group("seo", fields=[fields.Text("headline", min_length=3), fields.Email("contact")]),
            fields.Array("links", max_rows=3, fields=[fields.Text("label", required=True), fields.Json("extra")]),
            fields.Text("secret", access={"read": staff}),
            fields.Text("vault", hidden=True),
        ],
    )  # fmt: skip
    targets = Collection(
        "targets", access=anyone, fields=[fields.Relationship("thing", relation_to="things")], endpoints=False
    )
    settings = Global(
        "settings", access={"read": anyone, "update": authenticated}, fields=[*every_type(joins=False), *posts.fields]
    )
    return Config(
        globals=[settings],
        collections=[admins, users, things, posts, targets],
        admin={"user": "admins"},
        openapi={"access": "anyone"},
        database="sqlite:///:memory:",
        secret="x" * 40,
    )


def prepared() -> tuple[Headless, dict[str, str]]:
    """A running application with users, and their tokens."""
    from schemathesis.python.asgi import get_client

    app: Any = Headless(config(), passwords=Passwords(LIGHT))
    client = get_client(app)
    client.__enter__()
    made = client.post("/api/admins/first-register", json={"email": "ada@example.com", "password": PASSWORD}).json()
    admin = {"authorization": f"JWT {made['token']}"}
    credentials = {"email": "bob@example.com", "password": PASSWORD}
    client.post("/api/users", json=credentials, headers=admin).raise_for_status()
    user = client.post("/api/users/login", json=credentials).json()["token"]
    return app, {"admin": made["token"], "user": user}


def settings(token: str | None) -> Any:
    """Few and always the same examples."""
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],  # how long it takes to think of an example is not the question
            **({} if token is None else {"auth": {"openapi": {"bearer": {"bearer": token}}}}),
            "generation": {"max-examples": 3, "deterministic": True, "no-shrink": True, "database": "none"},
            "phases": {"coverage": {"enabled": False}, "stateful": {"generation": {"max-examples": 3}, "max-steps": 5}},
            "checks": {name: {"enabled": False} for name in NOT_HELD},
        }
    )


def failures(schema: Any) -> Iterator[str]:
    """What was found, each as a few lines with the request that shows it."""
    from schemathesis.engine import events, from_schema

    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield str(getattr(event, "exception", event))
        for found in getattr(getattr(event, "recorder", None), "checks", {}).values():
            for check in found:
                if check.failure_info is not None:
                    yield f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample[:2000]}"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["nobody", "user", "admin"])
def test_every_answer_is_as_described(who: str) -> None:
    """No error of the server's, no status, type or body that is not described, whatever is asked by whom."""
    app, tokens = prepared()
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, config=settings(tokens.get(who)))
    found = list(failures(schema.exclude(path_regex=LEFT_OUT)))
    assert not found, "\n\n".join(found[:5])
