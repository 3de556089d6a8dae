"""What pages load goes packed to whoever takes it so, and is the same unpacked."""

import gzip

import pytest

from vcci.web.pages import static, takes_gzip


@pytest.mark.parametrize(
    ("accepted", "is_taken"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("x-gzip", False),
        ("identity", False),
        ("", False),
    ],
)
def test_packed_is_sent_only_to_who_takes_it(accepted: str, is_taken: bool) -> None:
    assert takes_gzip(accepted) is is_taken


def test_packed_file_is_the_same_file() -> None:
    packed, plain = static("charts.js", "gzip"), static("charts.js")
    assert packed
    assert plain
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(bytes(packed.body)) == bytes(plain.body)


def test_scripts_of_a_page_fit_their_budget() -> None:
    first_view = ("keys.js", "htmx.js", "hierarchy.js")
    packed = {name: static(name, "gzip") for name in (*first_view, "charts.js")}
    sizes = {name: len(bytes(one.body)) for name, one in packed.items() if one}
    assert sum(sizes[name] for name in first_view) <= 40 * 1_024
    assert sum(sizes.values()) <= 210 * 1_024
