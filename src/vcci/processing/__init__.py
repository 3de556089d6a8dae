"""Running the columnar definition over files."""
