"""One chunk of rows of one table: numbers drawn for it, turned into Arrow columns.

A chunk's numbers depend on the seed, the table and the chunk's place only, so a clinic of any size
is made in flat memory and is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.generator import documents
from sample.generator.brasil_people import People
from sample.generator.documents import Ints
from sample.generator.names import name_pools
from sample.generator.places import places

_EPOCH = date(1970, 1, 1)
_DAY_SECONDS = 86_400
_POOL_SEED = 4

Texts = Any  # an Arrow text array; pyarrow ships no types


@dataclass(frozen=True, slots=True)
class Clinic:
    """What all tables of one sample share, and the sizes of those that others refer to.

    ``chunk_rows`` is how many rows are made at a time.
    """

    empresa: str
    seed: int
    first_day: date
    days: int
    pacientes: int
    profissionais: int
    fornecedores: int
    procedimentos: int
    formas_pagamento: int
    recebimentos: int
    chunk_rows: int


@dataclass(frozen=True, slots=True)
class _Pools:
    first_names: Texts
    first_slugs: Texts
    surnames: Texts
    surname_slugs: Texts
    streets: Texts
    districts: Texts
    cities: Texts
    ufs: Texts
    ddds: Ints
    cep_first: Ints
    cep_count: Ints


@cache
def _pools() -> _Pools:
    names, towns = name_pools(_POOL_SEED), places()
    first = names.female + names.male
    return _Pools(
        first_names=pa.array(first),
        first_slugs=pa.array([People.slug(name) for name in first]),
        surnames=pa.array(names.surnames),
        surname_slugs=pa.array([People.slug(name) for name in names.surnames]),
        streets=pa.array(names.streets),
        districts=pa.array(names.districts),
        cities=pa.array([town.cidade for town in towns]),
        ufs=pa.array([town.uf for town in towns]),
        ddds=np.array([town.ddd for town in towns]),
        cep_first=np.array([town.cep_inicial for town in towns]),
        cep_count=np.array([town.cep_final - town.cep_inicial + 1 for town in towns]),
    )


def _join(*parts: Any, separator: str = "") -> Texts:
    return pc.binary_join_element_wise(*parts, separator)


class Chunk:
    """Draws the columns of rows ``start`` to ``start + count`` of one table."""

    def __init__(self, clinic: Clinic, table_number: int, start: int, count: int) -> None:
        self.clinic = clinic
        self.count = count
        self.numbers: Ints = np.arange(start + 1, start + count + 1, dtype=np.int64)
        self._random = np.random.default_rng([clinic.seed, table_number, start])
        shuffle = np.random.default_rng([clinic.seed])
        self._cpf_multiplier, self._cnpj_multiplier = (
            int(shuffle.integers(1_000_000, limit)) for limit in (999_999_937, 99_999_989)
        )

    def integers(self, low: int, high: int) -> Ints:
        """Whole numbers, both ends included."""
        return self._random.integers(low, high, size=self.count, endpoint=True)

    def same(self, value: object, type_: Any) -> Any:
        """One value in every row."""
        return pa.repeat(pa.scalar(value, type_), self.count)

    def text(self, numbers: Ints) -> Texts:
        return pa.array(numbers).cast(pa.string())

    def ids(self) -> Texts:
        return self.text(self.numbers)

    def some_of(self, options: Sequence[str | None]) -> Texts:
        """One of ``options`` in each row, evenly."""
        return pa.array(options, pa.string()).take(pa.array(self.integers(0, len(options) - 1)))

    def in_some_rows(self, values: Any, share: float) -> Any:
        """``values`` in about ``share`` of the rows, null elsewhere."""
        kept = pa.array(self._random.random(self.count) < share)
        return pc.if_else(kept, values, pa.scalar(None, values.type))

    def reference(self, rows: int) -> Texts:
        """The id of some row of a table of ``rows`` rows."""
        return self.text(self.integers(1, rows))

    def money(self, low: int, high: int) -> Any:
        """Amounts between ``low`` and ``high`` R$, small ones more often."""
        span = np.log(high / low)
        cents = np.rint(100 * low * np.exp(self._random.random(self.count) * span)).astype(np.int64)
        return self.reais(cents)

    def reais(self, cents: Ints) -> Any:
        """Cents as R$."""
        whole, rest = self.text(cents // 100), documents.digits_text(cents % 100, "##")
        return _join(whole, rest, separator=".").cast(pa.decimal128(15, 2))

    def days(self, first: date, days: int) -> Ints:
        """Days since 1970 of dates from ``first``, over ``days`` days."""
        return (first - _EPOCH).days + self.integers(0, days - 1)

    def dates(self, days: Ints) -> Any:
        return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())

    def register_days(self) -> Ints:
        """Days of registration: the three years before the clinic's first business day."""
        return self.days(self.clinic.first_day - timedelta(days=1095), 1095)

    def instants(self, days: Ints) -> Any:
        """A second of each day, in UTC."""
        seconds = days * _DAY_SECONDS + self.integers(0, _DAY_SECONDS - 1)
        return pa.array(seconds, pa.timestamp("s", "UTC")).cast(pa.timestamp("us", "UTC"))

    def people(self) -> tuple[Texts, Texts]:
        """Full names and their e-mail addresses, which are all different."""
        pools = _pools()
        first = pa.array(self.integers(0, len(pools.first_names) - 1))
        middle = pa.array(self.integers(0, len(pools.surnames) - 1))
        last = pa.array(self.integers(0, len(pools.surnames) - 1))
        nomes = _join(
            pools.first_names.take(first),
            pools.surnames.take(middle),
            pools.surnames.take(last),
            separator=" ",
        )
        slug = _join(pools.first_slugs.take(first), pools.surname_slugs.take(last), separator=".")
        return nomes, _join(slug, self.ids(), self.same("@example.com.br", pa.string()))

    def surnames(self) -> Texts:
        pools = _pools()
        return pools.surnames.take(pa.array(self.integers(0, len(pools.surnames) - 1)))

    def addresses(self) -> tuple[tuple[Texts, ...], Texts, Texts]:
        """(logradouro, numero, complemento, bairro, cidade, uf, cep), telefone, uf."""
        pools = _pools()
        place = self.integers(0, len(pools.cities) - 1)
        taken = pa.array(place)
        ceps = pools.cep_first[place] + (
            self._random.random(self.count) * pools.cep_count[place]
        ).astype(np.int64)
        phones = pools.ddds[place] * 10**9 + 9 * 10**8 + self.integers(60_000_000, 99_999_999)
        uf = pools.ufs.take(taken)
        flats = _join(self.same("Apto ", pa.string()), self.text(self.integers(1, 180)))
        address = (
            pools.streets.take(pa.array(self.integers(0, len(pools.streets) - 1))),
            self.text(self.integers(1, 2999)),
            self.in_some_rows(flats, 0.3),
            pools.districts.take(pa.array(self.integers(0, len(pools.districts) - 1))),
            pools.cities.take(taken),
            uf,
            documents.digits_text(ceps, "#####-###"),
        )
        return address, documents.digits_text(phones, "(##) #####-####"), uf

    def cpfs(self, offset: int = 0) -> Texts:
        """CPFs; ``offset`` keeps the tables apart."""
        bases = documents.cpf_bases(self.numbers + offset, self._cpf_multiplier)
        return documents.cpf(bases)

    def cnpjs(self, offset: int = 0) -> Texts:
        """CNPJs, one in ten alphanumeric; ``offset`` keeps the tables apart."""
        bases = documents.cnpj_bases(self.numbers + offset, self._cnpj_multiplier)
        return documents.cnpj(bases, self.numbers % 10 == 0)

    def rgs(self, uf: Texts) -> tuple[Texts, Texts]:
        """RG numbers and their issuers, of the UF people live in."""
        numbers = documents.rg(self.integers(10_000_000, 59_999_999))
        return numbers, _join(self.same("SSP/", pa.string()), uf)
