"""`python -m mle_star_planner_gateway`."""

from __future__ import annotations

from mle_star.config import Settings
from mle_star.service.serve import serve
from mle_star_planner_gateway.app import build_app

if __name__ == "__main__":
    settings = Settings.load()
    serve(build_app(settings), "planner-gateway", settings.planner_gateway_url, settings.log_level)
