"""A step of a change of the schema: data that can be read, reviewed, taken, and taken back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from headless.database.schema.change import Change
from headless.database.schema.state import State, Table
from headless.errors import ConfigError

Tables = dict[str, Table]

ALLOW: Final = "say --allow-destructive to headless migrate"


@dataclass(frozen=True)
class Step(ABC):
    """One step. A `destructive` one loses values or cannot be taken; `remedy` says what else can be done."""

    kind: ClassVar[str]
    table: str

    @property
    @abstractmethod
    def description(self) -> str:
        """The step in words."""

    @property
    def destructive(self) -> bool:
        """Whether values are lost for good, so that it is only taken when that is allowed."""
        return False

    @property
    def impossible(self) -> bool:
        """Whether it cannot be taken at all."""
        return False

    @property
    def idle(self) -> bool:
        """Whether a database can be used as well before it as after it."""
        return False

    @property
    def remedy(self) -> str:
        """What to do where the step is not taken."""
        return ""

    @abstractmethod
    def is_taken(self, state: State) -> bool:
        """Whether nothing of it is left to do, because `headless dev` did it before."""

    @abstractmethod
    def take(self, change: Change) -> None:
        """Does it."""

    def follow(self, change: Change) -> None:  # noqa: B027 - most have nothing left to do
        """What is left to do when every step has been taken."""

    @abstractmethod
    def fold(self, state: Tables) -> None:
        """Puts into a state what the step changes."""

    @abstractmethod
    def back(self) -> Step:
        """The step that takes it back."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """What `read_step` makes the step of again, without its kind."""


def found(state: Tables, name: str) -> Table:
    """The table of that name. Raises ConfigError when there is none."""
    if name not in state:
        raise ConfigError(f"there is no table {name!r} at this place in the migrations")
    return state[name]
