"""What the words on the command line choose; wrong ones end as wrong usage, before any call."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.cli.errors import UNFINISHED, WRONG_USAGE
from omie_pipeline.likely import did_you_mean
from omie_pipeline.texts.cli import usage as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.push_all import PushRequest
    from omie_pipeline.push.report import PushReport


_EVERYTHING = ("all", "tudo")
_FORMATS = ("%Y-%m-%d", "%d/%m/%Y")
_DATE_HELP = "AAAA-MM-DD"

ENDPOINTS_HELP = texts.endpoints_help(", ".join(endpoint.name for endpoint in WRITABLE))

READABLE = (*MIRROR, STATEMENT)
"""Everything that can be read from Omie, in the order in which a whole import reads it."""


def _family(*families: str) -> tuple[str, ...]:
    return tuple(table.name for table in MIRROR.values() if table.family in families)


READ_GROUPS: Mapping[str, tuple[str, ...]] = {
    "cadastros": _family("cadastros"),
    "titulos": _family("titulos"),
    "movimentacoes": (*_family("movimentacoes"), STATEMENT),
    "mf": ("movimentacoes",),
    "notas": _family("notas"),
    "notas_fiscais": _family("notas"),
    "fornecedores": ("clientes",),
    **dict.fromkeys(_EVERYTHING, READABLE),
}
"""Words that stand for several tables, or for a table under another name."""

TABLES_HELP = texts.tables_help(", ".join(name for name in READABLE if name != "movimentacoes"))


def parsed_date(text: str) -> date:
    """A date typed as AAAA-MM-DD or dd/mm/aaaa."""
    for one in _FORMATS:
        try:
            return datetime.strptime(text.strip(), one).date()  # noqa: DTZ007 - a calendar date
        except ValueError:
            continue
    raise typer.BadParameter(texts.no_date(text=text, form=_DATE_HELP))


EmpresaOption = Annotated[
    str | None, typer.Option("--empresa", metavar="E", help="Só esta empresa; sem ela, todas.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Um objeto JSON por linha, sem mais nada.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Não pergunta antes.")]
ApproveOption = Annotated[
    bool, typer.Option("--approve", help="Deixa passar uma vez o que a trava de segurança barrou.")
]

ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="QUEM", help="Quem decide; sem ela, o usuário desta máquina."),
]


def decider(by: str | None) -> str:
    """Name of the person who decides: as given, else as this machine knows them."""
    return (by or "").strip() or getpass.getuser()


@dataclass(frozen=True, slots=True)
class Dates:
    """Business dates, both inclusive; ``None`` leaves a side open."""

    first: date | None = None
    last: date | None = None

    @property
    def given(self) -> bool:
        """Whether any date was asked for."""
        return self.first is not None or self.last is not None

    def partition(self) -> str:
        """The name of an empty selection: a date, or a range as ISO 8601 writes it."""
        first = self.first.isoformat() if self.first else ".."
        last = self.last.isoformat() if self.last else ".."
        return first if first == last else f"{first}/{last}"

    def told(self) -> str:
        """The dates for a person."""
        if self.first is not None and self.first == self.last:
            return f"{self.first:%d/%m/%Y}"
        first = texts.from_day(self.first) if self.first else ""
        last = texts.to_day(self.last) if self.last else texts.FROM_THEN_ON
        return f"{first} {last}".strip()


def chosen_endpoints(names: Sequence[str]) -> tuple[Endpoint, ...]:
    """Endpoints by name, each once, in the order in which they must be sent."""
    wanted = {name.strip().lower().replace("-", "_") for name in names}
    if wanted & set(_EVERYTHING):
        return WRITABLE
    known = {endpoint.name for endpoint in WRITABLE}
    unknown = sorted(wanted - known)
    if unknown:
        raise typer.BadParameter(
            texts.no_such_name(
                names=_with_likely(unknown, known),
                known=ENDPOINTS_HELP,
            ),
            param_hint="ENDPOINT",
        )
    return tuple(endpoint for endpoint in WRITABLE if endpoint.name in wanted)


def _with_likely(unknown: Iterable[str], known: Collection[str]) -> str:
    return ", ".join(f"{name}{did_you_mean(name, known)}" for name in unknown)


def chosen_dates(one: date | None, first: date | None, last: date | None) -> Dates:
    """The dates of ``--date``, or of ``--from`` and ``--to``."""
    if one is not None and (first is not None or last is not None):
        raise typer.BadParameter(texts.NOT_WITH_FROM_TO, param_hint="--date")
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(texts.AFTER_TO, param_hint="--from")
    return Dates(one, one) if one is not None else Dates(first, last)


def dates_from_start(dates: Dates, start: date) -> Dates:
    """``dates`` with the start date as the default beginning.

    Raises:
        typer.BadParameter: they begin before the start date, before which nothing is sent.
    """
    for day in (dates.first, dates.last):
        if day is not None and day < start:
            raise typer.BadParameter(
                texts.before_start(day=day, start=start),
                param_hint="--date/--from/--to",
            )
    return Dates(dates.first or start, dates.last)


def chosen_tables(names: Sequence[str]) -> tuple[str, ...]:
    """Imported tables by name or group, each once, in the order in which they are read."""
    wanted: set[str] = set()
    unknown = []
    for name in names:
        word = name.strip().lower().replace("-", "_")
        found = READ_GROUPS.get(word, (word,) if word in READABLE else ())
        wanted.update(found)
        if not found:
            unknown.append(name)
    if unknown:
        known = ", ".join(dict.fromkeys([*READABLE, *READ_GROUPS]))
        raise typer.BadParameter(
            texts.no_such_name(names=_with_likely(unknown, (*READABLE, *READ_GROUPS)), known=known),
            param_hint="TABELA",
        )
    return tuple(table for table in READABLE if table in wanted)


def chosen_empresas(deployment: Deployment, name: str | None) -> tuple[str, ...]:
    """The empresa called ``name``, or all."""
    if name is None:
        return deployment.empresas
    if name not in deployment.empresas:
        raise typer.BadParameter(
            texts.no_such_name(
                names=_with_likely([name], deployment.empresas),
                known=", ".join(deployment.empresas),
            ),
            param_hint="--empresa",
        )
    return (name,)


# A code, a date or an empresa that was named and has no row: reported, and never exit code 0.


@dataclass(frozen=True, slots=True)
class NothingSelected:
    """What a person typed that has no row, and the exit code that says so."""

    text: str
    code: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a person named, so that finding nothing there is worth telling."""

    empresa: bool = False
    dates: bool = False


