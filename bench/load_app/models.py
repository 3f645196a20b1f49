"""Where writes go. The key is not unique on purpose: a request that was repeated leaves two."""

from django.db import models


class Entry(models.Model):
    """One write of the load."""

    key = models.CharField(max_length=40, db_index=True)
    release = models.CharField(max_length=20)
