"""Serve until the process is told to stop."""

import argparse
import socket

from aiohttp import web

from tests.far_ends.server import FarEnds


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's previews, feeds and the X API for tests, on 127.0.0.1")
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument(
        "--host", default="127.0.0.1", help="0.0.0.0: all addresses of this computer, each a host of its own"
    )
    options = parser.parse_args()
    listener = socket.create_server((options.host, options.port))
    print("listening", listener.getsockname()[1], flush=True)
    web.run_app(FarEnds().app(), sock=listener, access_log=None, print=None, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
