"""The actions of the product: they take ports, and call the engine."""
