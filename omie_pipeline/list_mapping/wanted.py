"""What a person wants mapped, held against what there is: refused with a reason, or ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.likely import did_you_mean
from omie_pipeline.list_mapping.model import (
    ALL,
    ANY_VALUE,
    KINDS,
    TARGETS,
    SourceKey,
    SourceKind,
    TargetCode,
    TargetKind,
    as_read,
)
from omie_pipeline.list_mapping.omie_codes import LIST_OF, codes_of
from omie_pipeline.texts import list_mapping as texts

_LONGEST: Final = 200
_LONGEST_CODE: Final = 100
_DEFAULTS_BY_MAPPING: Final = frozenset({"category", "omie_category"})
"""Kinds of which ``*`` stands for every other value; of the others the defaults say it."""
_READ_BY_REFS: Final = frozenset({"categorias", "contas_correntes"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One mapping as it was typed, nothing known to be right of it.

    Attributes:
        target: ``""``: what its kind is mapped to most.
    """

    empresa: str
    kind: str
    source: str
    code: str
    target: str = ""


@dataclass
class Checker:
    """Holds what was typed against empresas and Omie's lists; reads each list once.

    Attributes:
        empresas: those of this deployment.
    """

    connection: sa.Connection
    empresas: Sequence[str]
    _lists: dict[tuple[str, str], dict[str, TargetCode]] = field(default_factory=dict)

    def key(self, empresa: str, kind: str, source: str, target: str = "") -> SourceKey:
        """The key in the form in which it is kept.

        Args:
            empresa: its name, or ``*``.
            kind: whose value it is.
            source: the value as the clinic writes it.
            target: ``""``: what the kind is mapped to most.

        Raises:
            ConfigurationError: no such empresa, kind or target, or no value that could be mapped.
        """
        empresa, source = empresa.strip(), as_read(source)
        if empresa not in (ALL, *self.empresas):
            raise ConfigurationError(
                texts.unknown_empresa(
                    empresa=empresa,
                    near=did_you_mean(empresa, self.empresas),
                    known=", ".join(self.empresas),
                    all_empresas=ALL,
                )
            )
        known = kind_of(kind)
        if target and target not in TARGETS[known]:
            raise ConfigurationError(
                texts.unknown_target(kind=known, target=target, known=", ".join(TARGETS[known]))
            )
        if not source:
            raise ConfigurationError(texts.EMPTY_SOURCE)
        _refuse_long(source, _LONGEST)
        if source == ANY_VALUE and known not in _DEFAULTS_BY_MAPPING:
            raise ConfigurationError(texts.no_default_for(known))
        wanted = cast("TargetKind", target) if target else TARGETS[known][0]
        return SourceKey(empresa, known, source, wanted)

    def checked(self, wanted: Wanted) -> tuple[SourceKey, str]:
        """The key and the code, as they are kept.

        Raises:
            ConfigurationError: as of :meth:`key`; or the code is not in use in Omie, or the list
                that would say so was never read.
        """
        key = self.key(wanted.empresa, wanted.kind, wanted.source, wanted.target)
        code = as_read(wanted.code)
        if not code:
            raise ConfigurationError(texts.EMPTY_CODE)
        _refuse_long(code, _LONGEST_CODE)
        for empresa in self._whose(key):
            if key.kind == "omie_category" and key.source != ANY_VALUE:
                self._known(empresa, "category", key.source)
            if key.target in LIST_OF:
                self._usable(empresa, key.target, code)
        return key, code

    def group(self, empresa: str, code: str) -> TargetCode:
        """The group of categories under which another may be made.

        Raises:
            ConfigurationError: the list was never read, or has no such group.
        """
        codes = self._codes(empresa, "category")
        if codes and (code not in codes or not codes[code].total_line):
            groups = [one.code for one in codes.values() if one.total_line]
            near = did_you_mean(code, groups)
            raise ConfigurationError(texts.no_such_group(code=code, empresa=empresa, near=near))
        return self._known(empresa, "category", code)

    def problem(self, key: SourceKey, code: str) -> str:
        """Why a code that was mapped once is none any more: ``gone``, ``inactive``, or ``""``.

        A list that was never read says nothing.
        """
        if key.target not in LIST_OF:
            return ""
        for empresa in self._whose(key):
            codes = self._codes(empresa, key.target)
            if codes and code not in codes:
                return "gone"
            if codes and not codes[code].active:
                return "inactive"
        return ""

    def name_of(self, key: SourceKey, code: str) -> str:
        """What Omie calls the code; ``""`` where no list knows it."""
        if key.target not in LIST_OF:
            return ""
        known = (self._codes(empresa, key.target).get(code) for empresa in self._whose(key))
        return next((one.name for one in known if one is not None), "")

    def _whose(self, key: SourceKey) -> Sequence[str]:
        # A mapping of `*` holds for each empresa, and each has lists of its own.
        return self.empresas if key.empresa == ALL else (key.empresa,)

    def _codes(self, empresa: str, target: TargetKind) -> dict[str, TargetCode]:
        if (empresa, target) not in self._lists:
            found = codes_of(self.connection, target, empresa)
            self._lists[empresa, target] = {one.code: one for one in found}
        return self._lists[empresa, target]

    def _known(self, empresa: str, target: TargetKind, code: str) -> TargetCode:
        codes = self._codes(empresa, target)
        refuse_unread(empresa, target, list(codes.values()))
        if code not in codes:
            raise ConfigurationError(
                texts.no_such_code(
                    target=texts.TARGETS[target],
                    code=code,
                    empresa=empresa,
                    near=did_you_mean(code, codes),
                )
            )
        return codes[code]

    def _usable(self, empresa: str, target: TargetKind, code: str) -> None:
        found = self._known(empresa, target, code)
        if not found.active:
            raise ConfigurationError(
                texts.inactive_code(
                    target=texts.TARGETS[target], code=code, name=found.name, empresa=empresa
                )
            )


def refuse_unread(empresa: str, target: TargetKind, codes: Sequence[TargetCode]) -> None:
    """Raise ``ConfigurationError`` where a list of Omie's has no codes: it was not read yet."""
    if codes or target not in LIST_OF:
        return
    table = LIST_OF[target]
    command = "refs" if table in _READ_BY_REFS else f"import {table}"
    raise ConfigurationError(
        texts.list_never_read(table=table.replace("_", " "), empresa=empresa, command=command)
    )


def kind_of(text: str) -> SourceKind:
    """A kind as typed.

    Raises:
        ConfigurationError: there is none of this name.
    """
    word = text.strip().lower().replace("-", "_")
    for kind in KINDS:
        if kind == word:
            return kind
    raise ConfigurationError(
        texts.unknown_kind(kind=text, near=did_you_mean(word, KINDS), known=", ".join(KINDS))
    )


def _refuse_long(text: str, most: int) -> None:
    if len(text) > most or not text.isprintable():
        raise ConfigurationError(texts.long_text(text=text[:40], most=most))
