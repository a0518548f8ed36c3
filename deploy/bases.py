"""The images that docker-compose.yml names: pulled, or made of Debian where no registry answers.

What is made here has a name of its own, so that nobody takes it for the official image.
"""

import contextlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.engine import Engine, EngineFailed, NoEngine
from deploy.programs import CHECKOUT, last_line

RECIPES: Final = CHECKOUT / "deploy" / "bases"
# Debian's packages in the two systems that all are made of: the one that Loopcast's own image
# stands on, which is to be small, and the one for everything else.
SYSTEMS: Final = {
    "slim": "python3,ca-certificates",
    "full": "python3,python3-venv,ca-certificates,wget,postgresql",
}
_USELESS: Final = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt/archives",
                   "var/lib/apt/lists")  # fmt: skip
_IS_WATCHED: Final = (CHECKOUT / "deploy" / "prometheus" / "prometheus.yml").exists()
_PIP_OPTIONS: Final = ("index-url", "extra-index-url", "trusted-host", "timeout")


@dataclass(frozen=True)
class Bases:
    """The images by the variable of docker-compose.yml that names them, and which were made."""

    variables: dict[str, str]
    made: list[str]


def prepare(engine: Engine, suffix: str, cache: Path) -> Bases:
    """Every base image; those that are made have `suffix` as their tag. Raises NoEngine."""
    named = named_images((CHECKOUT / "docker-compose.yml").read_text())
    if all(engine.has_image(name) or _pulled(engine, name) for name in named.values()):
        build = f"loopcast-trial-build:{suffix}"
        if not engine.has_image(build):
            _build(engine, {"build": build}, named["PYTHON_IMAGE"], nats_server=False)
        return Bases({**named, "BUILD_IMAGE": build}, [build])
    return _made(engine, suffix, cache)


def forget(engine: Engine, bases: Bases) -> None:
    """Remove what was made, and what a build without BuildKit leaves of its earlier stages."""
    roots = {engine.docker("inspect", "--format", "{{.Id}}", name) for name in bases.made}
    dangling = engine.docker("images", "--quiet", "--no-trunc", "--filter", "dangling=true")
    stages = [image for image in dangling.split() if roots & _ancestors(engine, image)]
    for image in (*stages, *bases.made):
        engine.docker("rmi", "--force", image)


def _ancestors(engine: Engine, image: str) -> set[str]:
    found: set[str] = set()
    while image and engine.has_image(image):
        image = engine.docker("inspect", "--format", "{{.Parent}}", image)
        found.add(image)
    return found


def named_images(compose: str) -> dict[str, str]:
    """The images that the trial needs, by variable: `${NATS_IMAGE:-nats:2.15-alpine}`."""
    found: dict[str, str] = dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", compose))
    wanted = ["PYTHON_IMAGE", "NATS_IMAGE", "POSTGRES_IMAGE"]
    return {name: found[name] for name in wanted + ["PROMETHEUS_IMAGE"] * _IS_WATCHED}


def _made(engine: Engine, suffix: str, cache: Path) -> Bases:
    names = {part: f"loopcast-trial-{part}:{suffix}" for part in (*SYSTEMS, "build", "nats",
                                                                  "postgres")}  # fmt: skip
    for system in SYSTEMS:
        if not engine.has_image(names[system]):
            engine.docker("import", str(_system(system, cache)), names[system])
    targets = {part: name for part, name in names.items() if part not in SYSTEMS}
    if _IS_WATCHED and shutil.which("apt-get"):  # as Debian's package, or not at all
        targets["prometheus"] = f"loopcast-trial-prometheus:{suffix}"
    _build(engine, targets, names["full"], nats_server=True)
    variables = {f"{part.upper()}_IMAGE": name for part, name in targets.items()}
    made = [*targets.values(), *(names[system] for system in SYSTEMS)]
    return Bases({**variables, "PYTHON_IMAGE": names["slim"]}, made)


def _system(name: str, cache: Path) -> Path:
    """A Debian system as a tar file, from the cache or by debootstrap, which takes a minute."""
    suite = _suite()
    archive = cache / f"debian-{suite}-{name}-{SYSTEMS[name].count(',') + 1}.tar"
    if archive.exists():
        return archive
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise NoEngine(
            "no registry answers, and only root can make images here, with debootstrap (Debian:"
            " apt-get install debootstrap)"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        root, new = Path(folder) / "root", Path(folder) / "new.tar"
        _run("debootstrap", "--variant=minbase", f"--include={SYSTEMS[name]}", suite, str(root),
             *_mirror(suite))  # fmt: skip
        excluded = [f"--exclude=./{path}/*" for path in _USELESS]
        _run("tar", "--create", f"--directory={root}", f"--file={new}", *excluded, ".")
        new.rename(archive)  # gets its name last, so a half-made one is never used
    return archive


def _suite() -> str:
    """This machine's own Debian, which its keys can vouch for; elsewhere bookworm."""
    told = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)$", told, re.MULTILINE)
    is_debian = re.search(r"^ID=debian$", told, re.MULTILINE)
    return found[1] if found and is_debian else "bookworm"


def _mirror(suite: str) -> list[str]:
    """Where this machine has its packages from; nothing: debootstrap's own choice."""
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        return []
    asked = subprocess.run(
        (apt_get, "indextargets", "--format", "$(REPO_URI)", f"Codename: {suite}",
         "Created-By: Packages", "Component: main"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    addresses = [line for line in asked.stdout.split() if line.startswith("http")]
    return addresses[:1]


def _build(engine: Engine, targets: dict[str, str], base: str, *, nats_server: bool) -> None:
    """Make the images of deploy/bases/Dockerfile that are wanted."""
    with _context(nats_server=nats_server, with_prometheus="prometheus" in targets) as context:
        for target, name in targets.items():
            engine.docker("build", "--quiet", "--build-arg", f"BASE={base}", "--target", target,
                          "--tag", name, str(context))  # fmt: skip


@contextlib.contextmanager
def _context(*, nats_server: bool, with_prometheus: bool) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="loopcast-bases-") as folder:
        context = Path(folder) / "context"
        shutil.copytree(RECIPES, context)
        shutil.copyfile(_trusted(), context / "ca.crt")
        (context / "pip.conf").write_text(_pip_conf())
        if nats_server:
            shutil.copy2(Path(sys.executable).parent / "nats-server", context)
        if with_prometheus:
            _run("apt-get", "download", "prometheus", cwd=context)
            next(context.glob("prometheus_*.deb")).rename(context / "prometheus.deb")
        yield context


def _trusted() -> str:
    """The certificates that pip trusts on this machine."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if Path(found := os.environ.get(name, "")).is_file():
            return found
    return ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"


def _pip_conf() -> str:
    """pip's settings of this machine, as far as they hold in a container."""
    told = _run(sys.executable, "-m", "pip", "config", "list")
    lines = ["[global]", "cert = /etc/pip-ca.crt"]
    for option in _PIP_OPTIONS:
        value = re.search(rf"^(?::env:|global)\.{option}='(.*)'$", told, re.MULTILINE)
        if value and "file:" not in value[1]:
            lines.append(f"{option} = {value[1]}")
    if proxy := os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        lines.append(f"proxy = {proxy}")
    return "\n".join(lines) + "\n"


def _pulled(engine: Engine, name: str) -> bool:
    try:
        engine.docker("pull", "--quiet", name)
    except EngineFailed:
        return False
    return True


def _run(*argv: str, cwd: Path | None = None) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineFailed(f"`{argv[0]}` failed: {last_line(done.stderr or done.stdout)}")
    return done.stdout
