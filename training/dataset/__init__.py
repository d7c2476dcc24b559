"""From what people did to pairs that can be learned from, and a report on them."""
