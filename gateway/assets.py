"""The files of the page, read once: one digest over all of them stands in each one's address.

So a browser may keep a file for good, and never mixes files of two releases.
"""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, Self

FOLDER: Final = Path(__file__).with_name("page")
SHELL: Final = "index.html"
SMALLEST_ZIPPED: Final = 600  # bytes: below, a packet is a packet
DIGEST_LENGTH: Final = 12  # of 64: files of one release have to differ from the last, no more

MEDIA: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_BASE: Final = "{base}"  # in the shell: where the others are
_LINKS: Final = "<!-- links -->"  # in the shell: all that is to be fetched in one go


class Asset(NamedTuple):
    """A file as it leaves; `zipped` is `None` where that saves nothing."""

    body: bytes
    zipped: bytes | None
    media: str
    etag: str


class Assets(NamedTuple):
    """The shell, the other files by name, and the digest of them all."""

    shell: Asset
    files: Mapping[str, Asset]
    digest: str

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Self:
        """Raises OSError where a file cannot be read, KeyError where its kind is not known."""
        paths = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
        bodies = {name: path.read_bytes() for name, path in paths.items()}
        digest = _digest(bodies)
        shell = _filled(bodies.pop(SHELL).decode(), bodies, f"/page/{digest}")
        files = {name: _asset(name, body) for name, body in bodies.items()}
        return cls(_asset(SHELL, shell.encode()), files, digest)


def _digest(bodies: Mapping[str, bytes]) -> str:
    """Of names, lengths and bytes: no two sets of files have the same."""
    whole = sha256()
    for name, body in bodies.items():
        whole.update(f"{name}\0{len(body)}\0".encode())
        whole.update(body)
    return whole.hexdigest()[:DIGEST_LENGTH]


def _filled(shell: str, names: Mapping[str, bytes], base: str) -> str:
    """Every file named at once, so that all are fetched in one round trip, not one by one."""
    links = [_link(name, base) for name in names]
    return shell.replace(_LINKS, "\n".join(filter(None, links))).replace(_BASE, base)


def _link(name: str, base: str) -> str:
    match Path(name).suffix:
        case ".css":
            return f'<link rel="stylesheet" href="{base}/{name}">'
        case ".js":
            return f'<link rel="modulepreload" href="{base}/{name}">'
        case _:
            return ""


def _asset(name: str, body: bytes) -> Asset:
    etag = sha256(body).hexdigest()[:DIGEST_LENGTH]
    zipped = gzip.compress(body, 9, mtime=0) if len(body) >= SMALLEST_ZIPPED else None
    return Asset(body, zipped, MEDIA[Path(name).suffix], f'"{etag}"')
