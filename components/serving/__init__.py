"""What serves: the job that prepares it, the containers, their gate, and the way visitors take."""
