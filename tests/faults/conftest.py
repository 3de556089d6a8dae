"""The databases of the integration tests, for tests that break things."""

from tests.integration.conftest import server_url, template, url

__all__ = ["server_url", "template", "url"]
