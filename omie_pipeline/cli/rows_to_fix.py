"""``quarantine`` and ``rejected``: rows that were not delivered, as a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.output import (
    Record,
    emit,
    moment,
    say,
    show,
    show_entry,
    write_csv,
)
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas, chosen_endpoints
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.status.history import ListFilter, RefusedEntry
    from omie_pipeline.status.people import Contact


_CONTACT_HEADS = ("nome", "telefone")


def write_sheet(
    target: str,
    heads: Sequence[str],
    lines: Sequence[Record],
    contacts: Mapping[tuple[str, str], Contact] | None,
) -> None:
    """Write the sheet; with ``contacts`` name and telephone stand beside the person.

    Args:
        target: path, ``-`` for stdout.
        heads: Portuguese headings.
        lines: one record for each reason.
        contacts: name and telephone by person, ``None`` for none.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if contacts is not None:
        heads = (heads[0], *_CONTACT_HEADS, *heads[1:])
        found = [contacts.get((line["empresa"], line["pessoa"])) for line in lines]
        lines = [
            {**line, "nome": one.name if one else "", "telefone": one.telephone if one else ""}
            for line, one in zip(lines, found, strict=True)
        ]
    write_csv(target, heads, lines, delimiter=";")
    if target != "-":
        say(texts.SHEET_IS_PRIVATE)


