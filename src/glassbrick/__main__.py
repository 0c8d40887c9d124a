"""``python -m glassbrick`` is the `glassbrick` command."""

from glassbrick.cli import main

if __name__ == "__main__":
    main()
