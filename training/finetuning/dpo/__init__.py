"""DPO: the trainer on pairs of profiles, its data, and the order of its rows."""
