"""The closed loop: simulated people click on real feeds while nights pass."""
