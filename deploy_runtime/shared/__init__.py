"""What runs in the container of the edge that sites on one host share."""
