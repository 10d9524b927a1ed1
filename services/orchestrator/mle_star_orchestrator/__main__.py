"""`python -m mle_star_orchestrator` serves the public API."""

from mle_star.config import Settings
from mle_star.service.serve import serve
from mle_star_orchestrator.app import build_app

if __name__ == "__main__":
    settings = Settings.load()
    serve(build_app(settings), "orchestrator", settings.bind, settings.log_level)
