"""The databases of the integration tests, for examples that need one."""

from tests.integration.conftest import server_url, template, url

__all__ = ["server_url", "template", "url"]
