"""What is kept near: in the process, and in Redis or Valkey; the truth is elsewhere."""
