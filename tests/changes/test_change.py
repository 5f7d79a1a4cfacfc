"""A change knows the document before it, whatever the operation stores of it."""

from headless.changes import Change
from tests.changes.journal import MOMENT


def test_an_update_gives_the_whole_previous_document() -> None:
    """An update stores only old values of changed fields; `previous` is the full image all the same."""
    change = Change(1, "posts", 7, "update", None, MOMENT, {"title": "Old"}, {"id": 7, "title": "New", "stars": 3})
    assert change.previous() == {"id": 7, "title": "Old", "stars": 3}
    assert change.changed() == ("title",)


def test_a_created_document_has_no_previous_one_and_a_deleted_one_has() -> None:
    """Before a create there was nothing; before a delete there was the whole document."""
    assert Change(1, "posts", 7, "create", None, MOMENT, None, {"id": 7}).previous() is None
    deleted = Change(2, "posts", 7, "delete", None, MOMENT, {"id": 7}, None)
    assert deleted.previous() == {"id": 7}
    assert deleted.changed() == ()
