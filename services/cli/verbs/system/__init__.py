"""Commands that run or check a system on this machine."""
