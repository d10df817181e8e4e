"""What the end-to-end tests start and ask: the program, the simulated NAS, Prometheus, Alertmanager."""
