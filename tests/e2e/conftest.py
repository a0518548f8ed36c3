"""What tests over processes start from."""

from tests.fleet import fleet, nats_server, nats_url, own_postgres

__all__ = ["fleet", "nats_server", "nats_url", "own_postgres"]