CsvOption = Annotated[
    str | None,
    typer.Option("--csv", metavar="ARQUIVO", help="Grava em CSV; - é a saída padrão."),
]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint", metavar="ENDPOINT", help="Só este endpoint.")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="No máximo N linhas.")
]
TableOption = Annotated[
    str | None, typer.Option("--table", metavar="TABELA", help="Só esta tabela lida do Omie.")
]
SheetOption = Annotated[
    str | None,
    typer.Option(
        "--csv", metavar="ARQUIVO", help="Planilha para a equipe (;, vírgula); - é a saída padrão."
    ),
]
ContactsOption = Annotated[
    bool,
    typer.Option(
        "--with-contacts", help="Com nome e telefone: só para quem pode ver dados de pacientes."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Também o que não tem nada a dizer.")]
_SHOWN_ROWS = 50


def quarantine(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: SheetOption = None,
    contacts: ContactsOption = False,
) -> None:
    """Mostra as linhas que não passaram, da cópia ou da validação, com o motivo e a correção.

    O texto que a origem tem aparece como é: pode ser um documento. As linhas de uma pessoa ficam
    juntas.
    """
    _refused(_not_passed, empresa, endpoint, limit, as_json=as_json, csv=csv, contacts=contacts)


def _not_passed(engine: sa.Engine, wanted: ListFilter) -> Sequence[RefusedEntry]:
    """Rows set aside when the clinic was copied, then rows that validation refused."""
    from dataclasses import replace

    from omie_pipeline.clinic.set_aside import listed, reason_of
    from omie_pipeline.status.history import RefusedEntry, RefusedReason, quarantined_rows

    # What was not copied has no endpoint yet: one table may feed several.
    found = () if wanted.endpoints else listed(engine, wanted.empresas, wanted.limit)
    entries = []
    for one in found:
        text, fix = reason_of(one.what)
        entries.append(
            RefusedEntry(
                empresa=one.empresa,
                endpoint="",
                code=one.what.key or texts.WITHOUT_KEY,
                partition="",
                reasons=(RefusedReason(text, fix),),
                first_seen_at=one.first_seen_at,
                last_seen_at=one.last_seen_at,
                origin=one.table,
            )
        )
    left = None if wanted.limit is None else wanted.limit - len(entries)
    if left == 0:
        return entries
    return [*entries, *quarantined_rows(engine, replace(wanted, limit=left))]


def rejected(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: SheetOption = None,
    contacts: ContactsOption = False,
) -> None:
    """Mostra as linhas que o Omie recusou, com as palavras do Omie e a correção."""
    from omie_pipeline.status.history import rejected_rows

    _refused(rejected_rows, empresa, endpoint, limit, as_json=as_json, csv=csv, contacts=contacts)


def not_emptied(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """Mostra o que a clínica esvaziou depois de entregue e o Omie ainda tem."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.emptied_fields import not_emptied as read

    refuse_two_outputs(as_json, csv)
    (name,) = (e.name for e in chosen_endpoints([endpoint])) if endpoint else ("",)
    deployment = Deployment()
    found = read(deployment.engine, chosen_empresas(deployment, empresa) if empresa else (), name)
    records: list[Record] = [
        {
            "empresa": one.empresa,
            "endpoint": one.endpoint,
            "code": one.codigo_integracao,
            "fields": ", ".join(one.fields) if csv is not None else list(one.fields),
        }
        for one in found
    ]
    if write_records(("empresa", "endpoint", "code", "fields"), records, as_json=as_json, csv=csv):
        return
    if not found:
        show(texts.NOTHING_TO_EMPTY)
        return
    for one in found:
        show(f"{one.codigo_integracao} ({one.empresa}, {one.endpoint}): {', '.join(one.fields)}")
    show(texts.EMPTY_IN_OMIE_FIX)


def refuse_two_outputs(as_json: bool, csv: str | None) -> None:
    """``--json`` and ``--csv`` are one or the other."""
    if as_json and csv is not None:
        raise typer.BadParameter(texts.NOT_WITH_JSON, param_hint="--csv")


def write_records(
    fields: Sequence[str], records: Sequence[Record], *, as_json: bool, csv: str | None
) -> bool:
    """Write JSON Lines or CSV if asked for; false when a table is wanted.

    Args:
        fields: names of the columns, in order.
        records: one mapping for each line.
        as_json: JSON Lines to stdout.
        csv: path of the file, ``-`` for stdout.
    """
    if as_json:
        for record in records:
            emit({name: record.get(name) for name in fields})
    elif csv is not None:
        write_csv(csv, fields, records)
    else:
        return False
    return True


def default_limit(shown: int, as_json: bool, csv: str | None) -> int | None:
    """A screen has an end; a program wants everything."""
    return None if as_json or csv is not None else shown


def _refused(
    rows: Callable[[sa.Engine, ListFilter], Sequence[RefusedEntry]],
    empresa: str | None,
    endpoint: str | None,
    limit: int | None,
    *,
    as_json: bool,
    csv: str | None,
    contacts: bool,
) -> None:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.status.history import ListFilter
    from omie_pipeline.status.people import contacts_of, with_people
    from omie_pipeline.status.refused_sheet import reason_told, sheet_lines

    refuse_two_outputs(as_json, csv)
    endpoints = tuple(e.name for e in chosen_endpoints([endpoint])) if endpoint else ()
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa) if empresa else ()
    wanted = ListFilter(empresas, endpoints, limit or default_limit(_SHOWN_ROWS, as_json, csv))
    entries = with_people(deployment.engine, rows(deployment.engine, wanted))
    found: Mapping[tuple[str, str], Contact] = {}
    if contacts:
        people = {(entry.empresa, entry.person) for entry in entries if entry.person}
        found = contacts_of(deployment.engine, people)
        say(texts.WITH_CONTACTS)
    if csv is not None:
        zone = deployment.settings.zone
        lines = [line for entry in entries for line in sheet_lines(entry, zone)]
        write_sheet(csv, texts.SHEET_HEADS, lines, found if contacts else None)
        return
    if as_json:
        for entry in entries:
            emit(_refused_record(entry, found if contacts else None))
        return
    if not entries:
        show(texts.NO_ROW)
        return
    person = ""
    for entry in entries:
        who = entry.person if entry.person != entry.code else ""
        if entry.person and entry.person != person and contacts:
            contact = found.get((entry.empresa, entry.person))
            told = f": {contact.name}, {contact.telephone or texts.NO_TELEPHONE}" if contact else ""
            show(f"{entry.person}{told}")
        person = entry.person
        origin = f", {entry.origin}" if entry.origin else ""
        of = texts.of_person(who) if who else ""
        where = f"{entry.endpoint}, {entry.partition}" if entry.endpoint else texts.NOT_COPIED
        head = f"{entry.code} ({entry.empresa}, {where}{origin}{of})"
        reasons = [(reason_told(reason), reason.fix) for reason in entry.reasons]
        show_entry(texts.entry_since(head=head, since=moment(entry.first_seen_at)), reasons)
        if entry.first_words:
            show(texts.first_time(at=moment(entry.first_refused_at), words=entry.first_words))
    if wanted.limit == len(entries):
        show(texts.only_the_first_rows(wanted.limit))


def _refused_record(
    entry: RefusedEntry, contacts: Mapping[tuple[str, str], Contact] | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "empresa": entry.empresa,
        "endpoint": entry.endpoint,
        "code": entry.code,
        "partition": entry.partition,
        "origin": entry.origin,
        "person": entry.person,
        "reasons": [reason.text for reason in entry.reasons],
        "fixes": [reason.fix for reason in entry.reasons],
        "fields": [reason.field for reason in entry.reasons],
        "first_reason": entry.first_words or None,
        "first_refused_at": entry.first_refused_at,
        "first_seen_at": entry.first_seen_at,
        "last_seen_at": entry.last_seen_at,
    }
    if contacts is not None:
        contact = contacts.get((entry.empresa, entry.person))
        record["name"] = contact.name if contact else None
        record["telephone"] = contact.telephone if contact else None
    return record
