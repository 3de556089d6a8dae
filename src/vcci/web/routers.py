"""The pages, put together: fixed words of an address before what may stand in their place."""

from vcci.web.routes import (
    api_keys,
    categories,
    factors,
    front,
    import_steps,
    imports,
    jobs,
    lines,
    merges,
    overview,
    performance,
    repairs,
    reports,
    review,
    runs,
    settings,
    suppliers,
    users,
    what_if,
)

ROUTERS = (
    *(front.router, overview.router, imports.router, import_steps.router, repairs.router),
    *(merges.router, suppliers.router, categories.router, lines.router, factors.router, what_if.router),
    *(review.router, runs.router, jobs.router, reports.router, performance.router),
    *(settings.router, api_keys.router, users.router),
)
