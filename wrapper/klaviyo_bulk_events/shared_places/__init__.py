"""Places at the limiter that processes share: of one host in SQLite, of several in Redis."""
