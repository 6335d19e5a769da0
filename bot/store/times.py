"""Times as the tables hold them: milliseconds since 1970-01-01 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(when: datetime) -> int:
    """Raises TypeError for a naive datetime."""
    return (when - _EPOCH) // _MILLISECOND


@overload
def from_ms(value: int) -> datetime: ...
@overload
def from_ms(value: None) -> None: ...
def from_ms(value: int | None) -> datetime | None:
    """None stays None."""
    return None if value is None else _EPOCH + value * _MILLISECOND
