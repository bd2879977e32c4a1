"""The code location with Dagster's own executor, which starts a process for each step."""

from __future__ import annotations

import dagster as dg

from omie_pipeline.definitions import build_with

defs = build_with(dg.multi_or_in_process_executor)
