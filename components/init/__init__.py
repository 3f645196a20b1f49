"""`init`: looks at a Django project, and writes beside it what deploys it."""
