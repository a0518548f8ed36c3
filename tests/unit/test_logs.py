"""What goes wrong with every request is said once in a while, with how often it was not said."""

import structlog
from structlog.testing import LogCapture

from plumbing.logs import AGAIN_AFTER_SECONDS, Seldom


def test_a_sentence_is_said_again_after_a_while_with_what_was_left_out() -> None:
    now, lines = 0.0, LogCapture()
    seldom = Seldom(structlog.wrap_logger(None, processors=[lines]), clock=lambda: now)
    for reason in ("first", "second", "third"):
        seldom.warning("it is refused", reason=reason)
    seldom.warning("it is too large")
    now += AGAIN_AFTER_SECONDS
    seldom.warning("it is refused", reason="fourth")
    now += AGAIN_AFTER_SECONDS
    seldom.warning("it is refused", reason="fifth")
    said = [(line["event"], line.get("reason"), line.get("unsaid")) for line in lines.entries]
    assert said == [
        ("it is refused", "first", None),
        ("it is too large", None, None),
        ("it is refused", "fourth", 2),
        ("it is refused", "fifth", None),
    ]
