"""What a column of phone numbers is called, in the languages in which lists are kept."""

from typing import Final

from schemas.suppressions import plain

_NAMES: Final = """
phone; phone number; phone no; phone nr; mobile; mobile number; mobile phone; mobile no; cell;
cell phone; cell number; mobile phone number; msisdn; number; recipient; to; contact number;
whatsapp; whatsapp number; whatsapp no; tel; telephone; telephone number; gsm
telefon; telefonnummer; handy; handynummer; mobil; mobilnummer; mobiltelefon; rufnummer; nummer;
empfänger; telefon nr; handy nr
téléphone; numéro; numéro de téléphone; portable; mobile; tél
teléfono; número; número de teléfono; celular; móvil; telefone; telemóvel; número de telefone
telefono; cellulare; numero; numero di telefono
telefoon; telefoonnummer; mobiel; mobiele nummer; mobiel nummer
telefon numarası; cep telefonu; numer; numer telefonu; komórka; telefonszám; telefonní číslo
телефон; номер; номер телефона; мобильный; мобильный телефон; номер телефону
الهاتف; رقم الهاتف; الجوال; رقم الجوال; موبايل; טלפון; נייד
फ़ोन; मोबाइल; मोबाइल नंबर; फ़ोन नंबर; ফোন; মোবাইল নম্বর; فون نمبر; موبائل
nomor; nomor hp; nomor telepon; no hp; hp; số điện thoại; điện thoại; เบอร์โทร; เบอร์โทรศัพท์
电话; 手机; 手机号; 手机号码; 电话号码; 電話; 電話番号; 携帯; 携帯番号
전화; 전화번호; 휴대폰; 휴대폰번호
"""
_WORDS: Final = """
phone; mobile; whatsapp; telefon; telefono; telefone; telefoon; handynum; msisdn; celular; телефон;
هاتف; मोबाइल; 手机; 電話; 전화; điện thoại
"""


def _plain(text: str) -> frozenset[str]:
    return frozenset(plain(name) for line in text.splitlines() for name in line.split(";") if name)


NAMES: Final = _plain(_NAMES)
WORDS: Final = _plain(_WORDS) - {""}  # within a longer name


def likeness(name: str) -> int:
    """How much the name of a column says that it has phone numbers: 3 the most, 0 nothing."""
    word = plain(name)
    return 2 * (word in NAMES) + any(within in word for within in WORDS)
