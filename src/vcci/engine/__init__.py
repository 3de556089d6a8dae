"""The arithmetic: methods, the resolver, single lines and many rows. Pure."""
