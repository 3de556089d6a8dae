"""What those who run the service see of its speed; it concerns all tenants, so it is for the home one's."""

import asyncio
from typing import Any

from vcci.domain.access import Principal
from vcci.edge.problems import ProblemError
from vcci.monitoring.performance import get_performance_monitor
from vcci.monitoring.performance_report import PerformanceReport
from vcci.monitoring.queries import SLOW_QUERIES
from vcci.runtime.service import Service


def runs_service(service: Service, principal: Principal) -> bool:
    """Say whether somebody is of the tenant that runs the service."""
    return principal.tenant_id == service.home_tenant_id


def refuse_stranger(service: Service, principal: Principal) -> None:
    """Raise `ProblemError` for who is not of the tenant that runs the service."""
    if not runs_service(service, principal):
        raise ProblemError("permission_missing", "This is for those who run the service.")


async def performance_facts() -> PerformanceReport:
    """Return what the service knows of its own speed: percentiles of this process, the rest of all."""
    slow = [
        {
            "statement": one.statement,
            "place": str(one.place),
            "count": one.count,
            "total_ms": 1_000 * one.total_s,
            "longest_ms": 1_000 * one.longest_s,
        }
        for one in SLOW_QUERIES.queries
    ]
    return await asyncio.to_thread(get_performance_monitor().report, slow_queries=slow)


def pool_facts(service: Service, *, held_s: float) -> dict[str, Any]:
    """Return the connections of this process, and those that somebody has for longer than `held_s`."""
    found = service.pool.statistics()
    held = service.pool.held(longer_than_s=held_s)
    return {
        "size": found.size,
        "idle": found.idle,
        "in_use": found.in_use,
        "waiting": found.waiting,
        "most": found.most,
        "refused": found.refused,
        "opened": found.opened,
        "utilization_percent": round(found.utilization_percent, 1),
        "held": [
            {"seconds": round(one.seconds, 1), "work": one.work.value, "taken_at": list(one.taken_at)}
            for one in held
        ],
    }
