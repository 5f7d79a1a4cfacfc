"""PostgreSQL says text, numbers, JSON, order and errors as SQLite and memory have them."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from sqlalchemy.schema import CreateIndex, CreateTable

from headless import geometry, operators
from headless.database import ForeignKey, NotNull, Statement, Unique, Unstorable, compile_statement
from headless.database.postgresql.dialect import POSTGRESQL, Expression
from headless.fields.base import JSON_TEXT, ORDERED_JSON
from headless.fields.number import Number
from headless.fields.rich_text_parts import parts
from headless.lexical.plain import written
from tests.postgres import Connected
from tests.query.test_evaluators import rich_texts, stories

pytestmark = pytest.mark.postgres

metadata = sa.MetaData()
owners = sa.Table("owners", metadata, sa.Column("id", sa.Integer, primary_key=True))
articles = sa.Table(
    "articles",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("rating", Number.storage),
    sa.Column("place", JSON_TEXT),
    sa.Column("notes", ORDERED_JSON),
    sa.Column("slug", JSON_TEXT),
    sa.Column("kind", sa.Text, nullable=False, server_default=sa.text("'a'")),
    sa.Column("owner", sa.Integer, sa.ForeignKey("owners.id")),
)
SLUG = POSTGRESQL.json_value(articles.c.slug, ["en"])
sa.Index("ix_articles_title", articles.c.title)
sa.Index("ix_articles_slug", SLUG)
sa.Index("ux_articles_notes", articles.c.notes, unique=True)
sa.Index("ux_articles_rating", articles.c.rating, unique=True)


@pytest.fixture
def database(postgres: Connected) -> Iterator[Connected]:
    """The two tables, made anew."""
    for table in metadata.sorted_tables:
        postgres.execute(sql(CreateTable(table)))
        for index in table.indexes:
            postgres.execute(sql(CreateIndex(index)))
    yield postgres
    postgres.execute("DROP TABLE articles, owners")


def sql(element: Any) -> str:
    return str(element.compile(dialect=POSTGRESQL.sqlalchemy))


def compiled(clause: sa.ClauseElement, *names: str) -> Statement:
    return compile_statement(clause, names, dialect=POSTGRESQL.sqlalchemy)


def given_value(type_: sa.types.TypeEngine[Any], name: str = "value") -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=type_)


def answer(postgres: Connected, expression: Expression, value: Any) -> Any:
    return postgres.run(compiled(sa.select(expression), "value"), (value,))[0][0]


def insert(database: Connected, **values: Any) -> int:
    query = sa.insert(articles).values({name: sa.bindparam(name) for name in values}).returning(articles.c.id)
    id: int = database.run(compiled(query, *values), tuple(values.values()))[0][0]
    return id


def test_all_characters_are_folded_as_in_memory(postgres: Connected) -> None:
    """Every one of Unicode, each by itself and between others; one that is new to either side stays as it is there."""
    letters = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000 and code != 10]
    fold = POSTGRESQL.fold(given_value(sa.Text()))
    found = answer(postgres, fold, "\n".join(letters)).split("\n")
    known = []
    for letter, here in zip(letters, found, strict=True):
        there = operators.fold(letter)
        assert here == there or letter in (here, there)
        known += [letter] if here == there else []
    text = "Aͅ".join(known)
    assert answer(postgres, fold, text) == operators.fold(text)


@pytest.mark.parametrize("value", ["ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΥΣ", "İSTANBUL", "ΑΣ.", "ΑΣ1", "Σ", "", "%_\\"])
def test_words_are_folded_as_in_memory(postgres: Connected, value: str) -> None:
    """A letter may depend on its place in the word."""
    assert answer(postgres, POSTGRESQL.fold(given_value(sa.Text())), value) == operators.fold(value)


NUMBERS = [0, -0.0, 2, -3, 4.5, 0.1, 1e-4, 1e-5, 1e15, 1e16, 1e17, 1e20, 1.5e300, 2**53, 1234567890123456.5, 5e-324]


@pytest.mark.parametrize("value", NUMBERS)
def test_numbers_read_as_text_as_in_memory(postgres: Connected, value: Any) -> None:
    """Those of a column, and those inside JSON."""
    expected = operators.fold(value)
    assert answer(postgres, POSTGRESQL.fold(given_value(Number.storage)), value) == expected

    def holds(values: Mapping[str, Expression], kinds: Mapping[str, Expression]) -> Expression:
        return POSTGRESQL.fold(values["number"]) == given_value(sa.Text())

    found = POSTGRESQL.json_inside(given_value(JSON_TEXT, "json"), [(False, sa.bindparam("key"))], holds)
    query = compiled(sa.select(found), "json", "key", "value")
    assert postgres.run(query, (orjson.dumps({"k": value}).decode(), "k", expected))[0][0]


@pytest.mark.parametrize("value", NUMBERS)
def test_whole_numbers_are_read_as_integers(postgres: Connected, value: Any) -> None:
    """As SQLite reads them, up to 64 bits."""
    found = answer(postgres, given_value(Number.storage), value)
    is_whole = float(value).is_integer() and abs(value) < 2**63
    assert (type(found), found) == (int if is_whole else float, value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=rich_texts)
def test_a_rich_text_says_what_it_says_in_memory(postgres: Connected, value: Any) -> None:
    """Its words in their order, whatever the order of the keys around them."""
    found = answer(postgres, POSTGRESQL.written(given_value(ORDERED_JSON)), orjson.dumps(value).decode())
    assert found == written(value)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=stories)
def test_the_blocks_of_a_rich_text_are_rows(postgres: Connected, value: Any) -> None:
    """The same ones as in memory, whatever they stand in; those inside a block's own rich text are not among them."""
    rows, _ = POSTGRESQL.json_blocks(given_value(ORDERED_JSON))
    found = postgres.run(compiled(sa.select(rows.c.value), "value"), (orjson.dumps(value).decode(),))

    def sorted_by_text(blocks: Any) -> list[bytes]:
        return sorted(orjson.dumps(block, option=orjson.OPT_SORT_KEYS) for block in blocks)

    stored = [orjson.loads(row[0]) if isinstance(row[0], str) else row[0] for row in found]
    assert sorted_by_text(stored) == sorted_by_text(parts(value))


