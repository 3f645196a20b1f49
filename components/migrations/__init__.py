"""What a release does to the database: looked at before, stated while, accounted for after."""
