"""Which Loopcast this is; pyproject.toml says the same, and a test holds the two together."""

from typing import Final

VERSION: Final = "0.1.0"
