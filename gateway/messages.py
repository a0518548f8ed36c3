"""The messages of a job, page by page, and the story of one recipient."""

from aiohttp import web

from gateway import errors, jobs, listing, selection, told
from gateway.answers import answer, refused
from gateway.auth import owner_of
from gateway.errors import Refusal
from gateway.parts import PARTS
from gateway.rows import ToldRow
from gateway.suppressions import in_force
from schemas import truth_api as api


async def listed(request: web.Request) -> web.Response:
    """`GET /api/bulk/job/{jobId}/messages?state&code&q&after&limit`: recipients in order."""
    page = selection.page_of(request.query, request.app[PARTS].numbers)
    if isinstance(page, Refusal):
        return refused(page)
    job = await jobs.find_row(request)
    if isinstance(job, Refusal):
        return refused(job)
    store = request.app[PARTS].truth
    common = told.common_of(job.content)
    limit = min(page.limit, told.most_with(common))
    rows = await store.messages(job, page.selection, page.after, limit + 1)
    shown, more = rows[:limit], len(rows) > limit
    stands = api.MessagePage(limit=limit, has_more=more, after=shown[-1].seq if more else None)
    views = [told.told(row, job.loop_size, common) for row in shown]
    return answer(api.MessageList(job_id=job.id, messages=views, pagination=stands))


async def history(request: web.Request) -> web.Response:
    """`GET /api/recipients/{number}?after&limit`: all the asker's jobs had, newest first."""
    parts = request.app[PARTS]
    number = listing.number_of(request.match_info["number"], parts.numbers)
    limit = selection.limit_of(request.query, selection.TOLD, selection.MOST_TOLD)
    after = selection.place_of(request.query)
    if isinstance(number, Refusal):
        return refused(number)
    if isinstance(limit, Refusal):
        return refused(limit)
    if isinstance(after, Refusal):
        return refused(after)
    rows = await parts.truth.messages_to(number, owner_of(request), after, limit + 1)
    suppressions = await parts.suppressions.of(number)
    if not (rows or suppressions or after):
        return refused(errors.recipient_not_found(number))
    return answer(
        api.History(
            number=number,
            suppressed=in_force(suppressions),
            suppressions=suppressions,
            messages=[told.entry(row) for row in rows[:limit]],
            pagination=_stands(rows, limit),
        )
    )


def _stands(rows: list[ToldRow], limit: int) -> api.HistoryPage:
    """Of rows there is one more than the page holds, when there is another page."""
    if len(rows) <= limit:
        return api.HistoryPage(limit=limit, has_more=False, after=None)
    last = rows[limit - 1]
    after = str(selection.Place(last.created_at, last.job_id))
    return api.HistoryPage(limit=limit, has_more=True, after=after)
