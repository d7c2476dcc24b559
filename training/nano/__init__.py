"""preferthinker-nano: a small Qwen2.5-VL trained from nothing on simulated users."""
