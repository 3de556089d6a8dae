"""The pages in a real browser, over a real service with real ledgers in it."""
