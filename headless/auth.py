"""The declaration that makes a collection's documents users who can log in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from headless.declaration import Bool, Int, Str, declaration, each, nested
from headless.errors import ConfigError


@declaration
class Cookies:
    """How the log-in cookie is set. `secure` is forced when `same_site` is `None`.

    With a `name` of its own a collection's users stay logged in beside those of others in the same browser.
    """

    name: Str | None = None
    same_site: Str = "Lax"
    secure: Bool = False
    domain: Str | None = None


@declaration
class LoginWithUsername:
    """Users have a name to log in by, in place of an e-mail address or beside it."""

    allow_email_login: Bool = False
    require_email: Bool = False
    require_username: Bool = True


def as_login_with_username(given: Any) -> Any:
    """Reads whether, and how, users log in by a name."""
    if given is True:
        return LoginWithUsername()
    if isinstance(given, Mapping):
        return LoginWithUsername(**given)
    if given not in (None, False) and not isinstance(given, LoginWithUsername):
        raise ConfigError(f"login_with_username is true, false or options, not {given!r}")
    return given or None


@dataclass(frozen=True, slots=True)
class MailContext:
    """What the functions are given that write a mail about an account.

    `token` is what the mail is for, `url` the page that takes it (empty where the application has no `server_url`),
    `user` whom it is sent to and `request` what asked for it, if a request did.
    """

    token: str
    url: str
    user: Mapping[str, Any]
    collection: str
    request: Any = None


MailText = Callable[[MailContext], Any] | None


@declaration
class ForgotPassword:
    """Mails by which users set a new password. `expiration` and `min_request_interval` are in milliseconds."""

    expiration: Int = 3_600_000
    min_request_interval: Int = 15_000
    generate_email_html: MailText = None
    generate_email_subject: MailText = None


@declaration
class Invitation:
    """Mails that invite users, who set their passwords by them. `expiration` is in milliseconds."""

    expiration: Int = 7 * 24 * 3_600_000
    generate_email_html: MailText = None
    generate_email_subject: MailText = None


@declaration
class Verify:
    """New users log in only after they followed a link in a mail."""

    generate_email_html: MailText = None
    generate_email_subject: MailText = None


def as_verify(given: Any) -> Any:
    """Reads whether, and how, addresses are verified."""
    if given is True:
        return Verify()
    if isinstance(given, Mapping):
        return Verify(**given)
    if given not in (None, False) and not isinstance(given, Verify):
        raise ConfigError(f"verify is true, false or options, not {given!r}")
    return given or None


def as_strategy(given: Any) -> Any:
    """Reads a way of knowing who asks: a function of a request."""
    if not callable(given):
        raise ConfigError(f"{given!r} is not a strategy: give a function of a request")
    return given


@declaration
class Auth:
    """Log-in by password. `token_expiration` is in seconds, `lock_time` in milliseconds.

    After `max_login_attempts` wrong passwords in a row nobody logs in to the account for `lock_time`; 0 is no limit.
    Without `use_sessions` a token counts until it expires or the password changes, whether its user logs out or not.
    """

    token_expiration: Int = 7200
    cookies: Annotated[Any, nested(Cookies)] = Cookies()
    use_sessions: Bool = True
    remove_token_from_responses: Bool = False
    login_with_username: Annotated[
        Any, BeforeValidator(as_login_with_username, json_schema_input_type=bool | LoginWithUsername)
    ] = None
    max_login_attempts: Int = 5
    lock_time: Int = 600_000
    min_password_length: Int = 8
    forgot_password: Annotated[Any, nested(ForgotPassword)] = ForgotPassword()
    verify: Annotated[Any, BeforeValidator(as_verify, json_schema_input_type=bool | Verify)] = None
    invitation: Annotated[Any, nested(Invitation)] = Invitation()
    use_api_key: Bool = False
    strategies: Annotated[Sequence[Any], each(as_strategy)] = ()
    disable_local_strategy: Bool = False
    validate_password: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.token_expiration <= 0:
            problems.append("token_expiration is 1 or more")
        if self.max_login_attempts < 0:
            problems.append("max_login_attempts is 0 or more")
        if self.lock_time <= 0:
            problems.append("lock_time is 1 or more")
        if problems:
            raise ConfigError(problems)

    @property
    def by_email(self) -> bool:
        """Whether users log in by their e-mail address."""
        return self.login_with_username is None or bool(self.login_with_username.allow_email_login)

    @property
    def by_username(self) -> bool:
        """Whether users log in by a name."""
        return self.login_with_username is not None

    @property
    def requires_email(self) -> bool:
        """Whether every user has an e-mail address."""
        return self.login_with_username is None or bool(self.login_with_username.require_email)

    @property
    def requires_username(self) -> bool:
        """Whether every user has a name."""
        options = self.login_with_username
        return options is not None and bool(options.require_username or not options.allow_email_login)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The keys that a user may log in by."""
        return (*(("email",) if self.by_email else ()), *(("username",) if self.by_username else ()))
