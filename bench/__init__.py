"""What Loopcast does in a second, measured in one run on one machine."""