def positions(chance: random.Random, count: int) -> list[tuple[float, float]]:
    """Places all over the globe, of which some are the same, and some on a line."""
    return [(chance.choice([chance.uniform(-180, 180), 10.0, -20, 1e-200]), chance.choice([chance.uniform(-90, 90), 5]))
            for _ in range(count)]  # fmt: skip


def test_places_are_as_far_apart_as_in_memory(postgres: Connected) -> None:
    """To the last digit but one; nothing is far from nowhere."""
    distance = POSTGRESQL.distance(given_value(JSON_TEXT, "a"), sa.bindparam("b"))
    query = compiled(sa.select(distance), "a", "b")
    places = positions(random.Random(1), 40)
    for a in places:
        for b in places[:5]:
            ((found,),) = postgres.run(query, [orjson.dumps(each).decode() for each in (a, b)])
            assert found == pytest.approx(geometry.distance(a, b), rel=1e-12, abs=1e-6)
    assert postgres.run(query, (None, "[1,2]"))[0][0] is None


def test_places_lie_inside_as_in_memory(postgres: Connected) -> None:
    """Of areas with holes, and of several; on their edges as is asked."""
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 5.0), (0.0, 5.0), (0.0, 0.0))
    hole = ((4.0, 1.0), (6.0, 1.0), (5.0, 3.0), (4.0, 1.0))
    chance = random.Random(2)
    areas = [((square, hole),), ((square,), (tuple([*positions(chance, 5)] * 2),))]
    places = [*positions(chance, 40), *square, *hole, (5.0, 2.0), (5.0, 1.0), (2.0, 2.0), (10.0, 2.5)]
    for number in (0, 1):
        inside = POSTGRESQL.inside(given_value(JSON_TEXT, "a"), sa.bindparam("b"), sa.literal_column(str(number)))
        query = compiled(sa.select(inside), "a", "b")
        for area in areas:
            for place in places:
                ((found,),) = postgres.run(query, [orjson.dumps(each).decode() for each in (place, area)])
                assert found == geometry.is_inside(place, area, edges=bool(number)), (place, area)
    assert postgres.run(query, (None, orjson.dumps(areas[0]).decode()))[0][0] is None


