import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def times_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the app sets it: without it, PTB warns with every 429."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
