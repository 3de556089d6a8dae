"""`vcci keys`: a key is printed once, listed without its secret, and revoked."""

from tests.acceptance.conftest import Vcci


def test_key_of_the_command_line_opens_the_api_until_it_is_revoked(vcci: Vcci) -> None:
    key = vcci("keys", "create", "nightly import", "--role", "viewer").stdout.strip()
    listed = vcci("keys", "list").stdout.splitlines()
    (row,) = [line.split("\t") for line in listed if line.endswith("nightly import")]
    assert key.startswith("vcci_")
    assert key not in "".join(listed)
    assert row[1:] == ["viewer", "valid", "nightly import"]
    assert vcci("keys", "revoke", row[0]).stdout == "revoked\n"
    again = vcci("keys", "revoke", row[0])
    assert (again.returncode, "[key_unknown]" in again.stderr) == (3, True)
