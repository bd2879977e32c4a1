"""De-para as a person does it: list, set, unset, import, reject, and a new category in one step.

Everything is checked before anything is written; what is written stands in the history with who and
when. The terminal calls these, and a page for staff may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.register_client import refusal
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.likely import did_you_mean
from omie_pipeline.list_mapping import csv_file, store
from omie_pipeline.list_mapping.clinic_values import values_of
from omie_pipeline.list_mapping.model import (
    ALL,
    ANY_VALUE,
    TARGETS,
    MappedCode,
    Rejected,
    SourceItem,
    SourceKey,
    SourceKind,
    Suggestion,
    TargetCode,
    TargetKind,
    as_read,
)
from omie_pipeline.list_mapping.new_category import code_given, request_category, requests_model
from omie_pipeline.list_mapping.omie_codes import codes_of
from omie_pipeline.list_mapping.store import Author, Change, Decision
from omie_pipeline.list_mapping.wanted import Checker, Wanted
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import app as texts


@dataclass(frozen=True, slots=True)
class ListedMapping:
    """A mapping in force, as people read it.

    Attributes:
        name: what Omie calls the code; ``""`` where its list was never read.
        problem: ``gone``: Omie has the code no more; ``inactive``: it may not be used; ``""``.
    """

    mapped: MappedCode
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class NotMapped:
    """A value of the clinic's that nothing maps."""

    empresa: str
    item: SourceItem


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A category that Omie has now, and the mapping to it.

    Attributes:
        created: false where Omie had one of that name in the group already.
    """

    code: str
    created: bool
    change: Change


def listed(
    deployment: Deployment, empresas: Sequence[str], kind: SourceKind | None = None
) -> tuple[ListedMapping, ...]:
    """Every mapping in force of some empresas and of ``*``.

    Args:
        deployment: the composed deployment.
        empresas: whose.
        kind: only of this kind.
    """
    with warehouse_errors(), deployment.engine.connect() as connection:
        # What serves every empresa is looked up in the lists of those that were asked for.
        checker = Checker(connection, empresas)
        return tuple(
            ListedMapping(
                one, checker.name_of(one.key, one.code), checker.problem(one.key, one.code)
            )
            for one in store.in_force(connection, (ALL, *empresas))
            if kind in (None, one.key.kind)
        )


def codes_to_choose(
    deployment: Deployment, empresa: str, target: TargetKind
) -> tuple[TargetCode, ...]:
    """Every code of a target that one empresa's Omie has, as last read: usable or not."""
    with warehouse_errors(), deployment.engine.connect() as connection:
        return tuple(codes_of(connection, target, empresa))


def not_mapped(
    deployment: Deployment, empresas: Sequence[str], kind: SourceKind
) -> tuple[NotMapped, ...]:
    """Values of one kind that nothing maps to what the kind is mapped to most, those with most rows
    first: a department alone says no category.

    A category that has the form of Omie's own needs no mapping, nor does a procedure whose category
    is mapped, nor a payment method whose type is.

    Args:
        deployment: the composed deployment.
        empresas: whose.
        kind: of which kind.
    """
    found = []
    with warehouse_errors(), deployment.engine.connect() as connection:
        known = {
            (one.key.empresa, one.key.source)
            for one in store.in_force(connection, (ALL, *empresas))
            if (one.key.kind, one.key.target) == (kind, TARGETS[kind][0])
        }
        for empresa in empresas:
            mapped = {source for whose, source in known if whose in (ALL, empresa)}
            if ANY_VALUE not in mapped:
                found += [
                    NotMapped(empresa, item)
                    for item in values_of(connection, kind, empresa)
                    if not (item.settled or _names_of(item) & mapped)
                ]
    return tuple(found)


def _names_of(item: SourceItem) -> set[str]:
    """What a mapping of the value may be kept under: a payment method's type stands for it too."""
    by_type = {item.description} if item.kind == "payment_method" else set()
    return {item.source, *by_type}


