"""Signing in and out; what a session may do, and what a page elsewhere may not."""

from typing import Any

import pytest
from tests.support.api import Api

from vcci.database.tenants import Role as DatabaseRole
from vcci.database.users import FREE_FAILURES, add_user, change_user
from vcci.domain.access import Role
from vcci.edge.authentication import SESSION_COOKIE
from vcci.errors import InputError
from vcci.runtime.sessions import one_time_token
from vcci.runtime.sign_in import password_hash

PASSWORD = "correct horse battery"
HERE = {"Origin": "https://127.0.0.1"}


async def add(api: Api, name: str, role: Role = Role.EDITOR) -> None:
    tenant_id = api.service.home_tenant_id
    async with api.service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        await add_user(tx, tenant_id, name=name, role=role, password_hash=password_hash(PASSWORD))


async def sign_in(client: Any, name: str = "anna", password: str = PASSWORD, **told: str) -> Any:
    return await client.post("/sign-in", data={"name": name, "password": password, **told})


async def test_password_opens_a_session_whose_cookie_no_script_and_no_other_host_sees(api: Api) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        answer = await sign_in(client, next="/suppliers?page=2")
        assert (answer.status_code, answer.headers["location"]) == (303, "/suppliers?page=2")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-vcci_session=vcci_")
        assert all(word in cookie for word in ("httponly", "secure", "samesite=strict", "path=/"))
        assert "anna" in (await client.get("/docs")).text


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/a\nb"]
)
async def test_after_signing_in_nobody_is_led_elsewhere(api: Api, wanted: str) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        assert (await sign_in(client, next=wanted)).headers["location"] == "/overview"


@pytest.mark.parametrize(
    "told", [{"password": "wrong horse battery"}, {"name": "bert"}, {"tenant": "none-such"}]
)
async def test_whoever_is_not_known_is_told_the_same(api: Api, told: dict[str, str]) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        answer = await sign_in(client, **told)
    assert answer.status_code == 403
    assert "There is no such user, or the password is another." in answer.text
    assert "set-cookie" not in answer.headers


async def test_wrong_passwords_make_even_the_right_one_wait(api: Api) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        for _ in range(FREE_FAILURES):
            await sign_in(client, password="wrong horse battery")
        answer = await sign_in(client)
    assert answer.status_code == 403
    assert "wrong too often" in answer.text


async def test_signing_out_ends_the_session_at_the_server(api: Api) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        await sign_in(client)
        kept = client.cookies[SESSION_COOKIE]
        answer = await client.post("/sign-out", data={"csrf": await client.csrf()}, headers=HERE)
        assert answer.headers["location"] == "/sign-in"
    async with api.service.pool.transaction(api.service.home_tenant_id) as tx:
        revoked = await tx.fetchval("SELECT count(*) FROM vcci.api_keys WHERE revoked_at IS NOT NULL")
    assert (kept.startswith("vcci_"), revoked) == (True, 1)


async def test_a_new_password_ends_all_sessions(api: Api) -> None:
    await add(api, "anna")
    tenant_id = api.service.home_tenant_id
    async with api.browser() as client:
        await sign_in(client)
        async with api.service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
            assert await change_user(tx, tenant_id, "anna", password_hash=password_hash("another password"))
            left = await tx.fetchval("SELECT count(*) FROM vcci.api_keys WHERE revoked_at IS NULL")
    assert left == 0


async def test_a_form_of_a_page_elsewhere_has_no_effect(api: Api) -> None:
    await add(api, "anna")
    async with api.browser() as client:
        await sign_in(client)
        csrf = await client.csrf()
        for headers, data, status in (
            ({"Origin": "https://evil.example"}, {"csrf": csrf}, 303),  # nobody is signed in: to the sign-in
            ({}, {"csrf": csrf}, 303),
            (HERE, {}, 403),
            (HERE, {"csrf": "0" * 64}, 403),
        ):
            answer = await client.post("/preferences", data={"theme": "dark", **data}, headers=headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (status, False), headers
        answer = await client.post("/preferences", data={"theme": "dark", "csrf": csrf}, headers=HERE)
        assert (answer.status_code, "theme=dark" in answer.headers["set-cookie"]) == (303, True)


async def test_token_becomes_a_session_once(api: Api) -> None:
    token = await one_time_token(api.service.settings)
    async with api.browser() as client:
        first = await client.get("/", params={"token": token})
        assert (first.status_code, first.headers["location"]) == (303, "/overview")
        assert (await client.get("/")).headers["location"] == "/overview"
    async with api.browser() as other:
        assert (await other.get("/", params={"token": token})).status_code == 403
        assert (await other.get("/")).headers["location"] == "/sign-in"


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_unfit_passwords_are_refused(password: str) -> None:
    with pytest.raises(InputError) as refused:
        password_hash(password)
    assert refused.value.code == "password_unfit"
