"""What is counted while it happens, for Prometheus. What can be read from the store is not counted here.

One object for one process, made in `bot.app` and handed to whoever counts. A label is a kind, a lane, a result or the
id of a source of config/: never a word that somebody watches for, a chat or a name.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

QUICK = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Seconds: of what is done in memory, from a tenth of a millisecond."""

LONG = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds: of what goes over a network."""


class Meters:
    """Counters and timers on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sends = Counter(
            "parley_sends",
            "Messages of the outbox that were sent, by what came of it",
            ["lane", "result"],
            registry=self.registry,
        )
        self.send_seconds = Histogram(
            "parley_send_seconds",
            "From the turn of a message to Telegram's answer, its wait for the pace included",
            buckets=LONG,
            registry=self.registry,
        )
        self.too_many = Counter("parley_too_many_requests", "Answers 429 of Telegram", registry=self.registry)
        self.doubles = Counter(
            "parley_doubles_possible",
            "Messages sent again that may have arrived before",
            ["lane"],
            registry=self.registry,
        )
        self.polls = Counter(
            "parley_polls",
            "Looks at a source; stopped: until a person acts",
            ["source", "result"],
            registry=self.registry,
        )
        self.new_posts = Counter("parley_new_posts", "Posts that were new", ["source"], registry=self.registry)
        self.poll_seconds = Histogram(
            "parley_poll_seconds", "From a poll's begin to its commit", ["kind"], buckets=LONG, registry=self.registry
        )
        self.read_seconds = Histogram(
            "parley_read_seconds",
            "What is worked out of one post: its words, who speaks, topics, watches, what it repeats",
            buckets=QUICK,
            registry=self.registry,
        )
        self.match_seconds = Histogram(
            "parley_match_seconds", "One post against all watches", buckets=QUICK, registry=self.registry
        )
        self.render_seconds = Histogram(
            "parley_render_seconds", "An alert for one audience", buckets=QUICK, registry=self.registry
        )
        self.updates = Counter(
            "parley_updates", "Updates from Telegram; repeated: received before", ["result"], registry=self.registry
        )
        self.loop_lag_seconds = Histogram(
            "parley_loop_lag_seconds", "How late the event loop comes round", buckets=QUICK, registry=self.registry
        )
        ProcessCollector(registry=self.registry)
