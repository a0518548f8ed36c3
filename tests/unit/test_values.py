"""Values by the place they fill: what Meta takes there, as text, and what is said of the rest."""

import pytest

from gateway.numbers import Invalid
from gateway.values import LONGEST_LINK, sendable
from schemas.places import Part

LINK = "https://example.com/a%20b.jpg?x=1"


@pytest.mark.parametrize(
    ("part", "value", "text"),
    [
        (Part.IMAGE, LINK, LINK),
        (Part.VIDEO, " HTTPS://example.com/v.mp4 ", "HTTPS://example.com/v.mp4"),
        (Part.DOCUMENT, 1166846181421424, "1166846181421424"),
        (Part.IMAGE, "https://e.com/" + "x" * (LONGEST_LINK - 14), None),
        (Part.LATITUDE, 52.5163, "52.5163"),
        (Part.LATITUDE, "-90", "-90"),
        (Part.LONGITUDE, " 180.0 ", "180.0"),
        (Part.LONGITUDE, -122.16153582049394, "-122.16153582049394"),
        (Part.LATITUDE, 0.00001, "0.00001"),
        (Part.TEXT, "x" * 60, None),
        (Part.CODE, "x" * 20, None),
        (Part.CODE, 2512, "2512"),
        (Part.URL, "x" * 2000, None),
        (Part.PAYLOAD, "STOP", "STOP"),
        (Part.ADDRESS, "Pariser Platz, 10117 Berlin", None),
    ],
)
def test_what_meta_takes_in_a_place(part: Part, value: object, text: str | None) -> None:
    assert sendable(value, part) == (value if text is None else text)


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        (Part.IMAGE, "http://example.com/a.jpg", "neither an https link nor the id of a file"),
        (Part.IMAGE, "a.jpg", "neither an https link"),
        (Part.IMAGE, "https://", "neither an https link"),
        (Part.IMAGE, "https:///a.jpg", "neither an https link"),
        (Part.DOCUMENT, "https://example.com/a b.pdf", "neither an https link"),
        (Part.VIDEO, "javascript:alert(1)", "neither an https link"),
        (Part.VIDEO, "https://e.com/" + "x" * LONGEST_LINK, "longer than 2000 characters"),
        (Part.IMAGE, True, "neither an https link"),
        (Part.LATITUDE, 90.1, "degrees from -90 to 90"),
        (Part.LATITUDE, "52,5163", "degrees from -90 to 90"),
        (Part.LONGITUDE, "181", "degrees from -180 to 180"),
        (Part.LONGITUDE, "1e2", "degrees from -180 to 180"),
        (Part.LONGITUDE, float("nan"), "degrees from -180 to 180"),
        (Part.LATITUDE, "52.5163N", "degrees"),
        (Part.TEXT, "x" * 61, "longer than 60 characters"),
        (Part.CODE, "x" * 21, "longer than 20 characters"),
        (Part.CODE, "", "is empty"),
        (Part.URL, "a\nb", "line break"),
        (Part.FILENAME, None, "is empty"),
    ],
)
def test_what_meta_would_refuse_is_refused_with_a_reason(
    part: Part, value: object, reason: str
) -> None:
    refused = sendable(value, part)
    assert isinstance(refused, Invalid)
    assert reason in refused.reason
