"""What can go wrong with a call to another service. No message holds a path, a query or a credential."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from vcci.errors import RemoteError

RATE_LIMITED: Final = 429
REPEATABLE: Final = frozenset({RATE_LIMITED, 502, 503, 504})
"""Statuses after which the same call may succeed."""

LONGEST_ASKED_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a call went to (host, with its port unless usual), and how the call ended for the caller.

    `is_transient`: the same call may succeed later. `blames_host`: whether the host is at fault; None where
    that cannot be told. `retry_after_s` is what the host asks to be waited.
    """

    host: str
    status: int | None = None
    is_transient: bool = False
    blames_host: bool | None = False
    retry_after_s: float | None = None


class RemoteCallError(RemoteError):
    """A call to another service failed, or its answer is of no use."""

    def __init__(self, what: str, *, remedy: str, code: str, called: Called) -> None:
        super().__init__(what, remedy=remedy, code=code)
        self.host = called.host
        self.status = called.status
        self.is_transient = called.is_transient
        self.blames_host = called.blames_host
        self.retry_after_s = called.retry_after_s


def away(host: str, reason: str) -> RemoteCallError:
    """Return the error of a host that cannot be reached, or that broke the connection."""
    return RemoteCallError(
        f"{host} cannot be reached, or broke the connection ({reason}).",
        remedy="Try again; if it goes on, see whether it is up and can be reached from here.",
        code="remote_away",
        called=Called(host, is_transient=True, blames_host=True),
    )


def timed_out(host: str, seconds: float, *, blames_host: bool) -> RemoteCallError:
    """Return the error of a call that was given up; a short wait says nothing of the host."""
    return RemoteCallError(
        f"{host} gave no whole answer within {seconds:.3g} s.",
        remedy="Try again when it has less to do, or allow it more time.",
        code="remote_timed_out",
        called=Called(host, is_transient=True, blames_host=blames_host or None),
    )


def busy(host: str, waiting: int) -> RemoteCallError:
    """Return the error of a call that was not begun, because too many were under way."""
    return RemoteCallError(
        f"Too many calls to {host} are under way; {waiting} wait already.",
        remedy="Ask for less at once, or try again when there is less to do.",
        code="remote_busy",
        called=Called(host, blames_host=None),
    )


def refused(host: str, status: int, *, retry_after_s: float | None) -> RemoteCallError:
    """Return the error of a status from 400 on."""
    called = Called(host, status, status in REPEATABLE, status >= 500, retry_after_s)
    if status == RATE_LIMITED:
        what, code, remedy = (
            "wants fewer calls",
            "remote_rate_limited",
            "Ask less often.",
        )
    elif status >= 500:
        what, code, remedy = "failed", "remote_failed", "Try again later; if it goes on, tell its operator."
    else:
        what, code, remedy = "refused the call", "remote_refused", "Check the address and the credentials."
    return RemoteCallError(f"{host} {what} (status {status}).", remedy=remedy, code=code, called=called)


def redirected(host: str, status: int) -> RemoteCallError:
    """Return the error of a redirect, which is not followed: it could lead anywhere."""
    return RemoteCallError(
        f"{host} points to another address (status {status}), which is not followed.",
        remedy="Set the service's final address as the base URL.",
        code="remote_redirected",
        called=Called(host, status),
    )


def too_large(host: str, most_bytes: int) -> RemoteCallError:
    """Return the error of an answer whose body, decompressed, is over the limit."""
    return RemoteCallError(
        f"The answer of {host} has more than {most_bytes:,} bytes.",
        remedy="Ask for less at once, or raise the limit of the client.",
        code="remote_answer_too_large",
        called=Called(host),
    )


def malformed(host: str, what: str) -> RemoteCallError:
    """Return the error of an answer that cannot be read; `what` says how, as in "is no JSON"."""
    return RemoteCallError(
        f"The answer of {host} {what}.",
        remedy="See whether the address is that of the service that is meant, and its version is known.",
        code="remote_answer_malformed",
        called=Called(host),
    )


def address_refused(host: str, kind: str) -> RemoteCallError:
    """Return the error of a host that lies where calls may not go."""
    return RemoteCallError(
        f"{host} has a {kind} address, which may not be called.",
        remedy="Use a public address, or allow its network in the client's address rules.",
        code="remote_address_refused",
        called=Called(host, blames_host=None),
    )


def url_refused(what: str) -> RemoteError:
    """Return the error of an address that is not called at all."""
    return RemoteError(
        f"The address is not called: {what}.",
        remedy="Give an http or https address without credentials; put texts into paths with path_of.",
        code="remote_url_refused",
    )


def asked_wait_s(retry_after: str | None) -> float | None:
    """Return the seconds of a Retry-After field (RFC 9110 section 10.2.3), None if it cannot be read."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:10]), LONGEST_ASKED_S)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_ASKED_S)
