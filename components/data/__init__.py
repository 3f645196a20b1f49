"""What outlives a release: the database, uploaded files, their owner, and copies of them."""
