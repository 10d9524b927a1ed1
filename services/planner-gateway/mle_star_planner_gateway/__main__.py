"""`python -m mle_star_planner_gateway`."""

from __future__ import annotations

from mle_star.config import Settings
from mle_star.service.serve import serve
from mle_star_planner_gateway.app import build_app

DEFAULT_URL = "http://127.0.0.1:8081"

if __name__ == "__main__":
    settings = Settings.load()
    serve(build_app(settings), "planner-gateway", settings.planner_gateway_url or DEFAULT_URL, settings.log_level)
