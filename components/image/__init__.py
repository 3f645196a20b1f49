"""From a Django project to an image on the host, and the earlier releases beside it."""
