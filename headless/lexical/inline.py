"""The text of a line in Markdown: what is escaped, which signs stand for formats, and where tags must."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headless.lexical import markdown_blocks, nodes
from headless.lexical.blocks import INLINE_BLOCK, NONE, Blocks, written_by
from headless.lexical.nodes import LINKS, Node

SIGNS: Final[Mapping[int, str]] = {nodes.BOLD: "**", nodes.ITALIC: "*", nodes.STRIKETHROUGH: "~~"}
TAGS: Final[Mapping[int, str]] = {
    nodes.BOLD: "strong", nodes.ITALIC: "em", nodes.STRIKETHROUGH: "s", nodes.UNDERLINE: "u",
    nodes.SUBSCRIPT: "sub", nodes.SUPERSCRIPT: "sup", nodes.HIGHLIGHT: "mark",
}  # fmt: skip

MOST_SIGNS: Final = 500
"""In a line with more formats than this all are tags: each sign is compared with the others."""

_SPECIAL = re.compile(r"[\\`*\[\]]|_(?!(?<=\w_)\w)|<(?=[A-Za-z/!?])|~(?=~|\Z)|(?<=~)~|\A~|!\Z|&(?=#?\w+;)")
_LINE_START = re.compile(r"(#{1,6}(?=[ \t]|$)|[-+>=]|\d{1,9}(?=[.)]))")
_BARE_ADDRESS = re.compile(r"[\w\-./:?#=%+~@,;!$']+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: written Markdown, with the formats that are around it."""

    written: str
    format: int
    is_break: bool = False


def line_of(children: Iterable[Node], *, plain: bool = True, breaks: str = "\\\n", blocks: Blocks = NONE) -> str | None:
    """The Markdown of nodes in a line; None when one of them has no words in it.

    `plain` says whether formats are written as signs where that is clear, else all as tags.
    """
    pieces = list(_pieces(children, plain, breaks, blocks))
    if any(piece is None for piece in pieces):
        return None
    written = _with_formats([piece for piece in pieces if piece is not None], plain)
    lines = written.split("\n")
    return "\n".join(_line_start(line) for line in lines)


def _pieces(children: Iterable[Node], plain: bool, breaks: str, blocks: Blocks) -> Iterator[Piece | None]:
    runs = list(_runs(children))
    for place, node in enumerate(runs):
        type_ = nodes.kind(node)
        if type_ == "linebreak":
            # A backslash at the end of a block is no line break.
            yield Piece(breaks if place + 1 < len(runs) else "<br>", 0, True)
        elif type_ == "tab":
            yield Piece("&#9;", 0)
        elif type_ == "text":
            at_start = place == 0 or nodes.kind(runs[place - 1]) == "linebreak"
            at_end = place + 1 == len(runs) or nodes.kind(runs[place + 1]) == "linebreak"
            yield _text(node, at_start=at_start, at_end=at_end)
        elif type_ in LINKS:
            yield _link(node, plain, breaks, blocks)
        elif type_ == INLINE_BLOCK:
            own = written_by(blocks, node)
            written = markdown_blocks.written(node) if own is None else own
            yield None if written is None else Piece(written, 0)
        else:
            yield None


def _runs(children: Iterable[Node]) -> Iterator[Node]:
    """The nodes, neighbouring texts of one format as one, empty ones left out."""
    before: Node | None = None
    for node in children:
        if nodes.kind(node) != "text":
            if before is not None:
                yield before
                before = None
            yield node
        elif before is not None and before.get("format") == node.get("format"):
            before = {**before, "text": f"{before.get('text', '')}{node.get('text', '')}"}
        elif node.get("text"):
            if before is not None:
                yield before
            before = node
    if before is not None:
        yield before


def _format(node: Node) -> int:
    format = node.get("format")
    return format if isinstance(format, int) else 0


def _text(node: Node, *, at_start: bool, at_end: bool) -> Piece:
    words, format = str(node.get("text", "")), _format(node)
    if format & nodes.CODE:
        return Piece(_code(words), format & ~nodes.CODE)
    head = re.match(r"\s*", words) if at_start else None
    tail = re.search(r"\s*$", words[head.end() if head else 0 :]) if at_end else None
    start = head.end() if head else 0
    end = start + tail.start() if tail else len(words)
    middle = _SPECIAL.sub(lambda found: f"\\{found[0]}", words[start:end])
    middle = re.sub(r"[^\S ]", lambda found: _entity(found[0]), middle)
    return Piece("".join(map(_entity, words[:start])) + middle + "".join(map(_entity, words[end:])), format)


def _entity(char: str) -> str:
    return "&nbsp;" if char == "\xa0" else f"&#{ord(char)};"


def _code(words: str) -> str:
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * (longest + 1)
    padded = words.startswith("`") or words.endswith("`") or (words.strip(" ") and words[0] == words[-1] == " ")
    return f"{fence} {words} {fence}" if padded else f"{fence}{words}{fence}"


