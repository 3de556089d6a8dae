"""The metrics on a port of their own, for a Prometheus that may not reach the service."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vcci.monitoring.metrics import CONTENT_TYPE, exposition


class Scrape(BaseHTTPRequestHandler):
    """Answers GET /metrics, and nothing else."""

    def do_GET(self) -> None:
        """Answer with the metrics of all processes."""
        is_known = self.path == "/metrics"
        body = exposition() if is_known else b""
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the name is the library's)
        """Log nothing: a scrape comes every few seconds."""


def serve_scrapes(host: str, port: int) -> None:
    """Serve until the process ends."""
    ThreadingHTTPServer((host, port), Scrape).serve_forever()
