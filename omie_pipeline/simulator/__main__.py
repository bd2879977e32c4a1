"""``python -m omie_pipeline.simulator``; the main CLI mounts the same command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.clock import SystemClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import HOST, Simulator
from omie_pipeline.simulator.past import give_a_past
from omie_pipeline.simulator.rules import Behaviour


def simulator_command(
    host: Annotated[str, typer.Option(help="Só 127.0.0.1 é aceito.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Porta; 0 escolhe uma livre.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="Arquivo em que o estado sobrevive a um reinício.")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            min=0.01, help="Velocidade do relógio simulado: com 20, 1 minuto passa em 3 s."
        ),
    ] = 1.0,
    latency_ms: Annotated[
        float, typer.Option(min=0, help="Milissegundos reais por chamada.")
    ] = 0.0,
    stale_reads_seconds: Annotated[
        float, typer.Option(min=0, help="Por quanto tempo Consultar ainda vê o estado anterior.")
    ] = 0.0,
    max_page_size: Annotated[int, typer.Option(min=1, help="Maior página servida.")] = 500,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Desliga os limites.")] = False,
    method_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Chamadas por minuto por chave e método.")
    ] = None,
    ip_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Chamadas por minuto por IP.")
    ] = None,
    consecutive: Annotated[
        bool, typer.Option("--consecutive", help="Um sucesso zera a contagem de erros do bloqueio.")
    ] = False,
    seed_company: Annotated[
        bool, typer.Option(help="Começa com a Clínica Modelo Ltda cadastrada.")
    ] = True,
    past: Annotated[
        int,
        typer.Option(
            min=0, help="Dá à empresa modelo um passado de N dias: títulos, baixas, caixa."
        ),
    ] = 0,
    receivables: Annotated[
        int, typer.Option(min=0, help="Gera este número de títulos a receber.")
    ] = 0,
    days: Annotated[
        int, typer.Option(min=1, help="Inclusão dos títulos gerados: nos últimos N dias.")
    ] = 365,
    broken_above_page_size: Annotated[
        int | None,
        typer.Option(min=1, help="Páginas pedidas acima disto recebem 'Broken response (BG)'."),
    ] = None,
    nfse_seconds: Annotated[
        float, typer.Option(min=0, help="Segundos até a prefeitura responder a uma NFS-e.")
    ] = 40.0,
    webhook: Annotated[
        str | None,
        typer.Option(help="Endereço http desta máquina que recebe os webhooks da empresa modelo."),
    ] = None,
    port_file: Annotated[Path | None, typer.Option(help="Arquivo que recebe a porta.")] = None,
) -> None:
    """Simulador local da API do Omie: mesmas regras, faltas e limites; nada sai desta máquina."""
    limits = Limits.off() if no_limits else Limits()
    numbers = {"method_per_minute": method_per_minute, "ip_per_minute": ip_per_minute}
    chosen = {name: number for name, number in numbers.items() if number is not None}
    try:
        simulator = Simulator(
            clock=SystemClock(speed),
            limits=limits.changed(
                **chosen, block_counting="consecutive" if consecutive else "rolling"
            ),
            behaviour=Behaviour(
                latency_ms=latency_ms,
                stale_reads_seconds=stale_reads_seconds,
                max_page_size=max_page_size,
                broken_above_page_size=broken_above_page_size,
                nfse_seconds=nfse_seconds,
            ),
            state_path=state,
            seed_company=seed_company,
            host=host,
            port=port,
        )
        _fill(simulator, receivables, days)
        if past and not _held(simulator, "clientes"):
            give_a_past(simulator.control, past)
        if webhook:
            simulator.control.set_webhook(webhook, ping=True)
    except (ConfigurationError, OSError) as wrong:
        typer.echo(f"O simulador não pôde iniciar: {wrong}", err=True)
        raise typer.Exit(1) from None
    if port_file is not None:
        _announce(port_file, simulator.port)
    typer.echo(f"Simulador do Omie em {simulator.base_url}")
    simulator.serve()


def _fill(simulator: Simulator, receivables: int, days: int) -> None:
    """Generate what a state file from an earlier start does not hold yet."""
    missing = receivables - _held(simulator, "contas_receber")
    if receivables and missing > 0:
        simulator.control.seed_receivables(missing, days=days)


def _held(simulator: Simulator, endpoint: str) -> int:
    held = {app.app_key: dict(app.records) for app in simulator.control.apps()}
    return held.get(simulator.app_key, {}).get(endpoint, 0)


def _announce(port_file: Path, port: int) -> None:
    """Write the port so that a waiting reader never sees half a number."""
    draft = port_file.with_name(f"{port_file.name}.tmp")
    draft.write_text(f"{port}\n", encoding="ascii")
    draft.replace(port_file)


def main() -> None:
    """Run the simulator alone."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(simulator_command)
    app(prog_name="omie-pipeline simulator")


if __name__ == "__main__":
    main()
