"""The guide for Debian is made of commands that can be run, and the units are what it says."""

import configparser
from pathlib import Path

import pytest

from daemon.supervisor import DRAIN_SECONDS
from deploy.guide import Block, blocks
from plumbing.process import EXIT_CONFIG
from schemas.loading import load
from schemas.settings import Daemon, Gateway

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
GUIDE = (ROOT / "docs" / "debian.md").read_text()


class Unit(configparser.RawConfigParser):
    """A unit file; a key that comes twice has the last value."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",))
        self.read_string((UNITS / name).read_text())

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def seconds(value: str) -> float:
    assert value.endswith("s")
    return float(value[:-1])


def test_only_blocks_of_shell_are_commands_and_each_knows_its_section() -> None:
    text = "# T\n## A\n```sh\none\ntwo\n```\n```text\nno\n```\n## B\n```sh yours\nthree\n```\n"
    assert blocks(text) == [Block("A", "", "one\ntwo\n"), Block("B", "yours", "three\n")]


def test_the_guide_has_commands_for_every_step_and_only_known_marks() -> None:
    found = blocks(GUIDE)
    assert {block.mark for block in found} == {"", "yours", "last"}
    titles = {block.title for block in found}
    assert [title for title in titles if title[:1].isdigit()] != []
    assert {title[0] for title in titles if title[0].isdigit()} == set("123456789")


def test_the_guide_installs_every_unit() -> None:
    text = "".join(block.text for block in blocks(GUIDE))
    assert [path.name for path in UNITS.iterdir() if path.name not in text] == []


def test_the_settings_that_the_guide_writes_are_taken_by_both_processes() -> None:
    (block,) = (block for block in blocks(GUIDE) if "loopcast.env <<END" in block.text)
    lines = block.text.split("<<END\n")[1].split("\nEND")[0].replace("$(", "").split("\n")
    environ = dict(line.replace(")", "").split("=", 1) for line in lines)
    environ["DATABASE_URL"] = environ["DATABASE_URL"].replace("$password", "x")
    assert load(Gateway, environ).default_region == "DE"
    assert load(Daemon, environ).is_sandboxed


@pytest.mark.parametrize("name", ["loopcast-gateway.service", "loopcast-daemon@.service"])
def test_a_unit_waits_for_readiness_feeds_a_watchdog_and_gives_up_on_wrong_settings_alone(
    name: str,
) -> None:
    service = Unit(name)["Service"]
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == (
        "notify", "main", "always",
    )  # fmt: skip
    assert service["RestartPreventExitStatus"] == str(EXIT_CONFIG)
    assert Unit(name)["Unit"]["StartLimitIntervalSec"] == "0"
    assert seconds(service["WatchdogSec"]) > 2 * 5  # a look every 5 s, and one that is late


def test_a_daemon_may_drain_both_of_its_streams_before_it_is_killed() -> None:
    service = Unit("loopcast-daemon@.service")["Service"]
    assert seconds(service["TimeoutStopSec"]) > 2 * DRAIN_SECONDS + 5
