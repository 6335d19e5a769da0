"""Serve until the process is told to stop."""

import argparse
import socket

from aiohttp import web

from tests.far_ends.server import FarEnds


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's previews, feeds and the X API for tests, on 127.0.0.1")
    parser.add_argument("port", type=int, nargs="?", default=0)
    listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
    print("listening", listener.getsockname()[1], flush=True)
    web.run_app(FarEnds().app(), sock=listener, access_log=None, print=None, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