def set_codes(
    deployment: Deployment,
    wanted: Sequence[Wanted],
    by: str,
    expected: str | None = None,
) -> tuple[Change, ...]:
    """Map values; all of them, or none if one is refused.

    Args:
        deployment: the composed deployment.
        wanted: what is to be mapped to what.
        by: who decides.
        expected: of one value: the code that the person saw in force; ``""``: none. Another one in
            force by now was decided meanwhile, and stays.

    Returns:
        What each was mapped to before, and by whom.

    Raises:
        ConfigurationError: one cannot be mapped like that, or was decided meanwhile.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        checker = Checker(connection, deployment.empresas)
        codes = [checker.checked(one) for one in wanted]
        if expected is not None:
            refuse_decided(deployment, connection, codes[0][0], expected)
        return tuple(store.put(connection, codes, _author(deployment, by)))


def strangers(
    deployment: Deployment, changes: Sequence[Change]
) -> tuple[tuple[SourceKey, str], ...]:
    """Mapped values that the clinic, as last built, does not have; with one that it has and that
    looks like it, or ``""``.

    Mapped all the same: the row may be on its way. Where nothing was built, nothing is said.
    """
    found = []
    with warehouse_errors(), deployment.engine.connect() as connection:
        for change in changes:
            key = change.key
            if change.after is None or key.source == ANY_VALUE or key.kind == "omie_category":
                continue
            empresas = deployment.empresas if key.empresa == ALL else (key.empresa,)
            values = [one for name in empresas for one in values_of(connection, key.kind, name)]
            known = {name for one in values for name in _names_of(one)}
            if known and key.source not in known:
                found.append((key, did_you_mean(key.source, known)))
    return tuple(found)


def unset_codes(
    deployment: Deployment,
    empresa: str,
    kind: str,
    sources: Sequence[str],
    by: str,
    target: str = "",
    expected: str | None = None,
) -> tuple[Change, ...]:
    """Take mappings away; a value that has none is left as it is.

    Args:
        deployment: the composed deployment.
        empresa: whose, or ``*``.
        kind: of which kind.
        sources: the values.
        by: who decides.
        target: ``""``: what the kind is mapped to most.
        expected: of one value: the code that the person saw in force, as of :func:`set_codes`.

    Raises:
        ConfigurationError: no such empresa, kind or target, or it was decided meanwhile.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        checker = Checker(connection, deployment.empresas)
        keys = [checker.key(empresa, kind, source, target) for source in sources]
        if expected is not None:
            refuse_decided(deployment, connection, keys[0], expected)
        return tuple(store.remove(connection, keys, _author(deployment, by)))


def import_file(deployment: Deployment, file: Path, by: str) -> tuple[Change, ...]:
    """Map what a CSV file says; nothing if one line is wrong.

    Raises:
        ConfigurationError: names every wrong line.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        codes = csv_file.read_file(file, Checker(connection, deployment.empresas))
        author = Author(by, deployment.clock.now(), "import")
        return tuple(store.put(connection, codes, author))


def exported(deployment: Deployment) -> str:
    """Every mapping in force as the text of a CSV file that :func:`import_file` reads."""
    with warehouse_errors(), deployment.engine.connect() as connection:
        return csv_file.written(store.in_force(connection))


def decisions(
    deployment: Deployment,
    empresas: Sequence[str],
    kind: SourceKind | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> tuple[Decision, ...]:
    """The history, newest first.

    Args:
        deployment: the composed deployment.
        empresas: of these, and of ``*``.
        kind: only of this kind.
        source: only of this value.
        limit: at most so many.
    """
    meant = None if source is None else as_read(source)
    with warehouse_errors(), deployment.engine.connect() as connection:
        return tuple(store.decisions(connection, kind, meant, (ALL, *empresas), limit))


def reject(
    deployment: Deployment, refused: Wanted, by: str, shown: Suggestion | None = None
) -> bool:
    """Remember that a code is not the one for a value: it is not suggested again.

    Args:
        deployment: the composed deployment.
        refused: the value and the code.
        by: who refuses.
        shown: the suggestion as it was shown; for the history.

    Returns:
        False if that was known.

    Raises:
        ConfigurationError: no such empresa, kind or target.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        checker = Checker(connection, deployment.empresas)
        key = checker.key(refused.empresa, refused.kind, refused.source, refused.target)
        author = _author(deployment, by)
        return store.reject(connection, key, refused.code.strip(), author, shown)


