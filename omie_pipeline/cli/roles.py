"""``omie-pipeline db papeis``: the roles of people, and what an administrator must still type."""

from __future__ import annotations

from omie_pipeline.cli.failing import FAILED
from omie_pipeline.cli.output import Column, say, show, show_table

_SEES = {
    "omie_analyst": "tudo, com CPF, nomes e contatos mascarados",
    "omie_finance": "tudo, por inteiro",
    "omie_clinic": "por inteiro, só o que a clínica enviou ao Omie",
}


def papeis() -> None:
    """Mostra quem pode ver o quê e refaz os direitos dos papéis. Saída: 1 se falta um papel."""
    import typer

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.postgres.access import administrator_statements, grant_access, role_states
    from omie_pipeline.postgres.engine import warehouse_errors

    deployment = Deployment()
    settings, database = deployment.settings, deployment.engine.url.database
    with warehouse_errors(), deployment.engine.begin() as connection:
        missing = grant_access(connection)
        states = role_states(connection)
    show_table(
        [Column("papel"), Column("existe"), Column("usuários"), Column("vê")],
        [
            [
                s.name,
                "sim" if s.exists else "não",
                ", ".join(s.members) or "–",
                _SEES[settings.schemas.plain(s.name)],
            ]
            for s in states
        ],
    )
    if not missing:
        say(
            f"Novo usuário: CREATE ROLE ana LOGIN PASSWORD '...' IN ROLE {states[0].name}; ALTER "
            f"ROLE ana IN DATABASE {database} SET timezone TO '{settings.time_zone}';"
        )
        return
    say("Este usuário do banco não pode criar papéis. Um administrador deve executar:")
    for statement in administrator_statements(missing, settings.schemas):
        show(statement)
    raise typer.Exit(FAILED)
