"""What many tests begin with is prepared once in a test process, and copied for the others.

A clinic that has a customer, a service and an order in Omie took three pushes, and most of the
engine's tests have such a beginning: preparing was two thirds of what they cost. What a preparation
leaves is its database and the simulator's records; both are kept, and laid under the world of the
next test that asks for the same.

Only in a world that nobody has touched since it began, or since its last preparation: no statement
was sent to its database, no call made to its Omie, no setting of it changed. Elsewhere the
preparation is done for real, as it is the first time.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.simulator.engine.call import Engine
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules import Behaviour
from tests.spare_databases import SpareDatabases

if TYPE_CHECKING:
    from tests.push.world import World

_MOST = 24
"""A copy takes 10 MB of memory. Tests that begin alike stand together."""

_Arguments = ParamSpec("_Arguments")


@dataclass(frozen=True, slots=True)
class _App:
    secret_hash: str
    name: str
    next_id: int
    records: dict[str, tuple[Record, ...]]


@dataclass(frozen=True, slots=True)
class _Kept:
    database: str
    apps: dict[str, _App]
    seconds: float
    slept_seconds: float


class Untouched:
    """Whether anything has happened in a world since this was made.

    Attributes:
        since: what the world was prepared with.
    """

    def __init__(self, world: World, since: object = None) -> None:
        self.since = since
        self._omie: Engine = world.control._engine
        self._began = self._stand()
        self._statements = 0
        sa.event.listen(world.engine, "before_cursor_execute", self._count, once=True)

    def __bool__(self) -> bool:
        return not self._statements and self._stand() == self._began

    def _count(self, *_: object) -> None:
        self._statements += 1

    def _stand(self) -> object:
        omie = self._omie
        versions = [
            (key, app.next_id, app.suspended, *app.rejections, *_versions(app.collections))
            for key, app in omie.state.apps.items()
        ]
        plain = (omie.behaviour == Behaviour(), omie.gate.limits == Limits())
        waiting = (len(omie.faults), len(omie.scripts), omie.webhooks.silent)
        return versions, plain, waiting, len(omie.calls.seen()), omie.clock.seconds()


def _versions(collections: dict[str, Any]) -> list[int]:
    return [collection.version for collection in collections.values()]


class Beginnings:
    """The preparations of one test process, the last few that were asked for."""

    def __init__(self, administration: sa.Engine, spares: SpareDatabases) -> None:
        self._administration = administration
        self._spares = spares
        self._kept: dict[object, _Kept] = {}

    def keep(self, key: object, world: World) -> None:
        """Remember how ``world`` stands."""
        omie = world.control._engine
        apps = {
            app_key: _App(
                app.secret_hash,
                app.name,
                app.next_id,
                {name: tuple(records) for name, records in app.collections.items()},
            )
            for app_key, app in omie.state.apps.items()
        }
        name = f"begun_{secrets.token_hex(6)}"
        self._copy(world, _database(world), name)
        self._kept[key] = _Kept(name, apps, omie.clock.seconds(), world.clock.slept_seconds)
        if len(self._kept) > _MOST:
            self._spares.leave(self._kept.pop(next(iter(self._kept))).database)

    def lay(self, key: object, world: World) -> bool:
        """Let ``world`` stand as it did when ``key`` was kept; false if it never was."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return False
        self._kept[key] = kept  # the last one asked for
        own, gone = _database(world), f"gone_{secrets.token_hex(6)}"
        world.engine.dispose()
        self._execute(f"ALTER DATABASE {own} RENAME TO {gone}")
        self._spares.leave(gone)
        self._copy(world, kept.database, own)
        omie = world.control._engine
        with omie.lock:
            omie.reset(with_company=False)
            for app_key, app in kept.apps.items():
                state = omie.state.add_app(app_key, app.secret_hash, app.name)
                state.next_id = app.next_id
                for name, records in app.records.items():
                    for record in records:
                        state.collections[name].put(record)
        world.clock.sleep(kept.seconds - omie.clock.seconds())
        world.clock.slept_seconds = kept.slept_seconds
        return True

    def _copy(self, world: World, source: str, target: str) -> None:
        world.engine.dispose()
        self._execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")

    def _execute(self, statement: str) -> None:
        with self._administration.connect() as connection:
            connection.execute(sa.text(statement))


def _database(world: World) -> str:
    assert world.engine.url.database is not None
    return world.engine.url.database


def beginning(
    prepare: Callable[Concatenate[World, _Arguments], None],
) -> Callable[Concatenate[World, _Arguments], None]:
    """A preparation that is copied where its very arguments were prepared before."""

    @functools.wraps(prepare)
    def begin(world: World, *arguments: _Arguments.args, **options: _Arguments.kwargs) -> None:
        shelf = world.beginnings
        if shelf is None or not world.untouched:
            prepare(world, *arguments, **options)
            return
        validated = vars(validation).get("Validator")
        settings = (validated, world.error_budget)
        key = (world.untouched.since, prepare, settings, repr(arguments), repr(options))
        if not shelf.lay(key, world):
            prepare(world, *arguments, **options)
            shelf.keep(key, world)
        world.untouched = Untouched(world, key)

    return begin
