"""The collection of users that an application gets when it declares none."""

from __future__ import annotations

from headless import Collection, fields


def users(slug: str = "users") -> Collection:
    """People who log in with e-mail and password. Staff manage them; everyone else sees none."""
    return Collection(
        slug,
        auth=True,
        fields=[fields.Text("name")],
        admin={"use_as_title": "email", "default_columns": ["email", "name", "updatedAt"]},
    )
