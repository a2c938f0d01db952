"""The files for other programs: alert rules and a dashboard."""
