"""What the load asks for: views that the bench adds to its copies of the example site."""
