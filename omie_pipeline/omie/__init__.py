"""How to talk to Omie: wire format, faults, pacing and masking."""

from omie_pipeline.omie.client import Answered, CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import LocalRateLimiter, RateLimiter

__all__ = ["Answered", "CallRecord", "Credentials", "LocalRateLimiter", "OmieClient", "RateLimiter"]
