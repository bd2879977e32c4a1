"""How to talk to Omie: wire format, faults, pacing and masking."""

from omie_pipeline.omie.client import Answered, CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import Governor, LocalGovernor

__all__ = ["Answered", "CallRecord", "Credentials", "Governor", "LocalGovernor", "OmieClient"]
