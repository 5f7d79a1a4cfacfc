"""The change log: what was written, in one order, for streams, resuming and auditing."""

from headless.changes.change import Change

__all__ = ["Change"]
