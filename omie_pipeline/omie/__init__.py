"""How to talk to Omie: wire format, faults, pacing and masking."""

from omie_pipeline.omie.client import Answer, CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import LocalRateLimiter, RateLimiter

__all__ = ["Answer", "CallRecord", "Credentials", "LocalRateLimiter", "OmieClient", "RateLimiter"]
