"""Settings: which source wins, under which name, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mle_star.config import ConfigError, Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_source_is_stronger_than_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().max_iterations == 5
    (tmp_path / "config.yaml").write_text("max_iterations: 4\ncores: 9\n")
    monkeypatch.setenv("MLE_STAR_CONFIG", "config.yaml")
    assert Settings.load().max_iterations == 4
    (tmp_path / ".env").write_text("MAX_ITERATIONS=3\n")
    assert Settings.load().max_iterations == 3
    monkeypatch.setenv("MAX_ITERATIONS", "2")
    assert Settings.load().max_iterations == 2
    settings = Settings.load(max_iterations=1)
    assert settings.max_iterations == 1
    assert settings.cores == 9


@pytest.mark.parametrize(
    ("name", "value", "field", "read"),
    [
        ("PLANNER_MODEL", "some/model", "planner_model", "some/model"),
        ("MAX_GPU_MEMORY_GB", "14.5", "max_gpu_memory_gb", 14.5),
        ("ENABLE_MONITORING", "false", "enable_monitoring", False),
        ("LOGS_DIR", "./logs", "logs_dir", Path("logs")),
        ("MLE_STAR_BIND", "127.0.0.1:9000", "bind", "127.0.0.1:9000"),
        ("MLE_STAR_TASK_MINUTES", "2", "task_minutes", 2),
    ],
)
@pytest.mark.parametrize("source", ["environment", "dotenv"])
def test_names_in_the_environment_and_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, read: object, source: str
) -> None:
    if source == "environment":
        monkeypatch.setenv(name, value)
    else:
        (tmp_path / ".env").write_text(f"{name}={value}\n")
    assert getattr(Settings.load(), field) == read


@pytest.mark.parametrize("source", ["environment", "dotenv", "yaml"])
def test_what_nothing_reads_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    if source == "environment":
        monkeypatch.setenv("MLE_STAR_MAX_ITERATION", "2")
    elif source == "dotenv":
        (tmp_path / ".env").write_text("MLE_STAR_MAX_ITERATION=2\n")
    else:
        (tmp_path / "config.yaml").write_text("max_iteration: 2\n")
        monkeypatch.setenv("MLE_STAR_CONFIG", "config.yaml")
    with pytest.raises(ConfigError, match=re.compile("max_iteration, which nothing reads; known are", re.IGNORECASE)):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_ITERATIONS", "many"), ("PARALLEL_STRATEGIES", "0"), ("MLE_STAR_LOG_LEVEL", "LOUD")],
)
def test_a_bad_value_is_an_error_that_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name.removeprefix("MLE_STAR_").lower()):
        Settings.load()


@pytest.mark.parametrize("text", ["max_iterations: [", "- a\n- b\n"])
def test_yaml_that_holds_no_settings_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        Settings.load(yaml_file=tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        Settings.load(yaml_file=tmp_path / "absent.yaml")


def test_the_key_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-secret")
    settings = Settings.load()
    assert settings.openrouter_api_key is not None
    assert settings.openrouter_api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_the_sample_files_can_be_used_as_they_are() -> None:
    dotenv = Settings.load(dotenv=ROOT / ".env.example")
    assert dotenv.openrouter_api_key is None
    assert dotenv.parallel_strategies == 3
    sample = ROOT / "config.example.yaml"
    assert set(yaml.safe_load(sample.read_text())) <= Settings.load(yaml_file=sample).model_fields_set


def test_the_page_has_every_setting_and_no_other() -> None:
    table = [line for line in (ROOT / "docs" / "configuration.md").read_text().splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == set(Settings.model_fields)
