"""A whole deployment: when dbt has to run, and that a refresh leaves what dbt would have made."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_dbt import DbtCliResource
from dbt.cli.main import dbtRunner
from pydantic import SecretStr

from omie_pipeline.app.build import BuildRequest, BuildResult, build
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.models import making_models, refresh_key, refresh_models
from omie_pipeline.assets.mapping import mapping_assets
from omie_pipeline.config.defaults import import_defaults, read_defaults
from omie_pipeline.config.settings import Settings
from omie_pipeline.list_mapping.model import KINDS, TARGETS
from omie_pipeline.list_mapping.usage import profiles_of, uses_of
from omie_pipeline.models.memory import DbtNeeded, Reason
from omie_pipeline.models.refresh import Refreshed
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.resources.dbt import dbt_resource, ensure_manifest
from tests.conftest import _database
from tests.spare_databases import SpareDatabases

SAMPLE = Path(__file__).parents[2] / "sample"
EMPRESAS = ("norte", "sul")
COMPANIES = """
empresas:
  - {nome: norte, app_key_env: KEY_1, app_secret_env: SECRET_1, clinic_url_env: CLINIC_1}
  - {nome: sul, app_key_env: KEY_2, app_secret_env: SECRET_2, clinic_url_env: CLINIC_2}
"""


@dataclass
class Built:
    """A deployment of two empresas, each with its own copy of the sample clinic."""

    deployment: Deployment
    folder: Path
    models: Path

    def run(self, statement: str, **values: Any) -> int:
        with self.deployment.engine.begin() as connection:
            return connection.execute(sa.text(statement), values).rowcount

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.deployment.engine.connect() as connection:
            return list(connection.execute(sa.text(query), values).all())

    def refresh(self, empresas: tuple[str, ...] = EMPRESAS) -> tuple[Refreshed, ...] | DbtNeeded:
        return refresh_models(self.deployment, self.deployment.prepare_dbt(), empresas)

    def stand(self) -> bool:
        """Whether nothing is to be made by dbt."""
        return not isinstance(self.refresh(), DbtNeeded)

    def why(self) -> DbtNeeded:
        needed = self.refresh()
        assert isinstance(needed, DbtNeeded)
        return needed

    def build(self, *, full: bool = False) -> BuildResult:
        return build(self.deployment, BuildRequest(EMPRESAS, full))

    def dbt(self, *selected: str) -> None:
        project = self.deployment.prepare_dbt()
        folder = str(project.folder)
        with making_models(self.deployment, project):
            done = dbtRunner().invoke(
                ["run", "--quiet", "--project-dir", folder, "--profiles-dir", folder, *selected]
            )
        assert done.success

    def payload(self) -> dict[str, tuple[int, str]]:
        """Every payload table: its rows and a digest of all that stands in them."""
        names = self.rows(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'omie_payload'::regnamespace ORDER BY 1"
        )
        return {
            name: tuple(
                self.rows(
                    "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
                    f" FROM omie_payload.{name} AS t"
                )[0]
            )
            for (name,) in names
        }


@pytest.fixture(scope="module")
def built(
    postgres_url: str, _spares: SpareDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "empresas.yaml").write_text(COMPANIES, "utf-8")
    for empresa in EMPRESAS:
        shutil.copytree(
            SAMPLE, folder / empresa, ignore=shutil.ignore_patterns("generator", "*.py")
        )
    name = _spares.take()
    given: dict[str, Any] = {
        "warehouse_url": SecretStr(_database(postgres_url, name)),
        "base_url": "http://127.0.0.1:1/api/v1",
        "home": folder / "home",
        "config": folder / "empresas.yaml",
        "models": folder / "my_models",
        "staging": "synthea",
        "start_date": "2023-12-01",
    }
    settings = Settings(**given)
    variables: dict[str, str] = {}
    for number, empresa in enumerate(EMPRESAS, 1):
        variables[f"KEY_{number}"] = variables[f"SECRET_{number}"] = empresa
        variables[f"CLINIC_{number}"] = str(folder / empresa)
    with pytest.MonkeyPatch.context() as patch:
        # dbt leaves its variables in the process.
        for variable in ("OMIE_PIPELINE_STAGING", "OMIE_PIPELINE_START_DATE", "DBT_HOST"):
            patch.setenv(variable, "")
        deployment = Deployment(settings, variables=variables)
        defaults = folder / "defaults.csv"
        sample = (SAMPLE / "defaults.csv").read_text("utf-8")
        defaults.write_text(sample.replace("principal", "*"), "utf-8")
        import_defaults(
            deployment.engine,
            read_defaults(defaults, EMPRESAS),
            str(defaults),
            deployment.clock.now(),
            replace=False,
        )
        made = Built(deployment, folder, folder / "my_models")
        first = made.build()
        assert first.dbt is not None
        assert first.dbt.succeeded
        made.refresh()  # nothing stood before the first build to tell what it was made of
        yield made
        deployment.engine.dispose()
    _spares.leave(name)


def test_a_build_with_nothing_new_runs_no_dbt(built: Built) -> None:
    before = built.payload()
    done = built.build()
    assert done.succeeded
    assert done.dbt is None
    assert done.refreshed
    assert not any(table.empresas for table in done.refreshed)
    assert built.payload() == before


def test_a_corrected_patient_is_written_and_nothing_else(built: Built) -> None:
    file = built.folder / "sul" / "brasil" / "br_pacientes.csv"
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    column = lines[0].rstrip("\r\n").split(",").index("bairro")
    cells = lines[1].split(",")
    cells[column] = "Bairro Corrigido"
    file.write_text("".join([lines[0], ",".join(cells), *lines[2:]]), "utf-8")
    done = built.build()
    assert done.dbt is None
    assert done.refreshed is not None
    changed = {one.model: (one.empresas, one.added) for one in done.refreshed if one.changed}
    assert changed["omie_clientes"] == (("sul",), 1)
    assert set(changed) <= {"omie_clientes", "omie_ordens_servico", "omie_faturar_os"}
    assert built.rows(
        "SELECT empresa FROM omie_payload.omie_clientes WHERE bairro = 'Bairro Corrigido'"
    ) == [("sul",)]


def _shuffle(built: Built, seed: int) -> None:
    """Change, drop and double some rows of the copies, as clinics do, and what else models read."""
    chance = random.Random(seed)
    tables = built.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^_'"
        " AND relnamespace = 'clinic_raw'::regnamespace ORDER BY 1"
    )
    for (table,) in tables:
        columns = built.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = ('clinic_raw.' || :t)::regclass"
            " AND attnum > 0 AND atttypid = 'text'::regtype AND attname !~ '^_'"
            " AND attname !~* '(id|data|date|valor|payments)' AND NOT EXISTS (SELECT FROM pg_index"
            " WHERE indrelid = attrelid AND attnum = ANY(indkey)) ORDER BY 1",
            t=table,
        )
        for _ in range(chance.randint(0, 2)):
            empresa, place = chance.choice(EMPRESAS), chance.randint(0, 20)
            picked = (
                f"ctid = (SELECT ctid FROM clinic_raw.{table} WHERE _empresa = :e"
                " ORDER BY ctid OFFSET :n LIMIT 1)"
            )
            if chance.random() < 0.3 or not columns:
                built.run(f"DELETE FROM clinic_raw.{table} WHERE {picked}", e=empresa, n=place)
            else:
                name = '"' + chance.choice(columns)[0] + '"'
                other = f"(SELECT {name} FROM clinic_raw.{table} OFFSET :m LIMIT 1)"
                built.run(
                    f"UPDATE clinic_raw.{table} SET {name} = {other} WHERE {picked}",
                    e=empresa, n=place, m=chance.randint(0, 30),
                )  # fmt: skip
    built.run(
        "UPDATE omie_sync.empresa_default SET receipt_category = :c WHERE empresa = '*'",
        c=chance.choice(["1.01.02", "1.01.03"]),
    )
    for kind, source in (("category", "2.02.01"), ("procedure", chance.choice(PROCEDURES))):
        built.run(
            "INSERT INTO omie_sync.mapping VALUES (:e, :k, :s, :t, :c, 'person', 'Ana', now())"
            " ON CONFLICT (empresa, kind, source, target) DO UPDATE SET code = :c",
            e=chance.choice((*EMPRESAS, "*")), k=kind, s=source,
            t=chance.choice(("category", "department", "project")), c=str(chance.randint(1, 3)),
        )  # fmt: skip
    built.run(
        "DELETE FROM omie_sync.mapping WHERE ctid = (SELECT ctid FROM omie_sync.mapping"
        " ORDER BY source, target, empresa OFFSET :n LIMIT 1)",
        n=chance.randint(0, 8),
    )
    built.run(
        "INSERT INTO omie_sync.ledger (empresa, endpoint, codigo_integracao, state, omie_id,"
        " partition, first_seen_at, run_id) SELECT empresa, 'clientes', codigo, 'confirmed',"
        " hashtext(codigo), empresa, now(), 'r' FROM omie_payload.clientes_codigos"
        " WHERE abs(hashtext(codigo || :s)) % 5 = 0 ON CONFLICT DO NOTHING",
        s=str(seed),
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_refresh_leaves_what_dbt_makes(built: Built, seed: int) -> None:
    for step in range(3):
        _shuffle(built, 10 * seed + step)
        assert built.refresh(EMPRESAS[step % 2 : step % 2 + 1]) is not None
    assert built.refresh() is not None
    ours = built.payload()
    built.dbt("--select", "path:models/omie")
    assert built.payload() == ours


PROCEDURES = ("08", "1000126", "104091002")
MAP = (
    "INSERT INTO omie_sync.mapping VALUES"
    " (:e, 'category', '2.02.01', 'category', :c, 'person', 'Ana', now())"
    " ON CONFLICT (empresa, kind, source, target) DO UPDATE SET code = :c"
)
RENT = (
    "SELECT count(*) FROM omie_payload.omie_contas_pagar"
    " WHERE codigo_categoria = :c AND empresa = :e"
)


def test_a_mapping_fills_what_reads_it_for_its_empresa_without_dbt(built: Built) -> None:
    assert built.stand()
    built.run(MAP, e="norte", c="2.02.09")
    done = built.refresh()
    assert not isinstance(done, DbtNeeded)
    changed = {one.model: one.empresas for one in done if one.changed}
    assert changed == {"omie_contas_pagar": ("norte",)}
    assert built.rows(RENT, e="norte", c="2.02.09") != [(0,)]
    assert built.rows(RENT, e="sul", c="2.02.09") == [(0,)]


def test_a_mapping_changed_while_tables_are_made_is_not_lost(built: Built) -> None:
    assert built.stand()
    with built.deployment.engine.begin() as beside:
        beside.execute(sa.text(MAP), {"e": "sul", "c": "2.02.07"})
        assert built.refresh() is not None  # waits for nobody, and sees nothing of it
        assert built.rows(RENT, e="sul", c="2.02.07") == [(0,)]
    project = built.deployment.prepare_dbt()
    with making_models(built.deployment, project) as making:
        built.run(MAP, e="sul", c="2.02.08")
        making.made.add("omie_payload.omie_contas_pagar")
    assert built.rows(RENT, e="sul", c="2.02.08") == [(0,)]
    assert built.stand()
    assert built.rows(RENT, e="sul", c="2.02.08") != [(0,)]


def test_what_dbt_makes_is_what_suggestions_read(built: Built) -> None:
    """Their queries name columns of the canonical tables: here they meet the real ones."""
    assert built.stand()
    built.run(
        "INSERT INTO omie.contas_pagar (empresa, codigo_lancamento_omie, codigo_categoria,"
        " valor_documento, ledger_codigo, raw, lido_em)"
        " SELECT empresa, row_number() OVER (), '2.02.09', valor_documento,"
        " codigo_lancamento_integracao, '{}', now() FROM omie_payload.omie_contas_pagar"
        " WHERE empresa = 'norte'"
    )
    try:
        with built.deployment.engine.connect() as connection:
            for kind in KINDS:
                used = uses_of(connection, "norte", kind, TARGETS[kind][0])
                profiles = profiles_of(connection, "norte", kind)
                if kind == "category":
                    assert {use.code for use in used} == {"2.02.09"}
                    assert {"2.02.01", "2.01.02"} <= {use.source for use in used}
                if kind in ("category", "payment_method", "procedure"):
                    assert any(one.bands and one.revenue is not None for one in profiles)
    finally:
        built.run("DELETE FROM omie.contas_pagar")


def test_while_dbt_works_an_extract_may_change_its_table(built: Built) -> None:
    """dbt would wait for the extract, and the extract for whoever waits for dbt."""
    with making_models(built.deployment, built.deployment.prepare_dbt()):
        built.run("LOCK TABLE clinic_raw.br_pacientes IN ACCESS EXCLUSIVE MODE NOWAIT")
    assert built.stand()


@pytest.mark.parametrize("key", ["PAC-", "PRO-", "FOR-"])
def test_one_person_comes_out_as_in_a_refresh_of_all(built: Built, key: str) -> None:
    assert built.refresh() is not None
    (code,) = built.rows(
        "SELECT min(codigo) FROM omie_payload.clientes_codigos"
        " WHERE empresa = 'norte' AND na_clinica AND titular = codigo AND codigo LIKE :k || '%'",
        k=key,
    )[0]
    before = built.payload()["omie_clientes"]
    built.run("DELETE FROM omie_payload.omie_clientes WHERE empresa = 'norte'"
              " AND codigo_cliente_integracao = :c", c=code)  # fmt: skip
    done = refresh_key(built.deployment, built.deployment.prepare_dbt(), "clientes", "norte", code)
    assert done is not None
    assert (done.removed, done.added) == (0, 1)
    assert built.payload()["omie_clientes"] == before


def test_what_does_not_change_what_dbt_makes_lets_it_be(built: Built) -> None:
    built.run("CREATE TABLE clinic_raw.nova (a text)")
    built.run("COMMENT ON VIEW clinica.pacientes IS 'outro texto [omie-pipeline]'")
    assert built.stand()


@pytest.mark.parametrize(
    ("change", "back", "reason"),
    [
        ("ALTER TABLE clinic_raw.br_pacientes ADD COLUMN nova text",
         "ALTER TABLE clinic_raw.br_pacientes DROP COLUMN nova",
         Reason.COLUMNS),
        ("COMMENT ON COLUMN clinic_raw.br_despesas.valor IS 'omie_pipeline decimal=,'",
         "COMMENT ON COLUMN clinic_raw.br_despesas.valor IS NULL",
         Reason.COLUMNS),
        ("ALTER VIEW clinica.pacientes SET (security_barrier = true)",
         "ALTER VIEW clinica.pacientes RESET (security_barrier)",
         Reason.ALTERED),
        ("ALTER VIEW staging.omie_clientes RENAME TO outra",
         "ALTER VIEW staging.outra RENAME TO omie_clientes",
         Reason.ALTERED),
        ("ALTER TABLE omie_payload.omie_clientes RENAME COLUMN bairro TO b",
         "ALTER TABLE omie_payload.omie_clientes RENAME COLUMN b TO bairro",
         Reason.ALTERED),
    ],
)  # fmt: skip
def test_a_relation_changed_by_hand_or_by_the_source_is_for_dbt(
    built: Built, change: str, back: str, reason: Reason
) -> None:
    assert built.stand()
    built.run(change)
    assert built.why().reasons == (reason,)
    built.run(back)
    assert built.stand()


def test_other_values_that_say_how_a_column_is_written_are_for_dbt(built: Built) -> None:
    assert built.stand()
    (was,) = built.rows("SELECT valor FROM clinic_raw.br_despesas ORDER BY ctid LIMIT 1")[0]
    first = "(SELECT min(ctid) FROM clinic_raw.br_despesas)"
    built.run(f"UPDATE clinic_raw.br_despesas SET valor = '1.280' WHERE ctid = {first}")
    assert built.why().reasons == (Reason.EVIDENCE,)
    built.run("UPDATE clinic_raw.br_despesas SET valor = :v WHERE valor = '1.280'", v=was)
    assert built.stand()


def test_a_model_of_the_users_is_for_dbt_until_it_was_made(built: Built) -> None:
    own = built.models / "omie" / "omie_projetos.sql"
    own.parent.mkdir(parents=True)
    delivered = SAMPLE.parent / "dbt_mapping" / "models" / "omie" / "omie_projetos.sql"
    assert built.stand()
    own.write_text(delivered.read_text("utf-8") + "\n-- minha\n", "utf-8")
    assert built.why().reasons == (Reason.FILES,)
    own.unlink()
    assert built.stand()


def test_a_setting_that_dbt_reads_is_for_dbt(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    assert built.stand()
    settings = built.deployment.settings.model_copy(update={"include_before_start": True})
    monkeypatch.setattr(built.deployment, "settings", settings)
    assert built.why().reasons == (Reason.VARIABLES,)


def test_a_view_replaced_by_hand_is_made_again(built: Built) -> None:
    made = "SELECT pg_get_viewdef('clinica.formas_pagamento'::regclass)"
    (definition,) = built.rows(made)[0]
    text = definition.rstrip().rstrip(";")
    built.run(
        f"CREATE OR REPLACE VIEW clinica.formas_pagamento AS SELECT * FROM ({text}) AS x LIMIT 0"
    )
    done = built.build()
    assert done.dbt is not None
    assert done.dbt.succeeded
    assert done.dbt.why == DbtNeeded((Reason.ALTERED,), ("clinica.formas_pagamento",))
    assert built.rows(made) == [(definition,)]
    assert built.build().dbt is None


class _FailingDbt(DbtCliResource):
    """Says that it made a view, which stands, and that a data test failed."""

    def cli(self, args: Sequence[str], *, raise_on_error: bool = True, **_: Any) -> Any:
        failed = dg.Failure("uma conferência falhou")
        view = dg.AssetMaterialization(FORMAS)

        def told() -> Iterator[Any]:
            yield SimpleNamespace(to_default_asset_events=lambda *_, **__: [view])
            if raise_on_error:
                raise failed

        return SimpleNamespace(stream_raw_events=told, target_path=None, get_error=lambda: failed)


class _Warehouse(WarehouseResource):
    def open(self, *_: Any) -> Any:
        return _opened[0]


_opened: list[Deployment] = []
FORMAS = dg.AssetKey(["clinica", "formas_pagamento"])


@pytest.mark.slow
def test_a_run_in_which_a_data_test_fails_fails_and_remembers_what_dbt_made(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built.stand()
    settings = built.deployment.settings
    monkeypatch.setattr(f"{__name__}._opened", [built.deployment])
    built.run("DELETE FROM omie_sync.model_made WHERE relation = 'clinica.formas_pagamento'")
    assert built.why() == DbtNeeded((Reason.NEW,), ("clinica.formas_pagamento",))
    delivered = dbt_resource(settings)
    done = dg.materialize(
        [mapping_assets(ensure_manifest(settings), settings.schemas)],
        selection=dg.AssetSelection.assets(FORMAS).without_checks(),
        resources={
            "dbt": _FailingDbt(
                project_dir=delivered.project_dir,
                profiles_dir=delivered.profiles_dir,
                dbt_executable=delivered.dbt_executable,
            ),
            "warehouse": _Warehouse(),
            "clinic": ClinicResource(),
        },
        raise_on_error=False,
    )
    assert not done.success
    assert built.stand(), "the next run does without dbt"


@pytest.mark.parametrize("shared", [True, False])
def test_a_person_whose_document_changed_comes_out_as_in_a_refresh_of_all(
    built: Built, shared: bool
) -> None:
    """With another's document the two share one record; with the old one again, each has one."""
    assert built.refresh() is not None
    (one, own), (other, document) = built.rows(
        "SELECT id, cpf FROM clinic_raw.br_pacientes WHERE _empresa = 'sul' ORDER BY id LIMIT 2"
    )
    change = "UPDATE clinic_raw.br_pacientes SET cpf = :d WHERE _empresa = 'sul' AND id = :i"
    query = (
        "SELECT t::text FROM omie_payload.clientes_codigos AS t WHERE empresa = 'sul'"
        " AND _origem_id IN (:a, :b) UNION ALL SELECT t::text FROM omie_payload.omie_clientes AS t"
        " WHERE empresa = 'sul' AND _origem_id = :a ORDER BY 1"
    )
    project = built.deployment.prepare_dbt()
    for cpf in (document, own) if shared else ("11144477735", own):
        built.run(change, d=cpf, i=one)
        done = refresh_key(built.deployment, project, "clientes", "sul", f"PAC-{one}")
        assert done is not None
        ours = built.rows(query, a=one, b=other)
        assert built.refresh() is not None
        assert built.rows(query, a=one, b=other) == ours
