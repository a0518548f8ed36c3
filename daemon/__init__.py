"""Turns in; messages, outcomes and progress out. Serves only /metrics, /healthz and /readyz."""
