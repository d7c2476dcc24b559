"""preferthinker-nano: a small Qwen2.5-VL, trained from random weights on simulated users."""
