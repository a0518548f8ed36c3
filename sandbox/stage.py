"""The stage: what the script and the control API do to the desk.

Changes nothing in halves: what is refused has changed nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from sandbox import notices
from sandbox.answers import message_id
from sandbox.checks import wa_id
from sandbox.desk import Desk
from sandbox.rules import Rules, changed
from sandbox.script import Deeds, Notice, Script, TemplateChange, Writing, check
from sandbox.shelf import Key
from sandbox.templates import APPROVED, Template, template_of
from sandbox.timeline import Later, Timeline


class Unknown(ValueError):
    """What was asked for is not there."""


class Stage:
    """Moves a desk."""

    def __init__(self, desk: Desk, later: Later, script: Script | None = None) -> None:
        """Raises ValueError when the script cannot be."""
        self.desk = desk
        self.timeline = Timeline(self._perform, later)
        self._first_rules, self._first_script = desk.rules, script or Script()
        self._first_dice = desk.dice.getstate()
        desk.on_accepted = self.timeline.count
        self.put(self._first_script)
        self.usual_faults = desk.rules.faults
        self._paused_as_usual = self._paused()

    def put(self, script: Script) -> None:
        """Change what the script names; its timeline takes the place of the one before.

        Raises ValueError, and then nothing has changed.
        """
        rules = changed(self.desk.rules, script.sections)
        made = [] if script.templates is UNSET else script.templates
        after = dict(self.desk.shelf.templates)
        for place, given in enumerate(made):
            template = _template(given, place)
            after[template.key] = template
        check(script, rules, after)
        self._apply(rules)
        for given in made:
            self.put_template(given)
        if script.timeline is not UNSET:
            self.timeline.begin(script.timeline)

    def reset(self) -> None:
        """Everything as when the sandbox started, but for the ledger and what was posted."""
        desk = self.desk
        desk.rules = self._first_rules
        desk.shelf.reset()
        desk.forget_people()
        desk.dice.setstate(self._first_dice)
        self.timeline.begin([])
        self.put(self._first_script)

    def shown(self) -> dict[str, Any]:
        """The script in force; `progress` tells how far its timeline has come."""
        return {
            **msgspec.to_builtins(self.desk.rules, str_keys=True),
            "timeline": self.timeline.steps,
            "progress": {**self.timeline.progress(), **self.desk.reach()},
        }

    def change(self, section: str, given: Mapping[str, Any]) -> None:
        """Change a section of the rules. Raises ValueError."""
        self._apply(changed(self.desk.rules, {section: given}))

    def calm(self) -> None:
        """Faults as at the start; what was paused since is approved again."""
        self.desk.rules = msgspec.structs.replace(self.desk.rules, faults=self.usual_faults)
        for key in self._paused() - self._paused_as_usual:
            self.change_template(TemplateChange(*key, status=APPROVED))

    def is_paused_as_usual(self, key: Key) -> bool:
        """Whether the template was paused at the start."""
        return key in self._paused_as_usual

    def put_template(self, given: Mapping[str, Any]) -> Template:
        """Lay a template on the shelf; its status is posted when it is news. Raises ValueError."""
        old, made = self.desk.shelf.put(given)
        if old is None or old.status != made.status:
            event = notices.template_event(old.status if old else "", made.status)
            self._tell_status(made, event)
        return made

    def remove_template(self, name: str, language: str | None) -> list[Template]:
        """Take a template away, in one language or in all of them. Raises Unknown."""
        removed = self.desk.shelf.remove(name, language)
        if not removed:
            raise Unknown(f"there is no template {name}" + (f" in {language}" if language else ""))
        for template in removed:
            self._tell_status(template, "DELETED")
        return removed

    def change_template(self, change: TemplateChange) -> dict[str, Any]:
        """Another status or quality, or what becomes of held messages. Raises Unknown."""
        key, shelf = (change.name, change.language), self.desk.shelf
        if key not in shelf.templates:
            raise Unknown(f"there is no template {change.name} in {change.language}")
        if change.hold_after is not None:
            shelf.pace(key, change.hold_after)
        count = self._settle_held(change) if change.held else 0
        if change.status or change.event or change.quality:
            self._restate(change)
        shown = {**shelf.templates[key].shown(), "held": shelf.held(key)}
        return shown | ({"released" if change.held == "release" else "dropped": count}
                        if change.held else {})  # fmt: skip

    def write(self, writing: Writing) -> dict[str, Any]:
        """A person writes; returns what they are taken to be writing about. Raises Unknown."""
        sender = wa_id(writing.sender) or ""
        last = self.desk.ledger.last_to(sender)
        number = writing.phone_number_id or (last.phone_number_id if last else None)
        if number is None:
            raise Unknown(f"nothing was sent to {sender}; say to which phone_number_id they write")
        about = writing.message_id or (
            message_id(self.desk.ledger.run, last.number, last.to) if last else ""
        )
        self.desk.sequel.say(writing.message(about), sender, number, self.desk.moment())
        return {"from": sender, "phone_number_id": number, "about": about or None}

    def tell(self, notice: Notice) -> dict[str, Any]:
        """Post news of the account. Raises ValueError when nobody can guess their value."""
        now, limit = self.desk.moment(), self.desk.rules.limits.messaging
        value = notice.value
        if value is None:
            usual = notices.usual_value(notice.field, now.at, limit)
            if usual is None:
                raise ValueError(f"say the value of {notice.field}: it has no usual one")
            value = dict(usual)
        self.desk.sequel.tell(notice.field, value, now)
        return {"field": notice.field, "value": value}

    def _apply(self, rules: Rules) -> None:
        was, self.desk.rules = self.desk.rules, rules
        if rules.limits.messaging != was.limits.messaging:
            value = notices.capability_value(rules.limits.messaging)
            self.desk.sequel.tell(notices.CAPABILITY, value, self.desk.moment())

    def _perform(self, deeds: Deeds) -> None:
        self._apply(changed(self.desk.rules, deeds.sections))
        if deeds.advance_seconds is not UNSET:
            self.desk.advance(deeds.advance_seconds)
        if deeds.template is not UNSET:
            self.change_template(deeds.template)
        if deeds.message is not UNSET:
            self.write(deeds.message)
        if deeds.notice is not UNSET:
            self.tell(deeds.notice)

    def _settle_held(self, change: TemplateChange) -> int:
        """Good signs: they go out. Bad ones: they fail, and the template is paused."""
        key, desk = (change.name, change.language), self.desk
        now = desk.moment()
        if change.held == "release":
            self._restate(TemplateChange(*key, quality=change.quality or "GREEN"))
            return desk.sequel.release(key, desk.rules, now)
        count = desk.sequel.drop(key, desk.rules, now)
        if change.status is None:
            self._restate(TemplateChange(*key, status="PAUSED", title="RATE_LIMITING_PAUSE"))
        return count

    def _paused(self) -> set[Key]:
        templates = self.desk.shelf.templates.values()
        return {template.key for template in templates if template.status == "PAUSED"}

    def _restate(self, change: TemplateChange) -> None:
        """Change status and quality; each that differs, and an event asked for, is posted."""
        key, now = (change.name, change.language), self.desk.moment()
        was, template = self.desk.shelf.change(key, status=change.status, quality=change.quality)
        if template.quality != was.quality:
            value = notices.template_quality_value(template, was.quality)
            self.desk.sequel.tell(notices.TEMPLATE_QUALITY, value, now)
        if change.event or template.status != was.status:
            event = change.event or notices.template_event(was.status, template.status)
            title = change.title or self._title(was, template)
            self._tell_status(template, event, title, change.reason)

    def _title(self, was: Template, now: Template) -> str:
        match was.status, now.status:
            case _, "PAUSED":
                first = self.desk.shelf.pauses(now.key) == 1
                return "FIRST_PAUSE" if first else "SECOND_PAUSE"
            case "PAUSED", status if status == APPROVED:
                return "UNPAUSE"
            case _, "DISABLED":
                return "DISABLED"
            case _:
                return ""

    def _tell_status(
        self, template: Template, event: str, title: str = "", reason: str = "NONE"
    ) -> None:
        now = self.desk.moment()
        value = notices.template_status_value(template, event, now.at, title=title, reason=reason)
        self.desk.sequel.tell(notices.TEMPLATE_STATUS, value, now)


def _template(given: Mapping[str, Any], place: int) -> Template:
    try:
        return template_of(given, 0)
    except ValueError as error:
        raise ValueError(f"templates[{place}].{error}") from error
