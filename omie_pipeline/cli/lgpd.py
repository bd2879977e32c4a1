"""``omie-pipeline lgpd``: a person's data in the warehouse, exported or erased (LGPD art. 18)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.output import Column, count, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import EmpresaOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts.cli import privacy as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.privacy.erase import ErasureReport
    from omie_pipeline.privacy.find import Person

lgpd = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)

CpfOption = Annotated[
    str | None,
    typer.Option(
        "--cpf",
        metavar="CPF",
        help="CPF ou CNPJ. Sem ele, é perguntado sem aparecer na tela (ou lido da entrada padrão): "
        "o que se digita na linha de comando fica no histórico.",
    ),
]
CodeOption = Annotated[
    str | None,
    typer.Option("--key", metavar="CÓDIGO", help="Código de integração, como PAC-17."),
]
_DOCUMENT_LENGTHS = (11, 14)
_PRIVATE = 0o600


@lgpd.command(cls=PortugueseCommand)
def export(
    output: Annotated[
        str, typer.Option("--output", metavar="PASTA|ARQUIVO", help="Onde gravar o JSON.")
    ],
    cpf: CpfOption = None,
    key: CodeOption = None,
    empresa: EmpresaOption = None,
) -> None:
    """Grava em JSON tudo o que o armazém tem de uma pessoa; nada aparece na tela."""
    from omie_pipeline import decimal_json
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.privacy.export import export_person
    from omie_pipeline.privacy.find import find_person

    deployment, document = _asked(cpf, key)
    empresas = chosen_empresas(deployment, empresa)
    now = deployment.clock.now()
    found: dict[str, Any] = {}
    with warehouse_errors(), deployment.engine.connect() as connection:
        for name in empresas:
            person = find_person(connection, name, document=document, code=key or "")
            found[name] = export_person(connection, person)
    rows = sum(len(section["rows"]) for sections in found.values() for section in sections)
    if not rows:
        show(texts.NOTHING_FOUND_NO_FILE)
        return
    target = Path(output).expanduser()
    if target.is_dir():
        target /= f"titular-{now:%Y%m%d-%H%M%S}.json"
    told = {"gerado_em": now.isoformat(), "empresas": found}
    _write_private(target, decimal_json.dumps(told))
    show(texts.lines_written(rows=count(rows), file=target))


@lgpd.command(cls=PortugueseCommand)
def erase(
    cpf: CpfOption = None,
    key: CodeOption = None,
    empresa: EmpresaOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Apaga; sem ela, só mostra o que seria apagado.")
    ] = False,
) -> None:
    """Apaga contato, endereço e observações de uma pessoa; fica o que a lei manda guardar.

    O que o armazém sabe há mais de uma hora é lido de novo no Omie antes.
    """
    from omie_pipeline.app.freshness import read_again
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.privacy.erase import erase as erase_person
    from omie_pipeline.privacy.export import copies_of
    from omie_pipeline.privacy.find import find_person
    from omie_pipeline.privacy.retention import last_confirmation

    deployment, document = _asked(cpf, key)
    empresas = chosen_empresas(deployment, empresa)
    now = deployment.clock.now()
    for name in empresas:
        with warehouse_errors(), deployment.engine.connect() as connection:
            person = find_person(connection, name, document=document, code=key or "")
            known = person.client_ids or person.client_codes or person.seller_codes
            confirmed_at = last_confirmation(connection, person) if known else None
        if known:
            left_out = read_again(
                deployment,
                name,
                confirmed_at,
                partial(_say_checking, name),
            )
            _tell_unread(name, left_out, deployment.settings.start_date)
    waits = False
    with warehouse_errors(), deployment.engine.connect() as connection:
        for name in empresas:
            person = find_person(connection, name, document=document, code=key or "")
            copies = copies_of(connection, person)
            report = erase_person(connection, person, now)
            _tell(name, report)
            _tell_elsewhere(person, [f"{copy.schema}.{copy.table}" for copy in copies])
            waits = waits or report.retained_until is not None
        # One transaction for all empresas; what was only shown is rolled back.
        (connection.commit if yes else connection.rollback)()
    _tell_order(waits, yes=yes)


@lgpd.command(cls=PortugueseCommand)
def cancel(
    cpf: CpfOption = None,
    key: CodeOption = None,
    empresa: EmpresaOption = None,
) -> None:
    """Desfaz um pedido de apagar, enquanto nome e documento ainda não saíram."""
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.privacy.erase import take_back
    from omie_pipeline.privacy.find import find_person

    deployment, document = _asked(cpf, key)
    now = deployment.clock.now()
    with warehouse_errors(), deployment.engine.begin() as connection:
        for name in chosen_empresas(deployment, empresa):
            person = find_person(connection, name, document=document, code=key or "")
            day = take_back(connection, person, key or "", now)
            if day is None:
                show(texts.nothing_to_undo(name))
                continue
            show(texts.request_undone(name=name, day=day))


def _say_checking(empresa: str, table: str) -> None:
    say(texts.checking(of=empresa, table=table))


def _tell_unread(empresa: str, left_out: Sequence[str], start: date) -> None:
    """What no reading of ours can show: the decision rests on what was read."""
    say(texts.not_read_before(empresa=empresa, start=start))
    if left_out:
        say(texts.left_out_by_filters(empresa=empresa, tables=", ".join(left_out)))


def _asked(cpf: str | None, code: str | None) -> tuple[Deployment, str]:
    """The document without punctuation (``""`` if a code is given) and the deployment."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.privacy.find import plain_document

    if cpf is not None and code is not None:
        raise typer.BadParameter(texts.NOT_WITH_KEY, param_hint="--cpf")
    if code is not None:
        if not code.strip():
            raise typer.BadParameter(texts.EMPTY, param_hint="--key")
        return Deployment(), ""
    document = plain_document(_read_document() if cpf is None else cpf)
    if len(document) not in _DOCUMENT_LENGTHS:
        # The value itself is never repeated: it may be a real one with a slip.
        raise typer.BadParameter(texts.WRONG_LENGTH, param_hint="--cpf")
    return Deployment(), document


