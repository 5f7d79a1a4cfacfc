"""Preparing a write: values read, defaults and stored values put in, hooks run, every failure collected."""

from __future__ import annotations

import inspect
import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from headless.compile.collection import CompiledCollection
from headless.compile.plan import Node, Plan
from headless.errors import BadRequest, QueryError
from headless.fields.base import ABSENT, FieldContext
from headless.operations.core import Asker
from headless.operations.find import ONLY_ID
from headless.operations.page import Document
from headless.operations.present import run_field_hooks
from headless.operators import in_
from headless.query.binding import ID, bind_rule
from headless.query.conditions import AllOf, Comparison

logger = logging.getLogger("headless.fields")

Path = tuple[str | int, ...]


class Preparation:
    """One document on its way to being stored: two walks over its fields, and what they found wrong."""

    def __init__(
        self,
        asker: Asker,
        collection: CompiledCollection,
        operation: str,
        *,
        id: int | str | None = None,
        stored: Document | None = None,
    ) -> None:
        self.asker = asker
        self.collection = collection
        self.operation = operation
        self.id = id
        self.stored = stored
        self.document: Document = {}
        self.errors: list[dict[str, Any]] = []
        self._references: list[tuple[Node, Any, Path, str]] = []
        self._unasked = 0
        """How many containers around the present level are hidden by their condition."""

    async def fill_document(self, data: Mapping[str, Any]) -> Document:
        """First walk, over the whole document."""
        self.document = dict(data)
        self.document = await self.fill(self.collection.plan, data, self.stored, ())
        return self.document

    def refuse(self) -> None:
        """Raises ValidationError if anything was found wrong."""
        if self.errors:
            only_password = all(error["path"] == "password" and "label" not in error for error in self.errors)
            raise self.collection.invalid(self.errors, None if only_password else self.id)

    async def fill(self, plan: Plan, data: Mapping[str, Any], stored: Mapping[str, Any] | None, path: Path) -> Document:
        """The values of one level: given ones read, the others from the stored document or the defaults."""
        filled: Document = {}
        context: FieldContext | None = None
        for node in plan.nodes:
            field, key = node.field, node.key
            before = ABSENT if stored is None else stored.get(key, ABSENT)
            value = ABSENT if node.unlogged else data.get(key, ABSENT)
            if value is not ABSENT:
                value = field.coerce(value)
            if "before_validate" in field.hooks:
                value = await self._run("before_validate", node, value, stored, data, path)
            if value is not ABSENT and self.operation in field.access and not await self._may_write(node, data):
                value = ABSENT
            if value is ABSENT:
                value = before
            if value is ABSENT and stored is None:
                context = context or self._context(data)
                value = field.default(context)
                if value is not ABSENT:
                    value = field.coerce(await value if inspect.isawaitable(value) else value)
            if node.contains is not None:
                value = field.empty() if value is ABSENT else value
                if value is not before:
                    value = await node.contains.fill(
                        self, node, value, None if before is ABSENT else before, (*path, key)
                    )
            elif value is ABSENT:
                value = field.empty()
            if value is not ABSENT:
                filled[key] = value
        return filled

    async def finish(
        self, plan: Plan, data: Document, stored: Mapping[str, Any] | None, path: Path, label: str
    ) -> None:
        """Hooks before the change, then validation, of one level in place."""
        context = self._context(data)
        for node in plan.nodes:
            field, key = node.field, node.key
            before = ABSENT if stored is None else stored.get(key, ABSENT)
            if "before_change" in field.hooks and not self._unasked:
                value = await self._run("before_change", node, data.get(key, ABSENT), stored, data, path)
                data[key] = field.coerce(value) if value is not ABSENT else field.empty()
            value = data.get(key)
            if node.unlogged:
                continue
            if node.refers is not None:
                value = self._with_ids(node, data, path, label)
            if self._unasked or (node.conditions and not await self._applies(node, data, context)):
                await self._finish_unasked(node, value, (*path, key), path, label)
                continue
            message = field.check(value, context)
            if message is None and node.validators:
                context.path, context.previous_value = (*path, key), None if before is ABSENT else before
                message = await _validated(node.validators, value, context)
            if message is not None:
                self._fail(node, message, path, label)
            elif node.contains is not None:
                inner = None if before is ABSENT else before
                await node.contains.finish(self, node, value, inner, (*path, key), node.prefix(label))
        for key in plan.sparse:
            if data.get(key) is None:
                data.pop(key, None)

    async def _finish_unasked(self, node: Node, value: Any, inside: Path, path: Path, label: str) -> None:
        """What a condition hides is not validated, but what it refers to must be there, and nothing do harm."""
        message = node.field.check_unasked(value)
        if message is not None:
            self._fail(node, message, path, label)
        elif node.contains is not None:
            self._unasked += 1
            try:
                await node.contains.finish(self, node, value, None, inside, node.prefix(label))
            finally:
                self._unasked -= 1

    def _with_ids(self, node: Node, data: Document, path: Path, label: str) -> Any:
        """Puts the ids in as their collections write them."""
        value = data.get(node.key)
        if value is not None:
            value = data[node.key] = self._read_ids(node, value, path, label)
        return value

    def new_row_id(self) -> str:
        """24 hexadecimal digits."""
        return secrets.token_hex(12)

    async def check_references(self) -> None:
        """Adds an error for each reference to a document that does not exist."""
        for slug, found in (await self._existing()).items():
            for node, value, path, label in self._references:
                gone = [id for target, id in node.targets(value) if target == slug and id not in found]
                if gone:
                    self._fail(node, node.refers.invalid(gone), path, label)

    async def _existing(self) -> dict[str, set[Any]]:
        wanted: dict[str, set[Any]] = {}
        for node, value, _, _ in self._references:
            for slug, id in node.targets(value):
                wanted.setdefault(slug, set()).add(id)
        found: dict[str, set[Any]] = {}
        core = self.asker.core
        for slug, ids in wanted.items():
            target = core.collection(slug)
            where = Comparison(ID, in_, tuple(ids))
            statement = core.statements.distinct(target, ID, where)
            rows = await core.database.read(statement, (*where.values(), len(ids) + 1, 0))
            found[slug] = {row[0] for row in rows}
        return found

    def _read_ids(self, node: Node, value: Any, path: Path, label: str) -> Any:
        """The references' ids as their collections write them; those that cannot be ids are failures."""
        core, field = self.asker.core, node.refers
        if field.bare and type(value) in (int, str):
            known = core.collections[node.slugs[0]].read_id(value)
            if known is not None:
                self._references.append((node, known, path, label))
                return known
        value, refused = field.with_ids(
            value, lambda slug, given: core.collection(slug).read_id(given) if slug in node.slugs else None
        )
        if refused:
            self._fail(node, field.invalid(refused), path, label)
        else:
            self._references.append((node, value, path, label))
        return value

    def _fail(self, node: Node, message: str, path: Path, label: str) -> None:
        self.fail((*path, node.key), node.label(label), message)

    def fail(self, path: Path, label: str, message: str) -> None:
        """Adds an error, unless there is one at the path."""
        dotted = ".".join(map(str, path))
        if all(error["path"] != dotted for error in self.errors):
            self.errors.append({"label": label, "message": message, "path": dotted})

    def context(self) -> FieldContext:
        """What is known of the whole document."""
        return self._context(self.document)

    def _context(self, siblings: Mapping[str, Any]) -> FieldContext:
        asker = self.asker
        return FieldContext(
            self.operation,
            self.document,
            siblings,
            self.id,
            asker.user,
            request=asker.request,
            now=asker.core.clock.text,
            matching=self._matching,
            collections=asker.core.config.collections,
        )

    async def _matching(self, slug: str, ids: Iterable[Any], where: Mapping[str, Any]) -> set[Any]:
        """Those of the ids whose documents fulfil a where of the declaration, which no rule of the asker narrows."""
        core = self.asker.core
        target = core.collection(slug)
        try:
            bound = await bind_rule(where, target, Asker(core, system=True))
        except (QueryError, BadRequest) as error:
            logger.error("%s cannot be asked of %r, so nothing fulfils it: %s", where, slug, error)
            return set()
        wanted = tuple(id for id in ids if id is not None)
        condition = AllOf([Comparison(ID, in_, wanted), bound])
        statement = core.statements.find(target, target.reader(ONLY_ID), condition, None, limited=False)
        return {row[0] for row in await core.database.read(statement, tuple(condition.values()))}

    async def _may_write(self, node: Node, siblings: Mapping[str, Any]) -> bool:
        return await self.asker.allows_field(
            node.field.access[self.operation], self.operation, self.collection.slug,
            id=self.id, data=self.document, doc=self.stored, sibling_data=siblings,
        )  # fmt: skip

    async def _applies(self, node: Node, siblings: Mapping[str, Any], context: FieldContext) -> bool:
        for condition in node.conditions:
            answer = condition(self.document, siblings, context)
            if inspect.isawaitable(answer):
                answer = await answer
            if not answer:
                return False
        return True

    async def _run(
        self, kind: str, node: Node, value: Any, stored: Mapping[str, Any] | None, siblings: Any, path: Path
    ) -> Any:
        """Runs a field's hooks; a value that was not given and stays None is still not given."""
        context = self.asker.hook_context(
            self.operation,
            self.collection,
            data=self.document,
            doc=self.stored,
            previous=self.stored,
            id=self.id,
            path=(*path, node.key),
        )
        context.previous_sibling_data = stored
        context.previous_value = None if stored is None else stored.get(node.key)
        given = None if value is ABSENT else value
        changed = await run_field_hooks(node.field.hooks[kind], context, node, given, siblings)
        return ABSENT if value is ABSENT and changed is None else changed


class _Untouched(Preparation):
    """A document that nobody writes: no hook has anything to say of it, and its rows are the same at every reading."""

    _rows = 0

    async def _run(self, kind: str, node: Node, value: Any, *_: Any) -> Any:
        return value

    def new_row_id(self) -> str:
        self._rows += 1
        return f"{self._rows:024x}"


async def defaults(asker: Asker, collection: CompiledCollection, id: int | str) -> Document:
    """What a document is before anybody has written it: the defaults of its fields, nothing where they have none."""
    return {"id": id, **await _Untouched(asker, collection, "update", id=id).fill_document({})}


async def _validated(validators: Iterable[Any], value: Any, context: FieldContext) -> str | None:
    """What the first validator says that does not answer True: a text is the message."""
    for validate in validators:
        answer = validate(value, context)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not True and answer is not None:
            return answer if isinstance(answer, str) else "This field has an invalid value."
    return None
