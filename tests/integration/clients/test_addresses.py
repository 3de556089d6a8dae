"""Only addresses that may be called are called, whatever a name answers with and when."""

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from tests.support.http_sources import AT_ONCE, Reply, answering, in_turn

from vcci.clients.addresses import AddressRules
from vcci.clients.http import AsyncHTTPClient, Network
from vcci.clients.remote_errors import RemoteCallError

OK = Reply.of("here")
ONE_NETWORK = AddressRules(allowed=(ip_network("127.0.0.2/32"),))


class Names:
    """A resolver that gives one answer after the other, the last of them always, and counts its questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:7f00:1]", "0.0.0.0"],
)
async def test_own_machine_is_not_called_however_it_is_written(host: str) -> None:
    async with answering(in_turn(OK)) as source, AsyncHTTPClient(limits=AT_ONCE) as client:
        with pytest.raises(RemoteCallError):
            await client.get(f"http://{host}:{source.port}/")
    assert source.connections == 0


@pytest.mark.parametrize("allow_private", [False, True])
async def test_metadata_of_the_cloud_is_never_called(allow_private: bool) -> None:
    network = Network(AddressRules(allow_private=allow_private))
    async with AsyncHTTPClient(network=network) as client:
        with pytest.raises(RemoteCallError, match="cloud metadata") as raised:
            await client.get("http://169.254.169.254/latest/meta-data")
    assert raised.value.code == "remote_address_refused"


async def test_name_with_one_address_that_may_not_be_called_is_not_called_at_all() -> None:
    names = Names(["127.0.0.2", "10.0.0.1"])
    async with (
        answering(in_turn(OK), address="127.0.0.2") as source,
        AsyncHTTPClient(network=Network(ONE_NETWORK, names)) as client,
    ):
        with pytest.raises(RemoteCallError, match="private address"):
            await client.get(f"http://factors.example:{source.port}/")
    assert (source.connections, names.asked) == (0, 1)


async def test_connection_goes_to_the_address_that_was_checked_and_names_the_host() -> None:
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    async with (
        answering(in_turn(OK), address="127.0.0.2") as source,
        AsyncHTTPClient(network=Network(ONE_NETWORK, names)) as client,
    ):
        assert await client.get(f"http://factors.example:{source.port}/") == "here"
    assert names.asked == 1
    assert source.asked[0].headers["host"] == f"factors.example:{source.port}"


async def test_name_that_answers_differently_the_next_time_is_refused_then() -> None:
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    closing = Reply.of("here", connection="close")
    async with (
        answering(in_turn(closing), address="127.0.0.2") as source,
        AsyncHTTPClient(network=Network(ONE_NETWORK, names)) as client,
    ):
        await client.get(f"http://factors.example:{source.port}/")
        with pytest.raises(RemoteCallError, match="loopback address"):
            await client.get(f"http://factors.example:{source.port}/")
    assert (source.connections, names.asked) == (1, 2)


async def test_next_address_is_tried_where_one_does_not_answer() -> None:
    rules = AddressRules(allow_private=True)
    names = Names(["127.0.0.3", "127.0.0.2"])
    async with (
        answering(in_turn(OK), address="127.0.0.2") as source,
        AsyncHTTPClient(network=Network(rules, names)) as client,
    ):
        assert await client.get(f"http://factors.example:{source.port}/") == "here"


async def test_refused_address_does_not_count_against_the_host() -> None:
    async with AsyncHTTPClient(limits=AT_ONCE) as client:
        for _ in range(20):
            with pytest.raises(RemoteCallError) as raised:
                await client.get("http://127.0.0.1:1/")
            assert raised.value.code == "remote_address_refused"


async def test_redirect_into_the_own_network_is_not_followed() -> None:
    async with answering(in_turn(OK)) as inner:
        away = Reply(302, headers={"Location": f"http://127.0.0.1:{inner.port}/"})
        async with (
            answering(in_turn(away), address="127.0.0.2") as source,
            AsyncHTTPClient(network=Network(ONE_NETWORK)) as client,
        ):
            with pytest.raises(RemoteCallError, match="not followed"):
                await client.get(f"http://127.0.0.2:{source.port}/")
    assert inner.connections == 0


def without_certificates(side: int) -> ssl.SSLContext:
    """Return TLS in which nobody shows a certificate, so that a test needs none."""
    context = ssl.SSLContext(side)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return context


async def test_tls_names_the_host_though_the_connection_goes_to_an_address() -> None:
    named: list[str | None] = []
    server = without_certificates(ssl.PROTOCOL_TLS_SERVER)
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    names = Names(["127.0.0.2"])
    tls = without_certificates(ssl.PROTOCOL_TLS_CLIENT)
    async with (
        answering(in_turn(OK), address="127.0.0.2", tls=server) as source,
        AsyncHTTPClient(network=Network(ONE_NETWORK, names, tls)) as client,
    ):
        assert await client.get(f"https://factors.example:{source.port}/") == "here"
    assert named == ["factors.example"]


async def test_server_without_a_trusted_certificate_is_not_spoken_to() -> None:
    server = without_certificates(ssl.PROTOCOL_TLS_SERVER)
    async with (
        answering(in_turn(OK), address="127.0.0.2", tls=server) as source,
        AsyncHTTPClient(network=Network(ONE_NETWORK), max_retries=0) as client,
    ):
        with pytest.raises(RemoteCallError) as raised:
            await client.get(f"https://127.0.0.2:{source.port}/")
    assert (raised.value.code, source.asked) == ("remote_away", [])


async def test_name_without_an_address_is_an_error_of_its_own() -> None:
    async with AsyncHTTPClient(limits=AT_ONCE, network=Network(resolve=Names([]))) as client:
        with pytest.raises(RemoteCallError, match="no address"):
            await client.get("http://nothing.example/")
    await asyncio.sleep(0)
