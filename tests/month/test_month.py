"""A share of the month, and whether its judge would notice."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store.connection import connect
from tests.month.incidents import PLAN
from tests.month.judge import findings
from tests.month.simulation import Simulation, simulated

pytestmark = [pytest.mark.anyio, pytest.mark.process]

LENGTH = timedelta(days=2)

LIES = {
    "DELETE FROM posts WHERE fate = 'stands'": "is missing",
    "INSERT INTO posts SELECT 0, source, 'x', url, published_at, seen_at, text, language, kind, media, quoted, author, "
    "sha256, story, edited_at, deleted_at, fate, fate_at, late FROM posts LIMIT 1": "was never said",
    "UPDATE posts SET fate = 'deleted' WHERE fate = 'stands'": "is deleted and should be stands",
    "UPDATE posts SET fate = 'stands' WHERE fate = 'deleted'": "is stands and should be deleted",
    "UPDATE posts SET deleted_at = deleted_at - 3600000000": "is said to be gone since",
    "UPDATE posts SET published_at = published_at - 3600000000": "was published",
    "UPDATE posts SET kind = 'forward'": "is a forward and should be",
    "UPDATE posts SET sha256 = 'x'": "has a version that never stood",
    "UPDATE posts SET edited_at = 1": "was edited",
    "DELETE FROM versions": "of the versions that were shown",
    "DELETE FROM gaps": "of which no row tells",
    "UPDATE gaps SET since = since - 36000000 WHERE source IS NULL": "a gap of all that was none",
    "UPDATE gaps SET since = since - 36000000 WHERE source IS NOT NULL": "a gap where it was seen",
    "UPDATE gaps SET since = until + 1": "a gap that ends before it begins",
    "UPDATE notifications SET key = 'back:1' WHERE id = 1": "is back, and it never was gone",
    "UPDATE notifications SET key = 'deleted:' || (SELECT min(id) FROM posts WHERE fate = 'stands') "
    "WHERE id = 1": "is deleted",
    "UPDATE notifications SET key = 'edit:1:9' WHERE id = 1": "told of an edit",
}


async def test_two_days_of_forty_sources_end_with_what_is_true_in_the_store(tmp_path: Path) -> None:
    seed = int(os.environ.get("PARLEY_MONTH_SEED", "1"))
    print(f"seed {seed} (PARLEY_MONTH_SEED sets it; make month runs a whole month)")
    async with simulated(tmp_path, seed, LENGTH) as month:
        await month.run()
        assert findings(month, month.database) == []
        assert month.hits["kill"] > 1
        assert month.hits.total() > 0.75 * sum(PLAN.values()) * LENGTH / timedelta(days=30)
        for lie, words in LIES.items():
            assert any(words in finding for finding in told(month, lie)), lie
        month.far.ends.api.billed["2026-03-02", "post"] |= {str(number) for number in range(100_000)}
        assert [finding[:12] for finding in findings(month, month.database)] == ["X has billed"] * 2


def told(month: Simulation, lie: str) -> list[str]:
    """What the judge says of a store that is not true in one thing."""
    database = connect(month.path, write=True)
    try:
        database.execute("BEGIN")
        assert database.execute(lie).rowcount, lie
        return findings(month, database)
    finally:
        database.close()
