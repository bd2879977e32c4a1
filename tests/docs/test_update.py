"""A user who set everything that can be set, and then pulls a newer version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.docs.pages import ROOT

pytestmark = pytest.mark.slow

TRACKED = (".gitignore", ".env.example", "pyproject.toml", "empresas.example.yaml")
CHANGED_UPSTREAM = (
    "dbt_mapping/dbt_project.yml",
    "dbt_mapping/macros/padroes.sql",
    "dbt_mapping/models/analise/_analise__sources.yml",
    ".env.example",
)
TABLES = (
    "pacientes", "profissionais", "fornecedores", "procedimentos", "formas_pagamento",
    "recebimentos", "repasses", "despesas", "compras_produtos", "vendas_produtos",
)  # fmt: skip
SOURCES = """\
version: 2
sources:
  - name: minha
    schema: clinic_raw
    tables:
      - name: visita
        meta: {grain: register, key: [id], updated_at: null, empresa: null}
"""
ENV = """\
OMIE_APP_KEY=1
OMIE_APP_SECRET=segredo
OMIE_BASE_URL=http://127.0.0.1:9/api/v1/
OMIE_PIPELINE_STAGING=minha
OMIE_PIPELINE_CONFIG=empresas.yaml
CLINIC_URL=clinica
"""
EMPRESAS = (
    "empresas:\n- {nome: matriz, app_key_env: OMIE_APP_KEY, app_secret_env: OMIE_APP_SECRET}\n"
)
PATIENTS = (
    "create schema sistema; create table sistema.paciente (id text primary key, nome text,"
    " cpf text); insert into sistema.paciente values ('1', 'Ana Souza', '52998224725')"
)


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Clone:
    """A user's clone of a little upstream, and the program run from it."""

    def __init__(self, folder: Path, warehouse_url: str) -> None:
        self.upstream, self.folder = folder / "upstream", folder / "clone"
        self.warehouse_url = warehouse_url
        ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
        for name in ("omie_pipeline", "dbt_mapping"):
            shutil.copytree(ROOT / name, self.upstream / name, ignore=ignored)
        for name in TRACKED:
            shutil.copy(ROOT / name, self.upstream)
        git(self.upstream, "init", "-q", "-b", "main")
        git(self.upstream, "add", "-A")
        git(self.upstream, "commit", "-q", "-m", "delivered")
        git(folder, "clone", "-q", str(self.upstream), str(self.folder))

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if k != "OMIE_PIPELINE_MODELS"}
        done = subprocess.run(
            [sys.executable, "-m", "omie_pipeline.cli", *words],
            cwd=self.folder,
            env={**clean, "PYTHONPATH": str(self.folder), "WAREHOUSE_URL": self.warehouse_url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    def new_version(self) -> None:
        """A commit upstream to files that settings used to be written into."""
        for name in CHANGED_UPSTREAM:
            with (self.upstream / name).open("a", encoding="utf-8") as file:
                file.write("{# a newer version #}\n" if name.endswith(".sql") else "# newer\n")
        model = self.upstream / "dbt_mapping/models/omie/omie_clientes.sql"
        model.write_text(model.read_text("utf-8") + "-- a newer version\n", "utf-8")
        git(self.upstream, "commit", "-q", "-a", "-m", "newer")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="git não está instalado")
def test_a_newer_version_is_pulled_and_every_setting_is_still_in_force(
    tmp_path: Path, engine: sa.Engine
) -> None:
    clone = Clone(tmp_path, engine.url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.exec_driver_sql(PATIENTS)
    # Settings in every way that there is.
    clone.write(".env", ENV)
    clone.write(".env.producao", "OMIE_APP_SECRET=outro\n")
    clone.write("empresas.yaml", EMPRESAS)
    clone.write("clinica/visita.csv", "id,data\n1,2026-01-05\n")
    for table in TABLES:
        model = f"{{{{ tabela_vazia('{table}') }}}}\n"
        clone.write(f"my_models/staging/minha/stg_minha__{table}.sql", model)
    clone.write("my_models/staging/minha/_sources.yml", SOURCES)
    clone.write("my_models/vars.yml", "minha_meta: 42\n")
    view = "select {{ var('minha_meta') }} as meta, count(*) as n from clinic_raw.visita"
    clone.write("my_models/analise/minha_visao.sql", view)
    assert clone.run("defaults", "set", "matriz", "account=77", "account.PIX=78").returncode == 0
    mapped = clone.run("map", "clientes", "--table", "sistema.paciente", "--yes")
    assert mapped.returncode in (0, 3), mapped.stderr
    assert "my_models/omie/omie_clientes.sql" in mapped.stdout
    assert clone.run("models").stderr == ""
    # Nothing of it is git's: the clinic's own folder is all that is new in the clone.
    assert git(clone.folder, "status", "--porcelain").split() == ["??", "clinica/"]

    clone.new_version()
    git(clone.folder, "pull", "-q", "--ff-only")

    built = clone.run("build")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "o modelo entregue omie_clientes mudou desde a sua cópia" in built.stderr
    with engine.connect() as connection:
        patient = connection.execute(
            sa.text("select empresa, codigo_cliente_integracao from omie_payload.omie_clientes")
        ).one()
        seen = connection.execute(sa.text("select meta, n from analise.minha_visao")).one()
    assert tuple(patient) == ("matriz", "PAC-1")
    assert tuple(seen) == (42, 1)
    kept = [
        json.loads(line) for line in clone.run("defaults", "list", "--json").stdout.splitlines()
    ]
    assert [(one["name"], one["value"]) for one in kept] == [
        ("account", "77"),
        ("account.PIX", "78"),
    ]
