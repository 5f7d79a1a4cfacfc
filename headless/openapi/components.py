"""The schemas of a description: those of every collection, made when something first refers to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from headless.compile.collection import CompiledCollection
from headless.compile.schema import Composer, nullable
from headless.fields.base import Schema
from headless.names import did_you_mean
from headless.openapi import common, queries
from headless.openapi.names import document_names
from headless.openapi.sight import Sight

PREFIX: Final = "#/components/schemas/"
DEFINITION: Final = "#/$defs/"
NONE: Final[Mapping[str, Any]] = MappingProxyType({})
PASSWORD: Final[Schema] = {"type": "string", "format": "password", "writeOnly": True}

API_KEY: Final[Schema] = {"type": ["string", "null"], "minLength": 16, "maxLength": 255, "writeOnly": True}


class Components:
    """The schemas by name. A reference to one makes it, if nothing referred to it before."""

    def __init__(self, collections: Mapping[str, CompiledCollection], sight: Sight) -> None:
        self.made: dict[str, Schema] = {}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.responses: dict[str, dict[str, Any]] = {}
        self._collections = collections
        self.sight = sight
        self._names = document_names(found.declaration for found in collections.values())
        self._known: dict[Hashable, str] = {}

    def resolved(self, schema: Any, slug: str | None, definitions: Mapping[str, Any] = NONE) -> Any:
        """A declared schema in which `$ref`s lead to the shapes they name, and to the schema's own definitions."""
        if isinstance(schema, list | tuple):
            return [self.resolved(item, slug, definitions) for item in schema]
        if not isinstance(schema, Mapping):
            return schema
        definitions = schema.get("$defs", definitions)
        made = {key: self.resolved(item, slug, definitions) for key, item in schema.items() if key != "$defs"}
        if isinstance(made.get("$ref"), str):
            made |= self._referred(made["$ref"], slug, definitions)
        return made

    def _referred(self, name: str, slug: str | None, definitions: Mapping[str, Any]) -> Schema:
        if name.startswith(DEFINITION):
            own = name.removeprefix(DEFINITION)
            given = definitions[own]
            return self.reference((own, repr(given)), own, lambda: self.resolved(given, slug, definitions))
        if name.startswith("#"):
            return {"$ref": name}
        owner, _, shape = name.rpartition(".")
        return self.shape(shape, owner or slug)

    def parameter(self, name: str, parameter: dict[str, Any]) -> dict[str, Any]:
        """A reference to a parameter that many routes have."""
        self.parameters[name] = parameter
        return {"$ref": f"#/components/parameters/{name}"}

    def response(self, name: str, response: dict[str, Any]) -> dict[str, Any]:
        """A reference to an answer that many routes have."""
        self.responses[name] = response
        return {"$ref": f"#/components/responses/{name}"}

    def shape(self, shape: str, slug: str | None = None) -> Schema:
        """A reference to a shape: of every API, such as `errors`, or of a collection, such as `document`."""
        if shape in common.SHARED:
            name, schema = common.SHARED[shape]
            return self.reference(shape, name, lambda: self.resolved(schema, None))
        assert slug is not None
        name, make = SHAPES[shape]
        return self.reference((slug, shape), self._names[slug] + name, lambda: make(self, self._collections[slug]))

    def reference(self, key: Hashable, name: str, make: Callable[[], Schema]) -> Schema:
        if key not in self._known:
            while name in self.made:
                name += "_"
            self._known[key] = name
            self.made[name] = {}  # what is being made may refer to itself
            self.made[name] = make()
        return {"$ref": PREFIX + self._known[key]}

    def document(self, collection: CompiledCollection) -> Schema:
        """A document as answers show it. Any key but the id may be missing, where `select` leaves it out.

        A global that was never saved has no id either.
        """
        knows = self.sight.knows(collection.slug)
        constants = {key: {"type": "string", "const": value} for key, value in collection.constants.items()}
        properties = {"id": collection.id_schema, **(self._shown(collection) if knows else {}), **constants}
        if knows and collection.has_keys:
            properties["hasAPIKey"] = {"type": "boolean"}
        described = collection.declaration.admin.description
        told = {"description": described} if described else {}
        always = {} if collection.kind == "global" else {"required": ["id"]}
        return {"type": "object", "title": collection.labels[0], **told, "properties": properties, **always}

    def own(self, collection: CompiledCollection) -> Schema:
        """A user as he is shown to himself when he logs in or asks who he is."""
        document = self.document(collection)
        properties = dict(document["properties"])
        if "updatedAt" in properties:
            # Opening a session is no change of the user, which Payload says by leaving out when there was one.
            properties["updatedAt"] = nullable(properties["updatedAt"])
        return {**document, "properties": {**properties, "_strategy": {"type": "string"}}}

    def _shown(self, collection: CompiledCollection) -> dict[str, Schema]:
        shown: dict[str, Schema] = self._composer(collection, "read").level(collection.plan)["properties"]
        return shown

    def create(self, collection: CompiledCollection) -> Schema:
        """The body of a create."""
        schema = self._body(collection, "create")
        auth = collection.declaration.auth
        if auth is not None and not auth.disable_local_strategy:
            schema["required"] = [*schema.get("required", ()), "password"]
        return schema

    def opened(self, collection: CompiledCollection) -> Schema:
        """The answer to a log-in."""
        auth = collection.declaration.auth
        tells_token = auth is None or not auth.remove_token_from_responses
        return common.opened(self.shape("self", collection.slug), tells_token=tells_token)

    def invitation(self, collection: CompiledCollection) -> Schema:
        """The body that makes a user without a password."""
        schema = self._body(collection, "create")
        schema["properties"].pop("password", None)
        schema["required"] = sorted({*schema.get("required", ()), "email"})
        return schema

    def credentials(self, collection: CompiledCollection) -> Schema:
        """What a user logs in by."""
        identity = self.identity(collection)
        password = {"type": "string", "format": "password", "minLength": 1}
        required = [*identity.get("required", ()), "password"]
        return {**identity, "properties": {**identity["properties"], "password": password}, "required": required}

    def identity(self, collection: CompiledCollection) -> Schema:
        """What names a user without being his password: his e-mail address, his user name, or either."""
        auth = collection.declaration.auth
        names = auth.identifiers if auth is not None else ("email",)
        kinds: Schema = {"email": {"type": "string", "format": "email"}, "username": {"type": "string"}}
        schema: Schema = {"type": "object", "properties": {name: kinds[name] for name in names}}
        return {**schema, "required": [*names]} if len(names) == 1 else schema

    def update(self, collection: CompiledCollection) -> Schema:
        """The body of an update: the keys that change."""
        return self._body(collection, "update")

    def _body(self, collection: CompiledCollection, operation: str) -> Schema:
        schema = self._composer(collection, operation).level(collection.plan)
        if collection.declaration.auth is not None:
            least = collection.declaration.auth.min_password_length
            schema["properties"]["password"] = {**PASSWORD, "minLength": least}
        if collection.has_keys:
            schema["properties"]["apiKey"] = API_KEY
        return schema

    def _composer(self, collection: CompiledCollection, operation: str) -> Composer:
        shown = operation == "read"
        return Composer(
            shown=shown,
            includes=lambda node: self.sight.includes(collection.slug, node, operation),
            id=self.id,
            target=self._target if shown else lambda slug, names: self.id(slug),
            partial=operation == "update",
            locales=collection.locales,
        )

    def id(self, slug: str) -> Schema:
        """The ids of a collection."""
        return self._collections[slug].id_schema

    def _target(self, slug: str, names: Sequence[str]) -> Schema:
        """What stands for a document: its id, or what of it may be shown."""
        if names:
            chosen = {key: schema for key, schema in self._shown(self._collections[slug]).items() if key in names}
            shown: Schema = {"type": "object", "properties": {"id": self.id(slug), **chosen}, "required": ["id"]}
        elif self.sight.may(slug, "read"):
            shown = self.shape("document", slug)
        else:
            return self.id(slug)
        return {"oneOf": [self.id(slug), shown]}


