"""``omie-pipeline webhooks``: the receiver in the foreground, its address, and a new secret."""

from __future__ import annotations

import logging
import secrets
import sys
from typing import Annotated

import typer

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.texts import webhooks as texts
from omie_pipeline.webhooks.auth import WebhookAddress, configured_doors
from omie_pipeline.webhooks.server import HOST, PORT, Receiver

_SECRET_BYTES = 32
_CLOCK_SECONDS = 3600.0


def webhooks_command(
    host: Annotated[str, typer.Option(help="Endereço em que escuta.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Porta; 0 usa uma livre.")] = PORT,
    show_url: Annotated[
        bool,
        typer.Option("--show-url", help="Mostra os endereços para o Omie (com o segredo) e sai."),
    ] = False,
    public_url: Annotated[
        str, typer.Option(help="Com --show-url: começo público, como https://clinica.com.br.")
    ] = "",
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Cria um segredo, mostra e sai.")
    ] = False,
) -> None:
    """Recebe os eventos (webhooks) do Omie e guarda cada um antes de responder."""
    if new_secret:
        typer.echo(secrets.token_urlsafe(_SECRET_BYTES))
        return
    deployment = Deployment()
    doors = configured_doors(deployment)
    if not doors:
        raise ConfigurationError(texts.NOBODY_HAS_ONE)
    if show_url:
        base = (public_url or f"http://{host}:{port}").rstrip("/")
        for door in doors:
            typer.echo(f"{base}/omie/{door.empresa}/{door.secret}")
        return
    _serve(deployment, doors, host, port)


def _serve(deployment: Deployment, doors: tuple[WebhookAddress, ...], host: str, port: int) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # Asked rarely: the receiver must not wait for the database in order to answer.
    clock = DatabaseClock(deployment.engine, fresh_seconds=_CLOCK_SECONDS)
    clock.now()
    deployment.engine.dispose()  # migrated; the receiver has a connection of its own
    try:
        receiver = Receiver(
            doors,
            deployment.warehouse.url,
            clock=clock,
            host=host,
            port=port,
            schemas=deployment.settings.schemas,
        )
    except OSError as error:
        raise ConfigurationError(texts.cannot_listen(host=host, port=port, error=error)) from None
    for door in doors:
        address = f"http://{host}:{receiver.port}/omie/{door.empresa}/(segredo)"
        typer.echo(texts.listening(address))
    receiver.serve()
