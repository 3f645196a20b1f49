"""What runs in the edge's container: HAProxy, and what tells it where requests go."""
