"""The local API: the operations as calls, with somebody's rights or with none asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from headless.compile.global_ import ID
from headless.errors import BadRequest, Forbidden, HeadlessError
from headless.operations import create as creating
from headless.operations import delete as deleting
from headless.operations import duplicate as duplicating
from headless.operations import find as finding
from headless.operations import global_
from headless.operations import permissions as permitting
from headless.operations import update as updating
from headless.operations.change import Shown
from headless.operations.core import Asker
from headless.operations.distinct import find_distinct
from headless.operations.find import Query
from headless.operations.importing import import_user
from headless.operations.invitation import invite
from headless.operations.page import BulkResult, Document, Page
from headless.operations.recovery import forgot_password
from headless.operations.unlock import auth_collection, unlock
from headless.operations.verification import request_verification, verify_email
from headless.security.passwords import imported_hash

if TYPE_CHECKING:
    from headless.streams.watch import Watch

T = TypeVar("T")
Where = Mapping[str, Any]


class Api:
    """Find, create, update, delete and watch documents. Documents are plain dicts with the wire's keys.

    Made by `app.as_user(user)`, `app.as_system()`, `request.api` and `request.system`: none of them forgets to ask.
    """

    __slots__ = ("_asker",)

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    @property
    def user(self) -> Mapping[str, Any] | None:
        """Whose rights are asked, None for nobody's or the system's."""
        return self._asker.user

    @property
    def sync(self) -> SyncApi:
        """The same calls for functions that run in a thread."""
        return SyncApi(self)

    async def find(
        self,
        slug: str,
        *,
        where: Where | None = None,
        sort: str | list[str] | None = None,
        limit: int = 10,
        page: int = 1,
        depth: int | None = None,
        select: Any = None,
        populate: Any = None,
        joins: Any = None,
        pagination: bool = True,
        within: Where | None = None,
    ) -> Page:
        """A page of documents. `limit=0` finds all. Raises Forbidden, QueryError, BadRequest.

        `joins` says of each join `where`, `sort`, `limit`, `page` and `count`, or False; `joins=False` leaves all out.
        `within` is a where that narrows it further and is the caller's own: it may name fields that the asker may not
        read, so never pass on what a client sent.
        """
        query = Query(where, sort, limit, page, depth, select, populate, joins, pagination, within)
        return await finding.find(self._asker, self._asker.collection(slug), query)

    async def get(
        self,
        slug: str,
        id: int | str,
        *,
        depth: int | None = None,
        select: Any = None,
        populate: Any = None,
        joins: Any = None,
    ) -> Document:
        """One document. Raises NotFound, Forbidden."""
        query = Query(None, None, None, 1, depth, select, populate, joins)
        return await finding.get(self._asker, self._asker.collection(slug), id, query)

    async def revision(self, slug: str, id: int | str) -> int:
        """The document's revision, which each change raises: for `update(…, revision=…)`. Raises NotFound."""
        return await finding.revision(self._asker, self._asker.collection(slug), id)

    async def count(self, slug: str, where: Where | None = None) -> int:
        """How many documents match."""
        return await finding.count(self._asker, self._asker.collection(slug), where)

    async def distinct(self, slug: str, field: str, where: Where | None = None) -> list[Any]:
        """The different values of a field, in order. Raises Forbidden, QueryError, BadRequest."""
        page = await self.find_distinct(slug, field, where=where)
        return [doc[field] for doc in page.docs]

    async def find_distinct(
        self,
        slug: str,
        field: str,
        *,
        where: Where | None = None,
        sort: str | None = None,
        limit: int = 0,
        page: int = 1,
    ) -> Page:
        """A page of the different values of a field, each as `{field: value}`, in order; `sort="-field"` turns it.

        `limit=0` finds all. Raises Forbidden, QueryError, BadRequest.
        """
        query = Query(where, sort, limit, page)
        return await find_distinct(self._asker, self._asker.collection(slug), field, query)

    async def create(
        self, slug: str, data: Mapping[str, Any], *, depth: int = 0, select: Any = None, populate: Any = None
    ) -> Document:
        """The new document. Raises Forbidden, ValidationError."""
        shown = Shown(depth, select, populate)
        return await creating.create(self._asker, self._asker.collection(slug), data, shown)

    async def duplicate(
        self,
        slug: str,
        id: int | str,
        data: Mapping[str, Any] | None = None,
        *,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
    ) -> Document:
        """A copy of a document, with `data` in place of what the original has.

        What the asker may not read of the original is not copied; unique texts get ` - Copy`, other unique values
        are left out. Raises NotFound, Forbidden, ValidationError.
        """
        shown = Shown(depth, select, populate)
        return await duplicating.duplicate(self._asker, self._asker.collection(slug), id, data or {}, shown)

    @overload
    async def update(
        self,
        slug: str,
        id: int | str,
        data: Mapping[str, Any],
        *,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
        revision: int | None = None,
    ) -> Document: ...

    @overload
    async def update(
        self,
        slug: str,
        *,
        where: Where,
        data: Mapping[str, Any],
        limit: int | None = None,
        sort: Any = None,
        atomic: bool = False,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
    ) -> BulkResult: ...

    async def update(
        self,
        slug: str,
        id: int | str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        where: Where | None = None,
        limit: int | None = None,
        sort: Any = None,
        atomic: bool = False,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
        revision: int | None = None,
    ) -> Document | BulkResult:
        """One changed document by `id`, or every one that matches `where`; with `atomic` all of them or none.

        Raises NotFound, Forbidden, ValidationError, and Conflict when the document has another `revision` by now.
        """
        asker, collection, shown = self._asker, self._asker.collection(slug), Shown(depth, select, populate)
        if data is None:
            raise BadRequest("An update needs data.")
        if id is not None:
            return await updating.update(asker, collection, id, data, shown, revision=revision)
        if not where:
            raise BadRequest("Missing 'where' query of documents to update.")
        return await updating.update_many(asker, collection, Query(where, sort, limit, atomic=atomic), data, shown)

    @overload
    async def delete(
        self, slug: str, id: int | str, *, depth: int = 0, select: Any = None, revision: int | None = None
    ) -> Document: ...

    @overload
    async def delete(
        self,
        slug: str,
        *,
        where: Where,
        limit: int | None = None,
        sort: Any = None,
        atomic: bool = False,
        depth: int = 0,
        select: Any = None,
    ) -> BulkResult: ...

    async def delete(
        self,
        slug: str,
        id: int | str | None = None,
        *,
        where: Where | None = None,
        limit: int | None = None,
        sort: Any = None,
        atomic: bool = False,
        depth: int = 0,
        select: Any = None,
        revision: int | None = None,
    ) -> Document | BulkResult:
        """One deleted document by `id`, or every one that matches `where`.

        Raises NotFound, Forbidden, ApiError, and Conflict when the document has another `revision` by now.
        """
        asker, collection, shown = self._asker, self._asker.collection(slug), Shown(depth, select)
        if id is not None:
            return await deleting.delete(asker, collection, id, shown, revision=revision)
        if not where:
            raise BadRequest("Missing 'where' query of documents to delete.")
        return await deleting.delete_many(asker, collection, Query(where, sort, limit, atomic=atomic), shown)

    async def unlock(self, slug: str, data: Mapping[str, Any]) -> None:
        """Unlocks the account whose `email` or `username` is in `data`, and begins to count wrong passwords anew.

        Raises Forbidden, also when there is no such account, and BadRequest.
        """
        await unlock(self._asker, auth_collection(self._asker, slug), data)

    async def forgot_password(self, slug: str, data: Mapping[str, Any], *, send_email: bool = True) -> str | None:
        """Mails a token to set a new password by to whose `email` or `username` is in `data`, if there is somebody.

        The system is answered the token and may send it in a way of its own, with `send_email=False`. Raises
        BadRequest.
        """
        if not (send_email or self._asker.system):
            raise BadRequest("Only the system sends tokens in a way of its own.")
        return await forgot_password(self._asker, auth_collection(self._asker, slug), data, send_email=send_email)

    async def invite(self, slug: str, data: Mapping[str, Any]) -> Document:
        """A new user without a password, who is mailed a token to set one by. Raises Forbidden and ValidationError."""
        return await invite(self._asker, auth_collection(self._asker, slug), data)

    async def import_user(self, slug: str, data: Mapping[str, Any], *, hash: str, salt: str = "") -> Document:
        """A new user with the hash of a password from elsewhere: argon2, or one of Payload's with its salt.

        It is replaced by one of ours when the user logs in. For the system only. Raises Forbidden, BadRequest and
        ValidationError.
        """
        return await import_user(self._asker, auth_collection(self._asker, slug), data, imported_hash(hash, salt))

    async def verify_email(self, slug: str, token: str) -> None:
        """Verifies the address of the user whom the token was mailed to. Raises Forbidden."""
        await verify_email(self._asker, self._asker.collection(slug), token)

    async def request_verification(self, slug: str, data: Mapping[str, Any], *, send_email: bool = True) -> str | None:
        """Mails a fresh token to verify an address by, if it is not verified; answers it. For the system only.

        Raises BadRequest and Forbidden.
        """
        if not self._asker.system:
            raise Forbidden
        collection = auth_collection(self._asker, slug)
        return await request_verification(self._asker, collection, data, send_email=send_email)

    async def permissions(
        self, slug: str | None = None, id: int | str | None = None, data: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What may be done: with everything there is, with one collection or with one document, down to its fields."""
        if slug is None:
            return await permitting.permissions(self._asker)
        return await permitting.collection_permissions(self._asker, self._asker.collection(slug), id, data)

    async def find_global(
        self, slug: str, *, depth: int | None = None, select: Any = None, populate: Any = None
    ) -> Document:
        """A global's document. Until it is first saved it is the defaults of its fields. Raises Forbidden."""
        query = Query(depth=depth, select=select, populate=populate)
        return await global_.find_global(self._asker, self._asker.core.global_(slug), query)

    async def update_global(
        self,
        slug: str,
        data: Mapping[str, Any],
        *,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
        revision: int | None = None,
    ) -> Document:
        """The changed document of a global.

        Raises Forbidden, ValidationError, and Conflict when the document has another `revision` by now.
        """
        shown = Shown(depth, select, populate)
        found = self._asker.core.global_(slug)
        return await global_.update_global(self._asker, found, data, shown, revision=revision)

    async def global_revision(self, slug: str) -> int:
        """The revision of a global's document, 0 until it is first saved: for `update_global(…, revision=…)`."""
        return await global_.global_revision(self._asker, self._asker.core.global_(slug))

    async def global_permissions(self, slug: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What may be done with a global, down to its fields."""
        return await permitting.collection_permissions(self._asker, self._asker.core.global_(slug), ID, data)

    def watch_global(
        self,
        slug: str,
        *,
        snapshot: bool = False,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
        since: int | None = None,
        events: Iterable[str] | None = None,
    ) -> Watch:
        """The changes of a global as they are committed, like `watch`. `snapshot` begins with the document as it is."""
        query = Query(depth=depth, select=select, populate=populate)
        found: Watch = self._asker.core.watch(
            self._asker, self._asker.core.global_(slug), query, snapshot=snapshot, since=since, events=events
        )
        return found

    def watch(
        self,
        slug: str,
        *,
        where: Where | None = None,
        snapshot: int | bool = False,
        sort: Any = None,
        depth: int = 0,
        select: Any = None,
        populate: Any = None,
        since: int | None = None,
        events: Iterable[str] | None = None,
    ) -> Watch:
        """A live query: its events as they are committed, for `async for` and for `EventStream`.

        `snapshot` begins with an event that holds the documents as they are (a number: at most so many). `since`
        resumes after an event's id; `events` keeps only those of these names. Raises Forbidden and QueryError when it
        is first used.
        """
        query = Query(where, sort, depth=depth, select=select, populate=populate)
        found: Watch = self._asker.core.watch(
            self._asker, self._asker.collection(slug), query, snapshot=snapshot, since=since, events=events
        )
        return found


class SyncApi:
    """The local API for functions that run in a thread of their own, such as sync endpoints."""

    __slots__ = ("_api",)

    def __init__(self, api: Api) -> None:
        self._api = api

    def find(self, slug: str, **options: Any) -> Page:
        """As `Api.find`."""
        return self._wait(self._api.find(slug, **options))

    def get(self, slug: str, id: int | str, **options: Any) -> Document:
        """As `Api.get`."""
        return self._wait(self._api.get(slug, id, **options))

    def count(self, slug: str, where: Where | None = None) -> int:
        """As `Api.count`."""
        return self._wait(self._api.count(slug, where))

    def distinct(self, slug: str, field: str, where: Where | None = None) -> list[Any]:
        """As `Api.distinct`."""
        return self._wait(self._api.distinct(slug, field, where))

    def find_distinct(self, slug: str, field: str, **options: Any) -> Page:
        """As `Api.find_distinct`."""
        return self._wait(self._api.find_distinct(slug, field, **options))

    def create(self, slug: str, data: Mapping[str, Any], **options: Any) -> Document:
        """As `Api.create`."""
        return self._wait(self._api.create(slug, data, **options))

    def duplicate(self, slug: str, id: int | str, data: Mapping[str, Any] | None = None, **options: Any) -> Document:
        """As `Api.duplicate`."""
        return self._wait(self._api.duplicate(slug, id, data, **options))

    def update(self, slug: str, *args: Any, **options: Any) -> Any:
        """As `Api.update`."""
        return self._wait(self._api.update(slug, *args, **options))

    def delete(self, slug: str, *args: Any, **options: Any) -> Any:
        """As `Api.delete`."""
        return self._wait(self._api.delete(slug, *args, **options))

    def find_global(self, slug: str, **options: Any) -> Document:
        """As `Api.find_global`."""
        return self._wait(self._api.find_global(slug, **options))

    def update_global(self, slug: str, data: Mapping[str, Any], **options: Any) -> Document:
        """As `Api.update_global`."""
        return self._wait(self._api.update_global(slug, data, **options))

    def unlock(self, slug: str, data: Mapping[str, Any]) -> None:
        """As `Api.unlock`."""
        self._wait(self._api.unlock(slug, data))

    def forgot_password(self, slug: str, data: Mapping[str, Any], **options: Any) -> str | None:
        """As `Api.forgot_password`."""
        return self._wait(self._api.forgot_password(slug, data, **options))

    def invite(self, slug: str, data: Mapping[str, Any]) -> Document:
        """As `Api.invite`."""
        return self._wait(self._api.invite(slug, data))

    def import_user(self, slug: str, data: Mapping[str, Any], *, hash: str, salt: str = "") -> Document:
        """As `Api.import_user`."""
        return self._wait(self._api.import_user(slug, data, hash=hash, salt=salt))

    def verify_email(self, slug: str, token: str) -> None:
        """As `Api.verify_email`."""
        self._wait(self._api.verify_email(slug, token))

    def request_verification(self, slug: str, data: Mapping[str, Any], **options: Any) -> str | None:
        """As `Api.request_verification`."""
        return self._wait(self._api.request_verification(slug, data, **options))

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        loop = self._api._asker.core.loop
        if loop is None:
            call.close()
            raise HeadlessError("The application is not running.")
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:
            call.close()
            raise HeadlessError("api.sync is for functions in a thread: in async code, await the calls of api itself.")
        return asyncio.run_coroutine_threadsafe(call, loop).result()
