"""Define the values of the five elements, their synonyms and their similarity."""
