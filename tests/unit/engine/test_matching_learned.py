"""The learned matcher answers what similar texts were placed as, and abstains where they do not tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.engine.learned_matching import OF_NONE, OF_POINTING, PER_SOURCE, LearnedMatcher
from vcci.engine.matching import LearnedModel

LINES = (("332911", "valv gate brass"), ("332911", "valv ball"), ("315990", "glove work leather"))
WORDS = (("339113", "glove rubber"), ("441310", "car part"), ("999999", "ghost hunt"))
NEAREST_COUNTS = (9.0,) + (0.0,) * (PER_SOURCE - 1)
UNHEARD = (0.0,) * OF_POINTING
NONE_COUNTS = (3.0,) + (0.0,) * (OF_NONE - 1)
MODEL = LearnedModel((LINES, WORDS), NEAREST_COUNTS * 2 + UNHEARD + NONE_COUNTS, floor=0.8)
TITLES = {"332911": "Valves", "315990": "Apparel", "339113": "Appliances", "441310": "Car Parts"}
MATCHER = LearnedMatcher(MODEL, TITLES)
words = st.sampled_from(["valve", "gates", "glove", "leather", "rubber", "car", "xyz", "12"])


def test_a_text_is_placed_where_the_nearest_text_was() -> None:
    match = MATCHER.best("VALVE GATE BRASS 3/4 IN")
    assert match is not None
    assert (match.code, match.title) == ("332911", "Valves")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words"),
        ("12345 / 7", "no words"),
        ("leather", "one known word proves nothing"),
        ("quarterly subscription xyz", "words that no text has"),
        ("glove", "as near to one commodity as to another, and one word"),
        ("gloves xyz leather rubber", "two commodities are as likely"),
        ("car parts", "trade is never what was bought"),
        ("ghost hunting", "a commodity without a factor"),
    ],
)
def test_it_abstains_where_similar_texts_do_not_tell(text: str, why: str) -> None:
    assert MATCHER.best(text) is None, why


def test_codes_of_one_group_are_sure_together() -> None:
    lines = (("332911", "valv brass"), ("332912", "valv brass"))
    matcher = LearnedMatcher(LearnedModel((lines,), (9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.8), TITLES)
    first, second = matcher.ranked("brass valve", 2)
    assert first.confidence == second.confidence > 0.9


def test_what_a_text_names_first_outweighs_what_it_names_later() -> None:
    lines = (("332911", "valv"), ("315990", "glove"))
    matcher = LearnedMatcher(LearnedModel((lines,), NEAREST_COUNTS + UNHEARD + NONE_COUNTS, 0.8), TITLES)
    found = [matcher.ranked(text, 1)[0].code for text in ("valve, glove", "glove, valve")]
    assert found == ["332911", "315990"]


def test_a_word_speaks_for_its_commodity_and_weakly_for_others_of_the_group() -> None:
    lines = (("332911", "valv"), ("332912", "hose"), ("315990", "hose"))
    evidence = LearnedMatcher(LearnedModel((lines,), (), 1.0), {}).evidence("valve hose")
    pointing = {code: numbers[PER_SOURCE] for code, numbers in evidence.items()}
    assert pointing["315990"] < pointing["332912"] <= 0.0


@given(st.text(max_size=60) | st.lists(words, max_size=6).map(" ".join))
def test_every_text_has_ranked_answers_with_confidence_up_to_1(text: str) -> None:
    found = MATCHER.ranked(text, 9)
    assert all(0 < match.confidence <= 1 for match in found)
    assert MATCHER.ranked(text, 2) == found[:2]
    assert MATCHER.best(text) in (None, *found[:1])
