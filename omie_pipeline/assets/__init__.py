"""Dagster's assets: thin doors over ``omie_pipeline.sync``."""

import warnings

import dagster as dg

# Single-run backfills are marked beta; said once per asset it would drown what matters.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
