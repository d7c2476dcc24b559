"""Read and check model folders: checkpoints, LoRA adapters and their manifests."""
