"""The API: routes over the service."""
