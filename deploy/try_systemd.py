"""`python -m deploy.try_systemd`: the guide for Debian, run as it stands, and the worst of days.

Exit code 0 when all went as it should or nothing can be tried here (it says SKIPPED and why), 1
when something did not, 2 when the command is wrong.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from deploy.engine import NoEngine, found_or_started
from deploy.faults import FAULTS, Site
from deploy.guide import Block, blocks
from deploy.machine import Failed, Machine, Skipped, debian, machine
from deploy.programs import CHECKOUT

NAME: Final = "loopcast-systemd-try"
GUIDE: Final = CHECKOUT / "docs" / "debian.md"
SOURCE: Final = "/srv/loopcast"
CA_BUNDLE: Final = "/srv/ca/bundle.crt"


def main(arguments: list[str]) -> int:
    """Try everything; returns the exit code."""
    options = _options(arguments)
    began = time.monotonic()
    try:
        with _engine(), debian(NAME, options.image) as image, _machine(options, image) as made:
            _say(f"an empty Debian with systemd is up after {time.monotonic() - began:.0f} s")
            _bring(made, options.ca_bundle)
            _try(made)
    except Skipped as skipped:
        _say(f"SKIPPED: {skipped}")
        return 0
    except Failed as failed:
        _say(f"FAILED: {failed}")
        return 1
    _say(f"all of it held, in {time.monotonic() - began:.0f} s")
    return 0


@contextlib.contextmanager
def _engine() -> Iterator[None]:
    """All that docker is told within the block, it tells an engine that answers. Raises Skipped."""
    try:
        with found_or_started() as engine:
            os.environ.update(engine.environ)  # DOCKER_HOST of one that was started here
            yield
    except NoEngine as error:
        raise Skipped(str(error)) from error


def _machine(options: argparse.Namespace, image: str) -> AbstractContextManager[Machine]:
    environ = {
        "DEBIAN_FRONTEND": "noninteractive", "LOOPCAST_SOURCE": SOURCE,
        "LOOPCAST_NAME": "loopcast.test",
        **({"PIP_CERT": CA_BUNDLE} if options.ca_bundle else {}),
    }  # fmt: skip
    return machine(NAME, image, environ, keep=options.keep)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/try-systemd", description=__doc__)
    parser.add_argument(
        "--image",
        default="",
        help="a local image of Debian 12 with systemd; else debootstrap makes one",
    )
    parser.add_argument(
        "--ca-bundle",
        type=Path,
        default=os.environ.get("PIP_CERT") or None,
        help="certificates for pip, where a proxy stands before PyPI; else those of PIP_CERT",
    )
    parser.add_argument(
        "--keep", action="store_true", help=f"leave the container {NAME} running, to look at it"
    )
    return parser.parse_args(arguments)


def _bring(made: Machine, ca_bundle: Path | None) -> None:
    """This checkout as it is, changes that are not committed included, as a repository."""
    with tempfile.TemporaryDirectory(prefix="loopcast-source-") as name:
        folder = Path(name)
        (folder / "source").mkdir()
        _copy_checkout(folder / "source")
        made.put(folder / "source", f"{SOURCE}.new")
        if ca_bundle:
            (folder / "ca").mkdir()
            shutil.copy(ca_bundle, folder / "ca" / Path(CA_BUNDLE).name)
            made.put(folder / "ca", str(Path(CA_BUNDLE).parent))


def _copy_checkout(target: Path) -> None:
    git = shutil.which("git")
    if git is None:
        raise Skipped("git is missing")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for path in filter(None, listed.decode().split("\0")):
        if (CHECKOUT / path).is_file():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / path, target / path)


def _try(made: Machine) -> None:
    found = blocks(GUIDE.read_text())
    for number, block in enumerate(block for block in found if not block.mark):
        if number == 1:  # git has just been installed
            made.run(_COMMIT)
        _run(made, block)
    site = Site(made, _say)
    for fault in FAULTS:
        with _timed(fault.__doc__ or fault.__name__):
            fault(site)
    for block in (block for block in found if block.mark == "last"):
        _run(made, block)
    left = made.run("ls -d /etc/systemd/system/loopcast* /opt/loopcast /etc/loopcast 2>&1 || true")
    if left.count("No such file") != 3:
        raise Failed(f"the guide's last block leaves something behind:\n{left}")


_COMMIT: Final = f"""
cd {SOURCE}.new
git init --quiet
git add --all
git -c user.name=trial -c user.email=trial@example.com commit --quiet --message='As it is'
git clone --quiet --bare {SOURCE}.new {SOURCE}
"""


_JOURNAL: Final = "journalctl --no-pager --lines=40"


def _run(made: Machine, block: Block) -> None:
    first = block.text.strip().splitlines()[0]
    with _timed(f"{block.title}: {first}"):
        try:
            said = made.run(block.text)
        except Failed as failed:
            raise Failed(f"{failed}\n--- the journal:\n{made.run(_JOURNAL)}") from None
    for line in said.strip().splitlines()[-4:]:
        _say(f"         {line[:200]}")


@contextlib.contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    except Failed:
        _say(f"  failed {what}")
        raise
    _say(f"  {time.monotonic() - began:5.1f} s {what}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