def _link(node: Node, plain: bool, breaks: str, blocks: Blocks) -> Piece | None:
    fields = node.get("fields")
    inside = line_of(nodes.children(node), plain=plain, breaks=breaks, blocks=blocks)
    if not isinstance(fields, Mapping) or inside is None:
        return None
    address = _address(fields)
    title = ' "_blank"' if fields.get("newTab") else ""
    return None if address is None else Piece(f"[{inside}]({address}{title})", 0)


def _address(fields: Mapping[str, Any]) -> str | None:
    if fields.get("linkType") == "internal":
        document = fields.get("doc")
        if document is None:
            return "doc:"
        if not isinstance(document, Mapping) or not isinstance(document.get("value"), int | str):
            return None
        url = f"doc:{document.get('relationTo')}/{document['value']}"
    else:
        url = str(fields.get("url"))
    if _BARE_ADDRESS.fullmatch(url):
        return url
    return "<" + re.sub(r"[\\<>&]", lambda found: f"\\{found[0]}", url) + ">"


def _line_start(line: str) -> str:
    """A line whose beginning is not taken for that of a heading, a list or a quote."""
    found = _LINE_START.match(line)
    if found is None:
        return line
    end = found.end()
    return f"{line[:end]}\\{line[end:]}" if line[0].isdigit() else f"\\{line}"


@dataclass(slots=True)
class _Span:
    """Neighbouring pieces that share a format: from the place of the first to before that of the last."""

    bit: int
    start: int
    end: int


def _with_formats(pieces: Sequence[Piece], plain: bool) -> str:
    """The pieces with what opens and closes their formats; the longest lasting is the outermost."""
    spans = _spans(pieces)
    plain = plain and len(spans) <= MOST_SIGNS
    opened: dict[int, list[_Span]] = {}
    closed: dict[int, list[_Span]] = {}
    for span in sorted(spans, key=lambda each: (each.start, -each.end, each.bit)):
        opened.setdefault(span.start, []).append(span)
        closed.setdefault(span.end, []).insert(0, span)
    written = ""
    for place in range(len(pieces) + 1):
        ending, beginning = closed.get(place, []), opened.get(place, [])
        written += "".join(_sign(span, pieces, spans, plain, opening=False) for span in ending)
        written += "".join(_sign(span, pieces, spans, plain, opening=True) for span in beginning)
        if place < len(pieces):
            written += pieces[place].written
    return written


def _spans(pieces: Sequence[Piece]) -> list[_Span]:
    """Spans that lie in one another or apart: one that would overlap another's end is divided there."""
    found: list[_Span] = []

    def divide(start: int, end: int, left: int) -> None:
        place = start
        while place < end:
            bits = [bit for bit in TAGS if bit & left and pieces[place].format & bit]
            if not bits:
                place += 1
                continue
            ends = {bit: _end(pieces, place, end, bit) for bit in bits}
            bit = max(bits, key=lambda each: (ends[each], -each))
            found.append(_Span(bit, place, ends[bit]))
            divide(place, ends[bit], left & ~bit)
            place = ends[bit]

    divide(0, len(pieces), sum(TAGS))
    return found


def _end(pieces: Sequence[Piece], start: int, end: int, bit: int) -> int:
    place = start
    while place < end and pieces[place].format & bit:
        place += 1
    return place


def _sign(span: _Span, pieces: Sequence[Piece], spans: Sequence[_Span], plain: bool, *, opening: bool) -> str:
    if plain and span.bit in SIGNS and _is_clear(span, pieces, spans):
        return SIGNS[span.bit]
    return f"<{'' if opening else '/'}{TAGS[span.bit]}>"


def _is_clear(span: _Span, pieces: Sequence[Piece], spans: Sequence[_Span]) -> bool:
    """Whether signs at both ends of a span are read as such.

    Signs of bold and italic may stand together; otherwise a sign stands alone between two texts.
    """
    edges = (span.start, span.end)
    for other in spans:
        if other is span or not {other.start, other.end} & set(edges):
            continue
        both = {other.bit, span.bit} == {nodes.BOLD, nodes.ITALIC}
        if not (both and (other.start, other.end) == edges):
            return False
    before = pieces[span.start - 1].written[-1:] if span.start else ""
    after = pieces[span.end].written[:1] if span.end < len(pieces) else ""
    inside = "".join(piece.written for piece in pieces[span.start : span.end])
    return _may_turn(before, inside[:1]) and _may_turn(after, inside[-1:])


def _may_turn(outside: str, inside: str) -> bool:
    """Whether a sign between the two characters can open or close, by CommonMark's rule of flanks."""
    if not inside or inside.isspace():
        return False
    return not _is_sign(inside) or not outside or outside.isspace() or _is_sign(outside)


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
