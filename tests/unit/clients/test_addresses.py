"""Which addresses may be called, by the registries of special-purpose addresses."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.clients.addresses import PUBLIC_ONLY, AddressRules
from vcci.clients.paths import path_of
from vcci.clients.remote_errors import asked_wait_s
from vcci.errors import InputError

REFUSED = {
    "0.0.0.0": "unspecified",
    "10.1.2.3": "private",
    "100.64.0.1": "carrier's shared",
    "127.0.0.1": "loopback",
    "169.254.1.1": "link-local",
    "169.254.169.254": "cloud metadata",
    "168.63.129.16": "cloud metadata",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "198.18.0.1": "reserved",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "cloud metadata",
    "::7f00:1": "reserved",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b:1::1": "reserved",
    "2002:7f00:1::": "tunnel",
    "2001:0:1::1": "tunnel",
    "2001:db8::1": "reserved",
    "fc00::1": "private",
    "fd00:ec2::254": "cloud metadata",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "4000::1": "reserved",
}
PUBLIC = ("1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1")


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_address_of_a_special_purpose_is_refused(address: str, kind: str) -> None:
    assert PUBLIC_ONLY.refusal(ip_address(address)) == kind


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_may_be_called(address: str) -> None:
    assert PUBLIC_ONLY.refusal(ip_address(address)) is None


def test_private_addresses_are_opened_together_but_for_metadata_and_the_local_link() -> None:
    rules = AddressRules(allow_private=True)
    still = {kind for address, kind in REFUSED.items() if rules.refusal(ip_address(address))}
    assert set(REFUSED.values()) - still == {"private", "loopback", "carrier's shared"}


def test_allowed_network_opens_itself_and_nothing_else() -> None:
    rules = AddressRules(allowed=(ip_network("10.1.0.0/16"),))
    found = [rules.refusal(ip_address(text)) for text in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1")]
    assert found == [None, None, "private"]


@given(st.integers(0, 2**32 - 1))
def test_no_address_is_let_through_that_python_knows_to_be_special(number: int) -> None:
    address = IPv4Address(number)
    assert PUBLIC_ONLY.refusal(address) or (address.is_global and not address.is_multicast)


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_address_is_let_through_that_is_not_global_unicast(number: int) -> None:
    address = IPv6Address(number)
    is_unicast = address in ip_network("2000::/3") and address.is_global
    is_translated = address.ipv4_mapped is not None or address in ip_network("64:ff9b::/96")
    assert PUBLIC_ONLY.refusal(address) or is_unicast or is_translated


@given(st.lists(st.text(min_size=1), min_size=1).filter(lambda parts: not {".", ".."} & set(parts)))
def test_each_text_is_one_segment_of_printable_ascii(parts: list[str]) -> None:
    try:
        path = path_of(*parts)
    except InputError:
        assert any("\ud800" <= letter <= "\udfff" for part in parts for letter in part)
    else:
        assert path.count("/") == len(parts)
        assert not set(path) & set("?#\\ \r\n")
        assert path.isascii()


@pytest.mark.parametrize("part", ["", ".", "..", "\ud800"])
def test_text_that_cannot_be_a_segment_is_refused(part: str) -> None:
    with pytest.raises(InputError) as raised:
        path_of("factors", part)
    assert raised.value.code == "path_part_refused"


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("9" * 5_000, 86_400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(field: str | None, seconds: float | None) -> None:
    assert asked_wait_s(field) == seconds
