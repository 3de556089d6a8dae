"""Keys of texts, and which decision holds of one."""

import pytest

from vcci.domain.review import Decided, Decision, Verdict, in_force, text_key


def decision(
    number: int, key: str, verdict: Verdict = Verdict.CHANGED, commodity: str = "485310"
) -> Decision:
    return Decision(number, key, "Taxi", "", verdict, commodity, "", "Anna", "2026-11-30T10:00:00Z")


@pytest.mark.parametrize("account", ["Taxi service", "TAXI  SERVICE", " taxi service. "])
def test_case_spaces_and_punctuation_at_the_ends_tell_no_texts_apart(account: str) -> None:
    assert text_key(account, "4711") == text_key("Taxi service", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [(("Taxi", "", ""), ("Taxi", "", "x")), (("", "1", ""), ("", "2", "")), (("a", "", "b"), ("ab", "", ""))],
)
def test_other_texts_have_other_keys(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert text_key(*one) != text_key(*other)


def test_last_decision_of_a_text_holds_unless_it_withdraws() -> None:
    key, other = text_key("Taxi", ""), text_key("Train", "")
    told = [decision(3, key), decision(1, key), decision(2, other), decision(4, other, Verdict.WITHDRAWN)]
    assert {one: held.number for one, held in in_force(told).items()} == {key: 3}


def test_decision_on_an_account_holds_of_its_descriptions_but_where_one_has_its_own() -> None:
    decided = Decided([decision(1, text_key("Taxi", "")), decision(2, text_key("Taxi", "", "to the fair"))])
    asked = ("", "home", "To the fair.")
    found = [decided.of("Taxi", "", description) for description in asked]
    assert [one and one.number for one in found] == [1, 1, 2]
    assert (decided.of("Train", "", "home"), Decided().of("Taxi", "", "")) == (None, None)


def test_whoever_decided_and_the_day_are_said() -> None:
    assert decision(1, "key").sentence == "decided by Anna on 2026-11-30"
