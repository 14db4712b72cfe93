"""Rules about what no longer protects images, data or a workload."""
