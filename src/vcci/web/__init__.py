"""Pages for people: each is also JSON and CSV, and its figures come from the services of the API."""
