"""The revision of a document in HTTP's words: told as `ETag`, and held to by `If-Match`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from headless import ApiError, BadRequest, Conflict, Request
from headless.endpoints.parameters import is_true

# Proxies that compress answers make a tag weak; a revision is not about bytes.
_TAG = re.compile(r'(?:W/)?"([0-9]{1,15})"')


async def etag(request: Request, revision: Callable[[], Awaitable[int]]) -> Mapping[str, str]:
    """The headers that tell the revision of a document, where `revision=true` asks for it.

    Ask before the document is read: of a change between the two the tag must not know more than the reader.
    """
    if not is_true(request.query, "revision"):
        return {}
    return {"ETag": f'"{await revision()}"', "Access-Control-Expose-Headers": "ETag"}


@contextmanager
def if_match(request: Request) -> Iterator[Mapping[str, int]]:
    """The options of a change that the header means. What it does not allow is answered 412."""
    given = request.headers.get("if-match", "*").strip()
    found = _TAG.fullmatch(given)
    if found is None and given != "*":
        raise BadRequest("'If-Match' is the ETag of a document that was read with revision=true.")
    try:
        yield {} if found is None else {"revision": int(found[1])}
    except Conflict as error:
        if found is None:
            raise
        raise ApiError(error.message, status=412) from error
