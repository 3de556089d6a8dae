"""What those who run the service look at; the one room that knows Prometheus."""
