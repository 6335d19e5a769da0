"""`python -m bot` is the script `parley`."""

from bot.cli import main

if __name__ == "__main__":
    main()
