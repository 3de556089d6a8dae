"""What a metric is: declared once, made from its declaration, and held to its bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

OTHER: Final = "other"
"""The label of what is beyond a bound, or no value that a label may have."""

SECONDS: Final = (0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 2.5, 5.0, 10.0)
"""Bounds of histograms of short times: the targets 3, 300, 500 and 800 ms can be read without guessing."""

LONG_SECONDS: Final = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0)
"""Bounds of histograms of work in bulk."""

M = TypeVar("M", bound=MetricWrapperBase)
Labels = tuple[str | int, ...]


class Kind(StrEnum):
    """What Prometheus knows a metric as."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A metric: what it says, to whom, and how many series it may have.

    `labels` gives the values that a label may have, none where they are not known before; `most_series`
    counts sets of labels, of which a histogram keeps as many series as it has bounds, and three more.
    `of_processes` says how gauges of several processes become one.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    read_by: Sequence[str]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    most_series: int = 1
    bounds: Sequence[float] = SECONDS
    of_processes: str = "livesum"
    is_derived: bool = False


class Series(dict[Labels, M], Generic[M]):
    """The series of a metric by the values of its labels; what is beyond the bound is counted as `other`."""

    def __init__(self, declared: Declared, metric: M) -> None:
        super().__init__()
        self.declared = declared
        self._metric = metric
        self._allowed = tuple(declared.labels.values())

    @property
    def only(self) -> M:
        """The one series of a metric without labels."""
        return self._metric

    def labels(self, *values: str | int) -> M:
        """Return the series with these values of its labels."""
        return self[values]

    def __missing__(self, values: Labels) -> M:
        """Make a series the first time that it is asked for, while there may be more."""
        is_known = all(
            str(one) in allowed for one, allowed in zip(values, self._allowed, strict=True) if allowed
        )
        if is_known and len(self) < self.declared.most_series:
            self[values] = self._metric.labels(*values)
            return self[values]
        return self._metric.labels(*[OTHER] * len(values))


def made(declared: Declared, registry: CollectorRegistry) -> Series[Any]:
    """Return a metric in a registry, as it is declared."""
    name, meaning, labels = declared.name, declared.meaning, tuple(declared.labels)
    match declared.kind:
        case Kind.COUNTER:
            return Series(declared, Counter(name, meaning, labels, registry=registry))
        case Kind.GAUGE:
            mode: Any = declared.of_processes
            return Series(declared, Gauge(name, meaning, labels, registry=registry, multiprocess_mode=mode))
        case Kind.HISTOGRAM:
            bounds = declared.bounds
            return Series(declared, Histogram(name, meaning, labels, registry=registry, buckets=bounds))
