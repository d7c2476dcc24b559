"""What tests of several folders share: fixtures, the distribution of tests, small tools."""
