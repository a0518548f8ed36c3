"""Prometheus metrics made from the catalogue, in a registry of the process's own."""

from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from schemas.metric import Kind, Metric


class Meters:
    """The metrics of one process; `meters[MESSAGES].labels("accepted", "accepted").inc()`."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series each, of which nothing here makes use
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._made: dict[str, Any] = {metric.name: self._make(metric) for metric in metrics}

    def __getitem__(self, metric: Metric) -> Any:
        return self._made[metric.name]

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        name, text, labels = metric.name, metric.help, metric.labels
        made: Counter | Gauge | Histogram
        match metric.kind:
            case Kind.COUNTER:
                made = Counter(name, text, labels, registry=self.registry)
            case Kind.GAUGE:
                made = Gauge(name, text, labels, registry=self.registry)
            case Kind.HISTOGRAM:
                made = Histogram(name, text, labels, registry=self.registry, buckets=metric.buckets)
        for values in metric.values:
            made.labels(*values)
        return made
