"""People of the demo clinic, one at a time, from one ``random.Random``.

``random.Random`` and not numpy: its sequence is promised to stay the same between versions, and the
demo's files are committed.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from sample.generator import documents
from sample.generator.names import NamePools, name_pools
from sample.generator.places import Place, places

_T = TypeVar("_T")
_BANKS = ("001", "033", "104", "237", "341")


@dataclass(frozen=True, slots=True)
class Address:
    """A complete address whose CEP lies in the range of its municipality (``00000-000``)."""

    logradouro: str
    numero: str
    complemento: str
    bairro: str
    cidade: str
    uf: str
    cep: str
    ddd: int

    def until_uf(self) -> tuple[str, ...]:
        """logradouro, numero, complemento, bairro, cidade, uf: the order of the files."""
        return (
            *(self.logradouro, self.numero, self.complemento),
            *(self.bairro, self.cidade, self.uf),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A name with its contacts and address."""

    nome: str
    email: str
    telefone: str
    address: Address


def cep_text(cep: int) -> str:
    """A CEP number as ``00000-000``."""
    return f"{cep // 1000:05d}-{cep % 1000:03d}"


class People:
    """Draws people; every document it gives is different from the ones before."""

    def __init__(self, random_numbers: random.Random, seed: int) -> None:
        self._random = random_numbers
        self._pools: NamePools = name_pools(seed)
        self._paulista = tuple(place for place in places() if place.uf == "SP")
        self._capitals = tuple(place for place in places() if place.capital)
        self._documents = 0

    def choice(self, options: Sequence[_T]) -> _T:
        return options[int(self._random.random() * len(options))]

    def integer(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def number(self, low: int, high: int) -> str:
        return str(self.integer(low, high))

    def one_in(self, times: int) -> bool:
        return self.integer(1, times) == 1

    def day(self, first: date, days: int) -> date:
        return first + timedelta(days=self.integer(0, days))

    @staticmethod
    def slug(text: str, joint: str = ".") -> str:
        """Lower-case ASCII letters of ``text``, words joined by ``joint``."""
        plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
        return joint.join(re.findall("[a-z]+", plain))

    def telefone(self, ddd: int) -> str:
        return f"({ddd}) 9{self.integer(6000, 9999)}-{self.integer(0, 9999):04d}"

    def _place(self) -> Place:
        return self.choice(self._capitals if self.one_in(2) else self._paulista)

    def address(self) -> Address:
        place = self._place()
        return Address(
            logradouro=self.choice(self._pools.streets),
            numero=self.number(1, 2999),
            complemento=f"Apto {self.integer(1, 180)}" if self.one_in(3) else "",
            bairro=self.choice(self._pools.districts),
            cidade=place.cidade,
            uf=place.uf,
            cep=cep_text(self.integer(place.cep_inicial, place.cep_final)),
            ddd=place.ddd,
        )

    def cep_of_another_uf(self, uf: str) -> str:
        """A CEP that exists, of a municipality outside ``uf``."""
        place = self.choice([place for place in places() if place.uf != uf])
        return cep_text(self.integer(place.cep_inicial, place.cep_final))

    def person(self, *, female: bool) -> Person:
        first = self.choice(self._pools.female if female else self._pools.male)
        surnames = f"{self.choice(self._pools.surnames)} {self.choice(self._pools.surnames)}"
        nome = f"{first} {surnames}"
        address = self.address()
        email = f"{self.slug(nome)}@example.com.br"
        return Person(nome, email, self.telefone(address.ddd), address)

    def _next(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        self._documents += 1
        return np.array([self._documents * 7919], dtype=np.int64)

    def cpf(self, *, wrong: bool = False) -> str:
        bases = documents.cpf_bases(self._next(), 141_421_356)
        return str(documents.cpf(bases, np.array([wrong]))[0])

    def cnpj(self, *, alphanumeric: bool = False) -> str:
        bases = documents.cnpj_bases(self._next(), 17_320_508)
        return str(documents.cnpj(bases, np.array([alphanumeric]))[0])

    def rg(self) -> str:
        numbers = np.array([self.integer(10_000_000, 59_999_999)], dtype=np.int64)
        return str(documents.rg(numbers)[0])

    def bank_account(self) -> tuple[str, str, str]:
        """banco (COMPE code), agencia, conta."""
        return (
            self.choice(_BANKS),
            f"{self.integer(1, 9999):04d}",
            f"{self.integer(10_000, 999_999)}-{self.integer(0, 9)}",
        )