def rejections(deployment: Deployment) -> tuple[Rejected, ...]:
    """Every refused suggestion."""
    with warehouse_errors(), deployment.engine.connect() as connection:
        return tuple(store.rejections(connection))


def create_and_map(
    deployment: Deployment, wanted: Wanted, name: str, under: str, by: str
) -> NewCategory:
    """Make a category in Omie, unless the group has one of that name, and map a value to it.

    Killed on the way it can be repeated: what Omie has by then is found.

    Args:
        deployment: the composed deployment.
        wanted: what is to be mapped, without a code.
        name: of the category.
        under: code of the group in which it is made.
        by: who decides.

    Raises:
        ConfigurationError: the value cannot be mapped, there is no such group, or Omie refused the
            category; nothing is mapped then.
        OmieFault: Omie cannot be asked.
    """
    name, under = " ".join(name.split()), under.strip()
    endpoint = REGISTRY["categorias"]
    with warehouse_errors(), deployment.engine.begin() as connection:
        checker = Checker(connection, deployment.empresas)
        key = checker.key(wanted.empresa, wanted.kind, wanted.source, wanted.target)
        if key.target != "category":
            raise ConfigurationError(texts.ONLY_CATEGORIES)
        if key.empresa == ALL:
            raise ConfigurationError(texts.CATEGORY_OF_ONE)
        checker.group(key.empresa, under)
        row = request_category(connection, key.empresa, under, name, by, deployment.clock.now())
    report = deployment.push_one_of(requests_model(), key.empresa, row)
    with warehouse_errors(), deployment.engine.connect() as connection:
        code = code_given(connection, key.empresa, row)
    if code is None:
        reason, fix = refusal(deployment.engine, endpoint, key.empresa, row)
        raise ConfigurationError(
            texts.category_not_made(name=name, reason=reason or report.stopped_by, fix=fix)
        )
    # The list as Omie has it now: the new code has to be in it to be mapped.
    deployment.refresh_reference("categorias", key.empresa)
    (change,) = set_codes(
        deployment, [Wanted(key.empresa, key.kind, key.source, code, key.target)], by
    )
    return NewCategory(code, report.total.created > 0, change)


def _author(deployment: Deployment, by: str) -> Author:
    return Author(by, deployment.clock.now())


def refuse_decided(
    deployment: Deployment, connection: sa.Connection, key: SourceKey, expected: str
) -> None:
    """Refuse to decide on a value of which another code is in force than a person saw.

    Args:
        deployment: the composed deployment.
        connection: of the transaction that decides.
        key: what is decided.
        expected: the code that was seen; ``""``: none.

    Raises:
        ConfigurationError: names who decided meanwhile, and what.
    """
    now = next((one for one in store.in_force(connection) if one.key == key), None)
    if now is None or now.code == expected:
        if now is not None or not expected:
            return
        raise ConfigurationError(texts.unset_meanwhile(key.source))
    zone = ZoneInfo(deployment.settings.time_zone)
    raise ConfigurationError(
        texts.decided_meanwhile(
            source=key.source,
            code=now.code,
            by=now.decided_by or texts.SOMEBODY,
            at=f"{now.decided_at.astimezone(zone):%d/%m/%Y %H:%M}" if now.decided_at else "?",
        )
    )
