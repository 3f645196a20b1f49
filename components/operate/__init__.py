"""What people ask of a site that is there: how it is, what it says, and commands by hand."""
