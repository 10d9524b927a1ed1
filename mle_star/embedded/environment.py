"""Settings as environment variables, for the processes of the stack."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from mle_star.config import PREFIX, Settings

SECRETS = ("OPENROUTER_API_KEY",)


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with every setting that was given, wherever it came from."""
    names = Settings.environment_names()
    inherited = {name: value for name, value in os.environ.items() if name not in names and name != PREFIX + "CONFIG"}
    given = {
        name: _text(value)
        for name, field in names.items()
        if field in settings.model_fields_set and field != "url" and (value := getattr(settings, field)) is not None
    }
    return {**inherited, **given, "MLE_STAR_HOME": str(settings.home.absolute())}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.absolute() if isinstance(value, Path) else value)
