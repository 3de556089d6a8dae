"""ASGI middleware of the service: what stands between the server and the API."""
