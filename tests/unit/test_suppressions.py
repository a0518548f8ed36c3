"""Opt-outs: which words are one, in every language, and which only look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import stop_words
from schemas.environment import SettingsError
from schemas.loading import load
from schemas.settings import Gateway
from schemas.suppressions import (
    LONGEST_ASKING,
    MOST_SHOWN,
    Resume,
    Scope,
    Source,
    Stop,
    StopWords,
    change_of_preference,
    plain,
    stop_of_inbound,
)

WORDS = StopWords()
TEN_MOST_USED = {"en", "zh", "hi", "es", "fr", "ar", "bn", "pt", "ru", "ur"}
ALL = [(lang, word) for lang, words in stop_words.ALL.items() for word in words]
MARKETING = [(lang, word) for lang, words in stop_words.MARKETING.items() for word in words]


def test_the_ten_most_used_languages_have_words_of_both_kinds() -> None:
    assert set(stop_words.ALL) >= TEN_MOST_USED
    assert set(stop_words.MARKETING) >= TEN_MOST_USED


@pytest.mark.parametrize(("language", "word"), ALL + MARKETING)
def test_a_built_in_word_stops_however_it_is_dressed(language: str, word: str) -> None:
    scope = Scope.ALL if (language, word) in ALL else Scope.MARKETING
    for said in (word, word.upper(), word.title(), f"  {word}!\n", f"«{word}».", f"🛑 {word} 🙏🏽",
                 word.replace(" ", "   "), word.replace(" ", "-"), f"*_{word}_*"):  # fmt: skip
        assert WORDS.scope_of(said) == scope, said


def test_no_word_stops_everything_here_and_promotions_there() -> None:
    everything, promotions = ({plain(word) for _, word in words} for words in (ALL, MARKETING))
    assert everything & promotions == set()


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("STOP", "stop"), ("s.t.o.p", "stop"), ("Stop 👎🏿", "stop"), ("ＳＴＯＰ", "stop"),
        ("𝗦𝗧𝗢𝗣", "stop"), ("st\u00adop", "stop"), ("STOP!!!", "stop"), ("stop?", "stop"),
        ("Opt-Out", "opt out"), ("OPTOUT", "opt out"), ("Un-subscribe", "unsubscribe"),
        ("Don’t message me", "don't message me"), ("STOP_PROMOTIONS", "stop promotions"),
        ("ARRET", "arrêt"), ("Arre\u0302t", "arrêt"), ("desabonnement", "désabonnement"),
        ("DESUSCRIBEME", "desuscríbeme"), ("cancelar inscricao", "cancelar inscrição"),
        ("الغاء الاشتراك", "إلغاء الاشتراك"), ("إِلْغَاءُ الاِشْتِرَاكِ", "إلغاء الاشتراك"),
        ("ايقـــاف", "إيقاف"), ("بند كرو", "بند کرو"), ("میسج بند کریں۔", "میسج بند کریں"),
        ("बंद\u200c करो", "बंद करो"), ("रोकें।", "रोकें"), ("退订。", "退订"), ("「停止」", "停止"),
        ("ABONELİKTEN ÇIK", "abonelikten çık"), ("ABONELIKTEN CIK", "abonelikten çık"),
        ("СТОП", "стоп"), ("Отписаться!", "отписаться"),
    ],
)  # fmt: skip
def test_spelling_is_not_minded(said: str, word: str) -> None:
    assert WORDS.matches(said) == word


@pytest.mark.parametrize(
    "said",
    [
        "please do not stop", "don't stop", "dont stop", "stoppp", "stops", "sto", "nonstop",
        "stop by the shop?", "bus stop", "when do you stop taking orders?", "stop 2",
        "I want to stop by", "unsubscribed", "how do I unsubscribe?", "never stop",
        "cancel", "end", "no", "fin", "start", "yes", "ok", "stopped working", "para", "alto",
        "basta", "chega", "no pares", "não pare", "n'arrêtez pas", "je ne veux pas arrêter",
        "nicht abmelden", "anmelden", "не стоп", "не отписаться", "подписаться", "отмена",
        "取消", "不要停止", "停", "订", "لا إيقاف", "إلغاء", "الاشتراك", "بند", "رکو", "बंद", "रुको",
        "बंद मत करो", "বন্ধ", "বন্ধ করবেন না", "iptal", "dur", "td", "", " ", "!!!", "🛑", "👍",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stops_nothing(said: str) -> None:
    assert WORDS.matches(said) is None


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("रोको", "रुको"),  # stop it; wait
        ("বন্ধ করুন", "বন্ধু করুন"),  # close; friend
        ("বন্ধ করো", "বান্ধ করো"),
        ("بند کرو", "بندہ کرو"),
        ("หยุด", "หยด"),  # stop; a drop
    ],
)
def test_signs_that_carry_vowels_tell_words_apart(word: str, other: str) -> None:
    words = StopWords([word])
    assert words.matches(word)
    assert words.matches(other) is None


@given(st.text(max_size=30))
def test_a_text_that_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(min_size=1, max_size=10))
def test_a_text_stops_as_itself_and_never_as_part_of_more(text: str) -> None:
    assert StopWords([text]).matches(text) == (text if plain(text) else None)
    assert StopWords(["stop"]).matches(f"never {text} stop") is None


def test_a_long_text_stops_nothing() -> None:
    assert WORDS.matches("stop" + "!" * (LONGEST_ASKING - 4))
    assert WORDS.matches("stop" + "!" * (LONGEST_ASKING - 3)) is None


def test_words_of_the_business_stop_everything() -> None:
    words = StopWords(["Cancel", "Κατάργηση", "stop promotions"])
    assert words.scope_of("CANCEL.") == words.scope_of("καταργηση") == Scope.ALL
    assert words.scope_of("Stop promotions") == Scope.ALL
    assert words.scope_of("no more ads") == Scope.MARKETING


@pytest.mark.parametrize(
    ("inbound", "stop"),
    [
        ({"text": "STOP"}, Stop(Source.RECIPIENT, Scope.ALL, 'wrote "STOP"')),
        ({"text": " Stop\n promos\x00 "}, Stop(Source.RECIPIENT, Scope.MARKETING,
                                               'wrote "Stop promos"')),
        ({"button": "Stop promotions", "payload": "Stop promotions"},
         Stop(Source.RECIPIENT, Scope.MARKETING, 'pressed "Stop promotions"')),
        ({"button": "Stop promotions", "payload": "STOP"},
         Stop(Source.RECIPIENT, Scope.MARKETING, 'pressed "Stop promotions"')),
        ({"button": "Not for me", "payload": "STOP"},
         Stop(Source.RECIPIENT, Scope.ALL, 'pressed "Not for me"')),
        ({"payload": "unsubscribe"}, Stop(Source.RECIPIENT, Scope.ALL, 'pressed "unsubscribe"')),
        ({"button": "Cancel", "payload": "cancel-button"}, None),
        ({"text": "hello"}, None),
        ({"text": ""}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_an_inbound_message_asks_for(inbound: dict[str, str], stop: Stop | None) -> None:
    assert stop_of_inbound(WORDS, **inbound) == stop


def test_a_reason_is_one_line_and_not_too_long() -> None:
    stop = stop_of_inbound(WORDS, text="stop " + "!" * 100)
    assert stop
    assert stop.reason == f'wrote "stop {"!" * (MOST_SHOWN - 6)}…"'


def test_what_meta_says_for_the_recipient() -> None:
    stopped = change_of_preference("marketing_messages", "stop")
    assert stopped == Stop(Source.META, Scope.MARKETING, "stopped marketing messages in WhatsApp")
    assert change_of_preference("marketing_messages", "resume") == Resume()
    assert change_of_preference("marketing_messages", "maybe") is None
    assert change_of_preference("calls", "stop") is None


def test_words_come_from_the_environment() -> None:
    loaded = load(Gateway, {"OPT_OUT_WORDS": " cancel, no more ,، إلغاء,，取消,"})
    assert loaded.opt_out_words == ("cancel", "no more", "إلغاء", "取消")
    with pytest.raises(SettingsError, match="OPT_OUT_WORDS is words, comma separated"):
        load(Gateway, {"OPT_OUT_WORDS": "cancel,!!"})