@pytest.mark.parametrize(
    ("type_", "item", "items"),
    [
        (sa.Text(), "a'b", ["x", 'a"b', "a'b"]),
        (sa.Integer(), 2**60, [1, 2**60]),
        (Number.storage, 4.5, [1, 4.5]),
        (sa.Boolean(), True, [1]),
        (JSON_TEXT, '"a"', [1, "a"]),
        (JSON_TEXT, "1", [1, "a"]),
    ],
)
def test_a_list_is_one_parameter(postgres: Connected, type_: Any, item: Any, items: list[Any]) -> None:
    """Of values of the type that they are compared with."""
    found = POSTGRESQL.in_list(given_value(type_, "item"), sa.bindparam("items"))
    query = compiled(sa.select(found), "item", "items")
    for listed, expected in ((items, True), (items[:-2], False), ([], False)):
        assert postgres.run(query, (item, POSTGRESQL.encode_list(listed)))[0][0] == expected


def test_the_items_of_an_array_are_rows(postgres: Connected) -> None:
    """In their order; what is no array has none."""
    rows = POSTGRESQL.json_rows(given_value(JSON_TEXT))
    value = POSTGRESQL.json_value(rows.c.value, [])
    query = compiled(sa.select(value).order_by(rows.c.key), "value")
    assert [row[0] for row in postgres.run(query, ('["b","a",null]',))] == ["b", "a", None]
    assert postgres.run(query, ('{"a":1}',)) == postgres.run(query, (None,)) == []


@pytest.mark.parametrize("json", ['"1"', "1.5", "1", "true", "null", "[1]", '{"a":1}', "1e30", "-0.0"])
def test_a_value_of_another_type_is_nothing(postgres: Connected, json: str) -> None:
    """A word where a number is expected is no error; what was declared once may be stored."""
    for type_ in (sa.Integer(), Number.storage, sa.Boolean(), JSON_TEXT, ORDERED_JSON):
        for stored in (JSON_TEXT, ORDERED_JSON):
            found = answer(postgres, POSTGRESQL.json_value(given_value(stored), [], type_), json)
            value = orjson.loads(json)
            if isinstance(type_, sa.JSON):
                assert (found and orjson.loads(found)) == value
            elif isinstance(type_, sa.Boolean):
                assert found == (value if isinstance(value, bool) else None)
            else:
                wanted = int if isinstance(type_, sa.Integer) else (int, float)
                is_number = isinstance(value, wanted) and not isinstance(value, bool)
                assert found == (value if is_number else None)


@pytest.mark.parametrize(
    "path", [("",), ("a'b",), ('a"b',), ("a.b",), ("a", "$"), ("a b",), ("ä",), ("a\n",), ("a\\",)]
)
def test_only_names_make_a_path(path: tuple[str, ...]) -> None:
    """A path is written into the statement, so nothing that could end it gets in."""
    with pytest.raises(ValueError, match="not a path"):
        POSTGRESQL.json_value(articles.c.slug, path)


def test_values_go_where_they_belong(postgres: Connected) -> None:
    """Whatever the order of the parameters in the text, and however often each occurs; lists are made of JSON."""
    first, second = given_value(sa.Text(), "first"), given_value(sa.Integer(), "second")
    chosen = POSTGRESQL.in_list(second, sa.bindparam("third"))
    query = compiled(sa.select(second, first, second, chosen), "first", "second", "third")
    assert tuple(postgres.run(query, ("a", 1, "[1,2]"))[0]) == (1, "a", 1, True)
    assert sorted(set(re.findall(r"\$\d+", query.sql))) == ["$1", "$2", "$3"]


def test_a_statement_is_the_same_whatever_the_values(database: Connected) -> None:
    """Every parameter says its type, so that the server need not guess it."""
    query = sa.select(articles.c.id).where(articles.c.title == sa.bindparam("a"), articles.c.rating > sa.bindparam("b"))
    statement = compiled(query.limit(sa.bindparam("c")), "a", "b", "c")
    assert "articles.title = $1::TEXT AND articles.rating > $2::DOUBLE PRECISION" in statement.sql
    for values in (("a", 1, 1), ("b", 4.5, 2), (None, None, None)):
        assert database.run(statement, values) == []


