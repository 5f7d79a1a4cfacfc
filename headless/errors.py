"""The errors of the platform: one small tree, each error with its status and its public message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class HeadlessError(Exception):
    """The root of every error the platform raises on purpose.

    `status` is the HTTP status, `message` what anyone may read, `data` an optional machine-readable part.
    The private cause, where there is one, is the exception's `__cause__` and never leaves the process.
    """

    status: ClassVar[int] = 500
    default_message: ClassVar[str] = "Something went wrong."
    is_public: ClassVar[bool] = True

    def __init__(self, message: str | None = None, *, data: Any = None) -> None:
        self.message = message if message is not None else self.default_message
        self.data = data
        super().__init__(self.message)

    @property
    def status_code(self) -> int:
        """The HTTP status of the answer."""
        return self.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that the answer has besides."""
        return {}

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer, as Payload 3 words it."""
        if self.data is None:
            return {"errors": [{"message": self.message}]}
        return {"errors": [{"name": type(self).__name__, "data": self.data, "message": self.message}]}


class ConfigError(HeadlessError):
    """A declaration is wrong. `problems` lists every mistake found, each with its place and a remedy."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class ApiError(HeadlessError):
    """An error of the application's own, shown to the client: `raise ApiError("Sold out", status=409)`."""

    def __init__(self, message: str, *, status: int = 400, data: Any = None) -> None:
        super().__init__(message, data=data)
        self._status = status

    @property
    def status_code(self) -> int:
        return self._status

    def body(self) -> dict[str, Any]:
        body = super().body()
        if self.data is not None:
            body["errors"][0]["name"] = "APIError"
        return body


class ValidationError(HeadlessError):
    """Values were refused. `errors` holds one mapping per failure: `path`, `message` and, where it has one, `label`."""

    status = 400

    def __init__(
        self,
        errors: Sequence[Mapping[str, Any]],
        *,
        collection: str | None = None,
        global_: str | None = None,
        id: int | str | None = None,
    ) -> None:
        self.errors = [dict(error) for error in errors]
        names = ", ".join(str(error.get("label") or error["path"]) for error in self.errors)
        one = len(self.errors) == 1
        message = f"The following field is invalid: {names}" if one else f"The following fields are invalid: {names}"
        data: dict[str, Any] = {}
        if id is not None:
            data["id"] = id
        if collection is not None:
            data["collection"] = collection
        if global_ is not None:
            data["global"] = global_
        data["errors"] = self.errors
        super().__init__(message, data=data)


class QueryError(HeadlessError):
    """A query names a path that does not exist, or that the asker may not read: the two cannot be told apart."""

    status = 400

    def __init__(self, paths: str | Sequence[str]) -> None:
        self.paths = [paths] if isinstance(paths, str) else list(paths)
        many = len(self.paths) != 1
        subject = "paths" if many else "path"
        super().__init__(
            f"The following {subject} cannot be queried: {', '.join(self.paths)}",
            data=[{"path": path} for path in self.paths],
        )


class BadRequest(HeadlessError):
    """The request cannot be understood."""

    status = 400
    default_message = "Bad request."


class AuthenticationError(HeadlessError):
    """Nobody is logged in, or the credentials are wrong."""

    status = 401
    default_message = "Unauthorized, you must be logged in to make this request."


class Forbidden(HeadlessError):
    """The asker may not do this."""

    status = 403
    default_message = "You are not allowed to perform this action."


class NotFound(HeadlessError):
    """There is no such document, or the asker may not know of it."""

    status = 404
    default_message = "Not Found"


class RouteNotFound(HeadlessError):
    """No endpoint answers this method and path."""

    status = 404

    def __init__(self, path: str) -> None:
        super().__init__(f'Route not found "{path}"')

    def body(self) -> dict[str, Any]:
        return {"message": self.message}


class Unserved(HeadlessError):
    """The collection has no routes at all."""

    status = 501

    def __init__(self, method: str, url: str) -> None:
        super().__init__(f"Cannot {method} {url}")

    def body(self) -> dict[str, Any]:
        return {"message": self.message}


class Conflict(HeadlessError):
    """The document changed since the asker read it."""

    status = 409
    default_message = "The document was changed by someone else."


class TooLarge(HeadlessError):
    """The request is larger than this server accepts."""

    status = 413
    default_message = "The request is too large."


class TooManyRequests(HeadlessError):
    """The asker does this too often, or has too much of it at once. `retry_after` is in seconds."""

    status = 429
    default_message = "Too many requests, please try again later."

    def __init__(self, message: str | None = None, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(HeadlessError):
    """The server is too busy to answer now; trying again later may succeed."""

    status = 503
    default_message = "The server is busy, please try again."


class TransactionClosed(HeadlessError):
    """A task used a transaction that is not its own or is over."""

    is_public = False


class TransactionTimeout(HeadlessError):
    """A transaction was open for too long and was rolled back."""

    is_public = False
