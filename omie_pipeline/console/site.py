"""The console's site: middleware, pages and static files, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.door import Door
from omie_pipeline.console.failures import broken, not_possible, refused, warehouse_gone
from omie_pipeline.console.pages import PAGES
from omie_pipeline.errors import OmiePipelineError, WarehouseError

STATIC: Final = Path(__file__).with_name("static")


def make_site(backstage: Backstage) -> FastAPI:
    """The ASGI application.

    Args:
        backstage: what its pages read and act through.
    """
    site = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    site.state.backstage = backstage
    for page in PAGES:
        site.include_router(page, include_in_schema=False)
    site.mount("/static", StaticFiles(directory=STATIC), name="static")
    site.add_exception_handler(HTTPException, refused)
    site.add_exception_handler(WarehouseError, warehouse_gone)
    site.add_exception_handler(OmiePipelineError, not_possible)
    site.add_exception_handler(RequestValidationError, refused)
    site.add_exception_handler(Exception, broken)
    site.add_middleware(Door, backstage=backstage)
    return site
