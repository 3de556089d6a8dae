"""Running the columnar definition over files, and any work over many records in batches."""
