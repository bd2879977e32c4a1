"""``omie-pipeline lgpd``: a person's data in the warehouse, exported or erased (LGPD art. 18)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.output import Column, count, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import EmpresaOption, chosen_empresas
from omie_pipeline.errors import ConfigurationError

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
        show("Nada encontrado sobre essa pessoa; nenhum arquivo gravado")
        return
    target = Path(output).expanduser()
    if target.is_dir():
        target /= f"titular-{now:%Y%m%d-%H%M%S}.json"
    told = {"gerado_em": now.isoformat(), "empresas": found}
    _write_private(target, decimal_json.dumps(told))
    show(f"{count(rows)} linhas em {target} (só você pode ler)")


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
                lambda table, of=name: say(f"{of}: conferindo {table} no Omie"),  # type: ignore[misc]
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
                show(f"{name}: não há pedido que ainda se possa desfazer")
                continue
            show(
                f"{name}: pedido desfeito: nome e documento não serão mais apagados em "
                f"{day:%d/%m/%Y}. Contatos e observações já apagados voltam quando o Omie for lido "
                "de novo (omie-pipeline import)"
            )


def _tell_unread(empresa: str, left_out: Sequence[str], start: date) -> None:
    """What no reading of ours can show: the decision rests on what was read."""
    say(
        f"{empresa}: títulos e notas de antes de {start:%d/%m/%Y} não são lidos: confira-os no Omie"
    )
    if left_out:
        say(
            f"{empresa}: os filtros de importação deixam linhas de fora de {', '.join(left_out)}: "
            "confira-as no Omie"
        )


def _asked(cpf: str | None, code: str | None) -> tuple[Deployment, str]:
    """The document without punctuation (``""`` if a code is given) and the deployment."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.privacy.find import plain_document

    if cpf is not None and code is not None:
        raise typer.BadParameter("não combina com --key", param_hint="--cpf")
    if code is not None:
        if not code.strip():
            raise typer.BadParameter("está vazio", param_hint="--key")
        return Deployment(), ""
    document = plain_document(_read_document() if cpf is None else cpf)
    if len(document) not in _DOCUMENT_LENGTHS:
        # The value itself is never repeated: it may be a real one with a slip.
        raise typer.BadParameter("não tem o tamanho de um CPF ou CNPJ", param_hint="--cpf")
    return Deployment(), document


def _read_document() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("CPF ou CNPJ (não aparece)", hide_input=True, err=True))
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
        raise ConfigurationError(f"{target} já existe; escolha outro nome") from None
    except OSError as error:
        raise ConfigurationError(
            f"Não foi possível gravar {target} ({error.strerror or type(error).__name__})"
        ) from None


def _tell(empresa: str, report: ErasureReport) -> None:
    if not report.tables:
        show(f"{empresa}: nada encontrado sobre essa pessoa no armazém")
        return
    show(f"{empresa}:")
    heads = [Column("tabela"), Column("o que é"), Column("linhas", right=True),
             Column("apagadas", right=True), Column("o que fica")]  # fmt: skip
    show_table(
        heads,
        [[t.name, t.title, count(t.found), count(t.erased), t.kept] for t in report.tables],
    )
    if report.retained_until is not None:
        show(
            f"Nome e documento ficam até {report.retained_until:%d/%m/%Y}: há nota ou título que "
            "a lei manda guardar por cinco anos (CTN 173, 174 e 195; LGPD 16, I)"
        )
        for reason in report.reasons:
            show(f"  {reason.what} (até {reason.until:%d/%m/%Y})")
    else:
        show("Nome e documento são apagados também: nenhuma nota ou título obriga a guardá-los")
    if report.files:
        show(
            "Ficam no arquivo de notas, inteiros: documento fiscal, que a lei manda guardar por "
            "cinco anos (CTN 173, 174 e 195; LGPD 16, I). Depois da data, apague-os lá:"
        )
        for path, until in report.files:
            show(f"  {path} (até {until:%d/%m/%Y})")


def _tell_order(waits: bool, *, yes: bool) -> None:
    """What of the order is done, what waits, and what of it can be taken back."""
    if not yes:
        say(
            "Simulação: nada foi apagado. Para apagar, repita com --yes: contatos, endereço e "
            "observações saem do armazém na hora; só nome e documento esperam o dia mostrado, se há"
        )
    elif waits:
        say(
            "Contatos, endereço e observações foram apagados. O pedido de apagar nome e documento "
            "espera o dia mostrado (um título ou uma nota até lá o adia); para desfazê-lo antes: "
            "omie-pipeline lgpd cancel"
        )


def _tell_elsewhere(person: Person, copies: Sequence[str]) -> None:
    """What no command of ours can do: erase the person where the data come from."""
    if person.client_ids:
        ids = ", ".join(str(number) for number in person.client_ids)
        show(f"Falta apagar no Omie: cliente {ids}")
    if texts := (*person.order_codes, *person.contract_codes):
        show(f"No Omie ficam também os textos e e-mails de {', '.join(texts)}: altere-os lá")
    if len(person.client_codes) > 1:
        show(
            "O pedido vale para todos os códigos que têm no Omie o mesmo cadastro (o mesmo CPF ou "
            f"CNPJ): {', '.join(person.client_codes)}"
        )
    if person.client_codes:
        show(f"Falta apagar no sistema da clínica: {', '.join(person.client_codes)}")
    if copies:
        show(
            f"As cópias da clínica ({', '.join(copies)}) não são alteradas: a próxima extração as "
            "traria de volta. Elas mudam quando a clínica mudar"
        )
