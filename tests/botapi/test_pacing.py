"""The pace of messages, in virtual time: a call "arrives" at Telegram the moment it is let go."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, RetryAfter

from bot.botapi.pacing import LANES, Pacing
from bot.botapi.transport import UnsentError
from bot.models import Lane
from tests.botapi.virtual_time import run

GROUP = -100


class Door:
    """A pacing door with a record of what went through it: (seconds since the start, chat, text)."""

    def __init__(self, **pace: Any) -> None:
        self.pacing = Pacing(**pace)
        self.gone: list[tuple[float, Any, str]] = []
        self.answers: dict[str, BaseException] = {}
        self.start = asyncio.get_running_loop().time()

    async def send(
        self, chat: Any, text: str = "", lane: Lane | None = None, endpoint: str = "sendMessage", **data: Any
    ) -> None:
        async def call() -> bool:
            self.gone.append((self.now(), chat, text))
            if text in self.answers:
                raise self.answers[text]
            return True

        await self.pacing.process_request(call, (), {}, endpoint, {"chat_id": chat, **data}, lane)

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self.start

    def times(self, chat: Any = None) -> list[float]:
        return [at for at, where, _ in self.gone if chat in (None, where)]

    def texts(self) -> list[str]:
        return [text for _, _, text in self.gone]


def most_within(period: float, times: list[float]) -> int:
    """The largest number of times within any stretch so long."""
    return max((sum(at <= other < at + period for other in times) for at in times), default=0)


def through_the_door(play: Callable[[Door], Awaitable[None]], **pace: Any) -> Door:
    async def main() -> Door:
        door = Door(**pace)
        await play(door)
        return door

    return run(main())


async def together(*calls: Awaitable[None]) -> list[BaseException | None]:
    return list(await asyncio.gather(*calls, return_exceptions=True))


def test_a_fan_out_keeps_telegrams_thirty_a_second_in_whatever_second() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(chat) for chat in range(1, 151)))

    door = through_the_door(play)

    assert len(door.gone) == 150
    assert most_within(1.0, door.times()) <= 30
    assert door.times()[-1] == pytest.approx(148 / 28, abs=0.05)


def test_a_paid_pace_is_kept_within_two_percent() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(chat) for chat in range(1, 3001)))

    door = through_the_door(play, overall=1000)

    assert 3000 / door.times()[-1] == pytest.approx(1000, rel=0.02)


def test_a_private_chat_takes_a_short_burst_and_then_one_a_second() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(7) for _ in range(9)))

    door = through_the_door(play)

    assert door.times()[2] < 0.1
    assert most_within(3.0, door.times()) == 3
    assert door.times()[-1] < 7


def test_a_group_gets_at_most_twenty_in_whatever_minute() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(GROUP) for _ in range(45)))

    door = through_the_door(play)

    assert most_within(60.0, door.times()) == 20
    assert most_within(3.0, door.times()) == 3


def test_a_chat_by_its_name_is_a_channel_and_by_its_number_as_text_the_same_chat() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send("@some_channel") for _ in range(21)))
        await together(door.send(GROUP), door.send(str(GROUP)), door.send(GROUP), door.send(GROUP))

    door = through_the_door(play)

    assert most_within(60.0, door.times("@some_channel")) == 20
    group = [at for at, chat, _ in door.gone if chat in (GROUP, str(GROUP))]
    assert most_within(3.0, group) == 3


def test_a_chat_that_must_wait_holds_up_nobody_else() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(7, "talkative") for _ in range(5)), *(door.send(chat) for chat in (8, 9)))

    door = through_the_door(play)

    assert door.times(8)[0] < 0.5
    assert door.times(9)[0] < 0.5
    assert door.times(7)[-1] > 3


def test_lanes_go_in_their_order_whoever_came_first() -> None:
    async def play(door: Door) -> None:
        calls = []
        for lane in reversed(LANES):
            calls += [door.send(LANES.index(lane) * 100 + number, lane, lane) for number in range(1, 11)]
        await together(*calls)

    door = through_the_door(play)

    # Two of the last lane are let go in the moment when nobody else has come yet.
    assert door.texts()[2:] == [lane for lane in LANES for _ in range(10)][: 10 * len(LANES) - 2]


def test_a_call_without_a_lane_is_an_answer() -> None:
    async def play(door: Door) -> None:
        alerts = [door.send(chat, "alert", "alert") for chat in range(1, 60)]
        await together(*alerts, door.send(1000, "answer"))

    door = through_the_door(play)

    assert door.texts().index("answer") == 2


def test_chats_of_one_lane_take_turns() -> None:
    async def play(door: Door) -> None:
        many = [door.send(7, "of many", "alert") for _ in range(3)]
        await together(*(door.send(chat) for chat in (1, 2)), *many, door.send(8, "single", "alert"))

    door = through_the_door(play)

    assert door.texts()[2:4] == ["of many", "single"]


def test_what_has_no_limit_never_waits() -> None:
    async def play(door: Door) -> None:
        waiting = [door.send(chat) for chat in range(1, 100)]
        questions = ("getMe", "getChat", "answerCallbackQuery", "deleteMessage", "sendChatAction")
        await together(*waiting, *(door.send(5, endpoint, endpoint=endpoint) for endpoint in questions))

    door = through_the_door(play)

    asked = [at for at, _, text in door.gone if text]
    assert asked == [0] * 5


def test_an_edit_of_an_inline_message_counts_for_the_bot_alone() -> None:
    async def play(door: Door) -> None:
        await together(*(door.send(None, endpoint="editMessageText") for _ in range(30)))

    door = through_the_door(play)

    assert door.times()[-1] == pytest.approx(1.0, abs=0.05)


def test_every_item_of_an_album_counts() -> None:
    async def play(door: Door) -> None:
        await door.send(7, "album", endpoint="sendMediaGroup", media=[1, 2, 3, 4])
        await door.send(7, "after")
        await door.send(8, "elsewhere")

    door = through_the_door(play)

    assert door.texts() == ["album", "after", "elsewhere"]
    assert door.times()[1] > 3


def test_a_429_holds_the_chat_that_it_names_and_is_passed_on() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(20)
        with pytest.raises(RetryAfter):
            await door.send(7, "refused")
        assert door.pacing.free_at(7) - asyncio.get_running_loop().time() == pytest.approx(20)
        await together(door.send(7, "later"), door.send(8, "at once"))

    door = through_the_door(play)

    assert door.times(8)[0] < 0.5
    assert door.times(7)[1] == pytest.approx(20, abs=0.1)


def test_other_refusals_pass_through_and_hold_nothing() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = BadRequest("Topic_closed")
        with pytest.raises(BadRequest):
            await door.send(7, "refused")
        await door.send(7)

    assert through_the_door(play).times()[1] < 0.1


def test_a_429_slows_the_whole_bot_and_the_pace_comes_back() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(1)
        await together(door.send(1, "refused"))
        before = door.now()
        await together(*(door.send(chat) for chat in range(2, 26)))
        assert door.now() - before > 24 / 28
        await asyncio.sleep(30)
        before = door.now()
        await together(*(door.send(chat) for chat in range(102, 132)))
        assert door.now() - before == pytest.approx(1.0, abs=0.05)

    through_the_door(play)


def test_however_many_refusals_come_a_quarter_of_the_pace_is_left() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(1)
        for _ in range(30):
            await together(door.send(1, "refused", endpoint="getChat"))
        before = door.now()
        await together(*(door.send(chat) for chat in range(2, 16)))
        assert 1 < door.now() - before < 2

    through_the_door(play)


def test_several_chats_refused_within_a_second_hold_everything() -> None:
    async def play(door: Door) -> None:
        door.answers |= {"ten": RetryAfter(10), "twelve": RetryAfter(12)}
        await together(door.send(1, "ten"), door.send(2, "twelve"))
        assert door.pacing.free_at(99) < asyncio.get_running_loop().time()
        await together(door.send(3, "twelve"))
        assert door.pacing.room() == 0
        assert door.pacing.free_at(99) > asyncio.get_running_loop().time() + 9
        await door.send(99, "after the hold")

    door = through_the_door(play)

    assert door.times(99)[0] == pytest.approx(10.05, abs=0.2)


def test_refusals_far_apart_are_the_chats_own_affair() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(10)
        for chat in (1, 2, 3):
            await together(door.send(chat, "refused"))
            await asyncio.sleep(2)
        await door.send(99)

    assert through_the_door(play).times(99)[0] == pytest.approx(6)


def test_nobody_waits_in_memory_for_a_chat_that_is_held_for_hours() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(43838)
        results = await together(door.send(7, "refused"), door.send(7, "never sent"))
        assert [type(result) for result in results] == [RetryAfter, RetryAfter]
        texts = ("a", "b", "c", "refused", "never sent", "given up")
        calls = [asyncio.ensure_future(door.send(8, text)) for text in texts]
        await asyncio.sleep(1)
        calls[5].cancel()
        results = await together(*calls)
        assert results[:3] == [None] * 3
        assert isinstance(results[4], RetryAfter)
        assert door.now() < 10

    assert "never sent" not in through_the_door(play).texts()


def test_a_429_for_no_chat_in_particular_only_slows() -> None:
    async def play(door: Door) -> None:
        door.answers["refused"] = RetryAfter(600)
        assert isinstance((await together(door.send(None, "refused", endpoint="setMyCommands")))[0], RetryAfter)
        await door.send(None, "at once", endpoint="editMessageText")

    assert through_the_door(play).times()[1] < 0.1


def test_room_and_free_at_tell_a_sender_of_many_what_to_keep_back() -> None:
    async def play(door: Door) -> None:
        now = asyncio.get_running_loop().time
        assert door.pacing.room() == 28
        assert door.pacing.room(0.5) == 14
        assert door.pacing.free_at(7) < now()
        calls = [asyncio.ensure_future(door.send(7)) for _ in range(5)]
        await asyncio.sleep(0.5)
        assert door.pacing.free_at(7) - now() == pytest.approx(3.15 - 0.5, abs=0.01)
        assert door.pacing.room() == 28 - 2
        await together(*calls)

    through_the_door(play)


def test_a_caller_that_gives_up_takes_nobodys_turn() -> None:
    async def play(door: Door) -> None:
        calls = [asyncio.ensure_future(door.send(7, str(number))) for number in range(6)]
        await asyncio.sleep(0.5)
        calls[3].cancel()
        calls[5].cancel()
        await together(*calls)
        await asyncio.sleep(60)
        assert door.pacing.room() == 28

    door = through_the_door(play)

    assert door.texts() == ["0", "1", "2", "4"]
    assert door.times()[-1] < 3.5


def test_stopping_turns_away_who_waits_and_the_door_opens_again() -> None:
    async def play(door: Door) -> None:
        await door.pacing.shutdown()
        await door.pacing.initialize()
        calls = [asyncio.ensure_future(door.send(7, str(number))) for number in range(5)]
        await asyncio.sleep(0.5)
        calls[3].cancel()
        await asyncio.sleep(0)
        await door.pacing.shutdown()
        results = await together(*calls)
        assert results[:3] == [None] * 3
        assert isinstance(results[4], UnsentError)
        await door.pacing.initialize()
        await door.send(8, "again")

    assert through_the_door(play).texts() == ["0", "1", "2", "again"]


def test_chats_that_have_been_quiet_for_a_while_are_forgotten() -> None:
    async def play(door: Door) -> None:
        for chat in range(1, 5001):
            await door.send(chat)
        assert len(door.pacing._chats) < 3500
        await together(*(door.send(5000) for _ in range(4)))

    door = through_the_door(play, overall=500)

    assert door.times(5000)[3] > door.times(5000)[0] + 3


Calls = st.lists(
    st.tuples(st.floats(0, 5), st.sampled_from([1, 2, 3, GROUP, GROUP - 1]), st.sampled_from(LANES)), max_size=60
)


@settings(max_examples=50, deadline=None)
@given(calls=Calls)
def test_whatever_comes_the_limits_hold_and_order_is_kept(calls: list[tuple[float, int, Lane]]) -> None:
    async def play(door: Door) -> None:
        arrivals = itertools.count()

        async def arrive(at: float, chat: int, lane: Lane) -> None:
            await asyncio.sleep(at)
            await door.send(chat, f"{lane} {next(arrivals)}", lane)

        await asyncio.gather(*(arrive(*call) for call in calls))

    door = through_the_door(play)

    assert len(door.gone) == len(calls)
    assert most_within(1.0, door.times()) <= 30
    for chat in {chat for _, chat, _ in calls}:
        assert most_within(3.0, door.times(chat)) <= 3
        assert chat > 0 or most_within(60.0, door.times(chat)) <= 20
        for lane in LANES:
            numbers = [int(text.split()[1]) for _, where, text in door.gone if where == chat and text.startswith(lane)]
            assert all(first < second for first, second in itertools.pairwise(numbers))


def test_where_it_is_paid_for_only_what_goes_beyond_the_free_pace_costs() -> None:
    async def play(door: Door) -> None:
        async def alert(chat: int) -> None:
            paid = await door.pacing.turn("alert", chat)
            door.gone.append((door.now(), chat, "paid" if paid else "free"))

        await together(*(alert(chat) for chat in range(1, 2001)), *(door.send(-chat, "answer") for chat in range(1, 6)))
        await asyncio.sleep(10)
        for chat in range(1, 21):
            await alert(chat)
            await asyncio.sleep(0.1)

    door = through_the_door(play, overall=1000, paid=True)

    free = [at for at, _, text in door.gone if text != "paid"]
    assert most_within(1.0, free) <= 30
    assert door.texts().count("paid") > 1900
    assert door.texts()[-20:] == ["free"] * 20, "a slow trickle costs nothing"


def test_nothing_is_paid_for_unasked() -> None:
    async def play(door: Door) -> None:
        turns = await asyncio.gather(*(door.pacing.turn("alert", chat) for chat in range(1, 201)))
        assert turns == [False] * 200

    through_the_door(play, overall=1000)


def test_a_few_chats_that_refuse_do_not_hold_up_a_thousand_a_second() -> None:
    async def play(door: Door) -> None:
        for chat in range(1, 1001):
            text = "refused" if chat % 50 == 0 else "taken"
            door.answers = {"refused": RetryAfter(1)}
            await together(door.send(chat, text, "alert"))

    door = through_the_door(play, overall=1000)

    assert door.times()[-1] < 2.5


def test_a_thousand_a_second_that_are_refused_one_and_all_hold_everything() -> None:
    async def play(door: Door) -> None:
        door.answers = {"refused": RetryAfter(5)}
        await together(*(door.send(chat, "refused", "alert") for chat in range(1, 151)))
        await door.send(1000, "later")

    door = through_the_door(play, overall=1000)

    assert door.times(1000)[0] > 5
