"""The jobs: two for each way, because registers and facts are partitioned differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from omie_pipeline.app.deployment import REFERENCES
from omie_pipeline.assets.checks import unplanned
from omie_pipeline.assets.imports import mirror_key
from omie_pipeline.assets.mapping import RECONCILING
from omie_pipeline.assets.nfse import KEY as NFSE_KEY
from omie_pipeline.assets.push import push_key
from omie_pipeline.assets.reconciliation import KEY as RECONCILIATION_KEY
from omie_pipeline.assets.status import KEY as STATUS_KEY
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.resources.dagster_internals import AssetJob

__all__ = [
    "FACTS_JOB",
    "MIRROR_FACTS_JOB",
    "MIRROR_REGISTERS_JOB",
    "REGISTERS_JOB",
    "STATUS_JOB",
    "MirrorJobs",
    "mirror_jobs",
    "pipeline_jobs",
]

REGISTERS_JOB, FACTS_JOB = "cadastros", "lancamentos"
STATUS_JOB = "situacao"
MIRROR_REGISTERS_JOB, MIRROR_FACTS_JOB = "espelho_cadastros", "espelho_lancamentos"
_VIEWS = "espelho"
"""dbt's tag of the views that need the mirror of Omie alone."""


@dataclass(frozen=True, slots=True)
class MirrorJobs:
    """The jobs that read Omie."""

    registers: AssetJob
    facts: AssetJob
    reconciliation: AssetJob
    status: AssetJob

    def all(self) -> list[AssetJob]:
        """Every one."""
        return [self.registers, self.facts, self.reconciliation, self.status]


def _payload(grain: str) -> dg.AssetSelection:
    keys = [dg.AssetKey(["omie_payload", e.model]) for e in WRITABLE if e.grain == grain]
    return dg.AssetSelection.assets(*keys)


def _register_models() -> dg.AssetSelection:
    """Payload of registers and what it is made of. Services ask which procedures orders name: the
    receipts are left as they stand, since before the first extract of facts there is nothing to
    build them from."""
    services = dg.AssetSelection.assets(dg.AssetKey(["omie_payload", "omie_servicos"]))
    receipts = dg.AssetSelection.assets(dg.AssetKey(["clinica", "recebimentos"]))
    others = _payload("register") - services
    return (services.upstream() - receipts.upstream()) | others.upstream()


def _pushes(grain: str) -> dg.AssetSelection:
    return unplanned([push_key(e) for e in WRITABLE if e.grain == grain])


def _extracts(sources: Sequence[SourceTable], grain: str) -> dg.AssetSelection:
    keys = [dg.AssetKey([t.set_name, t.name]) for t in sources if t.grain == grain]
    return dg.AssetSelection.assets(*keys) if keys else dg.AssetSelection.assets()


def _tagged(tag: str) -> dg.AssetSelection:
    """dbt's models of a tag; their tests are told when dbt runs, and announced never."""
    return dg.AssetSelection.tag(tag, "").without_checks()


def pipeline_jobs(sources: Sequence[SourceTable], *, extracted: bool) -> list[AssetJob]:
    """The jobs; without ``extracted`` the clinic is read in place and there is nothing to copy."""
    copied = tuple(sources) if extracted else ()
    all_extracts = dg.AssetSelection.assets(*([t.set_name, t.name] for t in copied))
    models = (_register_models() - all_extracts).without_checks()
    fact_models = (_payload("fact").upstream() - all_extracts).without_checks()
    references = unplanned([mirror_key(name) for name in REFERENCES])
    return [
        dg.define_asset_job(
            REGISTERS_JOB,
            _extracts(copied, "register") | models | references | _pushes("register"),
            description="Pacientes, profissionais e fornecedores até o Omie, e as listas do Omie.",
        ),
        dg.define_asset_job(
            FACTS_JOB,
            _extracts(copied, "fact") | fact_models | _pushes("fact"),
            description="Recebimentos, repasses, despesas, compras e vendas até o Omie.",
        ),
    ]


def mirror_jobs() -> MirrorJobs:
    """The jobs that read Omie, for schedules and for people: both can be backfilled in the UI."""
    registers = [name for name, mirror in MIRROR.items() if mirror.grain == "register"]
    facts = [name for name, mirror in MIRROR.items() if mirror.grain == "fact"]
    return MirrorJobs(
        dg.define_asset_job(
            MIRROR_REGISTERS_JOB,
            unplanned([mirror_key(name) for name in registers]),
            description="Cadastros do Omie para o armazém, por empresa.",
        ),
        dg.define_asset_job(
            MIRROR_FACTS_JOB,
            unplanned([mirror_key(name) for name in (*facts, STATEMENT)]) | _tagged(_VIEWS),
            description="Títulos, baixas, movimentações, notas e extrato do Omie para o armazém, "
            "por data e empresa, e as visões dos analistas.",
        ),
        dg.define_asset_job(
            "conciliacao",
            _tagged(_VIEWS) | _tagged(RECONCILING) | unplanned([RECONCILIATION_KEY]),
            description="Clínica e livro-razão contra o espelho do Omie, por empresa.",
        ),
        dg.define_asset_job(
            STATUS_JOB,
            dg.AssetSelection.assets(STATUS_KEY, NFSE_KEY),
            description="A página de situação e a das notas; não pergunta nada ao Omie.",
        ),
    )
