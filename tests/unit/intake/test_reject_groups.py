"""Rejected rows that are alike stand together; words that come again are told apart, numbers are not."""

from vcci.intake.reject_groups import Fault, Group, grouped, shape_of


def of_texts(*texts: str, column: str = "Amount") -> list[Group]:
    return grouped((n, Fault("quantity_not_a_number", column, text)) for n, text in enumerate(texts))


def test_shape_is_of_letters_digits_and_what_stands_between() -> None:
    assert [shape_of(text) for text in ("12 pcs", "3  boxes", "see my note", "#REF!", "", "2022-02-30")] == [
        "9 a", "9 a", "a a", "#a!", "", "9-9-9",
    ]  # fmt: skip


def test_numbers_of_one_shape_are_one_group_and_its_texts_are_counted() -> None:
    (group,) = of_texts("1 pcs", "2 pcs", "3 pcs", "3 pcs")
    assert (group.shape, group.places) == ("9 a", (0, 1, 2, 3))
    assert list(group.texts.items()) == [("3 pcs", 2), ("1 pcs", 1), ("2 pcs", 1)]


def test_few_texts_that_come_again_are_groups_of_their_own_the_largest_first() -> None:
    groups = of_texts("quid", "quid", "bucks", "quid", "bucks")
    assert [(group.shape, dict(group.texts)) for group in groups] == [("", {"quid": 3}), ("", {"bucks": 2})]


def test_rows_of_another_width_are_told_apart_by_how_many_cells_they_have() -> None:
    groups = of_texts("7 cells instead of 6", "3 cells instead of 6", column="")
    assert [group.places for group in groups] == [(0,), (1,)]


def test_group_keeps_its_name_while_it_shrinks_and_shares_it_with_no_other() -> None:
    whole, part, other = of_texts("n/a", "n/a")[0], of_texts("n/a")[0], of_texts("n.a")[0]
    assert whole.key == part.key != other.key
