"""What schemathesis asks, of whom, and what it finds that no schema can tell."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi import checks

from headless import Collection, Config, Global, Headless, anyone, authenticated, fields, nobody, staff
from headless.fields import DataField, registry
from headless.operators import NAMES
from headless.security.passwords import LIGHT, Passwords
from tests.fields.example import NEEDS, declare

PASSWORD = "correct horse battery staple"
ADDRESS = {"admin": "ada@example.com", "user": "bob@example.com"}


def every_type(*, joins: bool = True) -> list[Any]:
    """A field of each type that holds a value; none of them unique, so that the same may be sent again and again."""
    holding = [type_ for type_ in sorted(registry) if isinstance(declare(type_), DataField)]
    holding = [type_ for type_ in holding if joins or type_ != "join"]
    options = {**NEEDS, "slug": {**NEEDS["slug"], "unique": False, "required": False}}
    return [registry[type_](f"a_{type_.lower().replace('-', '_')}", **options.get(type_, {})) for type_ in holding]


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
        openapi={"access": {"whole": staff, "own": anyone}},
        database="sqlite:///:memory:",
        secret="x" * 40,
    )


class Leaving:
    """An application whose streams are left after their first bytes, as they have no end to wait for."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        streaming, left = False, asyncio.Event()

        async def heard() -> Any:
            if streaming:
                await left.wait()
                return {"type": "http.disconnect"}
            return await receive()

        async def told(message: Any) -> None:
            nonlocal streaming
            if message["type"] == "http.response.start":
                streaming = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
            if streaming and message["type"] == "http.response.body":
                if left.is_set():
                    return
                left.set()
                message = {**message, "more_body": False}
            await send(message)

        await self.app(scope, heard, told)


def prepared() -> tuple[Any, dict[str, str]]:
    """A running application with users, and their tokens."""
    from schemathesis.python.asgi import get_client

    app = Leaving(Headless(config(), passwords=Passwords(LIGHT)))
    client = get_client(app)
    client.__enter__()
    credentials = {who: {"email": address, "password": PASSWORD} for who, address in ADDRESS.items()}
    admin = client.post("/api/admins/first-register", json=credentials["admin"]).json()["token"]
    headers = {"authorization": f"JWT {admin}"}
    client.post("/api/users", json=credentials["user"], headers=headers).raise_for_status()
    user = client.post("/api/users/login", json=credentials["user"]).json()["token"]
    return app, {"admin": admin, "user": user}


def described(app: Any, token: str | None) -> dict[str, Any]:
    """The description that one is told, with queries kept small.

    A `where` of every field and operator at once is more than a server answers, and takes seconds to think of.
    """
    from schemathesis.python.asgi import get_client

    headers = {} if token is None else {"authorization": f"JWT {token}"}
    told: dict[str, Any] = get_client(app).get("/api/openapi.json", headers=headers).json()
    schemas = told["components"]["schemas"]
    for name in [name for name in schemas if name.endswith("Where")]:
        inner = {key: value for key, value in schemas[name]["properties"].items() if key not in ("and", "or")}
        schemas[f"{name}Inside"] = {**schemas[name], "properties": inner, "maxProperties": MOST}
        several = {
            "type": "array", "items": {"$ref": f"#/components/schemas/{name}Inside"}, "minItems": 1, "maxItems": MOST
        }  # fmt: skip
        schemas[name] |= {"properties": {**inner, "and": several, "or": several}, "maxProperties": MOST}
    for name in [name for name in schemas if name.endswith("Conditions")]:
        schemas[name]["maxProperties"] = MOST
    return told


MOST = 2
LENIENT = ("page", "depth", "pagination", "atomic", "revision", "mine", "allSessions", "snapshot", "since")
SHOWN = ("select", "populate", "joins")


@dataclass(frozen=True)
class Meant:
    """What a check takes for a failure, though it is meant: which, why, and how such an answer is known."""

    check: type[Failure]
    reason: str
    is_so: Callable[[Any, Any], bool]


def messages(response: Any) -> list[str]:
    """Everything that an answer says is wrong: of values each by itself with its path, else the message."""
    try:
        errors = json.loads(response.content)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    said = []
    for error in errors:
        data = error.get("data")
        inner = data.get("errors") if isinstance(data, dict) else None
        said += [f"{item['path']}: {item['message']}" for item in inner or ()] or [error["message"]]
    return said


def says(*patterns: str) -> Callable[[Any, Any], bool]:
    """Whether an answer refuses for nothing else than what the patterns match."""
    pattern = "|".join(patterns)
    return lambda case, response: bool(said := messages(response)) and all(re.search(pattern, item) for item in said)


def mutated(case: Any) -> list[tuple[str, str]]:
    """Where a request was made wrong, as (location, name) pairs."""
    data = case.meta.phase.data
    found = [(each.parameter_location.value, parameter_of(each)) for each in getattr(data, "mutations", ())]
    if not found and data.parameter_location is not None:
        found = [(data.parameter_location.value, data.parameter or "")]
    return found


