"""The judge: what the sandbox's ledger says against PostgreSQL, recipient by recipient."""

from collections import Counter
from dataclasses import dataclass

from deploy.reconcile import differences
from plumbing.postgres import Pool
from schemas.states import JOB_MOVES, LOOP_MOVES, MESSAGE_MOVES
from tests.fleet import Fleet

TAKEN = ("sent", "delivered", "read")
UNFINISHED = ("queued", "sending")
TABLES = {"messages": MESSAGE_MOVES, "loops": LOOP_MOVES, "jobs": JOB_MOVES}

# Writes down every move of a state, in the transaction that makes it.
WITNESS = """
CREATE TABLE moves_seen (of text, was text, became text, UNIQUE (of, was, became));
CREATE FUNCTION see_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moves_seen VALUES (TG_TABLE_NAME, OLD.state, NEW.state) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""
WITNESS_ONE = """
CREATE TRIGGER witness AFTER UPDATE OF state ON {table} FOR EACH ROW
WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION see_move();
"""


@dataclass(frozen=True)
class Account:
    """What became of everybody."""

    recipients: int
    sent: int
    failed: int
    unknown: int
    duplicates: int  # accepted more often than once
    lost: int  # neither sent, failed nor unknown; or said sent and never accepted; or the reverse
    differences: tuple[str, ...]  # between counters and rows
    illegal_moves: tuple[str, ...]
    busiest_second: int  # the most that one number got accepted in any second

    @property
    def is_clean(self) -> bool:
        """Nobody twice, nobody lost, the sum kept, and no move outside of the table."""
        return not (self.duplicates or self.lost or self.differences or self.illegal_moves)


async def install_witness(pool: Pool) -> None:
    """Have PostgreSQL write down every move of a state."""
    await pool.execute(WITNESS + "".join(WITNESS_ONE.format(table=table) for table in TABLES))


async def judge(fleet: Fleet) -> Account:
    """All jobs of the fleet's database against all that its sandbox accepted."""
    rows = await fleet.pool.fetch("SELECT phone_number_id, recipient, m.state FROM messages m"
                                  " JOIN jobs j ON j.id = m.job_id")  # fmt: skip
    accepted = await _accepted(fleet)
    state_of = {(row["phone_number_id"], row["recipient"]): row["state"] for row in rows}
    states = Counter(state_of.values())
    lost = [place for place, state in state_of.items() if _is_lost(state, accepted[place])]
    strangers = [place for place in accepted if place not in state_of]
    return Account(
        recipients=len(rows),
        sent=sum(states[state] for state in TAKEN),
        failed=states["failed"],
        unknown=states["unknown"],
        duplicates=sum(1 for times in accepted.values() if times > 1),
        lost=len(lost) + len(strangers) + (len(rows) - len(state_of)),
        differences=tuple(found.sentence for found in await differences(fleet.pool)),
        illegal_moves=await _illegal_moves(fleet.pool),
        busiest_second=(await fleet.summary())["busiestSecond"],
    )


def _is_lost(state: str, times_accepted: int) -> bool:
    if state in TAKEN:
        return times_accepted == 0
    return state in UNFINISHED or (times_accepted > 0 and state != "unknown")


async def _accepted(fleet: Fleet) -> Counter[tuple[str, str]]:
    url = f"{fleet.sandbox_url}/sandbox/ledger?limit=100000"
    async with fleet.http.get(url) as answer:
        page = await answer.json()
    assert (page["next"], page["cut"]) == (None, 0)
    return Counter((entry["phone_number_id"], entry["to"]) for entry in page["entries"])


async def _illegal_moves(pool: Pool) -> tuple[str, ...]:
    seen = await pool.fetch("SELECT of, was, became FROM moves_seen")
    assert seen, "the witness saw nothing"
    return tuple(
        f"{row['of']}: {row['was']} to {row['became']}"
        for row in seen
        if (row["was"], row["became"]) not in {(str(a), str(b)) for a, b in TABLES[row["of"]]}
    )
