"""Keys: what each names, and what is said of those that name nothing or do not go together."""

import pytest

from schemas.places import KEYS, Part, Place, fault_of, key_of, places_of

ALL = {
    "1": Place(Part.BODY, "1"),
    "first_name": Place(Part.BODY, "first_name"),
    "header.1": Place(Part.TEXT, "1"),
    "header.season": Place(Part.TEXT, "season"),
    "header.image": Place(Part.IMAGE),
    "header.video": Place(Part.VIDEO),
    "header.document": Place(Part.DOCUMENT),
    "header.filename": Place(Part.FILENAME),
    "header.latitude": Place(Part.LATITUDE),
    "header.longitude": Place(Part.LONGITUDE),
    "button.0.url": Place(Part.URL, "0"),
    "button.9.payload": Place(Part.PAYLOAD, "9"),
    "button.3.code": Place(Part.CODE, "3"),
}


@pytest.mark.parametrize("key", ALL)
def test_a_key_names_a_place_and_the_place_is_named_by_its_key(key: str) -> None:
    assert places_of([key]) == {key: ALL[key]}
    assert key_of(ALL[key]) == key


def test_a_headers_name_is_a_locations_where_there_is_one_and_a_texts_else() -> None:
    located = places_of(["header.latitude", "header.longitude", "header.name", "header.address"])
    assert located["header.name"] == Place(Part.NAME)
    assert located["header.address"] == Place(Part.ADDRESS)
    assert key_of(Place(Part.NAME)) == "header.name"
    assert places_of(["header.name"]) == {"header.name": Place(Part.TEXT, "name")}


def test_a_texts_parameter_may_have_any_name() -> None:
    assert places_of(["header.text.image"]) == {"header.text.image": Place(Part.TEXT, "image")}
    assert key_of(Place(Part.TEXT, "image")) == "header.text.image"
    assert places_of(["header.text"]) == {"header.text": Place(Part.TEXT, "text")}


@pytest.mark.parametrize(
    "keys",
    [
        [], ["1", "2", "header.1"], ["name", "header.season", "button.0.url"],
        ["header.image", "1", "button.0.url", "button.1.payload", "button.2.code"],
        ["header.document", "header.filename"], ["header.latitude", "header.longitude"],
        ["header.latitude", "header.longitude", "header.name", "header.address", "name"],
        ["header.name", "first_name"],
    ],
)  # fmt: skip
def test_keys_that_go_together_have_no_fault(keys: list[str]) -> None:
    assert fault_of(keys) is None


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["1", "3"], "must be numbered from 1 without gaps, not 1, 3"),
        (["header.2"], "must be numbered from 1 without gaps, not header.2"),
        (["1", "header.season"], "mixes numbered and named placeholders"),
        (["name", "header.1"], "mixes numbered and named placeholders"),
        (["header.1", "header.text.1"], "names a place twice"),
        (["header.image", "header.1"], "has header.image and header.1: a header is a text, an"),
        (["header.image", "header.video"], "a header is a text, an image, a video"),
        (["header.latitude", "header.longitude", "header.season"], "a document or a location"),
        (["header.image", "header.filename"], "has header.image and header.filename"),
        (["header.filename"], "header.filename without header.document"),
        (["header.latitude"], "a location has both"),
        (["header.longitude", "header.name"], "a location has both"),
        (["button.0.url", "button.0.payload"], "fills button 0 twice"),
        ([str(n) for n in range(1, 102)], "has 101 placeholders"),
    ],
)
def test_keys_that_do_not_go_together_are_told_apart(keys: list[str], said: str) -> None:
    fault = fault_of(keys)
    assert fault is not None
    assert said in fault


@pytest.mark.parametrize(
    "key",
    ["First Name", "header.", "header.Image", "header.image.link", "button.0", "button.10.url",
     "button.a.url", "button.0.text", "footer.1", "", "header.text.", "1.", "é", "\u0661"],
)  # fmt: skip
def test_a_key_that_names_nothing_is_answered_with_the_keys_there_are(key: str) -> None:
    fault = fault_of([key])
    assert fault == f"has the key {key!r}, which names nothing: {KEYS}"
