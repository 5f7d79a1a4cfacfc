"""A page of documents, and the result of an operation on many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the documents that match, and where they stand among all of them."""

    docs: list[Document]
    total_docs: int
    limit: int
    page: int

    @property
    def total_pages(self) -> int:
        """How many pages there are; one for an empty result."""
        return max(1, -(-self.total_docs // self.limit)) if self.limit else 1

    @property
    def has_next_page(self) -> bool:
        return self.page < self.total_pages

    @property
    def has_prev_page(self) -> bool:
        return self.page > 1

    @property
    def next_page(self) -> int | None:
        return self.page + 1 if self.has_next_page else None

    @property
    def prev_page(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def paging_counter(self) -> int:
        """The place of the first document of this page among all, from 1."""
        return (self.page - 1) * self.limit + 1

    def json(self) -> dict[str, Any]:
        """The page as the wire has it."""
        total_pages = self.total_pages
        page = self.page
        return {
            "docs": self.docs,
            "hasNextPage": page < total_pages,
            "hasPrevPage": page > 1,
            "limit": self.limit,
            "nextPage": page + 1 if page < total_pages else None,
            "page": page,
            "pagingCounter": (page - 1) * self.limit + 1,
            "prevPage": page - 1 if page > 1 else None,
            "totalDocs": self.total_docs,
            "totalPages": total_pages,
        }


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of each document: `docs` succeeded, `errors` hold `id`, `message` and `isPublic` of the others.

    Of changes that go together, `taken_back` is how many would have succeeded without the others.
    """

    docs: list[Document]
    errors: list[dict[str, Any]]
    taken_back: int = 0
