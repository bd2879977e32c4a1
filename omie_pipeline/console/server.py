"""Running the console: in a thread for tests, in the foreground for the terminal."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Final

import uvicorn

from omie_pipeline.console import HOST, PORT
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.site import make_site
from omie_pipeline.console.works import close_dead, launch

_STOP_SECONDS: Final = 15.0


class Console:
    """The console on one address; ``port`` 0 takes a free one.

    Args:
        backstage: what its pages read and act through.
        host: address to listen at.
        port: port to listen at.

    Raises:
        OSError: the address is taken.
        ConfigurationError: the role that it reads as is missing.
    """

    def __init__(self, backstage: Backstage, *, host: str = HOST, port: int = PORT) -> None:
        backstage.prepare()
        self._backstage = backstage
        self._socket = socket.create_server((host, port), backlog=256)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                make_site(backstage),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                # Addresses of pages name codes of records.
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def serve(self) -> None:
        """Answer until the process is asked to end; first what was left undone is taken up."""
        self._take_up()
        self._server.run(sockets=[self._socket])

    def _take_up(self) -> None:
        acting = self._backstage.acting
        unfinished = actions_of(acting.engine, acting.empresas, unfinished=True)
        close_dead(acting.engine, acting.clock, unfinished)
        for one in unfinished:
            # Asked for, and the console ended before its process began.
            if one.state == "asked":
                launch(one.action_id)

    def __enter__(self) -> Console:
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._socket.close()
