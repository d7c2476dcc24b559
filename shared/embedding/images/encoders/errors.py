"""Define the error of an image encoder that cannot be used."""


class BadEncoder(Exception):
    """The encoder of the settings cannot be used; the text says why and what to do."""
