"""What Dagster's webserver answers, without starting one: its schema over this process."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_graphql.schema import create_schema


def served(instance: dg.DagsterInstance, query: str) -> Any:
    """What the webserver answers about ``omie_pipeline.definitions`` built now."""
    target = LoadableTargetOrigin(module_name="omie_pipeline.definitions", attribute="build")
    origin = InProcessCodeLocationOrigin(target, location_name="omie_pipeline")
    with WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as process:
        answer = create_schema().execute(query, context_value=process.create_request_context())
    assert not answer.errors
    return answer.data
