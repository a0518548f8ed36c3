"""People in, events out: takes campaigns over HTTP and tells how they go. Never sends a message."""
