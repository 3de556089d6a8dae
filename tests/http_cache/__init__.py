"""The external suite `http-cache-tests`, run against the response cache: its server is the origin."""