SHAPES: Final[Mapping[str, tuple[str, Callable[[Components, CompiledCollection], Schema]]]] = MappingProxyType(
    {
        "document": ("", Components.document),
        "create": ("Create", Components.create),
        "update": ("Update", Components.update),
        "where": ("Where", queries.where),
        "select": ("Select", queries.select),
        "joins": ("Joins", queries.joins),
        "values": ("Values", queries.values),
        "page": ("Page", lambda known, found: common.page(known.shape("document", found.slug))),
        "written": ("Written", lambda known, found: common.written(known.shape("document", found.slug))),
        "bulk": ("Bulk", lambda known, found: common.bulk(known.shape("document", found.slug), found.id_schema)),
        "self": ("Self", Components.own),
        "invitation": ("Invitation", Components.invitation),
        "credentials": ("Credentials", Components.credentials),
        "identity": ("Identity", Components.identity),
        "opened": ("Opened", Components.opened),
        "reset": ("Reset", lambda known, found: common.reset(known.opened(found))),
    }
)
"""The shapes of a collection: what each adds to the name of a document, and what makes it."""


def refused_reference(name: str, slug: str | None, slugs: Collection[str]) -> str | None:
    """What is wrong with the `$ref` of a schema that an endpoint of that collection, or of none, declares."""
    if name.startswith("#"):
        return None
    owner, _, shape = name.rpartition(".")
    if owner and owner not in slugs:
        return f"$ref {name!r}: there is no collection {owner!r}{did_you_mean(owner, slugs)}"
    known = [*common.SHARED, *(SHAPES if owner or slug is not None else ())]
    return None if shape in known else f"$ref {name!r}: there is no shape {shape!r}{did_you_mean(shape, known)}"
