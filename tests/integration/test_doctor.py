"""The doctor on real servers: PostgreSQL, NATS and Meta's stand-in, well and broken."""

import fcntl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from nats.js import api

from daemon.supervisor import ensure_consumer
from deploy import servers, told
from deploy.checks import monitoring
from deploy.checks.clock import clock
from deploy.checks.ledger import ledger
from deploy.checks.meta import meta
from deploy.checks.nats import nats_server
from deploy.checks.numbers import kept_numbers
from deploy.checks.postgres import postgres
from deploy.checks.processes import processes
from deploy.checks.result import Level, Result
from deploy.doctor import patient_of
from deploy.programs import Program, running
from plumbing.broker import Broker
from plumbing.logs import Log
from plumbing.migrations import known as migrations
from plumbing.postgres import Pool
from plumbing.process import CannotStart
from schemas import subjects
from schemas.environment import Secret, SettingsError
from tests.campaigns import make_job
from tests.doctors import NUMBER, PHONE, WABA, Graph, failure, patient, said
from tests.gateways import serving
from tests.support import free_port

GOOD = {
    PHONE: NUMBER, WABA: NUMBER,
    "message_templates": {"data": [{"name": "sale", "status": "APPROVED"}, {"name": "new",
                                                                         "status": "PENDING"}]},
    "subscribed_apps": {"data": [{"whatsapp_business_api_data": {"name": "Shop's app"}}]},
}  # fmt: skip


def grave(results: list[Result]) -> list[str]:
    """What is wrong, but for that the tests' server is not durable."""
    found = said(results, Level.WRONG)
    return [sentence for sentence in found if not sentence.startswith("PostgreSQL runs with ")]


async def test_a_database_in_order_has_nothing_wrong(database_url: str) -> None:
    results = await postgres(patient(DATABASE_URL=database_url))
    assert grave(results) == []
    assert f"The schema is this version's ({len(migrations())} migrations)." in said(results)
    assert str(urlsplit(database_url).password) not in "".join(said(results))


async def test_an_empty_database_waits_for_the_gateway(empty_database_url: str) -> None:
    given = patient(DATABASE_URL=empty_database_url)
    assert grave(await postgres(given)) == ["The database has no schema yet."]
    (counted,) = await ledger(given)
    assert counted.level is Level.NOTE
    assert said(await processes(given))[1].startswith("Daemons could not be counted")


async def test_an_older_and_a_newer_schema_are_told_apart(database_url: str, pool: Pool) -> None:
    given = patient(DATABASE_URL=database_url)
    newest = migrations()[-1].version
    await pool.execute("INSERT INTO schema_migrations VALUES ($1, 'later')", newest + 1)
    (newer,) = said(await postgres(given), Level.WARNING)
    await pool.execute("DELETE FROM schema_migrations WHERE version >= $1", newest)
    (older,) = grave(await postgres(given))
    assert newer.startswith("The schema is newer than this Loopcast")
    assert older.startswith("The schema is older than this Loopcast")
    assert said(await ledger(given), Level.NOTE)


async def test_a_role_without_rights_is_told_what_to_grant(database_url: str, pool: Pool) -> None:
    role = f"poor_{uuid4().hex}"
    await pool.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'")
    parts = urlsplit(database_url)
    url = parts._replace(netloc=f"{role}:pw@{parts.hostname}:{parts.port}").geturl()
    try:
        await pool.execute(f"GRANT SELECT ON schema_migrations TO {role}")
        found = grave(await postgres(patient(DATABASE_URL=url)))
    finally:
        await pool.execute(f"DROP OWNED BY {role}")
        await pool.execute(f"DROP ROLE {role}")
    assert len(found) == 1
    assert found[0].startswith(f"{role} does not own contacts, jobs, lanes, loops, messages,")


@pytest.mark.parametrize(
    ("change", "words", "do"),
    [({"netloc": "nobody:hush@{}"}, "refuses: ", "Correct the user and the password"),
     ({"path": "/nothing"}, "refuses: ", "Create the database"),
     ({"netloc": "me:hush@127.0.0.1:{free}"}, "cannot be reached: ", "Start it")],
)  # fmt: skip
async def test_a_postgres_that_does_not_let_us_in_is_one_line(
    database_url: str, change: dict[str, str], words: str, do: str
) -> None:
    parts = urlsplit(database_url)
    place = f"{parts.hostname}:{parts.port}"
    parts = parts._replace(
        **{name: value.format(place, free=free_port()) for name, value in change.items()}
    )
    given = patient(DATABASE_URL=parts.geturl())
    (result,) = await postgres(given)
    assert words in result.said
    assert result.do.startswith(do)
    assert "hush" not in result.said
    (counted,) = await ledger(given)
    assert (counted.level, result.said in counted.said) == (Level.NOTE, True)


