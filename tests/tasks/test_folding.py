"""What counts as the same letter, and how long a folded text can become."""

# ruff: noqa: RUF001

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks_api.tasks.folding import FOLDED, fold, folded
from tasks_api.tasks.models import DESCRIPTION_MAX, TITLE_MAX

ROOM = 10**6
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
# The one accent whose capital is a letter (U+0399).
IOTA_SUBSCRIPT = "\u0345"


def same(left: str, right: str) -> bool:
    return fold(left, ROOM) == fold(right, ROOM)


@pytest.mark.parametrize(
    "forms",
    {
        "case": ["ÄRGER", "Ärger", "ärger"],
        "accents": ["Élan", "elan", "e\u0301lan", "ÉLAN"],
        "sharp s": ["Straße", "STRASSE", "STRAẞE", "strasse"],
        "Greek with its final sigma": ["Δρόμος", "ΔΡΌΜΟΣ", "ΔΡΟΜΟΣ", "δρομοσ"],
        "Cyrillic": ["Ёлка", "елка", "ЁЛКА"],
        "Vietnamese": ["Đường Trần Hưng Đạo", "duong tran hung dao"],
        "strokes and ligatures": ["ŁÓDŹ œuvre Ærø", "lodz oeuvre aero"],
        "Turkish": ["İIıi", "iiii", "IIII"],
        "wide letters": ["ＡＢＣ　１２", "abc 12"],
        "narrow Katakana": ["ｶﾞｰﾄﾞ", "ガード"],
        "Kana, composed and not": ["が", "か\u3099"],
        "Hangul, composed and not": ["한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"],
        "Devanagari, composed and not": ["\u0929", "न\u093c"],
        "points of Hebrew": ["שָׁלוֹם", "שלום"],
        "points of Arabic, and hamza": ["أَحْمَد", "احمد"],
        "compatible characters": ["ﬁn ㎏ ² ™ №", "fin kg 2 tm no"],
        "unseen characters": ["so\xadft\u200b\ufeff\u200e ❤\ufe0f", "soft ❤"],
    }.items(),
    ids=lambda item: item[0],
)
def test_texts_that_people_take_for_the_same_are_the_same(forms):
    first, *others = forms[1]
    assert [other for other in others if not same(first, other)] == []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("か", "が"),
        ("は", "ぱ"),
        ("か", "カ"),
        ("ป", "ปู"),
        ("ข้าว", "ขาว"),
        ("कल", "क्ल"),
        ("≠", "="),
        ("a b", "ab"),
        ("a", "\u0430"),
    ],
)
def test_marks_that_make_another_letter_and_letters_of_other_scripts_differ(left, right):
    assert not same(left, right)


def test_syllable_of_hangul_is_no_part_of_another():
    assert fold("하", ROOM) not in fold("한", ROOM)


def test_every_character_folds_as_its_capital_does_and_a_second_time_to_itself():
    characters = (chr(code) for code in range(1, 0x20000))
    for letter in (c for c in characters if unicodedata.category(c) not in {"Cn", "Co", "Cs"}):
        once = fold(letter, ROOM)
        assert fold(once.decode(), ROOM) == once, letter
        if IOTA_SUBSCRIPT not in unicodedata.normalize("NFD", letter):
            assert {fold(form, ROOM) for form in (letter.upper(), letter.casefold())} == {once}


@given(TEXTS)
@example("A\u0345\u0301")
@example("a" + "\u3099\u0e38" * 4 + "\u0301")
def test_text_folds_as_its_normal_forms_do_and_a_second_time_to_itself(text):
    once = fold(text, ROOM)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text), ROOM) == once
    assert fold(once.decode(), ROOM) == once


@given(TEXTS, TEXTS, st.text("aeou. ,漢😀", min_size=1))
def test_part_of_a_text_folds_to_a_part_of_it(before, after, part):
    """Beside letters that could form one with what is around them: か and a voiced mark are が."""
    between = f" {part} "
    assert fold(between, ROOM) in fold(before + between + after, ROOM)


@given(TEXTS, st.integers(1, 40))
def test_folded_text_has_at_most_so_many_bytes_and_is_whole_utf8(text, room):
    folded_text = fold(text, room)
    assert len(folded_text) <= room
    assert fold(text, ROOM).startswith(folded_text)
    folded_text.decode()


@pytest.mark.parametrize("letter", ["\ufdfa", "…", "😀", "각", "\u0149", "ß", "ﬃ", "\u2057", "ἆι"])
def test_longest_texts_are_folded_to_at_most_four_bytes_a_character(letter):
    members = {
        "title": (letter * TITLE_MAX)[:TITLE_MAX],
        "description": (letter * DESCRIPTION_MAX)[:DESCRIPTION_MAX],
    }
    for name, text in folded(members).items():
        assert len(text) <= FOLDED[name]


@pytest.mark.parametrize("letter", ["😀", "漢", "각", "Ж", "ß", "é"])
def test_nothing_is_cut_off_a_title_whose_letters_are_one_letter_each(letter):
    title = letter * TITLE_MAX
    assert len(folded({"title": title})["title_folded"].decode()) >= TITLE_MAX


def test_marks_without_end_are_cut_off_so_that_their_order_costs_little():
    marks = "\u3099\u0e38" * 1000
    assert len(fold("か" + marks, ROOM).decode()) <= 10
    assert fold("か" + "\u0301\u0323\U0001e8d0\U0001e944" * 500, ROOM) == "か".encode()


def test_only_what_is_set_is_folded():
    assert folded({"title": "Ä"}) == {"title_folded": b"a"}
    assert folded({"description": None, "tags": []}) == {"description_folded": None}
    assert folded({"description": ""}) == {"description_folded": b""}
    assert folded({"title": "x", "description": ""}).keys() == FOLDED.keys()
    assert folded({"completed": True}) == {}
