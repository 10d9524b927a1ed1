"""One Settings for all: Python, then environment, `.env`, YAML and defaults, strongest first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

import platformdirs
import yaml
from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "MLE_STAR_"


class ConfigError(ValueError):
    """A setting that is unknown or cannot be used; the message names it."""


def _named(name: str) -> AliasChoices:
    """A setting that has the document's own environment variable, without our prefix."""
    return AliasChoices(name.upper(), name)


class Settings(BaseSettings):
    """Every setting. In the environment: the document's names as they are, all others with MLE_STAR_ before them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", populate_by_name=True)

    # the document's names
    openrouter_api_key: SecretStr | None = Field(None, validation_alias=_named("openrouter_api_key"))
    planner_model: str = Field("meta-llama/llama-3.3-70b-instruct:free", validation_alias=_named("planner_model"))
    executor_model: str = Field("Qwen/Qwen2.5-Coder-32B-Instruct", validation_alias=_named("executor_model"))
    verifier_model: str = Field("Qwen/Qwen2.5-Coder-14B-Instruct", validation_alias=_named("verifier_model"))
    max_gpu_memory_gb: float = Field(28, gt=0, validation_alias=_named("max_gpu_memory_gb"))
    max_iterations: int = Field(5, ge=0, le=50, validation_alias=_named("max_iterations"))
    parallel_strategies: int = Field(3, ge=1, le=16, validation_alias=_named("parallel_strategies"))
    enable_monitoring: bool = Field(True, validation_alias=_named("enable_monitoring"))
    metrics_dir: Path | None = Field(None, validation_alias=_named("metrics_dir"))
    logs_dir: Path | None = Field(None, validation_alias=_named("logs_dir"))

    # ours
    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("mle-star")))
    url: str | None = Field(None, description="an orchestrator that runs already, for the client")
    bind: str = Field("127.0.0.1:8080", description="where the orchestrator listens: host:port")
    redis_url: str = "redis://127.0.0.1:6379/0"
    artifacts: Path | None = Field(None, description="the folder of the artifact store")
    planner_gateway_url: str = Field("http://127.0.0.1:8081", description="http://host:port or unix:/path")
    executor_url: str = "http://127.0.0.1:8082"
    verifier_url: str = "http://127.0.0.1:8083"
    sandbox_url: str = "http://127.0.0.1:8084"
    sandbox_backend: Literal["auto", "docker", "bubblewrap", "subprocess"] = "auto"
    sandbox_image: str = Field("mle-star-runner", description="what programs run in, where docker makes the boxes")
    task_minutes: float = Field(30, gt=0, description="the budget of a task that names none")
    execution_seconds: float = Field(300, gt=0, description="the longest that one program may run")
    memory_gb: float = Field(4, gt=0, description="the memory of one box")
    cores: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings)

    @classmethod
    def load(cls, *, dotenv: Path | None = Path(".env"), yaml_file: Path | None = None, **given: Any) -> Self:
        """Reads every source. Raises ConfigError with the name of what is wrong."""
        file = yaml_file or (Path(name) if (name := os.environ.get(PREFIX + "CONFIG")) else None)
        known = cls.environment_names()
        _refuse_unknown(os.environ, known, "the environment")
        weak = _read_yaml(file, cls) if file else {}
        if dotenv is not None and dotenv.is_file():
            values = {name: value for name, value in dotenv_values(dotenv).items() if value not in (None, "")}
            _refuse_unknown(values, known, str(dotenv))
            weak |= {known[name]: value for name, value in values.items() if name in known}
        strong = {field for name, field in known.items() if os.environ.get(name)}
        weak = {field: value for field, value in weak.items() if field not in strong}
        try:
            return cls(**{**weak, **given})
        except ValidationError as error:
            raise ConfigError("; ".join(_say(one) for one in error.errors())) from None

    @classmethod
    def environment_names(cls) -> dict[str, str]:
        """Environment variable to field."""
        names = {}
        for field, info in cls.model_fields.items():
            alias = info.validation_alias
            names[str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + field.upper()] = field
        return names

    @property
    def artifacts_folder(self) -> Path:
        return self.artifacts or self.home / "artifacts"


def _say(error: Any) -> str:
    return f"the setting {'.'.join(str(part) for part in error['loc']).lower()!r}: {error['msg']}"


def _refuse_unknown(values: Any, known: dict[str, str], where: str) -> None:
    unknown = sorted(n for n in values if n.startswith(PREFIX) and n not in known and n != PREFIX + "CONFIG")
    if unknown:
        raise ConfigError(
            f"{where} sets {', '.join(unknown)}, which nothing reads; known are {', '.join(sorted(known))}"
        )


def _read_yaml(file: Path, settings: type[Settings]) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read as YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file} must hold settings, one `name: value` a line")
    unknown = sorted(str(key) for key in content if key not in settings.model_fields)
    if unknown:
        known = ", ".join(sorted(settings.model_fields))
        raise ConfigError(f"{file} sets {', '.join(unknown)}, which nothing reads; known are {known}")
    return content
