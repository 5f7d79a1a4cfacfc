"""The application that the test client's own tests test: declared at module level, as projects do."""

from __future__ import annotations

from typing import Any

from headless import Collection, Endpoint, Headless, HookContext, Request, anyone, authenticated, fields, plugin, staff


@Endpoint.get("/whoami")
async def whoami(request: Request) -> dict[str, Any]:
    """Who asks, by what, and with what."""
    user = request.user
    return {
        "user": user and user["email"],
        "query": request.query,
        "header": request.headers.get("x-shop"),
        "path": request.url.path,
    }


@Endpoint.post("/echo")
async def echo(request: Request) -> dict[str, Any]:
    """The body as it came."""
    return {"type": request.headers.get("content-type"), "body": (await request.content()).decode()}


@Endpoint.get("/breaks")
async def breaks(request: Request) -> None:
    """Fails, as programs do."""
    raise RuntimeError("the shop is on fire")


def tidy(context: HookContext) -> None:
    """Removes spaces around a title."""
    if isinstance(context.data.get("title"), str):
        context.data["title"] = context.data["title"].strip()


def nothing(context: HookContext) -> None:
    """Does nothing, visibly."""


@plugin("tills")
def tills(config: Any) -> Any:
    """A plugin whose endpoint would clash if it were applied twice."""
    return config.with_endpoints(Endpoint("get", "/tills", lambda request: {"tills": 3}))


app = Headless(
    collections=[
        Collection(
            "posts",
            fields=[fields.Text("title", required=True), fields.Relationship("author", relation_to="users")],
            access={"read": anyone, "create": authenticated, "update": staff},
            hooks={"before_change": tidy, "after_change": [nothing, nothing], "after_read": nothing},
        ),
        Collection(
            "customers",
            auth=True,
            fields=[fields.Text("name")],
            access={"read": {"name": {"equals": "$user.name"}}},
        ),
    ],
    endpoints=[whoami, echo, breaks],
    plugins=[tills],
)
