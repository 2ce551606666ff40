"""Read a file as HMPPS's services answer: one document, a list, a Spring page, or one document a
line. Pure: bytes in, documents out, each with the line it begins on."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, TypeAlias

LONGEST_INTEGER = 64  # digits; Python's own int() grows quadratically with them
_SPACE = re.compile(r"[ \t\n\r]*")


class FileRefused(Exception):
    """The whole file is unusable. Says why and where: line and column (characters) from 1, byte
    offset from 0."""

    def __init__(self, why: str, line: int, column: int, byte: int) -> None:
        super().__init__(f"{why} (line {line}, column {column}, byte {byte})")
        self.why, self.line, self.column, self.byte = why, line, column, byte


def documents(data: bytes, mark: str = "prisonerNumber") -> Iterator[tuple[int, Any]]:
    """Every document of the file, in its order, with its line from 1. `mark`: what a document by
    itself is known by. Raises FileRefused before the first when the file as a whole cannot be
    read."""
    scanner = _Scanner(data, mark)
    line, counted = 1, 0
    for start, document in scanner.documents():
        line, counted = line + scanner.text.count("\n", counted, start), start
        yield line, document


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError(f"holds an integer of more than {LONGEST_INTEGER} digits")
    return int(digits)


def _no_constant(word: str) -> Any:
    raise ValueError(f"holds {word}, which is not JSON")


_Found: TypeAlias = tuple[int, Any]  # index of a document's first character, the document
_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_no_constant)


class _Scanner:
    """Walks the outermost list or object itself, to know where each document starts, and leaves
    the documents to the JSON decoder. Every character is read once. `at` is never on white space.
    """

    def __init__(self, data: bytes, mark: str) -> None:
        self.mark = mark
        self.text, self.at, self.end = "", 0, 0  # end: behind the last token, before white space
        self.skipped = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
        body = data[self.skipped :]
        try:
            self.text = body.decode()
        except UnicodeDecodeError as error:
            self.text = body[: error.start].decode()
            raise self.refusal("The file is not UTF-8 text", len(self.text)) from None
        self.go(0)

    def documents(self) -> list[_Found]:
        """The documents in order, each with the index of its first character."""
        match self.peek():
            case "":
                raise self.refusal("The file is empty", self.at)
            case "[":
                found = self.items()
            case "{":
                found = self.page_or_documents()
            case _:
                raise self.refusal("The file is no document, list, page or NDJSON", self.at)
        if self.peek():
            raise self.refusal("The file goes on after its list or page has ended", self.at)
        return found

    def items(self) -> list[_Found]:
        return [(self.at, self.value()) for _ in self.elements("]")]

    def page_or_documents(self) -> list[_Found]:
        """A page's `content`, or this document with those on the lines below it."""
        start = self.at
        members: dict[str, Any] = {}
        for _ in self.elements("}"):
            key = self.key()
            listed = key == "content" and self.peek() == "["
            members[key] = self.items() if listed else self.value()
        if "content" in members:
            content = members["content"]
            if isinstance(content, list):
                return content
            raise self.refusal("The page's content is not a list", start)
        found: list[_Found] = [(start, members)]
        while self.peek():
            if "\n" not in self.text[self.end : self.at]:
                raise self.refusal("The file is not valid JSON: expected a new line", self.at)
            found.append((self.at, self.value()))
        if len(found) == 1 and self.mark not in members:
            raise self.refusal(f"The file is one object without {self.mark} or content", start)
        return found

    def elements(self, close: str) -> Iterator[None]:
        """Stop in front of each element of the list or object that opens here, then leave it."""
        self.go(self.at + 1)
        if self.peek() != close:
            yield
            while self.peek() == ",":
                self.go(self.at + 1)
                yield
        self.expect(close)

    def key(self) -> Any:
        if self.peek() != '"':
            raise self.broken("expected a name in double quotes", self.at)
        key = self.value()
        self.expect(":")
        return key

    def value(self) -> Any:
        try:
            value, end = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise self.broken(error.msg, error.pos) from None
        except RecursionError:
            raise self.refusal("A document is nested too deeply", self.at) from None
        except ValueError as error:  # from the two hooks; it knows no place of its own
            raise self.refusal(f"A document {error}", self.at) from None
        self.go(end)
        return value

    def expect(self, sign: str) -> None:
        if self.peek() != sign:
            raise self.broken(f"expected '{sign}'", self.at)
        self.go(self.at + 1)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def go(self, end: int) -> None:
        """Move to `end` and past the white space there."""
        space = _SPACE.match(self.text, end)
        self.end, self.at = end, space.end() if space else end

    def broken(self, why: str, at: int) -> FileRefused:
        if at >= len(self.text) or why.startswith("Unterminated string"):
            return self.refusal("The file ends too early: it was cut off", at)
        return self.refusal(f"The file is not valid JSON: {why[:1].lower()}{why[1:]}", at)

    def refusal(self, why: str, at: int) -> FileRefused:
        before = self.text[:at]
        line, column = before.count("\n") + 1, at - before.rfind("\n")
        return FileRefused(why, line, column, self.skipped + len(before.encode()))
