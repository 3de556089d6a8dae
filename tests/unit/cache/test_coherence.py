"""What a process may conclude from what it has heard."""

from random import Random

import pytest

from vcci.cache.coherence import EVERYTHING, Coherence


def listening(number: int = 0) -> Coherence:
    coherence = Coherence(bound_s=2.0, number=number)
    coherence.begin_learning("t")
    coherence.learned("t", {})
    return coherence


def test_an_announcement_outdates_what_was_loaded_before_it_and_nothing_after() -> None:
    coherence = listening()
    coherence.heard(1, "t", ["runs"])
    assert coherence.is_outdated(0, "t", ["runs", "suppliers"])
    assert not coherence.is_outdated(1, "t", ["runs", "suppliers"])
    assert not coherence.is_outdated(0, "t", ["suppliers"])


def test_an_announcement_of_one_owner_leaves_those_of_another() -> None:
    coherence = listening()
    coherence.heard(1, "other", ["runs"])
    assert (coherence.number, coherence.is_outdated(0, "t", ["runs"])) == (1, False)


def test_messages_count_once_in_whatever_order_they_come() -> None:
    chooser = Random(5)
    for _ in range(50):
        coherence, numbers = listening(), [*range(1, 21), 3, 9, 20]
        chooser.shuffle(numbers)
        for number in numbers:
            coherence.heard(number, "t", [f"g{number % 3}"])
        assert coherence.number == 20
        assert [coherence.is_outdated(17, "t", [f"g{n}"]) for n in range(3)] == [True] * 3
        assert not coherence.is_outdated(20, "t", ["g0", "g1", "g2"])


def test_a_message_that_is_missing_holds_back_certainty_but_not_what_came_after_it() -> None:
    coherence = listening()
    coherence.heard(2, "t", ["runs"])
    assert not coherence.asked(2, asked_s=10.0)
    assert coherence.is_outdated(0, "t", ["runs"])
    coherence.heard(1, "t", ["suppliers"])
    assert coherence.asked(2, asked_s=10.0)
    assert [coherence.is_current(now) for now in (10.0, 11.9, 12.0)] == [True, True, False]


def test_certainty_lasts_the_bound_from_when_the_authority_was_asked() -> None:
    coherence = listening()
    assert not coherence.is_current(0.0)
    coherence.asked(0, asked_s=100.0)
    coherence.asked(0, asked_s=99.0)
    assert [coherence.is_current(now) for now in (101.9, 102.1)] == [True, False]


def test_who_has_caught_up_asks_anew_for_every_owner() -> None:
    coherence = listening()
    coherence.caught_up(7)
    assert not coherence.knows("t")
    coherence.begin_learning("t")
    coherence.heard(8, "t", ["suppliers"])
    coherence.learned("t", {"runs": 5, "suppliers": 6})
    assert [coherence.is_outdated(number, "t", ["runs"]) for number in (4, 5)] == [True, False]
    assert coherence.is_outdated(7, "t", ["suppliers"])


def test_what_the_authority_said_before_a_gap_is_not_taken_after_it() -> None:
    coherence = Coherence()
    coherence.begin_learning("t")
    coherence.caught_up(3)
    coherence.learned("t", {})
    assert not coherence.knows("t")


def test_an_authority_that_lost_its_memory_outdates_everything_before() -> None:
    coherence = Coherence()
    coherence.begin_learning("t")
    coherence.learned("t", {EVERYTHING: 1_000})
    assert [coherence.is_outdated(number, "t", []) for number in (999, 1_000)] == [True, False]


@pytest.mark.parametrize("owner", ["t", "u"])
def test_an_owner_is_unknown_until_the_authority_was_asked(owner: str) -> None:
    coherence = Coherence()
    coherence.heard(1, owner, ["runs"])
    assert not coherence.knows(owner)
