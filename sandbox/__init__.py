"""Meta on your desk: the Cloud API with its checks, its refusals, faults on demand and a ledger."""
