"""Run the days and training jobs of one seed through a system of its own."""
