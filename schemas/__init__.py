"""What the processes agree on: data only, no I/O; imports neither gateway nor daemon."""
