"""One look at the sources, by hand."""

import pytest

from bot.errors import ParleyError
from bot.models import Source
from bot.upkeep.poll import poll
from tests.far_ends.serving import Far
from tests.upkeep.worlds import OFF, Configure, nowhere, stored

pytestmark = pytest.mark.anyio


async def test_a_poll_stores_what_is_new_and_says_what_could_not_be_read(configure: Configure, far: Far) -> None:
    far.account("feed", "wire", state="absent")
    far.post("telegram", "p_petrov", text="one")
    far.post("telegram", "p_petrov", text="two")
    settings = configure(
        Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko"),
        Source("petrov-telegram", "telegram", "p_petrov", speaker="petrov"),
        Source("wire", "feed", f"{far.url}/feed/wire", outlet={"en": "The Wire"}),
        OFF,
        telegram_web_url=far.url,
    )
    said: list[str] = []
    assert await poll(settings, [], said.append) == 1
    assert said == [
        "1 accounts on X not read: no X token (X_BEARER_TOKEN)",
        "✗ wire: 127.0.0.1 has nothing at this address (404): check it",
        "1 of 2 sources read, 2 new posts",
    ]
    said.clear()
    assert await poll(settings, ["petrov-telegram"], said.append) == 0, "what others suffer is not asked for"
    assert said == ["1 of 1 sources read, 0 new posts"]
    assert [post.text for post in stored(settings)] == ["one", "two"]


async def test_with_a_token_a_poll_reads_x(configure: Configure, far: Far) -> None:
    far.post("x", "o_ivanenko", text="one")
    ivanenko = Source("ivanenko-x", "x", "o_ivanenko", speaker="ivanenko")
    settings = configure(ivanenko, x_api_url=far.url, x_bearer_token="a-token")
    said: list[str] = []
    assert await poll(settings, [], said.append) == 0
    assert said == ["1 of 1 sources read, 1 new posts"]


async def test_a_poll_of_what_is_unknown_or_off_says_so(configure: Configure) -> None:
    settings = configure(OFF)
    with pytest.raises(ParleyError, match=r"sources.toml has no source 'nobody'"):
        await poll(settings, ["nobody"], nowhere)
    with pytest.raises(ParleyError, match=r"petrov-x is off .*enabled = false"):
        await poll(settings, ["petrov-x"], nowhere)
