"""One night of learning: from what people did to a challenger and the evidence on it."""
