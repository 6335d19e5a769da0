"""Serve until the process is told to stop."""

import argparse
import socket

from aiohttp import web

from tests.telegram_server.server import TelegramServer


def main() -> None:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(description="A Telegram Bot API server for tests, on 127.0.0.1")
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--flood", action="store_true", help="answer 429 as Telegram does")
    arguments = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", arguments.port))
    print("listening", listener.getsockname()[1], flush=True)
    server = TelegramServer(flood=arguments.flood)
    web.run_app(server.app(), sock=listener, access_log=None, print=None, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
