"""Receives Omie's webhooks: stores each event and answers at once; the work comes later."""
