"""Settings: how one likes pages, sessions, passwords, users and keys; who may do what of it."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.api import Api, Browser
from tests.support.visitor import Reader

from vcci.database.tenants import Role as DatabaseRole
from vcci.database.users import add_user, users_of
from vcci.domain.access import Role
from vcci.edge.authentication import SESSION_COOKIE
from vcci.runtime.sign_in import password_hash

PASSWORD = "correct horse battery"
OTHER = "staple of another kind"
BY_ROLE = {Role.ADMIN: 200, Role.EDITOR: 403, Role.VIEWER: 403}


async def add(api: Api, name: str, role: Role) -> str:
    tenant = api.service.home_tenant_id
    async with api.service.pool.transaction(tenant, role=DatabaseRole.LOADER) as tx:
        return str(await add_user(tx, tenant, name=name, role=role, password_hash=password_hash(PASSWORD)))


@asynccontextmanager
async def signed_in(api: Api, name: str, password: str = PASSWORD) -> AsyncIterator[Browser]:
    async with api.browser() as browser:
        answer = await browser.post("/sign-in", data={"name": name, "password": password})
        assert answer.status_code == 303
        yield browser


async def people(api: Api) -> dict[str, tuple[str, bool]]:
    async with api.service.pool.transaction(api.service.home_tenant_id) as tx:
        found = await users_of(tx, api.service.home_tenant_id)
    return {one.name: (one.role, one.disabled_at is not None) for one in found}


@pytest.mark.parametrize("role", BY_ROLE)
@pytest.mark.parametrize("path", ["/settings/keys", "/settings/users"])
async def test_only_administrators_see_keys_and_users(api: Api, role: Role, path: str) -> None:
    await add(api, "anna", role)
    async with signed_in(api, "anna") as browser:
        settings = await browser.get("/settings")
        answers = [(await browser.get(path + form)).status_code for form in ("", ".json", ".csv")]
        sent = await browser.send_form(path, name="bert", role="viewer", password=PASSWORD)
    assert (settings.status_code, f'href="{path}"' in settings.text) == (200, role is Role.ADMIN)
    assert answers == [BY_ROLE[role]] * 3
    assert sent.status_code == (403 if role is not Role.ADMIN else 201 if "keys" in path else 303)
    assert ("bert" in await people(api)) == (role is Role.ADMIN and "users" in path)


async def test_whoever_is_not_known_is_led_to_the_sign_in(api: Api) -> None:
    async with api.browser() as browser:
        paths = ("/settings", "/settings/keys", "/settings/users")
        led = [(await browser.get(path)).headers["location"] for path in paths]
    assert [one.partition("?")[0] for one in led] == ["/sign-in"] * 3


async def test_a_key_is_shown_once_and_nowhere_again(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with api.browser(await api.key()) as browser:
        told = {"name": "nightly", "role": "editor", "permissions": "read", "expires_in_days": "30"}
        made = await browser.send_form("/settings/keys", **told)
        (key,) = re.findall(r"vcci_[\w.\-]+", made.text)
        pages = (
            "/settings",
            "/settings/keys",
            "/settings/keys.json",
            "/settings/keys.csv",
            "/settings/users",
        )
        later = [(await browser.get(path)).text for path in pages]
    async with api.client(key) as client:
        may = [(await client.get(path)).status_code for path in ("/api/v1/suppliers", "/api/v1/keys")]
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert may == [200, 403]
    assert all("nightly" in text for text in later[1:4])
    assert not any(key in text for text in [*later, caplog.text])


async def test_a_revoked_key_is_shown_only_among_those_that_ended(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        await browser.send_form("/settings/keys", name="nightly", role="viewer", expires_in_days="")
        (made,) = [one for one in await keys(browser) if one["name"] == "nightly"]
        answer = await browser.send_form(f"/settings/keys/{made['id']}/revoke")
        again = await browser.send_form(f"/settings/keys/{made['id']}/revoke")
        valid, all_of_them = await keys(browser), await keys(browser, "?ended=true")
    assert (answer.status_code, again.status_code) == (303, 404)
    assert made["id"] not in [one["id"] for one in valid]
    assert made["id"] in [one["id"] for one in all_of_them if one["revoked_at"]]


async def keys(browser: Browser, query: str = "") -> list[dict[str, str]]:
    return list((await browser.get(f"/settings/keys.json{query}")).json()["keys"])


async def test_a_session_does_not_revoke_itself(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        (own,) = await keys(browser)
        answer = await browser.send_form(f"/settings/keys/{own['id']}/revoke")
        assert (answer.status_code, "sign out instead" in answer.text) == (409, True)


async def test_nobody_makes_a_key_that_may_more_than_they(api: Api) -> None:
    narrowed = await api.key(permissions=["administer"])
    async with api.browser(narrowed) as browser:
        assert (await browser.send_form("/settings/keys", name="x", role="admin")).status_code == 403
        answer = await browser.send_form("/settings/users", name="x", role="viewer", password=PASSWORD)
    assert (answer.status_code, await people(api)) == (403, {})


async def test_administrators_add_change_and_disable_others(api: Api) -> None:
    await add(api, "anna", Role.ADMIN)
    async with signed_in(api, "anna") as browser:
        await browser.send_form("/settings/users", name="bert", role="viewer", password=PASSWORD)
        listed = (await browser.get("/settings/users.json")).json()["users"]
        (bert,) = [one for one in listed if one["name"] == "bert"]
        where = f"/settings/users/{bert['id']}"
        async with signed_in(api, "bert") as other:
            await browser.send_form(f"{where}/role", role="editor")
            assert await revoked(api) == 1
            assert (await other.get("/docs")).status_code == 200
        await browser.send_form(f"{where}/password", password=OTHER)
        async with signed_in(api, "bert", OTHER):
            await browser.send_form(f"{where}/disable")
        assert await people(api) == {"anna": ("admin", False), "bert": ("editor", True)}
        assert (await refused(api, "bert", OTHER)) == 403
        await browser.send_form(f"{where}/enable")
    assert await people(api) == {"anna": ("admin", False), "bert": ("editor", False)}
    assert await revoked(api) == 2


async def revoked(api: Api) -> int:
    query = "SELECT count(*) FROM vcci.api_keys WHERE revoked_at IS NOT NULL AND name = 'bert'"
    async with api.service.pool.transaction(api.service.home_tenant_id) as tx:
        return int(await tx.fetchval(query))


async def refused(api: Api, name: str, password: str) -> int:
    async with api.browser() as browser:
        return (await browser.post("/sign-in", data={"name": name, "password": password})).status_code


@pytest.mark.parametrize("deed", ["disable", "role", "password"])
async def test_an_administrator_does_not_do_it_to_themselves(api: Api, deed: str) -> None:
    own = await add(api, "anna", Role.ADMIN)
    async with signed_in(api, "anna") as browser:
        answer = await browser.send_form(f"/settings/users/{own}/{deed}", role="viewer", password=OTHER)
        page = (await browser.get("/settings/users")).text
    assert answer.status_code == 409
    assert f"/settings/users/{own}/" not in page
    assert await people(api) == {"anna": ("admin", False)}


async def test_users_of_another_tenant_are_not_there(api: Api) -> None:
    async with api.browser(await api.key("other")) as stranger, api.browser(await api.key()) as browser:
        await stranger.send_form("/settings/users", name="zuleika", role="viewer", password=PASSWORD)
        (zuleika,) = (await stranger.get("/settings/users.json")).json()["users"]
        answer = await browser.send_form(f"/settings/users/{zuleika['id']}/disable")
        assert (answer.status_code, "zuleika" in (await browser.get("/settings/users")).text) == (404, False)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"old": "not the old one", "password": OTHER, "again": OTHER}, 422),
        ({"old": PASSWORD, "password": OTHER, "again": PASSWORD}, 422),
        ({"old": PASSWORD, "password": "short", "again": "short"}, 422),
        ({"old": PASSWORD, "password": OTHER, "again": OTHER}, 303),
    ],
)
async def test_the_old_password_is_asked_for_a_new_one(api: Api, told: dict[str, str], status: int) -> None:
    await add(api, "anna", Role.VIEWER)
    async with signed_in(api, "anna") as browser:
        answer = await browser.send_form("/settings/password", **told)
    is_changed = status == 303
    assert answer.status_code == status
    assert await refused(api, "anna", PASSWORD) == (403 if is_changed else 303)
    assert await refused(api, "anna", OTHER) == (303 if is_changed else 403)


async def test_a_session_of_no_user_has_no_password(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        page = (await browser.get("/settings")).text
        told = {"old": "x", "password": OTHER, "again": OTHER}
        assert (await browser.send_form("/settings/password", **told)).status_code == 409
    assert "It has no password" in page


async def test_one_ends_ones_own_sessions_and_nobody_elses(api: Api) -> None:
    for name in ("anna", "bert"):
        await add(api, name, Role.VIEWER)
    async with signed_in(api, "anna") as here, signed_in(api, "anna"), signed_in(api, "bert") as bert:
        (of_bert,) = await sessions(bert)
        other, this = await sessions(here)
        answers = [await here.send_form(f"/settings/sessions/{one['id']}/end") for one in (of_bert, other)]
        assert [one.status_code for one in answers] == [404, 303]
        assert [one["id"] for one in await sessions(here)] == [this["id"]]
        assert (other["is_this"], this["is_this"]) == (False, True)
        async with signed_in(api, "anna"):
            await here.send_form("/settings/sessions/end")
            assert [one["id"] for one in await sessions(here)] == [this["id"]]
        assert len(await sessions(bert)) == 1


async def sessions(browser: Browser) -> list[dict[str, Any]]:
    return list((await browser.get("/settings.json")).json()["sessions"])


async def test_page_shows_what_was_chosen_and_no_secret(api: Api) -> None:
    await add(api, "anna", Role.VIEWER)
    async with signed_in(api, "anna") as browser:
        await browser.send_form("/preferences", numbers="german", unit="kg", theme="dark")
        page = (await browser.get("/settings")).text
        kept = browser.cookies[SESSION_COOKIE]
    assert all(f'<option value="{one}" selected>' in page for one in ("german", "kg", "dark"))
    assert kept not in page
    assert "argon2" not in page


async def test_no_password_is_in_a_page_or_a_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await add(api, "anna", Role.ADMIN)
    async with signed_in(api, "anna") as browser:
        answers = [
            await browser.send_form("/settings/users", name="bert", role="viewer", password=OTHER),
            await browser.send_form("/settings/users", name="bert", role="viewer", password=OTHER),
            await browser.send_form("/settings/password", old=OTHER, password=PASSWORD, again=OTHER),
            await browser.get("/settings/users"),
            await browser.get("/settings/users.json"),
        ]
    assert [one.status_code for one in answers] == [303, 422, 422, 200, 200]
    told = caplog.text + "".join(one.text for one in answers)
    assert not any(secret in told for secret in (PASSWORD, OTHER, "argon2"))


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("/settings/keys", {"name": "nightly", "role": "viewer", "expires_in_days": "0"}, "expires_in_days"),
    ("/settings/keys", {"name": "nightly", "role": "viewer", "expires_in_days": "soon"}, "expires_in_days"),
    ("/settings/keys", {"name": "nightly", "role": "viewer", "permissions": "write"}, "permissions"),
    ("/settings/keys", {"role": "viewer", "expires_in_days": "30"}, "name"),
    ("/settings/users", {"name": "bert", "role": "editor", "password": "short"}, "password"),
    ("/settings/users", {"name": "anna", "role": "editor", "password": OTHER}, "name"),
    ("/preferences", {"numbers": "german", "unit": "ounces", "theme": "dark"}, "unit"),
    ("/settings/password", {"old": PASSWORD, "password": OTHER, "again": "mistyped again"}, "again"),
]


@pytest.mark.parametrize(("path", "told", "field"), REFUSED)
async def test_refused_form_is_shown_again_as_it_was_filled_in_with_the_fault_at_its_field(
    api: Api, path: str, told: dict[str, str], field: str
) -> None:
    await add(api, "anna", Role.ADMIN)
    async with signed_in(api, "anna") as browser:
        answer = await browser.send_form(path, **told)
    page, fields = answer.text, fields_of(answer.text, path)
    shown = {name: fields[name] for name in told if name not in ("password", "old", "again", "unit")}
    assert answer.status_code == 422
    assert shown == {name: text for name, text in told.items() if name in shown}
    assert re.search(
        rf'name="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*{field}-fault"', page
    ) or (field == "permissions" and 'aria-describedby="permissions-fault"' in page)
    assert page.count(f'<p class="fault" id="{field}-fault">') == 1
    assert not any(secret in page for secret in (PASSWORD, OTHER, "mistyped again", 'value="short"'))
    assert set(await people(api)) == {"anna"}


def fields_of(page: str, path: str) -> dict[str, str]:
    """Return what the fields of a form hold."""
    reader = Reader()
    reader.feed(page)
    return next(form.values for form in reader.forms if form.action == path)


async def test_password_of_one_row_is_refused_at_that_row(api: Api) -> None:
    await add(api, "anna", Role.ADMIN)
    bert, carl = [await add(api, name, Role.VIEWER) for name in ("bert", "carl")]
    async with signed_in(api, "anna") as browser:
        answer = await browser.send_form(f"/settings/users/{carl}/password", password="short")
    rows = answer.text.split("<tr>")
    assert answer.status_code == 422
    assert [("aria-invalid" in row) for row in rows if bert in row or carl in row] == [False, True]


async def test_sign_in_without_a_password_shows_the_form_again(api: Api) -> None:
    async with api.browser() as browser:
        answer = await browser.post("/sign-in", data={"name": "anna"})
    assert (answer.status_code, 'value="anna"' in answer.text, 'role="alert"' in answer.text) == (
        422,
        True,
        True,
    )
