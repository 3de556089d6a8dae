"""Other services, as VCCI speaks to them: bounded, guarded, in time, never making up an answer."""
