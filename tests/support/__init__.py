"""Code that tests of several folders share: fixtures, test distribution, certificates, adapters."""
