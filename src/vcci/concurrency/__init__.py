"""How work waits, is shared, is tried again and is given up."""

from vcci.concurrency.coalescer import Coalescer
from vcci.concurrency.deadline import Deadline, current_deadline, within

__all__ = ["Coalescer", "Deadline", "current_deadline", "within"]
