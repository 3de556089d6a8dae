"""Keys over HTTP: shown once, no stronger than their maker, gone when they are revoked."""

import asyncpg
import pytest
from tests.support.api import Api

from vcci.domain.access import Role
from vcci.domain.api_keys import parsed
from vcci.edge.authentication import BELIEVED_SECONDS, Authenticator

URL = "/api/v1/keys"
HISTORY = "/api/v1/calculator/history"


async def everything_stored(url: str) -> str:
    """Return every row of every table of the product as text."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'vcci'")
        rows = [await connection.fetch(f'SELECT t::text FROM vcci."{table[0]}" t') for table in tables]
    finally:
        await connection.close()
    return "\n".join(row[0] for some in rows for row in some)


async def test_key_is_shown_once_and_its_secret_is_stored_nowhere(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json={"name": "import", "role": "editor"}, headers=headers)
        again = await client.post(URL, json={"name": "import", "role": "editor"}, headers=headers)
        listed = await client.get(URL)
    text = made.json()["key"]
    key = parsed(text)
    assert key is not None
    assert (made.status_code, again.json()["key"], again.json()["id"]) == (201, None, made.json()["id"])
    assert text not in listed.text
    stored = await everything_stored(api.service.pool.url)
    assert str(key.key_id) in stored
    assert text not in stored
    assert key.secret.hex() not in stored


async def test_key_does_what_its_role_and_its_permissions_both_allow(api: Api) -> None:
    body = {"name": "n", "role": "editor", "permissions": ["calculate"]}
    async with api.client(await api.key()) as client:
        made = (await client.post(URL, json=body)).json()
    assert made["permissions"] == ["calculate"]
    async with api.client(made["key"]) as narrow:
        assert (await narrow.get(HISTORY)).status_code == 403
        calculated = await narrow.post("/api/v1/calculator/calculate", json={"category": 1})
        assert calculated.status_code == 200


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER, Role.SUPPLIER])
async def test_only_an_administrator_makes_lists_and_revokes_keys(api: Api, role: Role) -> None:
    async with api.client(await api.key(role=role)) as client:
        answers = [
            await client.get(URL),
            await client.post(URL, json={"name": "n", "role": "viewer"}),
            await client.delete(f"{URL}/018f0000-0000-7000-8000-000000000000"),
        ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_key_gives_no_more_than_its_maker_has(api: Api) -> None:
    async with api.client(await api.key(permissions=["administer"])) as client:
        refused = await client.post(URL, json={"name": "n", "role": "admin"})
        beyond = {"name": "n", "role": "viewer", "permissions": ["administer"]}
        strange = await client.post(URL, json=beyond)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert (strange.status_code, strange.json()["pointer"]) == (422, "/permissions")


async def test_revoked_key_is_refused_by_every_worker_within_a_second(api: Api) -> None:
    clock = [0.0]
    workers = [Authenticator(api.service.pool, api.service.pepper, now_s=lambda: clock[0]) for _ in range(2)]
    async with api.client(await api.key()) as client:
        made = (await client.post(URL, json={"name": "n", "role": "viewer"})).json()
        assert all([await worker.principal(made["key"]) for worker in workers])
        revoked = await client.delete(f"{URL}/{made['id']}")
        again = await client.delete(f"{URL}/{made['id']}")
    clock[0] += BELIEVED_SECONDS
    assert BELIEVED_SECONDS < 1
    assert [await worker.principal(made["key"]) for worker in workers] == [None, None]
    assert revoked.json()["revoked_at"] == again.json()["revoked_at"] is not None


async def test_key_that_has_expired_is_refused(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = (await client.post(URL, json={"name": "n", "role": "viewer", "expires_in_days": 1})).json()
        connection = await asyncpg.connect(api.service.pool.url)
        await connection.execute("UPDATE vcci.api_keys SET expires_at = now() WHERE name = 'n'")
        await connection.close()
    async with api.client(made["key"]) as expired:
        assert (await expired.get(HISTORY)).status_code == 401


async def test_key_of_another_tenant_is_not_there_to_revoke(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        foreign = (await theirs.post(URL, json={"name": "n", "role": "viewer"})).json()
    async with api.client(await api.key()) as client:
        assert (await client.delete(f"{URL}/{foreign['id']}")).status_code == 404
    async with api.client(foreign["key"]) as still:
        assert (await still.get(HISTORY)).status_code == 200


async def test_key_does_not_revoke_itself(api: Api) -> None:
    key = await api.key()
    mine = parsed(key)
    assert mine is not None
    async with api.client(key) as client:
        assert (await client.delete(f"{URL}/{mine.key_id}")).status_code == 409
        assert (await client.get(URL)).status_code == 200
