"""The pages, put together."""

from vcci.web.routes import front

ROUTERS = (front.router,)
