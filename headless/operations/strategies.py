"""Ways of knowing who asks that an application brings itself: functions of a request."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headless.compile.collection import CompiledCollection
from headless.operations.core import Core
from headless.operations.find import stored
from headless.operations.page import Document

if TYPE_CHECKING:
    from headless.request import Request


def name_of(strategy: Callable[..., Any]) -> str:
    """What `me` answers as the strategy."""
    return str(getattr(strategy, "__name__", type(strategy).__name__))


async def user_by_strategies(core: Core, request: Request) -> Document | None:
    """The user whom the first strategy finds that finds one: in the order of the collections, and there of the list."""
    for collection in core.collections.values():
        auth = collection.declaration.auth
        for strategy in auth.strategies if auth is not None else ():
            user = await user_by(core, collection, strategy, request)
            if user is not None:
                return user
    return None


async def user_by(
    core: Core, collection: CompiledCollection, strategy: Callable[..., Any], request: Request
) -> Document | None:
    """The user whom a strategy names, by a document or an id, as he is stored; None when it names none there is."""
    answer = strategy(request)
    if inspect.isawaitable(answer):
        answer = await answer
    id = answer.get("id") if isinstance(answer, dict) else answer
    user = None if id is None or isinstance(id, bool) else await stored(core, collection, id)
    return None if user is None else {**user, "_strategy": name_of(strategy)}


async def again(core: Core, user: Document, request: Request | None) -> Document | None:
    """The same user, if the strategy still finds him in his request; None when it does not."""
    collection = core.collections[user["collection"]]
    for strategy in collection.declaration.auth.strategies:
        if name_of(strategy) == user["_strategy"] and request is not None:
            found = await user_by(core, collection, strategy, request)
            if found is not None and found["id"] == user["id"]:
                return found
    return None
