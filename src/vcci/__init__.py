"""VCCI: Value Chain Carbon Intelligence, Scope 3 greenhouse-gas accounting."""

__version__ = "0.1.0"
