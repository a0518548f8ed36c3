"""A page of another site can change nothing in the sandbox; the sandbox's own page can."""

import pytest

from sandbox.guard import refusal


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8090", "127.0.0.1:8090"),
        ("http://localhost:8090", "localhost:8090"),
        ("http://LOCALHOST:8090", "localhost:8090"),
        ("http://[::1]:8090", "[::1]:8090"),
        ("http://sandbox:8090", "sandbox:8090"),  # a container's name
        ("http://10.0.0.7", "10.0.0.7:80"),
        ("https://meta.internal.example", "meta.internal.example"),  # SANDBOX_HOST, behind TLS
    ],
)
def test_the_sandboxes_own_page_may(origin: str, host: str) -> None:
    assert refusal(origin, host, "meta.internal.example") is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "127.0.0.1:8090"),
        ("http://127.0.0.1:8091", "127.0.0.1:8090"),  # another server of this machine
        ("http://localhost:8090", "127.0.0.1:8090"),
        ("null", "127.0.0.1:8090"),  # a page in a sandboxed frame
        ("", "127.0.0.1:8090"),
        ("http://127.0.0.1:8090", ""),
        ("http://[::1", "[::1"),
    ],
)
def test_a_page_of_another_site_may_not(origin: str, host: str) -> None:
    assert refusal(origin, host, "127.0.0.1") == "This request comes from a page of another site."


def test_a_name_that_somebody_let_lead_here_may_not() -> None:
    why = refusal("http://rebound.example:8090", "rebound.example:8090", "127.0.0.1")
    assert why is not None
    assert "SANDBOX_HOST" in why
