"""The client of the orchestrator's REST API."""
