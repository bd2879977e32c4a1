"""Brazilian names, streets and districts: a pool drawn once from Faker, combined with numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from faker import Faker

_STREET_KINDS = ("Rua ", "Avenida ", "Travessa ", "Alameda ", "Praça ")


@dataclass(frozen=True, slots=True)
class NamePools:
    """Texts to combine; each pool is free of repetitions and in a fixed order for its seed."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    districts: tuple[str, ...]


def _draw(make: Callable[[], str], times: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(make() for _ in range(times)))


@cache
def name_pools(seed: int, draws: int = 3000) -> NamePools:
    """Pools of Faker pt_BR for ``seed``; the same Faker version and seed give the same pools."""
    faker = Faker("pt_BR")
    faker.seed_instance(seed)
    return NamePools(
        female=_draw(faker.first_name_female, draws),
        male=_draw(faker.first_name_male, draws),
        surnames=_draw(faker.last_name, draws),
        streets=tuple(
            name for name in _draw(faker.street_name, draws) if name.startswith(_STREET_KINDS)
        ),
        districts=_draw(faker.bairro, draws),
    )