def nothing_selected(
    deployment: Deployment, wanted: PushRequest, reports: Sequence[PushReport], named: Named
) -> NothingSelected | None:
    """What was asked for by name or date and selected no row; ``None`` if all was well.

    Args:
        deployment: the composed deployment.
        wanted: what was pushed.
        reports: what came of it.
        named: what the person named of it.
    """
    if wanted.unfinished_only or wanted.held_only or not reports:
        return None
    if wanted.key is not None:
        if any(report.total.selected for report in reports):
            return None
        return NothingSelected(missing_key(deployment, wanted), WRONG_USAGE)
    facts = [report for report in reports if report.endpoint.grain == "fact"]
    if named.dates and facts and not any(report.total.selected for report in facts):
        names = ", ".join(dict.fromkeys(report.endpoint.name for report in facts))
        text = texts.no_rows_at(names=names, dates=_dates_of(wanted).told())
        return NothingSelected(text, UNFINISHED)
    if named.empresa and not any(report.total.selected for report in reports):
        text = texts.no_rows_of_empresa(wanted.empresas[0])
        return NothingSelected(text, UNFINISHED)
    return None


def _dates_of(wanted: PushRequest) -> Dates:
    return Dates(wanted.date_from, wanted.date_to)


def missing_key(deployment: Deployment, wanted: PushRequest, read: str = "") -> str:
    """Where a code that selected nothing stands instead, or how codes look there.

    Args:
        deployment: the composed deployment.
        wanted: what was asked for.
        read: what the clinic says of its row, if it was asked just now: a build finds no more.
    """
    from omie_pipeline.payload import find_code

    key = wanted.key or ""
    found = find_code(deployment.engine, key, wanted.endpoints, wanted.empresas)
    names = ", ".join(endpoint.name for endpoint in wanted.endpoints[:3])
    names += "..." if len(wanted.endpoints) > 3 else ""
    text = texts.no_rows_with_code(code=key, names=names, empresas=", ".join(wanted.empresas))
    if found.at_date:
        return texts.other_date(text=text, dates=_dates_of(wanted).told(), date=found.at_date)
    if found.endpoint:
        return texts.code_of_another(text=text, endpoint=found.endpoint, empresa=found.empresa)
    if found.alike:
        return texts.perhaps_code(text=text, code=found.alike)
    like = texts.codes_are_like(found.example) if found.example else ""
    if read:
        return texts.check_code_only(text=f"{text}: {read}", like=like)
    return texts.check_code(text=text, like=like)
