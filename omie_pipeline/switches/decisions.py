"""The switches of a deployment: what the file says, and what people decided since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.errors import ConfigurationError, SwitchedOff
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import switch
from omie_pipeline.switches.pauses import PAUSED, pause_in_force
from omie_pipeline.switches.settings import (
    SETTINGS,
    SWITCHED_OFF,
    ExportChoice,
    Origin,
    Setting,
    Source,
    Switch,
    refusal,
    required_fields,
)
from omie_pipeline.texts import switches as texts
from omie_pipeline.validation.model import ClinicRules


@dataclass(frozen=True, slots=True)
class SwitchChange:
    """A decision about one setting of one endpoint.

    Attributes:
        before, value: what stood and what was decided; ``None`` as ``value``: the file again.
    """

    empresa: str
    endpoint: str
    setting: Setting
    before: Any
    value: Any
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class FileChoices:
    """What the YAML says.

    Attributes:
        for_all: of every empresa, by endpoint.
        own: of one empresa, by its name and by endpoint.
    """

    for_all: Mapping[str, ExportChoice] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, ExportChoice]] = field(default_factory=dict)

    def said(self, empresa: str, endpoint: str) -> dict[str, tuple[Any, Source]]:
        """Setting -> value and where it stands."""
        found: dict[str, tuple[Any, Source]] = {}
        layers: tuple[tuple[Source, Mapping[str, ExportChoice]], ...] = (
            ("file", self.for_all),
            ("empresa", self.own.get(empresa, {})),
        )
        for source, choices in layers:
            if endpoint in choices:
                found |= {n: (v, source) for n, v in choices[endpoint].chosen().items()}
        return found


class Switches:
    """The switches of one deployment.

    Args:
        engine: the warehouse.
        file: what the YAML says.
        rules: the rules of the clinic of an empresa.
    """

    def __init__(
        self,
        engine: sa.Engine,
        file: FileChoices | None = None,
        rules: Callable[[str], ClinicRules] = lambda _: ClinicRules(),
    ) -> None:
        self._engine = engine
        self._file = file or FileChoices()
        self._rules = rules

    def of(self, empresa: str, endpoint: str) -> Switch:
        """What stands for one endpoint of one empresa.

        Raises:
            WarehouseError: the database is gone.
        """
        return self.all([empresa], [endpoint])[0]

    def all(self, empresas: Sequence[str], endpoints: Sequence[str]) -> tuple[Switch, ...]:
        """What stands, empresa by empresa and endpoint by endpoint."""
        with warehouse_errors(), self._engine.connect() as connection:
            decided = _standing(connection, empresas)
        return tuple(
            self._switch(empresa, endpoint, decided.get((empresa, endpoint), {}))
            for empresa in empresas
            for endpoint in endpoints
        )

    def _switch(self, empresa: str, endpoint: str, decided: Mapping[str, SwitchChange]) -> Switch:
        values: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        for setting, (value, source) in self._file.said(empresa, endpoint).items():
            values[setting], origins[setting] = value, Origin(source)
        for setting, one in decided.items():
            values[setting] = one.value
            origins[setting] = Origin("command", one.decided_by, one.decided_at)
        fields = values.get("fields")
        return Switch(
            empresa,
            endpoint,
            values.get("state", "on"),
            values.get("direction", "both"),
            None if fields is None else tuple(fields),
            self.required(empresa, endpoint) if fields is not None else frozenset(),
            origins,
            values.get("on_lookalike"),
        )

    def required(self, empresa: str, endpoint: str) -> frozenset[str]:
        """Fields of an endpoint that the empresa cannot leave out."""
        return required_fields(REGISTRY[endpoint], self._rules(empresa))

    def stops(self, empresa: str, endpoint: str) -> tuple[str, str] | None:
        """Why a run of the endpoint is to go no further, with the ``error_code`` of the rows it
        leaves; ``None`` if it may."""
        paused = pause_in_force(self._engine, empresa)
        if paused is not None:
            return paused.told, PAUSED
        why = self.of(empresa, endpoint).why_not
        return (why, SWITCHED_OFF) if why else None

    def unread_lists(self, empresa: str) -> frozenset[str]:
        """Lists of Omie that nobody wants to be read of an empresa."""
        two_ways = [name for name in REGISTRY if name in MIRROR]
        return frozenset(one.endpoint for one in self.all([empresa], two_ways) if not one.imports)

    def refuse_unread(self, empresa: str, table: str) -> None:
        """Stop if a list is not to be read.

        Raises:
            SwitchedOff: says who decided so, and what to do.
        """
        if table in REGISTRY and not (one := self.of(empresa, table)).imports:
            source = one.origin("direction").told
            raise SwitchedOff(texts.only_exported(table=table, empresa=empresa, source=source))

    def refuse_impossible(self, endpoint: str, setting: Setting, value: Any) -> None:
        """Stop if the endpoint has no such setting.

        Raises:
            ConfigurationError: says why.
        """
        if value is not None and (why := refusal(REGISTRY[endpoint], setting, value)):
            raise ConfigurationError(why)

    def decide(
        self,
        empresa: str,
        endpoint: str,
        setting: Setting,
        value: Any,
        by: str,
        now: datetime,
    ) -> SwitchChange:
        """Remember what a person decided; what others decided before stays in the log.

        Args:
            empresa: its name.
            endpoint: name of the endpoint.
            setting: what is decided.
            value: what it is to be; ``None``: what the file says.
            by: who decides.
            now: when.

        Raises:
            ConfigurationError: the endpoint has no such setting; nothing was decided.
        """
        self.refuse_impossible(endpoint, setting, value)
        name = f"omie_sync.switch:{empresa}:{endpoint}:{setting}"
        # Two at once come one after the other: each learns what it put an end to.
        alone = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name)))
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(alone)
            decided = _standing(connection, [empresa]).get((empresa, endpoint), {})
            standing = getattr(self._switch(empresa, endpoint, decided), setting)
            done = SwitchChange(empresa, endpoint, setting, standing, value, by, now)
            connection.execute(
                sa.insert(switch).values(
                    empresa=empresa,
                    endpoint=endpoint,
                    setting=setting,
                    before=list(standing) if setting == "fields" and standing else standing,
                    value=list(value) if setting == "fields" and value else value,
                    decided_by=by,
                    decided_at=now,
                )
            )
        return done

    def history(self, empresas: Sequence[str]) -> tuple[SwitchChange, ...]:
        """Every decision, the newest first."""
        query = (
            sa.select(switch)
            .where(switch.c.empresa.in_(empresas))
            .order_by(switch.c.switch_id.desc())
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return tuple(_change(row) for row in connection.execute(query))


def _standing(
    connection: sa.Connection, empresas: Sequence[str]
) -> dict[tuple[str, str], dict[str, SwitchChange]]:
    """The last decision of every setting, by empresa and endpoint; none that gave it back."""
    s = switch.c
    query = (
        sa.select(switch)
        .ext(distinct_on(s.empresa, s.endpoint, s.setting))
        .where(s.empresa.in_(empresas), s.setting.in_(SETTINGS))
        .order_by(s.empresa, s.endpoint, s.setting, s.switch_id.desc())
    )
    found: dict[tuple[str, str], dict[str, SwitchChange]] = {}
    for row in connection.execute(query):
        if row.value is not None:
            found.setdefault((row.empresa, row.endpoint), {})[row.setting] = _change(row)
    return found


def _change(row: sa.Row[Any]) -> SwitchChange:
    before, value = (tuple(v) if isinstance(v, list) else v for v in (row.before, row.value))
    return SwitchChange(
        row.empresa, row.endpoint, row.setting, before, value, row.decided_by, row.decided_at
    )
