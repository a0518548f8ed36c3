"""`python -m daemon`."""

from daemon.supervisor import serve
from plumbing.process import run
from schemas.settings import Daemon

if __name__ == "__main__":
    run("daemon", Daemon, serve)
