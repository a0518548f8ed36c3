"""A route's curl line, against the gateway of `make run`. Pure."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from gateway.description import JSON

Object = Mapping[str, Any]

HOST: Final = "http://127.0.0.1:8080"


def curl(method: str, path: str, operation: Object) -> str:
    """The line, with the examples that the route's parameters and body give."""
    words = ["curl", "-s"]
    if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
        words.append("-N")
    if method != ("POST" if "requestBody" in operation else "GET"):
        words += ["-X", method]
    words.append(shlex.quote(HOST + _address(path, operation.get("parameters", ()))))
    return " ".join(words) + _body(operation.get("requestBody"))


def _address(path: str, parameters: Sequence[Object]) -> str:
    given = {one["name"]: one["example"] for one in parameters if "example" in one}
    filled = re.sub(r"{(\w+)}", lambda match: quote(str(given[match[1]])), path)
    asked = {
        one["name"]: given[one["name"]]
        for one in parameters
        if one["in"] == "query" and one["name"] in given
    }
    return f"{filled}?{urlencode(asked)}" if asked else filled


def _body(body: Object | None) -> str:
    if body is None:
        return ""
    media, content = next(iter(body["content"].items()))
    if media.startswith("multipart/"):
        return " -F file=@list.csv"
    if media != JSON:
        return " --data-binary @list.csv"
    example = next(iter(content["examples"].values()))["value"]
    return f" -d {shlex.quote(json.dumps(example, indent=2, ensure_ascii=False))}"
