"""What texts ask of completeness is data, with its source and date."""

from vcci.parameters.profiles import profiles


def test_every_profile_says_where_it_is_from_and_from_when() -> None:
    assert all(p.source and p.date and p.status in ("in force", "draft") for p in profiles().values())
    assert [profile.name for profile in profiles().values()] == list(profiles())


def test_draft_asks_for_95_percent_and_the_standard_names_no_number() -> None:
    minima = {name: profile.minimum_percent for name, profile in profiles().items()}
    assert minima == {"scope3-standard-2011": None, "scope3-draft-2026": 95}
