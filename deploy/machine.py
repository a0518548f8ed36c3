"""A Debian of its own, with systemd as its first process: a container that is thrown away."""

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = "systemd,systemd-sysv,dbus,iproute2,procps"
MIRROR: Final = "http://deb.debian.org/debian"
BOOT_SECONDS: Final = 60.0
# systemd mounts and makes cgroups. Where the engine itself may not hand out every right, these do.
_RIGHTS: Final = (
    ("--privileged",),
    (
        "--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
    ),
)  # fmt: skip


class Skipped(Exception):
    """This cannot be tried here; says why."""


class Failed(Exception):
    """A command within the machine ended with an error; says which, and with what words."""


@dataclass(frozen=True)
class Machine:
    """A running one, by the name of its container."""

    name: str
    environ: Mapping[str, str]

    def run(self, script: str, *, seconds: float = 600) -> str:
        """Run a script as root, as a person at a shell would; returns what it said.

        Raises Failed, also when it takes too long (exit code 124).
        """
        given = [f"--env={name}={value}" for name, value in self.environ.items()]
        shell = ("timeout", f"{seconds:.0f}", "bash", "-euo", "pipefail", "-s")
        done = subprocess.run(
            [_docker(), "exec", "--interactive", *given, self.name, *shell],
            input=script, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}".strip()
            raise Failed(f"exit code {done.returncode} of:\n{script.strip()}\n--- it said:\n{said}")
        return done.stdout

    def json(self, script: str) -> Any:
        """The JSON that a script prints."""
        return json.loads(self.run(script))

    def put(self, folder: Path, path: str) -> None:
        """Copy a folder's content."""
        self.run(f"mkdir -p {path}")
        _ran(_docker(), "cp", f"{folder}/.", f"{self.name}:{path}")


@contextlib.contextmanager
def machine(
    name: str, image: str, environ: Mapping[str, str], *, keep: bool = False
) -> Iterator[Machine]:
    """A machine that has booted; unless it is kept, it is removed when the block ends.

    Raises Skipped.
    """
    try:
        _boot(name, image)
        yield Machine(name, environ)
    finally:
        if not keep:
            _quietly(_docker(), "rm", "--force", "--volumes", name)


@contextlib.contextmanager
def debian(name: str, image: str) -> Iterator[str]:
    """The image to start from: `image` where one is named, or else an empty Debian made here.

    One that was made is removed when the block ends. Raises Skipped.
    """
    if not _quietly(_docker(), "version"):
        raise Skipped("no Docker engine answers; start one (as root: dockerd), or use sudo")
    if image:
        yield image
        return
    if shutil.which("debootstrap") is None:
        raise Skipped("debootstrap is missing: install it, or name an image of Debian with systemd")
    with tempfile.TemporaryDirectory(prefix="loopcast-debian-") as folder:
        tree = Path(folder) / "tree"
        try:
            _ran(
                "debootstrap",
                "--variant=minbase",
                f"--include={PACKAGES}",
                "bookworm",
                str(tree),
                MIRROR,
            )
            _import(tree, name)
        except Failed as error:
            raise Skipped(f"no Debian could be made here: {error}") from error
    try:
        yield name
    finally:
        _quietly(_docker(), "image", "rm", "--force", name)


def _import(tree: Path, image: str) -> None:
    packed = tree.with_suffix(".tar")
    _ran("tar", "--create", f"--file={packed}", f"--directory={tree}", ".")
    _ran(_docker(), "import", "--change", 'CMD ["/sbin/init"]', str(packed), image)


def _boot(name: str, image: str) -> None:
    why = ""
    for rights in _RIGHTS:
        _quietly(_docker(), "rm", "--force", name)
        try:
            _ran(
                _docker(), "run", "--detach", f"--name={name}", f"--hostname={name}", *rights,
                "--env=container=docker", "--cgroupns=private", "--stop-signal=SIGRTMIN+3",
                "--tmpfs=/run", "--tmpfs=/tmp:exec", image, "/sbin/init",
            )  # fmt: skip
        except Failed as error:
            why = str(error)
        else:
            why = _wait_for_boot(name)
            if not why:
                return
    raise Skipped(f"systemd does not start in a container here: {why}")


def _wait_for_boot(name: str) -> str:
    """Why it did not come up; empty: it did."""
    deadline, said = time.monotonic() + BOOT_SECONDS, ""
    while time.monotonic() < deadline:
        asked = subprocess.run(
            [_docker(), "exec", name, "systemctl", "is-system-running"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        said = (asked.stdout or asked.stderr).strip()
        if said in {"running", "degraded"}:
            return ""
        if "not running" in said:
            break
        time.sleep(0.2)
    return said or "it says nothing"


def _docker() -> str:
    found = shutil.which("docker")
    if found is None:
        raise Skipped("docker is missing; on Debian: apt-get install docker.io")
    return found


def _ran(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise Failed(f"{command[0]}: {(done.stderr or done.stdout).strip()[-1000:]}")


def _quietly(*command: str) -> bool:
    """Whether it went well; whatever it said."""
    return subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0