def test_texts_are_in_the_order_of_their_characters(database: Connected) -> None:
    """With nothing first, whatever order the database itself has."""
    texts = ["b", "B", "a", "ä", "_", "", "Z", None, "10", "9"]
    for number, text in enumerate(texts):
        insert(database, title=text, slug=None if text is None else orjson.dumps({"en": text}).decode(), rating=number)
    expected = sorted(texts, key=lambda text: (text is not None, text or ""))
    for value in (articles.c.title, SLUG):
        for descending in (False, True):
            query = compiled(sa.select(value).order_by(POSTGRESQL.ordered(value, descending=descending)))
            assert [row[0] for row in database.run(query)] == (expected[::-1] if descending else expected)
        later = compiled(sa.select(sa.func.count()).select_from(articles).where(value > sa.bindparam("value")), "value")
        assert database.run(later, ("Z",))[0][0] == sum(text > "Z" for text in texts if text is not None)


def test_a_sorted_list_follows_an_index(database: Connected) -> None:
    """In both directions, of a column and of a path; and so does a comparison."""
    database.execute("""
        INSERT INTO articles (title, slug) SELECT chr(97 + n % 20) || n, jsonb_build_object('en', 's' || n)
        FROM generate_series(1, 5000) AS numbers(n);
        ANALYZE articles
    """)
    for value, index in ((articles.c.title, "ix_articles_title"), (SLUG, "ix_articles_slug")):
        for descending in (False, True):
            order = (POSTGRESQL.ordered(value, descending=descending), articles.c.id.desc())
            assert f"using {index}" in plan(
                database, sa.select(articles.c.id).order_by(*order).limit(given_limit()), 10
            )
        assert index in plan(database, sa.select(articles.c.id).where(value == sa.bindparam("value")), "a20")
    newest = sa.select(articles.c.id).order_by(POSTGRESQL.ordered(articles.c.id, descending=True)).limit(given_limit())
    assert "Scan Backward using articles_pkey" in plan(database, newest, 10)


def given_limit() -> sa.BindParameter[Any]:
    return sa.bindparam("value")


def plan(database: Connected, query: sa.Select[Any], value: Any) -> str:
    """What PostgreSQL does for a query."""
    return "\n".join(row[0] for row in database.fetch(f"EXPLAIN {compiled(query, 'value').sql}", (value,)))


def test_keys_are_counted_and_do_not_return(database: Connected) -> None:
    """Nor after the last document was deleted."""
    first, second = insert(database, title="a"), insert(database, title="b")
    database.execute("DELETE FROM articles")
    assert (first, second, insert(database, title="c")) == (1, 2, 3)


def test_json_of_any_length_is_unique(database: Connected) -> None:
    """By its text; keys in another order are another value."""
    long = orjson.dumps({"b": [random.Random(3).random() for _ in range(1000)], "a": 1}).decode()
    insert(database, notes=long)
    insert(database, notes='{"a":1,"b":2}')
    insert(database, notes='{"b":2,"a":1}')
    assert failure(database, notes=long) == Unique("articles", index="ux_articles_notes")
    assert [row[0] for row in database.fetch("SELECT notes FROM articles ORDER BY id")][1] == '{"a":1,"b":2}'


def failure(database: Connected, **values: Any) -> Any:
    with pytest.raises(Exception) as raised:
        insert(database, **values)
    return POSTGRESQL.classify(raised.value)


def test_errors_say_what_was_violated(database: Connected) -> None:
    """So that an operation can say it in the words of its fields."""
    insert(database, rating=1)
    assert failure(database, rating=1.0) == Unique("articles", index="ux_articles_rating")
    assert failure(database, id=1) == Unique("articles", index="articles_pkey")
    assert failure(database, owner=7) == ForeignKey()
    assert failure(database, kind=None) == NotNull("articles", "kind")
    assert POSTGRESQL.classify(KeyError()) is None


@pytest.mark.parametrize(
    "values",
    [
        {"title": "\ud800"}, {"title": "a\0b"}, {"title": random.Random(4).randbytes(8000).hex()}, {"owner": 2**63},
        {"owner": 10**5000}, {"rating": 10**400}, {"place": '"\\u0000"'},
    ],
    ids=["surrogate", "NUL", "too long for its index", "65 bits", "5000 digits", "beyond doubles", "NUL in JSON"],
)  # fmt: skip
def test_what_no_column_holds_is_the_askers_mistake(database: Connected, values: dict[str, Any]) -> None:
    """A 400, not a 500."""
    assert failure(database, **values) == Unstorable()


def test_a_value_of_a_wrong_type_is_the_programs_mistake(database: Connected) -> None:
    """It is not hidden as somebody else's."""
    assert failure(database, title=5) is None
