"""`python -m mle_star_sandbox` serves the sandbox."""

from __future__ import annotations

from mle_star.config import Settings
from mle_star.service.serve import serve
from mle_star_sandbox.app import build_app

if __name__ == "__main__":
    settings = Settings.load()
    serve(build_app(settings), "sandbox", settings.sandbox_url, settings.log_level)
