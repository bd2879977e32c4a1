"""Dagster's assets: thin doors over ``omie_pipeline.sync``."""

import warnings

import dagster as dg

# Single-run backfills are marked beta and partitioned checks a preview; said once per asset it
# would drown what matters.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
