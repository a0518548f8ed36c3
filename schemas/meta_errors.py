"""Meta's error codes: what each means, what is done about it, and what a person can do.

The one table. Codes and meanings: business-messaging/whatsapp, support/error-codes. Codes decide,
never titles or HTTP statuses alone, as that page asks.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Action(StrEnum):
    """What a refusal leads to."""

    FAIL = "fail"  # this message, for good; the next one goes on
    DEFER = "defer"  # this message, not before tomorrow
    PAIR = "pair"  # this recipient waits 1, 4, 16, 64 s, nobody else does
    SLOW_DOWN = "slow down"  # the number: at half its pace, and the message goes later
    RETRY = "retry"  # the message, BULK_MAX_RETRIES times
    PARAMETERS = "parameters"  # stops the job while nothing of it was accepted; then: this message
    STOP_TEMPLATE = "stop template"  # every job of this template waits for a person
    STOP_NUMBER = "stop number"  # every job of this sending number
    STOP_ACCOUNT = "stop account"  # every job: the token or the account is the matter


class Rule(msgspec.Struct, frozen=True):
    """One code."""

    code: int
    action: Action
    meaning: str
    advice: str = ""  # of what stops or fails: what a person can do


def rule_of(code: int) -> Rule | None:
    """The rule of a code; None: Meta does not list it."""
    if code in RULES:
        return RULES[code]
    if 200 <= code <= 299:  # the page lists them as one range
        return msgspec.structs.replace(RULES[200], code=code)
    return None


def may_be_sent_again(code: int | None) -> bool:
    """Whether the same message may reach this recipient another time.

    Codes of ours, and those that Meta does not list, say nothing of that, and so it may.
    """
    return code not in NEVER_AGAIN


_A = Action
_PERMISSION: Final = (
    "Give the token whatsapp_business_messaging and access to this account, or put another"
    " META_ACCESS_TOKEN in place and restart the daemons"
)
_RENEW: Final = "Put a valid META_ACCESS_TOKEN in place and restart the daemons"
_REGISTER: Final = "Register the number in WhatsApp Manager"
_MAPPING: Final = (
    "Compare the variables with the template: how many it has, numbered or named, its header and"
    " its buttons. Submit the list anew with the right ones; this job can be left as it is."
)
_OTHER: Final = "Submit the list anew with another template; this job can be left as it is."
_SUPPORT: Final = "See the account's health in WhatsApp Manager, and Meta's support"
_LIST: Final = "Nothing to be done for this recipient"
_CREATION: Final = "It belongs to making templates and never to a send"
_REGISTRATION: Final = "It belongs to registering a number: do that in WhatsApp Manager"

_ROWS: Final = (
    # The token, the app, the account.
    Rule(0, _A.STOP_ACCOUNT, "The access token cannot be used", _RENEW),
    Rule(3, _A.STOP_ACCOUNT, "The app lacks a capability or permission", _PERMISSION),
    Rule(10, _A.STOP_ACCOUNT, "A permission is not granted, or was removed", _PERMISSION),
    Rule(104, _A.STOP_ACCOUNT, "An access token is required", _RENEW),
    Rule(190, _A.STOP_ACCOUNT, "The access token has expired or is invalid", _RENEW),
    Rule(200, _A.STOP_ACCOUNT, "A permission is not granted, or was removed", _PERMISSION),
    Rule(131005, _A.STOP_ACCOUNT, "A permission is not granted, or was removed", _PERMISSION),
    Rule(368, _A.STOP_ACCOUNT, "The account is restricted for violating a policy", _SUPPORT),
    Rule(131031, _A.STOP_ACCOUNT, "The account is locked", _SUPPORT),
    Rule(131042, _A.STOP_ACCOUNT, "The account's payment method has a problem",
         "Mend the payment method in Meta's billing hub"),
    Rule(131064, _A.STOP_ACCOUNT, "Templates were classified wrongly, so the limit is reached",
         "It is lifted by itself when Meta's enforcement period is over; see WhatsApp Manager"),
    # The sending number.
    Rule(33, _A.STOP_NUMBER, "The sending number was deleted", _REGISTER),
    Rule(131037, _A.STOP_NUMBER, "The number's display name is not approved",
         "Have a display name approved in WhatsApp Manager"),
    Rule(131045, _A.STOP_NUMBER, "The number's registration is broken", _REGISTER),
    Rule(131048, _A.STOP_NUMBER, "Too many messages of the number were blocked or called spam",
         "Let the number rest for hours at least, and look at its quality in WhatsApp Manager: to"
         " go on at once can cost the number"),
    Rule(133000, _A.STOP_NUMBER, "An earlier deregistration failed", _REGISTER),
    Rule(133005, _A.STOP_NUMBER, "The two-step PIN is wrong", _REGISTRATION),
    Rule(133006, _A.STOP_NUMBER, "The number must be verified", _REGISTRATION),
    Rule(133008, _A.STOP_NUMBER, "Too many guesses of the PIN", _REGISTRATION),
    Rule(133009, _A.STOP_NUMBER, "The PIN was entered too fast", _REGISTRATION),
    Rule(133010, _A.STOP_NUMBER, "The number is not registered", _REGISTER),
    Rule(133015, _A.STOP_NUMBER, "The number was deleted a moment ago",
         "Wait five minutes, then register it again"),
    Rule(133016, _A.STOP_NUMBER, "Too many registrations of the number", _REGISTRATION),
    # The template.
    Rule(131055, _A.STOP_TEMPLATE, "Only marketing templates can be sent this way",
         "Use a template of the category marketing"),
    Rule(131063, _A.STOP_TEMPLATE, "Marketing is switched off for Cloud API on this account",
         "Switch it on for the account at Meta"),
    Rule(132001, _A.STOP_TEMPLATE, "The template does not exist in this language, or is not"
         " approved", "Check its name, its language and its status in WhatsApp Manager"),
    Rule(132007, _A.STOP_TEMPLATE, "The template's content violates a policy",
         _OTHER),
    Rule(132015, _A.STOP_TEMPLATE, "The template is paused for low quality",
         "Wait until Meta takes it up again (3 or 6 hours), and improve it: a third pause disables"
         " it"),
    Rule(132016, _A.STOP_TEMPLATE, "The template was paused too often and is disabled",
         _OTHER),
    Rule(132068, _A.STOP_TEMPLATE, "The template's flow is blocked", "Mend the flow at Meta"),
    Rule(132069, _A.STOP_TEMPLATE, "The template's flow is throttled: 10 messages an hour",
         "Mend the flow at Meta, or wait an hour"),
    Rule(134011, _A.STOP_TEMPLATE, "The terms of WhatsApp Payments are not accepted",
         "Accept them in WhatsApp Manager"),
    Rule(134100, _A.STOP_TEMPLATE, "Only marketing templates can be sent this way",
         "Use a template of the category marketing"),
    Rule(134101, _A.STOP_TEMPLATE, "The template is still being synchronised",
         "Wait ten minutes"),
    Rule(134102, _A.STOP_TEMPLATE, "The template cannot be used", "See it in WhatsApp Manager"),
    Rule(139200, _A.STOP_TEMPLATE, "Sends without a template are blocked for this account",
         _OTHER),
    # What the messages of a job bring: the first one tells of all.
    Rule(100, _A.PARAMETERS, "A parameter is unknown, misspelt or too long", _MAPPING),
    Rule(131008, _A.PARAMETERS, "A required parameter is missing", _MAPPING),
    Rule(131009, _A.PARAMETERS, "The value of a parameter is invalid", _MAPPING),
    Rule(131051, _A.PARAMETERS, "This type of message is not supported", _MAPPING),
    Rule(132000, _A.PARAMETERS, "The number of values does not match the template", _MAPPING),
    Rule(132005, _A.PARAMETERS, "The filled-in text is too long", _MAPPING),
    Rule(132008, _A.PARAMETERS, "The values of the variables are invalid", _MAPPING),
    Rule(132012, _A.PARAMETERS, "The values do not have the template's format", _MAPPING),
    Rule(132018, _A.PARAMETERS, "The template's values are not valid", _MAPPING),
    Rule(135000, _A.PARAMETERS, "Something is wrong with the parameters", _MAPPING),
    # Too fast.
    Rule(4, _A.SLOW_DOWN, "The app makes too many calls"),
    Rule(80007, _A.SLOW_DOWN, "The account makes too many calls"),
    Rule(80008, _A.SLOW_DOWN, "The account makes too many calls"),
    Rule(130429, _A.SLOW_DOWN, "The number sends too fast"),
    Rule(131056, _A.PAIR, "Too many messages from this number to this recipient"),
    # Temporary.
    Rule(1, _A.RETRY, "An invalid request, or a fault at Meta's"),
    Rule(2, _A.RETRY, "Meta is down or overloaded"),
    Rule(131000, _A.RETRY, "Something went wrong at Meta's"),
    Rule(131014, _A.RETRY, "The medium could not be fetched", "See that its link can be reached"),
    Rule(131016, _A.RETRY, "A service is temporarily unavailable"),
    Rule(131053, _A.RETRY, "The medium could not be uploaded", "See that its link can be reached"),
    Rule(131057, _A.RETRY, "The account is in maintenance, for a minute at most"),
    Rule(133004, _A.RETRY, "The server is temporarily unavailable"),
    Rule(2494100, _A.RETRY, "The number is in maintenance, for some minutes"),
    # The recipient.
    Rule(130403, _A.FAIL, "You have blocked this recipient", _LIST),
    Rule(130472, _A.FAIL, "The recipient is part of an experiment of Meta's", _LIST),
    Rule(130497, _A.FAIL, "The account may not write to this country", _LIST),
    Rule(131021, _A.FAIL, "The recipient is the sending number itself", _LIST),
    Rule(131026, _A.FAIL, "Undeliverable: not on WhatsApp, terms not accepted, or an old app",
         _LIST),
    Rule(131030, _A.FAIL, "The recipient is not on the test number's list",
         "Add the recipient to the list, or send from a real number"),
    Rule(131047, _A.FAIL, "Free text, and the recipient last wrote more than 24 hours ago",
         "Send a template"),
    Rule(131049, _A.DEFER, "Held back by Meta: this person gets much marketing just now",
         "Send again after 24 hours at the earliest; sooner makes it longer"),
    Rule(131050, _A.FAIL, "The recipient stopped marketing messages of yours", _LIST),
    Rule(131062, _A.FAIL, "This message cannot go to a user id", "Use the phone number"),
    Rule(137000, _A.FAIL, "The recipient's identity key has changed", _LIST),
    # Never of a send; listed, so that one that comes all the same is known.
    Rule(131052, _A.FAIL, "A medium that a user sent could not be loaded",
         "It is about a message to you and never about a send"),
    *(
        Rule(code, _A.FAIL, "A template could not be made or changed", _CREATION)
        for code in (
            2388019, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299,
        )
    ),
    *(
        Rule(code, _A.FAIL, "A number could not be moved", _REGISTRATION)
        for code in (2388012, 2388091, 2388093, 2388103)
    ),
    *(
        Rule(code, _A.FAIL, "Insights or synchronisation cannot be used", _CREATION)
        for code in (200005, 200006, 200007, 2593107, 2593108)
    ),
)  # fmt: skip

RULES: Final = {rule.code: rule for rule in _ROWS}
NOT_ON_TEST_LIST: Final = 131030
# What is wrong with the recipient, or with what was to be sent, and is no better the next time. A
# recipient can be put on the list of a test number.
NEVER_AGAIN: Final = frozenset(
    rule.code
    for rule in _ROWS
    if rule.action in (_A.FAIL, _A.PARAMETERS) and rule.code != NOT_ON_TEST_LIST
)
NO_SUCH_OBJECT: Final = (
    33  # subcode of a 100: the number's id is wrong, or the token may not see it
)
DEFERRING: Final = 131049
STOPPED_MARKETING: Final = 131050
# Meta's maintenance of a number (a throughput upgrade) takes up to a minute.
AT_LEAST_SECONDS: Final = {131057: 60.0, 2494100: 60.0}
DEFER_SECONDS: Final = 24 * 3600.0  # templates, per-user limits: "at least 24 hours"
PAIR_WAITS_SECONDS: Final = (1.0, 4.0, 16.0, 64.0)  # about-the-platform, rate limits: 4^X
