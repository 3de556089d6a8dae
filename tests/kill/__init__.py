"""Jobs outlive whatever is killed: `python -m tests.kill import | race | server | jobs | poison`."""
