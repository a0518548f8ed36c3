"""What Meta tells beside receipts is heeded: opt-outs, templates, the account, its numbers."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from daemon.limits import MessagingLimits
from daemon.meanings import Back, Halt, Warn, meaning_of_account, meaning_of_template
from daemon.observe import Observer
from daemon.optouts import OptOut, OptOuts, asked_for
from daemon.progress import Progress, job_state
from daemon.rows import JobMoved
from daemon.stops import Notice, Stops, Target, language_key, target_of
from daemon.verdicts import Scope, Stop, stop_of
from plumbing.book_keeper import BookKeeper
from schemas.notices import AccountNews, NumberError, NumberNews, TemplateNews
from schemas.outcomes import ApiError
from schemas.suppressions import StopWords
from schemas.webhooks import Webhook


class Tidings:
    """`heed` may be called again with the same webhook: repeats change nothing.

    `keeper` knows which business accounts are ours; news of others are passed over.
    Raises asyncpg.PostgresError and OSError as they come.
    """

    def __init__(
        self, *, opt_outs: OptOuts, stops: Stops, limits: MessagingLimits, progress: Progress,
        observer: Observer, words: StopWords, keeper: BookKeeper, auto_resume: bool,
    ) -> None:  # fmt: skip
        self._opt_outs, self._stops, self._limits = opt_outs, stops, limits
        self._progress, self._observer = progress, observer
        self._words, self._keeper, self._auto_resume = words, keeper, auto_resume

    async def heed(self, webhooks: Iterable[Webhook]) -> None:
        """Everything but receipts."""
        webhooks = list(webhooks)
        await self._note_opt_outs(webhooks)
        for webhook in webhooks:
            for template in webhook.templates:
                await self._on_template(template)
            for account in webhook.accounts:
                await self._on_account(account)
            for number in webhook.numbers:
                self._on_number(number)
            for error in webhook.errors:
                await self._on_error(error)

    async def on_failed(self, job_id: UUID, error: ApiError, at: datetime) -> None:
        """An accepted message failed later: what Meta says in that of more than the message.

        What was sent before the job was resumed says nothing of what is sent since. A code 0 is
        one that could not be read, and no word on the token.
        """
        if not error.code or (stop := stop_of(error)) is None:
            return
        if job := await self._stops.job(job_id):
            accounts = self._keeper.book.accounts_of_number(job.phone_number_id)
            target = target_of(stop, job_id, job.phone_number_id, job.content, accounts)
            await self._halt(target, stop, since=at)

    async def _note_opt_outs(self, webhooks: Iterable[Webhook]) -> None:
        inbound = [said for webhook in webhooks for said in webhook.inbound]
        preferences = [wish for webhook in webhooks for wish in webhook.preferences]
        if changes := asked_for(inbound, preferences, self._words):
            await self._opt_outs.apply(changes)
            self._observer.opted_out(sum(isinstance(change, OptOut) for change in changes))

    async def _on_template(self, news: TemplateNews) -> None:
        """What only warns says nothing of whether it can be sent, so it makes no other news old."""
        accounts = self._keeper.book.accounts_of_waba(news.waba_id)
        if accounts == []:
            return
        language = language_key(news.language)
        subject = f"template {news.name} {language}"
        if accounts is not None:  # others may have one of this name
            subject += f" of {news.waba_id}"
        notice = Notice(subject, news.event, news.at)
        match meaning_of_template(news):
            case Halt() as halt:
                target = Target(template=news.name, language=language, accounts=accounts)
                await self._act(halt, target, notice)
            case Back(reason=reason):
                moved = await self._stops.template_is_back(
                    news.name, language, reason, accounts, resumes=self._auto_resume, notice=notice
                )
                self._tell(moved)
            case Warn(text=text):
                self._warn(text)

    async def _on_account(self, news: AccountNews) -> None:
        """Of each kind the newest holds: a new price list does not lift a ban."""
        accounts = self._keeper.book.accounts_of_waba(news.waba_id)
        if accounts == []:
            return
        notice = Notice(f"account {news.waba_id} {news.event}", news.event, news.at)
        match meaning_of_account(news):
            case Halt() as halt:
                await self._act(halt, Target(accounts=accounts), notice)
            case Warn(text=text) | Back(reason=text):
                if await self._stops.is_news(notice):
                    self._warn(text)

    def _on_number(self, news: NumberNews) -> None:
        """A limit that has changed is asked for anew."""
        if self._keeper.book.accounts_of_waba(news.waba_id) != []:
            self._limits.forget()
            self._observer.log.info(
                "news of a number",
                what=news.event,
                limit=news.limit,
                display_number=news.display_number,
            )

    async def _on_error(self, news: NumberError) -> None:
        """An error that belongs to no message."""
        self._observer.log.warning(
            "Meta reports an error", phone_number_id=news.phone_number_id, code=news.error.code,
            title=news.error.title, details=news.error.details,
        )  # fmt: skip
        stop = stop_of(news.error)
        is_number = stop and stop.scope is Scope.NUMBER and news.phone_number_id
        if stop and (is_number or stop.scope is Scope.ACCOUNT):
            number = news.phone_number_id
            accounts = self._keeper.book.accounts_of_number(number) if number else None
            await self._halt(target_of(stop, None, number, None, accounts), stop)

    async def _act(self, halt: Halt, target: Target, notice: Notice) -> None:
        stop = Stop(halt.scope, ApiError(0, "told by webhook"), halt.reason)
        await self._halt(target, stop, notice=notice)

    async def _halt(
        self, target: Target, stop: Stop,
        *, since: datetime | None = None, notice: Notice | None = None,
    ) -> None:  # fmt: skip
        moved = await self._stops.stop(target, stop.scope, stop.reason, since=since, notice=notice)
        if moved:
            self._observer.stopped(stop, len(moved))
        self._tell(moved)

    def _warn(self, text: str) -> None:
        self._observer.log.warning("news from Meta", news=text)

    def _tell(self, moved: Iterable[JobMoved]) -> None:
        for job in moved:
            self._observer.job_moved(job)
            self._progress.tell(job.job_id, job.event_no, [job_state(job)])
