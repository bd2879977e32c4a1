"""The records of one answer as the texts they came as, and how one is known again.

Most of a reading is what stands here already. A record is known again by its key and a digest of
its text, without parsing it: a text whose digest is stored was a whole record when it was stored,
and whole records between commas and brackets are a list of exactly these. What is not known again
is parsed before it is used. Where the texts cannot be told apart by a mere split, the parser tells
where each ends.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.catalog.lists.model import ColumnKind
from omie_pipeline.decimal_json import dumps
from omie_pipeline.errors import Broken, FaultDetail
from omie_pipeline.omie import wire
from omie_pipeline.texts import imports as texts

DIGEST_BYTES = 16
_LOOKED_INTO = 20
_FIRST_NAME = re.compile(r'\s*\{\s*"[^"\\]*"\s*:')
_decode = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[\s,]*")
_COUNTS = ("registros", "nRegistros")
_WAIT_SECONDS = 5.0

Key = tuple[int | str, ...]


class WrongSplit(Exception):
    """A text is no record: the texts have to be told apart by parsing; never leaves ``imports``."""


class RecordTexts(list[Any]):
    """In the place of the records of a body: their texts. As a list it is empty."""

    def __init__(self, found: Sequence[str], *, split: bool) -> None:
        super().__init__()
        self.texts = list(found)
        self.split = split


def parse_texts(array: str) -> wire.Parse:
    """A parser of answers that leaves the records of ``array`` as texts."""

    def parse(text: str) -> wire.Json | None:
        if wire.storable_text(text) is not text:
            return _parsed_whole(wire.json_object(text), array)
        found = _split(text, array) or _scanned(text, array)
        return found or _parsed_whole(wire.json_object(text), array)

    return parse


def _parsed_whole(body: wire.Json | None, array: str) -> wire.Json | None:
    if body is not None and isinstance(body.get(array), list):
        records = [dumps(record) for record in body[array]]
        return {**body, array: RecordTexts(records, split=False)}
    return body


def _begin(text: str, array: str) -> int | None:
    """Where the brackets of the array open."""
    found = re.search(rf'"{re.escape(array)}"\s*:\s*\[', text)
    return None if found is None else found.end() - 1


def _around(text: str, array: str, begin: int, end: int) -> wire.Json | None:
    """The body without its records; ``None`` if the array is not where it was taken to be."""
    body = wire.float_object(f"{text[:begin]}[]{text[end:]}")
    return body if body is not None and body.get(array) == [] else None


def _split(text: str, array: str) -> wire.Json | None:
    """Split where records seem to meet: where ``},`` is followed by the first name of the first.

    An answer that was cut off is cut in its last record, which is parsed here.
    """
    begin, end = _begin(text, array), text.rfind("}]") + 2
    if begin is None or end <= begin:
        return None
    body = _around(text, array, begin, end)
    first = _FIRST_NAME.match(text, begin + 1)
    if body is None or first is None:
        return None
    opening = first.group()
    records = text[begin + 1 : end - 1].split(f",{opening}")
    records[1:] = [opening + rest for rest in records[1:]]
    told = next((body[name] for name in _COUNTS if name in body), len(records))
    if told != len(records) or wire.float_object(records[-1]) is None:
        return None
    body[array] = RecordTexts(records, split=True)
    return body


def _scanned(text: str, array: str) -> wire.Json | None:
    """Let the parser say where each record ends."""
    begin = _begin(text, array)
    if begin is None:
        return None
    try:
        records, end = _scan(text, begin)
    except (ValueError, RecursionError):
        return None
    body = _around(text, array, begin, end)
    if body is not None:
        body[array] = RecordTexts(records, split=False)
    return body


def _scan(text: str, begin: int) -> tuple[list[str], int]:
    """The texts of an array's elements, and where the array ends.

    Raises:
        ValueError: it is none.
    """
    found, at = [], _after_space(text, begin + 1)
    while text[at : at + 1] != "]":
        _, end = _decode(text, at)
        found.append(text[at:end])
        at = _after_space(text, end)
    return found, at + 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


class Records:
    """The records of one page of a list.

    Args:
        version: of the rules that turn a record into a row; another version knows no record again.

    Attributes:
        texts: each record as it came.
        digests: of each text and the version.
    """

    def __init__(self, mirror: MirrorTable, version: str, found: RecordTexts) -> None:
        self._mirror = mirror
        self._version = version.encode()
        self._split = found.split
        self._parsed: dict[int, Any] = {}
        self.texts = found.texts
        self.digests = [self._digest(text) for text in found.texts]

    def __len__(self) -> int:
        return len(self.texts)

    def _digest(self, text: str) -> bytes:
        encoded = text.encode()
        return hashlib.blake2b(encoded, digest_size=DIGEST_BYTES, person=self._version).digest()

    def keys(self) -> list[Key | None]:
        """What seems to be the key of each, as far as the text shows it without being parsed.

        A key that is not the record's finds no row with its digest, so it does no harm. A key that
        comes twice is left out: which of the two counts is for the merge to say.
        """
        key_of = key_finder(self._mirror)
        found = [key_of(text) for text in self.texts]
        times = Counter(found)
        return [key if times[key] == 1 else None for key in found]

    def parse(self, numbers: Iterable[int]) -> None:
        """Make sure that these are records.

        Raises:
            WrongSplit: one is not, and :meth:`rescanned` may show better ones.
        """
        for number in numbers:
            if number not in self._parsed:
                text = self.texts[number]
                try:
                    record, end = _decode(text)
                except (ValueError, RecursionError):
                    raise WrongSplit from None
                if end != len(text):
                    raise WrongSplit
                self._parsed[number] = record

    def checked(self) -> Records:
        """The same page, each of its texts a record.

        Raises:
            Broken: it is no list.
        """
        try:
            self.parse(range(len(self)))
        except WrongSplit:
            return self.rescanned()
        return self

    def rescanned(self) -> Records:
        """The same page, its records told apart by the parser.

        Raises:
            Broken: it is no list.
        """
        text = f"[{','.join(self.texts)}]"
        try:
            found, end = _scan(text, 0)
        except (ValueError, RecursionError):
            found, end = [], 0
        if not self._split or end != len(text):
            raise Broken(FaultDetail(texts.BROKEN_ANSWER, http_status=200), _WAIT_SECONDS)
        return Records(self._mirror, self._version.decode(), RecordTexts(found, split=False))

    def fields(self) -> frozenset[str]:
        """Names of the fields of those that were parsed, nested ones dotted."""
        rows = [row for row in self._parsed.values() if isinstance(row, dict)]
        names = {name for row in rows for name in row}
        nested = {
            f"{name}.{inner}"
            for row in rows[:_LOOKED_INTO]
            for name, value in row.items()
            if isinstance(value, dict)
            for inner in value
        }
        return frozenset(names | nested)


def records_of(mirror: MirrorTable, version: str, body: str) -> Records:
    """The records of a whole answer, given as its text.

    Raises:
        Broken: it has no list.
    """
    found = (parse_texts(mirror.array)(body) or {}).get(mirror.array)
    if not isinstance(found, RecordTexts):
        raise Broken(FaultDetail(texts.NO_LIST, http_status=200), _WAIT_SECONDS)
    return Records(mirror, version, found)


def known_fields(mirror: MirrorTable) -> frozenset[str]:
    """Names of a record's fields in Omie's documents or our declaration, nested ones dotted."""
    names: set[str] = set()
    for tag in mirror.record.fields:
        names.add(tag.name)
        if tag.kind == "object" and tag.type_name in mirror.service.types:
            inner = mirror.service.types[tag.type_name].fields
            names.update(f"{tag.name}.{item.name}" for item in inner)
    audit = asdict(mirror.audit).values()
    paths = [column.path for column in mirror.columns]
    for path in (*paths, *audit, mirror.partition, mirror.integration_code):
        steps = path.split(".")
        names.update((steps[0], ".".join(steps[:2])))
    return frozenset(names)


# What the text of a record shows of its key.

_VALUE = r'\s*:\s*("[^"\\&]*"|-?\d+)(?![\d.eE])'
_MOVEMENT = ("nCodBaixa", "nCodMovCC", "nCodTitulo", "cGrupo")


@cache
def _value_of(name: str) -> Callable[[str], str | None]:
    pattern = re.compile(rf'"{re.escape(name)}"{_VALUE}')

    def find(text: str) -> str | None:
        found = pattern.search(text)
        return None if found is None else found.group(1).strip('"')

    return find


_finders: dict[int, tuple[MirrorTable, Callable[[str], Key | None]]] = {}


def key_finder(mirror: MirrorTable) -> Callable[[str], Key | None]:
    """Finds the key in the text of a record; ``None`` where it cannot be seen."""
    if id(mirror) not in _finders:
        _finders[id(mirror)] = (mirror, _key_finder(mirror))
    return _finders[id(mirror)][1]


def _key_finder(mirror: MirrorTable) -> Callable[[str], Key | None]:
    parts = list(_parts(mirror))
    if len(parts) == 1:
        (only,) = parts

        def find_one(text: str) -> Key | None:
            value = only(text)
            return None if value is None else (value,)

        return find_one

    def find(text: str) -> Key | None:
        values = [part(text) for part in parts]
        whole = tuple(value for value in values if value is not None)
        return whole if len(whole) == len(values) else None

    return find


def _parts(mirror: MirrorTable) -> Iterator[Callable[[str], int | str | None]]:
    names = [name for name in mirror.key if name not in dict(mirror.constants)]
    for name in names:
        column = mirror.column(name)
        if not column.path:
            yield _movement_key
        else:
            yield _part(column.path.rsplit(".", 1)[-1], column.kind, partial=len(mirror.key) > 1)


def _part(name: str, kind: ColumnKind, *, partial: bool) -> Callable[[str], int | str | None]:
    value_of = _value_of(name)

    def number(text: str) -> int | None:
        value = value_of(text)
        return int(value) if value and len(value) <= 18 and value.isdecimal() else None

    def word(text: str) -> str | None:
        return value_of(text) or ("" if partial else None)

    return number if kind == "bigint" else word


def _movement_key(text: str) -> str | None:
    """As the merge makes it; a movement that names nothing is not known again."""
    settlement, entry, title = (_named(name, text) for name in _MOVEMENT[:3])
    of_title = f":{title}" if title else ""
    if settlement:
        return f"B{settlement}{of_title}"
    if entry:
        return f"M{entry}{of_title}"
    return f"T{_named(_MOVEMENT[3], text)}:{title}" if title else None


def _named(name: str, text: str) -> str:
    value = _value_of(name)(text)
    return "" if value is None or value == "0" else value
