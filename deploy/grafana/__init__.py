"""What Grafana shows of Loopcast."""