async def test_a_ledger_is_recounted(database_url: str, pool: Pool) -> None:
    job = await make_job(pool, 2)
    given = patient(DATABASE_URL=database_url)
    assert said(await ledger(given)) == ["1 job, 2 messages: every count agrees with its rows."]
    await pool.execute("UPDATE messages SET state = 'canceled' WHERE job_id = $1", job.id)
    await pool.execute("UPDATE loops SET canceled = 2 WHERE job_id = $1", job.id)
    (result,) = await ledger(given)
    assert (result.level, str(job.id) in result.said) == (Level.WRONG, True)


async def test_clocks_of_one_machine_agree(database_url: str) -> None:
    async with Graph({}) as graph:
        given = patient(DATABASE_URL=database_url, GRAPH_API_BASE_URL=graph.url)
        found = await clock(given)
    assert [result.level for result in found] == [Level.OK, Level.OK]
    gone = await clock(patient(GRAPH_API_BASE_URL=graph.url))
    assert [result.level for result in gone] == [Level.NOTE, Level.NOTE]


async def test_streams_and_consumers_as_ours_make_them_are_well(
    broker: Broker, nats_url: str
) -> None:
    given = patient(NATS_URL=nats_url)
    early = await nats_server(given)
    assert said(early, Level.WARNING) == [
        "The consumer senders of BULK_JOBS does not exist.",
        "The consumer mergers of BULK_RECEIPTS does not exist.",
    ]
    await ensure_consumer(broker, subjects.SENDERS, given.daemon.ack_wait_seconds)
    await ensure_consumer(broker, subjects.MERGERS, subjects.MERGE_ACK_WAIT_SECONDS)
    results = await nats_server(given)
    assert said(results, Level.WARNING, Level.WRONG) == []
    assert [result.said.split(":")[0] for result in results if "Stream " in result.said] == [
        "Stream BULK_JOBS", "Stream BULK_EVENTS", "Stream BULK_RECEIPTS",
    ]  # fmt: skip
    other = patient(NATS_URL=nats_url, BULK_ACK_WAIT_S="30")
    (differs,) = said(await nats_server(other), Level.WARNING)
    assert differs.endswith("ack_wait is 15, not 30.") or "ack_wait is 15.0, not 30" in differs


async def test_a_stream_of_another_making_is_told_of(broker: Broker, nats_url: str) -> None:
    await broker.js.delete_stream(subjects.JOBS_STREAM)
    await broker.js.add_stream(
        api.StreamConfig(name=subjects.JOBS_STREAM, subjects=["bulk.jobs.>"])
    )
    await broker.js.delete_stream(subjects.EVENTS_STREAM)
    results = await nats_server(patient(NATS_URL=nats_url))
    other, missing = said(results, Level.WRONG)
    assert other.startswith(
        "The stream BULK_JOBS is not as it should be: subjects is ['bulk.jobs.>']"
    )
    assert "retention is limits, not workqueue" in other
    assert missing == "The stream BULK_EVENTS does not exist."
    copies = said(await nats_server(patient(NATS_URL=nats_url, NATS_REPLICAS="3")), Level.WARNING)
    assert "The stream BULK_RECEIPTS has 1 copies, and NATS_REPLICAS is 3." in copies


@contextmanager
def bare_nats(folder: Path, *arguments: str) -> Iterator[str]:
    """A nats-server with settings of its own; yields its URL."""
    ours = servers.nats(folder)
    port = str(urlsplit(ours.url).port)
    binary = str(Path(sys.executable).parent / "nats-server")
    argv = (binary, "--addr", "127.0.0.1", "--port", port, *arguments)
    with running(replace_argv(ours.program, argv)):
        yield ours.url


def replace_argv(program: Program, argv: tuple[str, ...]) -> Program:
    return replace(program, argv=argv)


async def test_a_server_without_jetstream_is_told_of(tmp_path: Path) -> None:
    with bare_nats(tmp_path) as url:
        results = await nats_server(patient(NATS_URL=url))
    assert said(results, Level.WRONG) == [
        "JetStream is off: turns, events and receipts have nowhere to be."
    ]


async def test_a_nats_that_is_not_there_or_refuses_is_one_line(tmp_path: Path) -> None:
    (gone,) = await nats_server(patient(NATS_URL=f"nats://me:hush@127.0.0.1:{free_port()}"))
    with bare_nats(tmp_path, "--user", "me", "--pass", "right-password") as url:
        wrong = url.replace("nats://", "nats://me:hush@")
        (refused,) = await nats_server(patient(NATS_URL=wrong))
    assert "cannot be reached" in gone.said
    assert "refuses" in refused.said
    assert (gone.level, refused.level) == (Level.WRONG, Level.WRONG)
    assert "hush" not in gone.said + refused.said


@pytest.mark.parametrize(("is_ours", "level"), [(True, Level.OK), (False, Level.WARNING)])
async def test_whether_nats_syncs_is_seen_where_monitoring_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_ours: bool, level: Level
) -> None:
    port = free_port()
    monkeypatch.setattr(monitoring, "PORT", port)
    mine = ("-c", str(servers.NATS_CONF)) if is_ours else ("-js", "-sd", str(tmp_path / "js"))
    with bare_nats(tmp_path, *mine, "-m", str(port)) as url:
        results = await nats_server(patient(NATS_URL=url))
    assert [result.level for result in results if " syncs " in result.said] == [level]


async def test_what_cannot_be_seen_is_said(
    broker: Broker, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "PORT", free_port())
    notes = said(await nats_server(patient(NATS_URL=nats_url)), Level.NOTE)
    assert [note for note in notes if "cannot be seen" in note]


async def test_an_account_in_good_health_is_well() -> None:
    async with Graph(GOOD) as graph:
        results = await meta(patient(GRAPH_API_BASE_URL=graph.url))
    assert [result.level for result in results] == [Level.OK] * 4
    assert said(results)[1:] == [
        f"The account {WABA} has 2 templates, 1 approved.",
        "Webhooks of the account go to Shop's app.",
        "META_APP_SECRET is the secret of the token's app.",
    ]
    assert {request.headers["Authorization"] for request in graph.asked} == {"Bearer token"}
    assert all("token" not in str(request.rel_url.query) for request in graph.asked)


async def test_a_dead_token_is_said_once() -> None:
    dead = (401, failure(190, "The session has expired."))
    async with Graph(dict.fromkeys(GOOD, dead)) as graph:
        (result,) = await meta(patient(GRAPH_API_BASE_URL=graph.url))
    assert result.level is Level.WRONG
    assert result.said.startswith("META_ACCESS_TOKEN is not taken: 190 The session has expired.")


async def test_what_meta_says_no_to_is_told_apart() -> None:
    answers = {
        PHONE: (400, failure(100, "Unsupported get request.")),
        "message_templates": (403, failure(200, "Permissions error")),
        "subscribed_apps": (403, failure(10, "not yours")),
    }
    async with Graph(answers) as graph:
        results = await meta(patient(GRAPH_API_BASE_URL=graph.url))
    number, templates, apps = results
    assert "there is none of this id" in number.said
    assert "Correct META_PHONE_NUMBER_ID" in number.do
    assert "the token may not ask" in templates.said
    assert (apps.level, "cannot be seen" in apps.said) == (Level.NOTE, True)


async def test_an_app_secret_of_another_app_is_found_out() -> None:
    async with Graph(GOOD, proof_fails=True) as graph:
        found = said(await meta(patient(GRAPH_API_BASE_URL=graph.url)), Level.WRONG)
    assert len(found) == 1
    assert found[0].startswith("META_APP_SECRET is not the secret of the app that the token")


async def test_an_account_without_templates_or_webhooks_is_warned_of() -> None:
    answers = GOOD | {"message_templates": {"data": []}, "subscribed_apps": {"data": []}}
    async with Graph(answers) as graph:
        found = said(await meta(patient(GRAPH_API_BASE_URL=graph.url)), Level.WARNING)
    assert ["none is approved" in found[0], "No app is subscribed" in found[1]] == [True, True]


async def test_360dialog_is_asked_in_its_own_way() -> None:
    given = {"WHATSAPP_PROVIDER": "360dialog"}
    listed = {"waba_templates": [{"name": "sale", "status": "approved"}]}
    async with Graph({"templates": listed}) as graph:
        results = await meta(patient(GRAPH_API_BASE_URL=graph.url, **given))
        assert [request.headers["D360-API-KEY"] for request in graph.asked] == ["token"]
    assert said(results, Level.OK) == [
        "360dialog takes the key.", "Its account has 1 templates, 1 approved.",
    ]  # fmt: skip
    refused = (401, {"meta": {"developer_message": "Invalid api key"}})
    async with Graph({"templates": refused}) as graph:
        results = await meta(patient(GRAPH_API_BASE_URL=graph.url, **given))
    (sentence,) = said(results, Level.WRONG)
    assert sentence.startswith("META_ACCESS_TOKEN is not taken: HTTP 401 Invalid api key.")


async def test_a_meta_out_of_reach_is_said() -> None:
    found = said(
        await meta(patient(GRAPH_API_BASE_URL=f"http://127.0.0.1:{free_port()}")), Level.WRONG
    )
    assert len(found) == 1
    assert found[0].startswith("Meta could not be asked: ")


async def test_each_number_that_is_kept_is_asked_about(
    database_url: str, nats_url: str, log: Log
) -> None:
    key = "k" * 32
    dead = (401, failure(190, "The session has expired."))
    async with (
        Graph({"200": NUMBER, "300": dead}) as graph,
        serving(database_url, nats_url, log, secret_keys=(Secret(key),)) as gateway,
    ):
        environ = {"DATABASE_URL": database_url, "GRAPH_API_BASE_URL": graph.url}
        (none,) = await kept_numbers(patient(**environ))
        for number in ("200", "300"):
            body = {"token": f"token {number}", "check": False}
            await gateway.ask("PUT", f"/api/numbers/{number}", {}, json=body)
        found = await kept_numbers(patient(SECRET_KEY=key, **environ))
        sealed = await kept_numbers(patient(SECRET_KEY="x" * 32, **environ))
    assert none.level is Level.NOTE
    assert [(result.level, result.said[:19]) for result in found] == [
        (Level.OK, "200: The number is "), (Level.WRONG, "300: Its token is n"),
    ]  # fmt: skip
    assert {request.headers["Authorization"] for request in graph.asked} == {
        "Bearer token 200", "Bearer token 300",
    }  # fmt: skip
    assert [result.level for result in sealed] == [Level.WRONG] * 2
    assert "does not open with SECRET_KEY" in sealed[0].said


async def test_a_gateway_and_its_readiness_are_seen(
    database_url: str, nats_url: str, log: Log
) -> None:
    async with serving(database_url, nats_url, log) as gateway:
        given = patient(DATABASE_URL=database_url)
        ready = await processes(replace(given, gateway_url=gateway.url))
    assert ready[0].said == f"The gateway at {gateway.url} is ready."
    assert said(ready, Level.WRONG) == ["No daemon runs: jobs are taken, and nothing is sent."]


@pytest.fixture
async def unready(database_url: str, log: Log) -> AsyncIterator[str]:
    nowhere = f"nats://127.0.0.1:{free_port()}"
    async with serving(database_url, nowhere, log, wait_ready=False) as gateway:
        yield gateway.url


async def test_a_gateway_that_is_not_ready_says_what_it_lacks(
    unready: str, database_url: str
) -> None:
    given = replace(patient(DATABASE_URL=database_url), gateway_url=unready, is_told_where=True)
    result, _ = await processes(given)
    assert result.level is Level.WRONG
    assert "jetstream: no connection to NATS" in result.said


def test_a_stack_that_runs_in_the_folder_is_found_and_one_that_ended_is_not(tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": "postgresql://a@b/c", "META_ACCESS_TOKEN": "t", "BULK_BATCH_SIZE": "7",
        "PATH": "/bin",
    }  # fmt: skip
    lock = tmp_path / told.LOCK
    lock.touch()
    told.leave(tmp_path, environ)
    assert oct((tmp_path / told.NAME).stat().st_mode)[-3:] == "600"
    assert told.read(tmp_path) is None  # nobody holds the lock
    with pytest.raises(CannotStart, match="no stack runs in this folder"):
        patient_of({}, tmp_path, None)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert told.read(tmp_path) == {k: v for k, v in environ.items() if k != "PATH"}
        found = patient_of({"PORT": "81"}, tmp_path, None)
        assert (found.gateway.database_url, found.gateway.loop_size, found.gateway.port) == (
            "postgresql://a@b/c", 7, 81,
        )  # fmt: skip
        told.forget(tmp_path)
        assert told.read(tmp_path) is None


def test_settings_of_one_process_are_judged_without_the_other() -> None:
    environ = {"NATS_URL": "nats://n:1", "META_ACCESS_TOKEN": "t", "HOST": "0.0.0.0",
               "BULK_ACK_WAIT_S": "1"}  # fmt: skip
    for judged, wrong in (("gateway", "HOST"), ("daemon", "BULK_ACK_WAIT_S")):
        with pytest.raises(SettingsError) as raised:
            patient_of(environ, Path("/nonexistent"), None, (judged,))
        assert [problem.split()[0] for problem in raised.value.problems] == [wrong]
    found = patient_of({**environ, "BULK_ACK_WAIT_S": ""}, Path("/none"), None, ("daemon",))
    assert (found.gateway.host, found.daemon.ack_wait_seconds) == ("0.0.0.0", 15)


def test_wrong_settings_of_both_processes_are_listed_once() -> None:
    environ = {"DATABASE_URL": "postgresql://x@y/z", "PORT": "x", "BULK_RETRY_BASE_MS": "x",
               "LOG_LEVEL": "loud"}  # fmt: skip
    with pytest.raises(SettingsError) as raised:
        patient_of(environ, Path("/nonexistent"), None)
    assert [problem.split()[0] for problem in raised.value.problems] == [
        "LOG_LEVEL", "PORT", "BULK_RETRY_BASE_MS", "META_ACCESS_TOKEN",
    ]  # fmt: skip
