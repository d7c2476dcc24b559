"""Compare the words of real pictures with measurements and with the medium of their package."""
