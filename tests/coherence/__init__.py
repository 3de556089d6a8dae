"""Checks the stated bound of the caches: several processes, real servers, and what goes wrong."""
