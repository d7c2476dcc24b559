"""Test alert rules, chart and compose file with the code of Prometheus, Helm and Compose."""