def parameter_of(mutation: Any) -> str:
    """The parameter that a mutation is in, however deep inside."""
    outer = re.match("/properties/([^/]+)", mutation.schema_pointer)
    return outer[1] if outer is not None else mutation.parameter or ""


def wrong_in(*names: str) -> Callable[[Any, Any], bool]:
    """Whether a request was made wrong in these parameters only."""
    return lambda case, response: bool(found := mutated(case)) and {name for _, name in found} <= set(names)


def as_recorded(case: Any, response: Any) -> bool:
    """Whether a method that a path does not have is answered as a path that is not there, or as the one of a document.

    `GET /api/posts/login` asks for the document `login`.
    """
    path = case.operation.path
    is_id = path.count("/") == 3 and not path.endswith("}") and case.method in ("GET", "PATCH", "DELETE")
    missing = response.status_code == 404 and b'"message":"Route not found ' in response.content
    return missing or (is_id and response.status_code in (400, 403, 404))


def beyond(case: Any, response: Any) -> bool:
    """Whether a path was refused, and one was asked for that goes on behind a reference, a join or in JSON."""
    refused = says("^The following path cannot be queried: ")(case, response)
    return refused and any("." in key and key not in KNOWN_PATHS for key in keys_of(case.query or {}))


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_of(item)


KNOWN_PATHS = {"seo.headline", "seo.contact", "links.label", "links.extra", "links.id", "related.value"}


def may_be_any_id(case: Any, response: Any) -> bool:
    """Whether only the id was wrong where one of no document is answered like any other."""
    return case.path.endswith(("/access/{id}", "/{id}/stream")) and wrong_in("id", *LENIENT, *SHOWN)(case, response)


def is_no_value(case: Any, response: Any) -> bool:
    """Whether a request was made wrong in what fields are compared with: no stored value equals that."""
    pointers = [each.schema_pointer for each in getattr(case.meta.phase.data, "mutations", ())]
    compared = [re.search(f"^/properties/where/.*/properties/({'|'.join(NAMES)})(/|$)", each) for each in pointers]
    return bool(compared) and all(
        found or parameter_of(each) in (*LENIENT, *SHOWN)
        for found, each in zip(compared, case.meta.phase.data.mutations, strict=True)
    )


def found_nothing(case: Any, response: Any) -> bool:
    """Whether an update of all that match found nothing to change, and was not wrong in what it asked for."""
    fine = {"where", *LENIENT, *SHOWN}
    asked = {name for location, name in mutated(case) if location != "body"} <= fine
    return asked and case.method == "PATCH" and b'"docs":[],"errors":[]' in response.content


OF_VALUES = (
    ": Value must be unique$",
    ": A user with the given email is already registered",
    ": This relationship field has the following invalid relationships",
    r"^links\.\d+\.label: This field is required",  # unless the row goes on from a stored one
    "(a_json|extra): This field has an invalid input",  # a text that is not itself JSON
)
REJECTED, ACCEPTED, METHOD = checks.RejectedPositiveData, AcceptedNegativeData, checks.UnsupportedMethodResponse
MEANT = (
    Meant(REJECTED, "only the documents can tell whether a value fits", says(*OF_VALUES)),
    Meant(REJECTED, "a key was used for another request", says("Idempotency-Key was used for another request")),
    Meant(REJECTED, "a query is larger than is answered", says("is longer than|^A query has at most|is too large")),
    Meant(REJECTED, "a text is no polygon", says("^This is not an area to look in")),
    Meant(REJECTED, "nobody is logged in, so nobody can log out", says("^No User$")),
    Meant(REJECTED, "a revision is not that of the document", lambda _, response: response.status_code == 412),
    Meant(REJECTED, "values are sorted by themselves", says("^Distinct values are sorted by")),
    Meant(REJECTED, "what lies behind a field is for others to know", beyond),
    Meant(ACCEPTED, "numbers are brought into their bounds, flags are true or not", wrong_in(*LENIENT)),
    Meant(ACCEPTED, "what is not there is not shown", wrong_in(*SHOWN, *LENIENT)),
    Meant(ACCEPTED, "what no stored value equals finds nothing", is_no_value),
    Meant(ACCEPTED, "whether there is such a document is not told", may_be_any_id),
    Meant(ACCEPTED, "nothing was found, so nothing was changed", found_nothing),
    Meant(METHOD, "methods of no route are answered as recorded", as_recorded),
)


def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Whether a failure is one: schemathesis asks this of each."""
    return not any(isinstance(failure, each.check) and each.is_so(case, response) for each in MEANT)


def failures(schema: Any) -> Iterator[str]:
    """What was found, each as a few lines with the request that shows it."""
    from schemathesis.engine import events, from_schema

    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield str(getattr(event, "exception", event))
        if (recorder := getattr(event, "recorder", None)) is not None:
            yield from shown(recorder)


def shown(recorder: Any) -> Iterator[str]:
    for case_id, found in recorder.checks.items():
        asked = recorder.interactions.get(case_id)
        answer = asked.response.content[:500] if asked is not None and asked.response is not None else b""
        for check in found:
            if (told := check.failure_info) is not None:
                yield f"{check.name}: {told.failure}\n{told.code_sample[:2000]}\n{answer!r}"
