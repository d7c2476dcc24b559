"""Define the errors that end a local system."""


class CannotRun(Exception):
    """The system cannot start or continue; the text says why and what to do."""


class ServiceStopped(Exception):
    """A service cannot continue; the text names it and says why."""
