"""The files for other programs: alert rules, a dashboard, and configurations of Envoy."""
