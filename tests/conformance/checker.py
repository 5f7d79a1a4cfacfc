"""Asks a running server what the cases ask and compares its answers with the recorded ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.conformance.compare import compare_steps
from tests.conformance.fixtures import fixture, image_info
from tests.conformance.normalize import blank, decode_jwt, normalize, normalize_cookie
from tests.conformance.routes import VARIABLE, Step
from tests.conformance.suite import Area, Suite

HEADERS = (
    "content-type",
    "set-cookie",
    "location",
    "content-disposition",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "content-range",
    "accept-ranges",
    "x-content-type-options",
    "content-security-policy",
)
Variables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """How one case went: the number of answers compared and every difference found."""

    case: str
    compared: int
    differences: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.differences


class Failure(Exception):
    """A request could not be made, because a variable or a token was not captured."""


class Checker:
    """Runs a suite against the server at `base`. Variables of `global` cases reach every case after them."""

    def __init__(self, base: str, client: httpx2.Client, *, trace: Callable[[str], None] | None = None) -> None:
        self.base = base.rstrip("/")
        self.client = client
        self.trace = trace
        self.globals: Variables = {}

    def check(self, suite: Suite, case: str = "") -> Iterator[Result]:
        """The results of the cases whose `area/name` contains a text; set-up runs whatever the text."""
        for area in suite.areas:
            always = area["area"] == "00-setup"
            if always or any(case in f"{area['area']}/{one['name']}" for one in area["cases"]):
                yield from self._area(area, suite, "" if always else case)

    def _area(self, area: Area, suite: Suite, only: str) -> Iterator[Result]:
        variables: Variables = {}
        clean = area.get("clean", [])
        if area.get("setup"):
            setup = {"name": "_setup", "steps": area["setup"]}
            yield self._case(setup, clean, variables, area["area"], suite)
            clean = []
        for case in area["cases"]:
            if only in f"{area['area']}/{case['name']}":
                yield self._case(case, case.get("clean", clean), dict(variables), area["area"], suite)

    def _case(self, case: Step, clean: list[str], variables: Variables, area: str, suite: Suite) -> Result:
        name = f"{area}/{case['name']}"
        recorded = suite.answers[name]
        if self.trace:
            self.trace(f"== {name}")
        if not case["steps"]:
            return Result(name, 0)
        self._clean(clean)
        everywhere = bool(case.get("global"))
        given = [answer for step in case["steps"] for answer in self._step(step, variables, everywhere)]
        bug = {"peer_bug": recorded["peer_bug"]} if "peer_bug" in recorded else {}
        return Result(name, len(given), compare_steps([{**step, **bug} for step in recorded["steps"]], given))

    def _step(self, step: Step, variables: Variables, everywhere: bool) -> Iterator[Step]:
        for _ in range(int(step.get("repeat", 1))):
            try:
                response = self._send(step, {**self.globals, **variables})
            except (Failure, httpx2.HTTPError) as error:
                yield {"req": step["req"], "error": f"{type(error).__name__}: {error}"}
                continue
            if self.trace:
                answer = f"{response.status_code} {response.text[:2000]}"
                self.trace(f"    {step['req']} {step.get('q', '')} {answer}")
            body = _body(response)
            self._save(step, response, body, variables, everywhere)
            if not step.get("no_record"):
                yield self._observed(step, response, body)

    def _send(self, step: Step, variables: Variables) -> httpx2.Response:
        method, path = substitute(step["req"], variables).split(" ", 1)
        url = self.base + path
        if step.get("q"):
            query = substitute(step["q"], variables)
            query = "&".join(query) if isinstance(query, list) else query
            url += ("&" if "?" in url else "?") + query.replace(" ", "%20")
        headers = {name: str(value) for name, value in substitute(step.get("headers", {}), variables).items()}
        if "as" in step:
            headers.setdefault("Authorization", f"JWT {_token(step['as'], variables)}")
        self.client.cookies.clear()
        return self.client.request(method, url, headers=headers, **_content(step, variables))

    def _clean(self, slugs: list[str]) -> None:
        """Empties collections, all documents at once or else one by one."""
        headers = {"Authorization": f"JWT {self.globals.get('admin_token', '')}"}
        for slug in slugs:
            url = f"{self.base}/api/{slug}"
            query = "?where[id][exists]=true&trash=true&depth=0"
            if self.client.request("DELETE", url + query, headers=headers).status_code == 200:
                continue
            query = "?limit=0&depth=0&trash=true&draft=true&select[id]=true"
            listed = self.client.get(url + query, headers=headers)
            for document in listed.json().get("docs", []) if listed.status_code == 200 else []:
                self.client.delete(f"{url}/{document['id']}?trash=true", headers=headers)

    def _save(self, step: Step, response: httpx2.Response, body: Any, variables: Variables, everywhere: bool) -> None:
        for name, path in (step.get("save") or {}).items():
            try:
                value = _cookie(response, path[7:]) if path.startswith("cookie:") else dig(body, path)
            except (KeyError, IndexError, TypeError, ValueError):
                continue
            variables[name] = value
            if everywhere or step.get("global"):
                self.globals[name] = value

    def _observed(self, step: Step, response: httpx2.Response, body: Any) -> Step:
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        if "set-cookie" in headers:
            headers["set-cookie"] = normalize_cookie(headers["set-cookie"])
        if "content-type" in headers:
            headers["content-type"] = headers["content-type"].split(";")[0].strip()
        normal = normalize(body, self.base)
        for path in step.get("ignore", []):
            normal = blank(normal, path.split("."))
        given = {
            "req": step["req"],
            "status": response.status_code,
            "headers": {name: value.replace(self.base, "<base>") for name, value in headers.items()},
            "body": normal,
        }
        try:
            token = decode_jwt(_cookie(response, "payload-token"))
        except KeyError:
            token = None
        return {**given, "cookie_jwt": normalize(token, self.base)} if token else given


def substitute(value: Any, variables: Variables) -> Any:
    """The value with `{{name}}` replaced; a string that is nothing else becomes the variable's own value."""
    if isinstance(value, dict):
        return {key: substitute(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    for name in VARIABLE.findall(value):
        if name not in variables:
            raise Failure(f"variable {name} was not captured")
    whole = VARIABLE.fullmatch(value)
    if whole:
        return variables[whole.group(1)]
    return VARIABLE.sub(lambda match: str(variables[match.group(1)]), value)


def dig(body: Any, path: str) -> Any:
    """What lies at a dotted path of a body. Raises LookupError, TypeError or ValueError when nothing does."""
    for part in path.split("."):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def _token(who: str, variables: Variables) -> Any:
    if not variables.get(f"{who}_token"):
        raise Failure(f"there is no token for {who}")
    return variables[f"{who}_token"]


def _content(step: Step, variables: Variables) -> dict[str, Any]:
    if "json" in step:
        return {"json": substitute(step["json"], variables)}
    if "form" in step:
        return {"files": [(name, _part(value, variables)) for name, value in step["form"].items()]}
    return {"content": substitute(step["body"], variables).encode()} if "body" in step else {}


def _part(value: Any, variables: Variables) -> tuple[str, bytes, str] | tuple[None, bytes]:
    if isinstance(value, dict) and "filename" in value:
        return fixture(value)
    value = substitute(value, variables)
    return None, (json.dumps(value) if isinstance(value, dict | list) else str(value)).encode()


def _body(response: httpx2.Response) -> Any:
    kind = response.headers.get("content-type", "")
    if not response.content:
        return None
    if "json" in kind:
        try:
            return response.json()
        except ValueError:
            return {"$text": response.text[:500]}
    if kind.startswith("text/html"):
        return {"$html": True}
    if kind.startswith("text/"):
        return {"$text": response.text[:500]}
    return {"$binary": image_info(response.content) or {"bytes": len(response.content)}}


def _cookie(response: httpx2.Response, name: str) -> str:
    """A cookie as the raw header has it: a cookie jar would refuse one for another domain."""
    match = re.search(rf"(?:^|, ){re.escape(name)}=([^;]*)", response.headers.get("set-cookie", ""))
    if not match:
        raise KeyError(name)
    return match.group(1)
