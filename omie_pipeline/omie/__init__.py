"""How to talk to Omie: wire format, faults, pacing and masking."""

from omie_pipeline.omie.client import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.governor import Admission, Governor, LocalGovernor

__all__ = ["Admission", "CallRecord", "Credentials", "Governor", "LocalGovernor", "OmieClient"]
