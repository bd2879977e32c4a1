"""The same histories through real tables of a clinic, real builds of the models and a table of the
clinic's that is told what Omie knows."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from omie_pipeline.app.build import BuildListener, BuildRequest, TableCopy, build
from omie_pipeline.clinic.tables import CLINIC_TABLES
from tests.histories.two_sides import NAMES, TwoSides, text_of
from tests.push.world import EMPRESA

_BESIDE = {"pacientes": "omie_id", "recebimentos": "pago_em"}
"""Columns of the clinic's own, into which it copies what it is told."""

_LAST = "recebimentos"


class BuiltSides(TwoSides):
    """A clinic with a database of its own: what it says goes through copy, dbt and payload tables,
    and what it is told, it writes into the very tables that are read."""

    def _make_models(self, folder: Path) -> dict[str, Any]:
        with self._clinic.begin() as connection:
            for name, table in CLINIC_TABLES.items():
                names = [one.name for one in table.columns]
                names += [_BESIDE[name]] if name in _BESIDE else []
                columns = ", ".join(f"{one} TEXT" for one in names)
                connection.exec_driver_sql(f"CREATE TABLE {name} ({columns})")
        return {
            "clinic_url": f"sqlite:///{folder / 'clinica.db'}",
            "staging": "canonica",
            "models": folder / "modelos",
            "start_date": "2026-01-01",
        }

    @contextlib.contextmanager
    def clinic_database(self) -> Iterator[sa.Connection]:
        """The clinic's own database."""
        with self._clinic.connect() as connection:
            yield connection

    def _first_build(self) -> None:
        self.begin_rows()
        self.transform()

    def transform(self) -> None:
        """What the clinic says is written into its tables, copied and built."""
        self._write()

        def copied(copy: TableCopy) -> None:
            if copy.table == _LAST:
                self._happens_in_build()

        listener = BuildListener(on_copied=copied, running=lambda _: _quiet())
        result = build(self.deployment, BuildRequest((EMPRESA,)), listener)
        assert result.succeeded, result

    def tell(self) -> int:
        """The clinic copies what it is told into the rows that are read."""
        written = super().tell()
        with self._clinic.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE recebimentos SET pago_em = (SELECT r.paid_date FROM omie_retorno AS r"
                " WHERE r.kind = 'contas_receber' AND r.clinic_id = recebimentos.id)"
            )
            connection.exec_driver_sql(
                "UPDATE pacientes SET omie_id = (SELECT r.omie_id FROM omie_retorno AS r"
                " WHERE r.kind = 'clientes' AND r.clinic_id = pacientes.id)"
            )
        return written

    def clinic_edits(self, endpoint: str, number: int, name: str, value: Any) -> None:
        """The clinic has no remark of a patient's."""
        if (endpoint, name) != ("clientes", "observacao"):
            super().clinic_edits(endpoint, number, name, value)

    def unmapped(self, number: int) -> str | None:
        """The clinic's own word."""
        return NAMES[number]

    def _write(self) -> None:
        patients = [
            {
                "id": number,
                "nome": row["razao_social"],
                "cpf": row["cnpj_cpf"],
                "logradouro": row["endereco"],
                "numero": row["endereco_numero"],
                "cidade": "São Paulo",
                "uf": "SP",
                **{name: row.get(name) for name in ("cep", "email", "bairro")},
            }
            for number, row in self.rows["clientes"].items()
        ]
        receipts = [
            {
                "id": number,
                "paciente_id": number,
                "procedimento_id": NAMES[number],
                "forma_pagamento_id": "PIX",
                "data": row["data_particao"].isoformat(),
                "data_vencimento": row["data_vencimento"].isoformat(),
                "valor": row["valor_documento"],
                "observacao": row.get("observacao"),
            }
            for number, row in self.rows["contas_receber"].items()
        ]
        names = dict.fromkeys(NAMES.values())
        self._upsert("pacientes", patients)
        self._upsert("recebimentos", receipts)
        self._upsert("procedimentos", [{"id": one, "codigo_categoria": one} for one in names])
        account = {"id": "PIX", "tipo": "PIX", "codigo_conta_corrente": "9100000001"}
        self._upsert("formas_pagamento", [account])

    def _upsert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Rows that stay keep what the clinic wrote beside."""
        with self._clinic.begin() as connection:
            there = {row[0] for row in connection.exec_driver_sql(f"SELECT id FROM {table}")}
            kept = {str(row["id"]) for row in rows}
            for gone in there - kept:
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE id = ?", (gone,))
            for row in rows:
                values = {"empresa": EMPRESA, **{n: text_of(v) for n, v in row.items()}}
                if str(row["id"]) not in there:
                    names, marks = ", ".join(values), ", ".join("?" for _ in values)
                    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
                    connection.exec_driver_sql(statement, tuple(values.values()))
                    continue
                sets = ", ".join(f"{name} = ?" for name in values)
                statement = f"UPDATE {table} SET {sets} WHERE id = ?"
                connection.exec_driver_sql(statement, (*values.values(), str(row["id"])))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield
