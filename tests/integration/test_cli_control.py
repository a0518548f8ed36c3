"""The command line at the controls: the red button, plans that change, tests, people, access."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.__main__ import run
from cli.arguments import parser
from cli.exits import Exit
from cli.screen import Screen
from plumbing.logs import Log
from plumbing.postgres import Pool
from schemas.environment import ApiKey
from tests.gateways import PHONE, Running, serving
from tests.integration.test_cli import Done, loopcast, people

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "200000000000002"


class Keyboard(io.StringIO):
    """A terminal on which somebody has typed already."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
async def gateway(database_url: str, nats_url: str, log: Log) -> AsyncIterator[Running]:
    async with serving(database_url, nats_url, log, secret_keys=(SECRET,)) as running:
        yield running


async def at_a_terminal(url: str, typed: str, *words: str) -> Done:
    """One command with a person before it, who has typed `typed`."""
    out, err = io.StringIO(), Keyboard()
    code = await run(
        parser().parse_args(words), {"LOOPCAST_URL": url}, Screen(out, err, Keyboard(typed))
    )
    return Done(code, out.getvalue(), err.getvalue())


async def test_the_red_button_stops_everything_and_says_what_stands_still(gateway: Running) -> None:
    await gateway.submit()
    pulled = await loopcast(gateway.url, "pause", "--all", "--reason", "wrong price")
    assert (pulled.code, pulled.out.startswith("everything stands still since ")) == (
        Exit.DONE,
        True,
    )
    assert ", by local, holds 1 job: wrong price" in pulled.out
    seen = await loopcast(gateway.url, "pause", "--show", "--json")
    assert json.loads(seen.out)["everythingIsPaused"] is True
    released = await loopcast(gateway.url, "resume", "--all")
    assert (released.code, released.out) == (Exit.DONE, "Nothing is paused as a whole.\n")


async def test_the_red_button_of_one_number_leaves_the_others(gateway: Running) -> None:
    pulled = await loopcast(gateway.url, "pause", "--number", PHONE)
    assert pulled.out.startswith(f"number {PHONE} stands still since ")
    assert "everything" not in pulled.out
    assert (await loopcast(gateway.url, "resume", "--number", PHONE)).code is Exit.DONE
    assert (await loopcast(gateway.url, "pause", "--number", "a b")).code is Exit.REFUSED


@pytest.mark.parametrize("words", [("--all", "last"), ("--all", "--number", PHONE), ()])
async def test_the_red_button_is_pressed_for_one_thing_at_a_time(
    gateway: Running, words: tuple[str, ...]
) -> None:
    assert (await loopcast(gateway.url, "pause", *words)).code is Exit.USAGE
    seen = await loopcast(gateway.url, "pause", "--show")
    assert seen.out == "Nothing is paused as a whole.\n"


@pytest.mark.parametrize(
    ("words", "asks"),
    [(("pause", "--all"), "Pause everything?"), (("resume", "--all"), "Resume everything?"),
     (("pause", "--number", PHONE), f"Pause all that number {PHONE} sends?"),
     (("numbers", "drop", OTHER), f"Drop number {OTHER}?"), (("keys", "revoke", "x"), "Revoke key"),
     (("cancel", "x"), "Cancel job x?")],
)  # fmt: skip
async def test_what_reaches_far_is_asked_first_and_a_yes_is_a_word(
    gateway: Running, words: tuple[str, ...], asks: str
) -> None:
    no = await at_a_terminal(gateway.url, "\n", *words)
    assert (no.code, asks in no.err, "nothing was changed" in no.err) == (Exit.FAILED, True, True)
    yes = await at_a_terminal(gateway.url, "y\n", *words)
    assert "nothing was changed" not in yes.err
    unasked = await at_a_terminal(gateway.url, "", *words, "--yes")
    assert "[y/N]" not in unasked.err


async def test_a_plan_is_changed_held_and_begun(gateway: Running, pool: Pool) -> None:
    job = await gateway.submit(scheduledAt="2027-01-01T09:00:00Z")
    changed = await loopcast(
        gateway.url, "change", job, "--rate", "3", "--at", "2027-02-01T09:00:00+01:00",
        "--reason", "later",
    )  # fmt: skip
    assert (changed.code, "3/s at most" in changed.out) == (Exit.DONE, True), changed.err
    assert "starts 2027-02-01 " in changed.out
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE why = 'later'") == 2
    held = await loopcast(gateway.url, "change", job, "--hold", "--as-service")
    assert held.out == f"{job} queued, about to be paused, as fast as the service\n"
    now = await loopcast(gateway.url, "change", job, "--at", "now")
    assert (now.code, now.out.split()[1]) == (Exit.DONE, "queued,"), now.err
    assert await pool.fetchval("SELECT scheduled_at <= now() FROM jobs") is True


async def test_a_change_that_is_refused_half_way_says_what_holds(gateway: Running) -> None:
    job = await gateway.submit()
    nothing = await loopcast(gateway.url, "change", job)
    assert (nothing.code, "--as-service" in nothing.err) == (Exit.USAGE, True)
    half = await loopcast(gateway.url, "change", job, "--rate", "3", "--at", "yesterday")
    assert (half.code, half.out) == (Exit.REFUSED, "")
    assert "The rate was changed, the start was not." in half.err


async def test_one_row_of_a_list_goes_to_a_number_of_ones_own(
    gateway: Running, pool: Pool, tmp_path: Path
) -> None:
    words = ("-t", "order_update", "--map", "1=Name", "--map", "2=Order", "--from", PHONE)
    tried = ("test-send", "+49 1511 7654321", str(people(tmp_path)), *words)
    plan = await loopcast(gateway.url, *tried, "--row", "2", "--dry-run")
    assert (plan.code, await pool.fetchval("SELECT count(*) FROM jobs")) == (Exit.DONE, 0), plan.err
    made = await loopcast(gateway.url, *tried, "--row", "2", "--at", "2027-01-01T09:00:00Z")
    assert made.code is Exit.DONE, made.err
    row = await pool.fetchrow(
        "SELECT j.id::text, is_test, scheduled_at, recipient FROM jobs j"
        " JOIN messages ON job_id = j.id"
    )
    assert row is not None
    assert tuple(row) == (made.out.strip(), True, None, "4915117654321")
    beyond = await loopcast(gateway.url, *tried, "--row", "99")
    assert beyond.code is Exit.REFUSED


async def test_what_is_alike_for_everybody_is_tried_without_a_list(gateway: Running) -> None:
    to = ("test-send", "+49 1511 7654321", "--from", PHONE)
    made = await loopcast(gateway.url, *to, "-t", "welcome", "--var", "first_name=Ann", "--json")
    assert json.loads(made.out)["accepted"] == 1
    assert (await loopcast(gateway.url, *to, "--text", "We open at nine.")).code is Exit.DONE
    row = await loopcast(gateway.url, *to, "-t", "welcome", "--row", "2")
    assert (row.code, "--row" in row.err) == (Exit.USAGE, True)


async def test_the_recipients_of_a_job_come_in_pages_with_what_became_of_them(
    gateway: Running, pool: Pool
) -> None:
    job = await gateway.submit()
    await pool.execute(
        "UPDATE messages SET state = 'failed', failed_at = now(), error_code = 131026,"
        " error_title = 'Undeliverable' WHERE job_id = $1 AND seq = 2", job,
    )  # fmt: skip
    page = await loopcast(gateway.url, "job", job, "--messages", "--limit", "2")
    assert [line.split()[0] for line in page.out.splitlines()] == ["SEQ", "1", "2"]
    assert "the next: --after 2" in page.err
    failed = await loopcast(gateway.url, "job", job, "--messages", "--state", "failed")
    assert failed.out.splitlines()[1].endswith("131026 Undeliverable")
    none = await loopcast(gateway.url, "job", job, "--messages", "--state", "read")
    assert (none.code, none.out, none.err) == (Exit.DONE, "", "No messages of that kind.\n")
    alone = await loopcast(gateway.url, "job", job, "--state", "read")
    assert (alone.code, "--messages" in alone.err) == (Exit.USAGE, True)


async def test_the_trail_of_a_job_says_who_wanted_what(gateway: Running) -> None:
    job = await gateway.submit()
    await loopcast(gateway.url, "pause", job, "--reason", "a typo")
    trail = await loopcast(gateway.url, "job", job, "--trail")
    assert any("asked for pause" in line and "a typo" in line for line in trail.out.splitlines())


async def test_one_person_has_a_story(gateway: Running) -> None:
    for name in ("One", "Two"):
        await gateway.submit(1, campaign_name=name)
    await loopcast(gateway.url, "suppress", "add", "+49 170 0000000", "--reason", "by phone")
    told = await loopcast(gateway.url, "recipient", "+49 170 0000000")
    assert told.out.startswith("491700000000 gets nothing of: all\n")
    assert [name in told.out for name in ("One", "Two", "by phone")] == [True, True, True]
    page = await loopcast(gateway.url, "recipient", "491700000000", "--limit", "1")
    assert ("One" in page.out, "--after " in page.err) == (False, True)
    assert (await loopcast(gateway.url, "recipient", "491700000009")).code is Exit.NOT_FOUND


async def test_a_number_is_kept_with_a_token_from_standard_input_and_changed_in_part(
    gateway: Running, pool: Pool
) -> None:
    keep = ("numbers", "keep", OTHER)
    none = await loopcast(gateway.url, *keep)
    assert (none.code, "no token" in none.err) == (Exit.USAGE, True)
    words = ("--name", "Shop", "--rate", "5", "--limit", "1000", "--app-secret", "--no-check")
    kept = await loopcast(gateway.url, *keep, *words, given="EAAG-token\nits-app-secret\n")
    assert (kept.code, "Shop, 5/s, 1000 people a day" in kept.out) == (Exit.DONE, True), kept.err
    assert ("EAAG" in kept.out, "…oken" in kept.out) == (False, True)
    changed = await loopcast(gateway.url, *keep, "--rate", "-", "--disabled")
    assert changed.out.splitlines()[1].split()[-7:] == [
        "no", "jobs", "Shop,", "1000", "people", "a", "day",
    ]  # fmt: skip
    assert await pool.fetchval("SELECT app_secret IS NOT NULL FROM numbers") is True
    other = await loopcast(
        gateway.url, "numbers", "token", OTHER, "--no-check", given="EAAG-other\n"
    )
    assert "…ther" in other.out, other.err
    listed = await loopcast(gateway.url, "numbers", "--json")
    assert [one["name"] for one in json.loads(listed.out)["numbers"]] == ["Shop"]
    dropped = await loopcast(gateway.url, "numbers", "drop", OTHER)
    assert (dropped.code, dropped.out) == (Exit.DONE, f"{OTHER} dropped\n")
    assert (await loopcast(gateway.url, "numbers")).out == ""


async def test_a_key_is_made_alone_on_stdout_and_revoked(
    database_url: str, nats_url: str, log: Log
) -> None:
    keys, admin = (ApiKey("ops", "a-long-secret"),), {"LOOPCAST_KEY": "a-long-secret"}
    async with serving(database_url, nats_url, log, api_keys=keys) as gateway:
        make = (
            "keys",
            "make",
            "shop",
            "--scopes",
            "send,read",
            "--expires",
            "2027-12-31T00:00:00Z",
        )
        made = await loopcast(gateway.url, *make, environ=admin)
        assert (made.code, "shop may " in made.err) == (Exit.DONE, True), made.err
        shop = {"LOOPCAST_KEY": made.out.removesuffix("\n")}
        assert (await loopcast(gateway.url, "jobs", environ=shop)).code is Exit.DONE
        less = await loopcast(gateway.url, "keys", environ=shop)
        assert (less.code, "Use a key that may do this" in less.err) == (Exit.NOT_ALLOWED, True)
        listed = await loopcast(gateway.url, "keys", "list", environ=admin)
        key_id = listed.out.splitlines()[2].split()[0]
        revoked = await loopcast(gateway.url, "keys", "revoke", key_id, environ=admin)
        assert (revoked.code, "revoked 20" in revoked.out) == (Exit.DONE, True), revoked.err
        shut = await loopcast(gateway.url, "jobs", environ=shop)
        assert shut.code is Exit.NOT_ALLOWED
