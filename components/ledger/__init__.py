"""Which operation runs where and why, what an update is, and what really ran."""
