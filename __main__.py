"""What Pulumi runs: `components/site.py` tells the story.

What can go wrong for reasons that are known beforehand is found out first, and changes nothing.
"""

from components.errors import end_quietly_when_interrupted
from components.parts.preparation import prepare
from components.site import deploy

end_quietly_when_interrupted()
deploy(prepare())
