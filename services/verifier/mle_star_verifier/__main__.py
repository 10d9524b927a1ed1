"""`python -m mle_star_verifier`."""

from __future__ import annotations

from mle_star.config import Settings
from mle_star.service.serve import serve
from mle_star_verifier.app import build_app

if __name__ == "__main__":
    settings = Settings.load()
    serve(build_app(settings), "verifier", settings.verifier_url, settings.log_level)
