"""What runs in the edge's container where the edge ends TLS itself."""
