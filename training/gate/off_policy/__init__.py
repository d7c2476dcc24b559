"""Value the orders of the models on logged clicks, for the report: nothing here decides."""
