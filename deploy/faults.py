"""The worst of days on a server with systemd: daemons killed, hung, stopped and misconfigured.

Each fault is in the middle of a campaign. When it is over, everybody has to be accounted for, and
the sandbox's own ledger must know of nobody who was written to twice.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from deploy.machine import Failed, Machine

DAEMON: Final = "loopcast-daemon@9101.service"
GATEWAY: Final = "loopcast-gateway.service"
UNITS: Final = (GATEWAY, DAEMON, "loopcast-nats.service")
MOST_EXPOSURE: Final = 3.0
PEOPLE: Final = 120  # of a campaign: 12 s at ten a second
DOUBT_SECONDS: Final = 15  # how long the trial waits for receipts of what was in flight
BACK_SECONDS: Final = 60.0
DROP_IN: Final = f"/run/systemd/system/{DAEMON}.d/trial.conf"


@dataclass
class Site:
    """The machine of the guide, with the sandbox in Meta's place."""

    machine: Machine
    say: Callable[[str], None]
    campaigns: int = 0

    def show(self, unit: str, name: str) -> str:
        """One of systemd's properties of a unit."""
        return self.machine.run(f"systemctl show --value --property={name} {unit}").strip()

    def submit(self) -> str:
        """A campaign to people who were never written to; returns its job's id."""
        self.campaigns += 1
        script = _SUBMIT.format(number=self.campaigns, people=PEOPLE)
        return str(self.machine.json(script)["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.machine.json(_ASK.format(path=f"bulk/job/{job_id}"))
        return found

    def accepted(self) -> int:
        """How many messages the sandbox has taken so far."""
        return int(
            self.machine.json("curl -sS http://127.0.0.1:8090/sandbox/ledger/summary")["accepted"]
        )

    def until_sending(self) -> None:
        """A campaign is in full swing."""
        before = self.accepted()
        self.until(lambda: self.accepted() >= before + 20, "the campaign goes out")

    def until(self, holds: Callable[[], bool], what: str, seconds: float = BACK_SECONDS) -> float:
        """Wait for it; returns how long that took. Raises Failed."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > seconds:
                raise Failed(f"not within {seconds:.0f} s: {what}\n{self.journal(30)}")
            time.sleep(0.1)
        return time.monotonic() - began

    def journal(self, lines: int) -> str:
        return self.machine.run(
            f"journalctl --no-pager --lines={lines} --unit='loopcast-*' --unit=init.scope"
        )

    def ends_well(self, job_id: str) -> None:
        """Everybody is accounted for, and nobody was written to twice. Raises Failed."""
        self.until(lambda: self.job(job_id)["state"] == "completed", "the job is completed", 120)
        job = self.job(job_id)
        known = job["sent"] + job["failed"] + job["unknown"] + job["skipped"]
        if known != PEOPLE or job["unknown"] > 2:
            raise Failed(f"not everybody is accounted for: {json.dumps(job)[:1000]}")
        summary = self.machine.json("curl -sS http://127.0.0.1:8090/sandbox/ledger/summary")
        if summary["repeated"]:
            raise Failed(f"written to twice: {summary['repeated']}")
        self.say(f"         {job['sent']} sent, {job['unknown']} unknown, nobody twice")

    def gap_seconds(self, since_ns: int) -> float:
        """The longest time without a message since then, of the machine's monotonic clock."""
        entries = self.machine.json("curl -sS 'http://127.0.0.1:8090/sandbox/ledger?limit=100000'")
        times: list[int] = sorted(
            t for e in entries["entries"] if (t := e["monotonicNs"]) >= since_ns
        )
        steps = zip([since_ns, *times], times, strict=False)
        return max((later - earlier) for earlier, later in steps) / 1e9


def units_start_in_order(site: Site) -> None:
    """all start anew: the daemon after the gateway, each when it says that it is ready"""
    env = "/etc/loopcast/loopcast.env"
    site.machine.run(f"echo BULK_UNKNOWN_AFTER_S={DOUBT_SECONDS} >> {env}")
    site.machine.run("systemctl disable --quiet --now loopcast-daemon@9102.service")
    site.machine.run("systemctl restart loopcast.target")
    ready = {unit: int(site.show(unit, "ActiveEnterTimestampMonotonic")) for unit in UNITS}
    begun = {unit: int(site.show(unit, "ExecMainStartTimestampMonotonic")) for unit in UNITS}
    if not ready["loopcast-nats.service"] < ready[GATEWAY] <= begun[DAEMON]:
        raise Failed(f"not in order: ready {ready}, begun {begun}")
    for unit in (GATEWAY, DAEMON):
        site.say(f"         {unit} is ready after {(ready[unit] - begun[unit]) / 1e6:.2f} s")


def exposure_is_small(site: Site) -> None:
    """systemd rates how much each unit is exposed"""
    for unit in UNITS:
        said = site.machine.run(f"systemd-analyze security --no-pager {unit} | tail -1").split()
        exposure = float(next(word for word in said if word.replace(".", "").isdecimal()))
        site.say(f"         {unit}: {exposure}")
        if exposure >= MOST_EXPOSURE:
            raise Failed(f"{unit} is exposed by {exposure}")


def killed(site: Site) -> None:
    """kill -9 of the daemon in mid-campaign"""
    job_id = site.submit()
    site.until_sending()
    restarts = int(site.show(DAEMON, "NRestarts"))
    since_ns = _signal(site, "KILL")
    _until_back(site, restarts)
    site.ends_well(job_id)
    site.say(f"         sends again {site.gap_seconds(since_ns):.1f} s after the kill")


def stopped_dead(site: Site) -> None:
    """SIGSTOP of the daemon in mid-campaign: its event loop hangs, and the watchdog ends it"""
    job_id = site.submit()
    site.until_sending()
    restarts = int(site.show(DAEMON, "NRestarts"))
    since_ns = _signal(site, "STOP")
    seconds = _until_back(site, restarts)
    _must_have_said(site, "Watchdog timeout")
    site.ends_well(job_id)
    gap = site.gap_seconds(since_ns)
    site.say(f"         back {seconds:.1f} s after it stopped; sends again after {gap:.1f} s")


def a_part_hangs(site: Site) -> None:
    """a lane's handler hangs while the event loop lives: /healthz names it, the watchdog ends it"""
    site.machine.run(_HANG)
    restarts, warmed_up = int(site.show(DAEMON, "NRestarts")), site.submit()
    job_id = site.submit()
    ask = "curl -sS --max-time 5 http://127.0.0.1:9101/healthz"
    hung = site.until(lambda: site.machine.json(ask)["status"] == "hung", "it is found hung", 150)
    site.say(f"         /healthz after {hung:.0f} s: {site.machine.run(ask).strip()}")
    told = "the status of the unit says what hangs"
    site.until(lambda: "hung for" in site.show(DAEMON, "StatusText"), told, 10)
    seconds = _until_back(site, restarts)
    _must_have_said(site, "a part hangs")
    site.say(f"         back {seconds:.1f} s after it was found")
    site.ends_well(warmed_up)
    site.ends_well(job_id)


def stopped_in_peace(site: Site) -> None:
    """systemctl stop in mid-campaign: what is in flight is recorded, nothing is in doubt"""
    job_id = site.submit()
    site.until_sending()
    began = time.monotonic()
    site.machine.run(f"systemctl stop {DAEMON}")
    seconds, result = time.monotonic() - began, site.show(DAEMON, "Result")
    if result != "success" or site.job(job_id)["unknown"]:
        raise Failed(f"{result}, {site.job(job_id)}\n{site.journal(20)}")
    site.say(f"         stopped in {seconds:.1f} s, with nothing in doubt")
    site.machine.run(f"systemctl start {DAEMON}")
    site.ends_well(job_id)


def watched_through_nginx(site: Site) -> None:
    """the event stream comes through nginx while the campaign runs, not when it is over"""
    job_id = site.submit()
    frames = site.machine.run(_WATCH.format(job_id=job_id))
    if int(frames) < 20 or site.job(job_id)["state"] != "running":
        raise Failed(f"{frames.strip()} frames of a job that is {site.job(job_id)['state']}")
    site.say(f"         {frames.strip()} frames in 5 s")
    site.ends_well(job_id)


def misconfigured(site: Site) -> None:
    """a wrong setting: said once, in words, and no restart loop"""
    env = "/etc/loopcast/loopcast.env"
    site.machine.run(f"cp -p {env} {env}.good; echo BULK_LOOP_SIZE=none >> {env}")
    site.machine.run(f"systemctl restart {DAEMON} && exit 1 || sleep 5")
    told = (site.show(DAEMON, "ExecMainStatus"), site.show(DAEMON, "NRestarts"))
    if told != ("78", "0") or site.show(DAEMON, "ActiveState") != "failed":
        raise Failed(f"exit code and restarts are {told}\n{site.journal(20)}")
    _must_have_said(site, "BULK_LOOP_SIZE")
    site.machine.run(f"mv {env}.good {env}; systemctl restart {DAEMON}")


FAULTS: Final[tuple[Callable[[Site], None], ...]] = (
    units_start_in_order, exposure_is_small, watched_through_nginx, killed, stopped_dead,
    a_part_hangs, stopped_in_peace, misconfigured,
)  # fmt: skip

# Set for one start only: what the watchdog starts again is well.
_HANG: Final = f"""
mkdir -p $(dirname {DROP_IN})
printf '[Service]\\nEnvironment=FAILPOINTS=lane_hangs:2\\n' > {DROP_IN}
systemctl daemon-reload
systemctl restart {DAEMON}
rm {DROP_IN}
systemctl daemon-reload
"""
_ASK: Final = """
key=$(sed -n 's/^API_KEYS=shop://p' /etc/loopcast/loopcast.env)
curl -sS --fail-with-body "http://127.0.0.1:8080/api/{path}" -H "Authorization: Bearer $key"
"""
_WATCH: Final = """
key=$(sed -n 's/^API_KEYS=shop://p' /etc/loopcast/loopcast.env)
(curl -sSN --max-time 5 "http://127.0.0.1/api/bulk/realtime/{job_id}" -H "Host: $LOOPCAST_NAME" \
  -H "Authorization: Bearer $key" 2>/dev/null || true) | grep -c '"message_sent"'
"""
_SUBMIT: Final = """
key=$(sed -n 's/^API_KEYS=shop://p' /etc/loopcast/loopcast.env)
people=$(seq --format='+491512{number:02}%05g' 1 {people})
jq --null-input --arg people "$people" '{{phone_number_id: "100000000000001",
    template_name: "hello_world", recipients_text: $people}}' |
  curl -sS --fail-with-body http://127.0.0.1:8080/api/whatsapp/bulk-quick-send \
    -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d @-
"""


def _signal(site: Site, name: str) -> int:
    """Send it to the daemon; returns when, in nanoseconds of the machine's monotonic clock."""
    clock = "python3 -c 'import time; print(time.monotonic_ns())'"
    return int(
        site.machine.run(f"{clock}; kill -{name} $(systemctl show --value -p MainPID {DAEMON})")
    )


def _until_back(site: Site, restarts: int) -> float:
    def is_back() -> bool:
        told = site.show(DAEMON, "NRestarts"), site.show(DAEMON, "ActiveState")
        return told == (str(restarts + 1), "active")

    return site.until(is_back, "the daemon is back")


def _must_have_said(site: Site, words: str) -> None:
    if words not in site.journal(200):
        raise Failed(f"the journal does not say {words!r}:\n{site.journal(30)}")
