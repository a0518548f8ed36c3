"""The containers of the trial: brought up, killed in the middle of a job, examined, taken down."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from deploy import watch
from deploy.account import Account, Told
from deploy.engine import Engine, EngineFailed
from plumbing.postgres import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "trial.sql")
RECIPIENTS: Final = 500
READY_SECONDS: Final = 120
HEALED_SECONDS: Final = 60
JOB_SECONDS: Final = 240  # 25 to send it at 20 a second; the rest for crashes and doubts
_LOOK_EVERY_SECONDS: Final = 0.2
SCRAPED_SECONDS: Final = 60  # names are looked up, and targets scraped, every 15
_DOCTOR: Final = ("python", "-m", "deploy.doctor", "--settings-of", "daemon")
_OURS: Final = ("gateway", "daemon", "sandbox")
# All processes of the container but the first, which then ends too, as after a crash. `docker kill`
# would be an order of ours, after which an engine starts nothing again.
_KILL_ALL: Final = "import os; os.kill(-1, 9)"
_KEY: Final = re.compile(r"^API_KEYS=\w+:(.+)$", re.MULTILINE)
_NUMBER: Final = re.compile(r"^META_PHONE_NUMBER_ID=(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Killing:
    """What is killed once so many messages have their outcome."""

    after: int
    service: str
    what: str


class _Entry(msgspec.Struct, frozen=True):
    to: str


class _Ledger(msgspec.Struct, frozen=True):
    entries: list[_Entry]


class Fleet:
    """One project of compose. Every method raises EngineFailed."""

    def __init__(
        self, engine: Engine, env_file: Path, name: str, say: Callable[[str], None]
    ) -> None:
        self._engine, self._env_file, self._name, self._say = engine, env_file, name, say
        self._settings = env_file.read_text()

    def build(self) -> None:
        """Build the image as compose does."""
        began = time.monotonic()
        self._compose("build", "gateway")
        took = time.monotonic() - began
        size = int(self._engine.docker("inspect", "--format", "{{.Size}}", f"{self._name}:latest"))
        self._say(f"image built in {took:.1f} s: {size / 1e6:.0f} MB")

    def bring_up(self, *services: str, daemons: int, gateways: int) -> None:
        """Start the services and what they need; return when all are healthy, as Docker says."""
        began = time.monotonic()
        self._compose("up", "--detach", "--no-build", "--scale", f"daemon={daemons}",
                      "--scale", f"gateway={gateways}", *services)  # fmt: skip
        if waiting := self._wait_until_healthy(READY_SECONDS):
            raise EngineFailed(f"not healthy after {READY_SECONDS} s: {', '.join(waiting)}")
        took = time.monotonic() - began
        self._say(f"{daemons} daemons and {gateways} gateways ready {took:.1f} s after up")

    async def campaign(self, killings: Sequence[Killing]) -> list[str]:
        """Submit the job, kill in the middle of it, wait for its end; all that does not add up."""
        key, number = _found(_KEY, self._settings), _found(_NUMBER, self._settings)
        async with aiohttp.ClientSession(headers={"X-API-Key": key}) as client:
            body = watch.submission(RECIPIENTS, number)
            job = await watch.submit(client, self._urls("gateway")[0], body)
            self._say(f"job of {job.accepted} recipients submitted")
            try:
                async with asyncio.timeout(JOB_SECONDS):
                    told = await self._follow(client, str(job.job_id), list(killings))
            except TimeoutError:
                return [f"the job is not over after {JOB_SECONDS} s"]
            recipients = frozenset(row["phone"].lstrip("+") for row in body["data"])
            return await self._verdict(client, told, recipients)

    def examine(self, crashes: int) -> list[str]:
        """What the doctor finds, asked in a container, and whether the engine healed `crashes`."""
        try:
            said = self._engine.docker("exec", self._ids("daemon")[0], *_DOCTOR)
        except EngineFailed as error:
            return [str(error)]
        self._say(f"the doctor: {said}")
        template = "{{.RestartCount}}"
        told = self._engine.docker("inspect", "--format", template, *self._ids()).split()
        restarts = sum(map(int, told))
        self._say(f"the engine started {restarts} containers again")
        wrong = [f"{crashes} containers crashed, {restarts} came back"]
        return (wrong if restarts != crashes else []) + self._wait_until_healthy(HEALED_SECONDS)

    def watched(self) -> list[str]:
        """Which targets Prometheus cannot scrape, where it runs."""
        if not self._ids("prometheus"):
            return []
        expected = len(self._ids("gateway")) + len(self._ids("daemon"))
        began = time.monotonic()
        while len(up := self._scraped()) < expected:
            if time.monotonic() - began > SCRAPED_SECONDS:
                return [f"Prometheus scrapes {len(up)} of {expected} processes"]
            time.sleep(1)
        self._say(f"Prometheus found and scrapes {len(up)} processes")
        return []

    def stop(self) -> list[str]:
        """Who did not stop cleanly in the time that docker-compose.yml gives."""
        began = time.monotonic()
        containers = [name for service in _OURS for name in self._ids(service)]
        self._compose("stop")
        self._say(f"stopped in {time.monotonic() - began:.1f} s")
        template = "{{.Name}} ended with {{.State.ExitCode}}"
        ended = [self._engine.docker("inspect", "--format", template, name) for name in containers]
        return [sentence for sentence in ended if not sentence.endswith(" 0")]

    def take_down(self) -> None:
        """Remove containers, network, volumes and the image."""
        self._compose("down", "--volumes", "--remove-orphans")
        with suppress(EngineFailed):  # not built yet
            self._engine.docker("rmi", "--force", f"{self._name}:latest")
        self._say("everything is down and removed")

    async def _follow(
        self, client: aiohttp.ClientSession, job_id: str, killings: list[Killing]
    ) -> Told:
        """Kill when it is time; return what the gateway says once the job is over."""
        while True:
            told = await self._job(client, job_id)
            if told and told.state in ("completed", "failed", "canceled"):
                self._say(f"job {told.state}: {told.sent} sent, {told.unknown} in doubt")
                return told
            if told and killings and told.sent + told.unknown >= killings[0].after:
                killing = killings.pop(0)
                name = await asyncio.to_thread(self._kill, killing.service)
                self._say(f"at {told.sent} sent: killed {killing.what}, {name}")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _job(self, client: aiohttp.ClientSession, job_id: str) -> Told | None:
        """The job, as the first gateway tells that answers; None: none does."""
        for url in self._urls("gateway"):
            with suppress(aiohttp.ClientError, TimeoutError):
                async with client.get(f"{url}/api/bulk/job/{job_id}") as answer:
                    if answer.status == 200:
                        return msgspec.json.decode(await answer.read(), type=Told)
        return None

    async def _verdict(
        self, client: aiohttp.ClientSession, told: Told, recipients: frozenset[str]
    ) -> list[str]:
        url = f"{self._urls('sandbox')[0]}/sandbox/ledger?limit=100000"
        async with client.get(url) as answer:
            ledger = msgspec.json.decode(await answer.read(), type=_Ledger)
        rows = dict(line.split("|") for line in self._asked(QUERIES.everybody.sql))
        accepted = Counter(entry.to for entry in ledger.entries)
        account = Account(accepted, rows, told)
        self._say(f"{accepted.total()} messages accepted, by {len(accepted)} recipients;"
                  f" {len(account.in_doubt)} in doubt")  # fmt: skip
        return account.what_is_wrong(recipients)

    def _scraped(self) -> list[str]:
        """The addresses of our processes that Prometheus has scraped without an error."""
        url = "http://127.0.0.1:9090/api/v1/query?query=up%7Bjob%3D~%22loopcast.%2B%22%7D"
        try:
            said = self._engine.docker("exec", self._ids("prometheus")[0], "wget", "-q", "-O-", url)
        except EngineFailed:
            return []
        results = msgspec.json.decode(said)["data"]["result"]
        return [one["metric"]["instance"] for one in results if one["value"][1] == "1"]

    def _kill(self, service: str) -> str:
        """Kill one container of the service; returns its name."""
        victim = self._sending() if service == "daemon" else self._ids(service)[0]
        if service in _OURS:
            with suppress(EngineFailed):  # the connection of the command dies with the container
                self._engine.docker("exec", victim, "python", "-c", _KILL_ALL)
        else:
            self._engine.docker("kill", victim)
            self._engine.docker("start", victim)
        return self._engine.docker("inspect", "--format", "{{.Name}}", victim).lstrip("/")

    def _sending(self) -> str:
        """The daemon that holds a lane; between two loops, any."""
        addresses = self._asked(QUERIES.holder_addresses.sql)
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        daemons = self._ids("daemon")
        for daemon in daemons:
            if self._engine.docker("inspect", "--format", template, daemon) in addresses:
                return daemon
        return daemons[0]

    def _asked(self, statement: str) -> list[str]:
        """The rows of a statement, their columns separated by bars."""
        psql = ("psql", "--host=127.0.0.1", "--username=loopcast", "--quiet", "--no-align",
                "--tuples-only", "--no-psqlrc")  # fmt: skip
        password = _found(re.compile(r"^POSTGRES_PASSWORD=(.+)$", re.MULTILINE), self._settings)
        postgres = self._ids("postgres")[0]
        return self._engine.docker(
            "exec", "--interactive", "--env", f"PGPASSWORD={password}", postgres, *psql,
            given=statement,
        ).split()  # fmt: skip

    def _wait_until_healthy(self, longest_seconds: float) -> list[str]:
        """The containers that are not healthy in time."""
        began = time.monotonic()
        while waiting := self._not_healthy():
            if time.monotonic() - began > longest_seconds:
                break
            time.sleep(_LOOK_EVERY_SECONDS)
        return waiting

    def _not_healthy(self) -> list[str]:
        """The containers that do not live or are not healthy yet, with their states."""
        template = "{{.Name}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
        told = self._engine.docker("inspect", "--format", template, *self._ids()).splitlines()
        return [line for line in told if not line.endswith(" running healthy")]

    def _urls(self, service: str) -> list[str]:
        """Where each container of the service answers on this machine."""
        port = {"gateway": "8080", "sandbox": "8090"}[service]
        found = []
        for container in self._ids(service):
            with suppress(EngineFailed):  # it has no port while it is down
                found.append(self._engine.docker("port", container, port).splitlines()[0])
        return [f"http://{address}" for address in found]

    def _ids(self, service: str = "") -> list[str]:
        """The containers of a service, or of all; those that are down are listed too."""
        filters = [f"label=com.docker.compose.project={self._name}"]
        if service:
            filters.append(f"label=com.docker.compose.service={service}")
        arguments = [part for name in filters for part in ("--filter", name)]
        return sorted(self._engine.docker("ps", "--all", "--quiet", *arguments).split())

    def _compose(self, *arguments: str) -> None:
        self._engine.compose(self._env_file, *arguments)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found, pattern.pattern
    return found[1]
