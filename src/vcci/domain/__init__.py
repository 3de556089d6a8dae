"""The words of Scope 3 accounting: pure, frozen, no I/O."""
