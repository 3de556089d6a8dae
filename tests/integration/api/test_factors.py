"""Factors over HTTP: what is found, what it says of its source, and who may keep it."""

from decimal import Decimal

from tests.support.api import Api

from vcci.parameters.load import factor_categories

FACTORS = "/api/v1/factors"


async def test_factor_is_found_by_words_and_calculates_what_it_says(api: Api) -> None:
    async with api.client(await api.key()) as client:
        found = (await client.get(FACTORS, params={"q": "custom computer programming"})).json()
        factor = found["data"][0]
        asked = {"category": 1, "quantity": 10, "unit": factor["unit"], "factor": factor["activity"]}
        made = await client.post("/api/v1/calculator/calculate", json=asked | {"price_year": 2022})
    assert (factor["activity"], factor["pack"]["name"]) == ("naics2017:541511", "epa-supply-chain-1.3.0")
    assert Decimal(made.json()["total_kg_co2e"]) == 10 * Decimal(factor["value_kg_co2e"])


async def test_factor_is_read_by_the_id_that_a_search_gives(api: Api) -> None:
    async with api.client(await api.key()) as client:
        found = (await client.get(FACTORS, params={"q": "natural gas", "limit": 50})).json()["data"]
        for factor in found:
            answer = await client.get(f"{FACTORS}/{factor['id']}")
            assert answer.json() == factor
        assert (await client.get(f"{FACTORS}/epa-supply-chain-1.3.0/nothing")).status_code == 404
        assert (await client.get(f"{FACTORS}/no-such-pack/nothing")).status_code == 404


async def test_every_everyday_name_has_factors_of_combustion_with_their_licence(api: Api) -> None:
    async with api.client(await api.key()) as client:
        for category in factor_categories():
            found = (await client.get(f"{FACTORS}/{category}")).json()["data"]
            assert {factor["pack"]["name"] for factor in found} <= {
                "ember-grid",
                "desnz-2025",
                "epa-hub-2025",
            }
            assert not any("WTT" in factor["name"] for factor in found)
            assert all(factor["pack"]["licence"] for factor in found)
        british = (await client.get(f"{FACTORS}/electricity", params={"region": "GB"})).json()["data"]
        assert {factor["region"] for factor in british} == {"GB"}
        assert (await client.get(f"{FACTORS}/moonlight")).status_code == 422


async def test_only_what_no_licence_binds_may_be_kept_by_everybody(api: Api) -> None:
    async with api.client(await api.key()) as client:
        free = await client.get(f"{FACTORS}/epa-supply-chain-1.3.0/541511/purchaser")
        bound = await client.get(f"{FACTORS}/desnz-2025/7_400_4000_5_1")
    assert free.headers["cache-control"].startswith("public")
    assert bound.headers["cache-control"].startswith("private")
    assert bound.json()["pack"]["licence"] == "Open Government Licence v3.0"


async def test_pack_with_a_mark_is_searched_only_when_it_is_named(api: Api) -> None:
    words = {"q": "grid electricity", "limit": "200"}
    async with api.client(await api.key()) as client:
        plain = (await client.get(FACTORS, params=words)).json()["data"]
        named = (await client.get(FACTORS, params=words | {"pack": "electricity-maps-grid"})).json()["data"]
    assert {factor["pack"]["standing"] for factor in plain} == {""}
    assert {factor["pack"]["standing"] for factor in named} == {"share-alike"}
