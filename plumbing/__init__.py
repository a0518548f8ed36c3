"""How the processes reach the outside: PostgreSQL, JetStream, logs, signals. Decides nothing."""
