"""Run the command `preferstream`, and end it on Ctrl-C with a sentence."""

from services.cli.program.interruption import interruption


def main() -> None:
    interruption.watch()
    try:
        # Imported here: it takes a second, and a Ctrl-C during it has a sentence too.
        from services.cli.program.app import run

        run()
    except BaseException:
        # After a signal, the other errors are its consequences.
        if interruption.signals.first is None:
            raise
    if interruption.signals.first is not None:
        interruption.end()


if __name__ == "__main__":
    main()
