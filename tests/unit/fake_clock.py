"""A stand-in for the module `time`."""


class FakeClock:
    """Sleeping takes no time, but is counted.

    Attributes:
        now: the seconds that its clock shows.
    """

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """As `time.monotonic`."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """As `time.sleep`."""
        self.now += seconds
