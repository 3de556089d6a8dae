"""What runs in a worker process: it is sent a processor, then records again and again.

Messages are pickles behind a letter: P, a processor; R, records for it one by one; B, records as one batch.
Every message is answered by a pickle: None for a processor that is loaded, an outcome for each record, or a
`Raised` for all of them; or by `OUT_OF_MEMORY`.
"""

import multiprocessing
import os
import pickle
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any, Final

from vcci.concurrency.retries import may_pass
from vcci.processing.batch_calls import Raised, checked
from vcci.processing.batch_results import RaisedInWorkerError

LOAD: Final = b"P"
ONE_BY_ONE: Final = b"R"
TOGETHER: Final = b"B"

OUT_OF_MEMORY: Final = b"M"
"""The answer that takes no memory to make."""

PROTOCOL: Final = pickle.HIGHEST_PROTOCOL
MEGABYTE: Final = 1_000_000


def serve(connection: Connection, limit_mb: int) -> None:
    """Answer messages until the other end is closed; what ends the process is not caught."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_die_with_parent, daemon=True).start()
    processor: Any = None
    while True:
        try:
            messages = [connection.recv_bytes()]
        except EOFError:
            return
        try:
            if messages[0][:1] == LOAD:
                processor = _loaded(messages.pop(), limit_mb)
                answer = pickle.dumps(None)
            else:
                answer = _worked(processor, messages)
        except MemoryError:
            answer = OUT_OF_MEMORY
        except Exception as error:
            answer = pickle.dumps(Raised(sendable(error)), PROTOCOL)
        try:
            connection.send_bytes(answer)
        except OSError:
            return
        del answer


def _loaded(message: bytes, limit_mb: int) -> Any:
    """Load a processor; what it imports does not count against the limit."""
    _limit_memory(None)
    processor = pickle.loads(memoryview(message)[1:])  # noqa: S301  (of the parent's making)
    _limit_memory(limit_mb)
    return processor


def _worked(processor: Any, messages: list[bytes]) -> bytes:
    """Work on the records of the one message, which is let go as soon as it is read: memory is short."""
    is_together = messages[0][:1] == TOGETHER
    records: list[Any] = pickle.loads(memoryview(messages.pop())[1:])  # noqa: S301  (of the parent's making)
    if is_together:
        return _dumped(checked(processor(records), len(records)))
    return _dumped([_one(processor, record) for record in records])


def _one(processor: Any, record: Any) -> Any:
    try:
        return processor(record)
    except MemoryError:
        raise
    except Exception as error:
        return Raised(sendable(error))


def _dumped(outcomes: list[Any]) -> bytes:
    """Return the outcomes as they are sent; one that cannot be is a `Raised` that says so."""
    try:
        return pickle.dumps(outcomes, PROTOCOL)
    except MemoryError:
        raise
    except Exception:
        return pickle.dumps([_or_raised(outcome) for outcome in outcomes], PROTOCOL)


def _or_raised(outcome: Any) -> Any:
    try:
        pickle.dumps(outcome, PROTOCOL)
    except Exception as error:
        what = f"a result of class {type(outcome).__name__} cannot be pickled ({error})"
        return Raised(RaisedInWorkerError(type(error).__name__, what, "batch_result_not_picklable"))
    return outcome


def sendable(error: Exception) -> Exception:
    """Return an error that can be pickled and read again: itself, or what stands for it."""
    try:
        again = pickle.loads(pickle.dumps(error, PROTOCOL))  # noqa: S301  (made in the line itself)
        if type(again) is type(error) and str(again) == str(error):
            return error
    except Exception:  # noqa: S110  (whatever its own methods raise, it cannot be sent)
        pass
    code = str(getattr(error, "code", RaisedInWorkerError.code))
    told = RaisedInWorkerError(type(error).__name__, str(error), code)
    told.is_transient = may_pass(error)
    told.retry_after_s = float(getattr(error, "retry_after_s", None) or 0.0)
    return told


def _die_with_parent() -> None:
    """End this process when the one that asks it has ended, in the midst of a call too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _limit_memory(limit_mb: int | None) -> None:
    """Let the process take so much more private memory (RLIMIT_DATA) than now; None: as it could at first.

    Private memory and not addresses: threads and allocators reserve many addresses that they never fill.
    """
    if sys.platform != "linux":
        return
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = most
    if limit_mb is not None:
        soft = private_bytes() + limit_mb * MEGABYTE
        soft = soft if most == resource.RLIM_INFINITY else min(soft, most)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, most))


def private_bytes() -> int:
    """Return the private memory of this process that may be written, as the kernel counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * os.sysconf("SC_PAGE_SIZE")
