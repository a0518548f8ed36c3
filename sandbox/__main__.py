"""`python -m sandbox`."""

from plumbing.process import run
from sandbox.app import serve
from schemas.sandbox_settings import Sandbox

if __name__ == "__main__":
    run("sandbox", Sandbox, serve)