def _read_document() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(texts.DOCUMENT_PROMPT, hide_input=True, err=True))
    return sys.stdin.readline().strip()


def _write_private(target: Path, text: str) -> None:
    """Write a new file that only its owner can read.

    Raises:
        ConfigurationError: it exists already, or cannot be written.
    """
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except FileExistsError:
        raise ConfigurationError(texts.file_exists(target)) from None
    except OSError as error:
        raise ConfigurationError(
            texts.not_written(file=target, cause=error.strerror or type(error).__name__)
        ) from None


def _tell(empresa: str, report: ErasureReport) -> None:
    if not report.tables:
        show(texts.nothing_found(empresa))
        return
    show(f"{empresa}:")
    heads = [Column("tabela"), Column(texts.WHAT_IT_IS), Column("linhas", right=True),
             Column("apagadas", right=True), Column(texts.WHAT_STAYS)]  # fmt: skip
    show_table(
        heads,
        [[t.name, t.title, count(t.found), count(t.erased), t.kept] for t in report.tables],
    )
    if report.retained_until is not None:
        show(texts.kept_until(report.retained_until))
        for reason in report.reasons:
            show(texts.item_until(item=reason.what, until=reason.until))
    else:
        show(texts.ERASED_TOO)
    if report.files:
        show(texts.FILES_STAY)
        for path, until in report.files:
            show(texts.item_until(item=path, until=until))


def _tell_order(waits: bool, *, yes: bool) -> None:
    """What of the order is done, what waits, and what of it can be taken back."""
    if not yes:
        say(texts.DRY_RUN)
    elif waits:
        say(texts.ERASED)


def _tell_elsewhere(person: Person, copies: Sequence[str]) -> None:
    """What no command of ours can do: erase the person where the data come from."""
    if person.client_ids:
        ids = ", ".join(str(number) for number in person.client_ids)
        show(texts.to_erase_in_omie(ids))
    if codes := (*person.order_codes, *person.contract_codes):
        show(texts.texts_in_omie(", ".join(codes)))
    if len(person.client_codes) > 1:
        show(texts.all_codes(", ".join(person.client_codes)))
    if person.client_codes:
        show(texts.to_erase_at_clinic(", ".join(person.client_codes)))
    if copies:
        show(texts.copies_stay(", ".join(copies)))
