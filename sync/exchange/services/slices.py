"""What a slice of the exchange is: so much time, and what was done in it."""

import time
from dataclasses import dataclass


@dataclass
class Slice:
    """What one slice did."""

    marks: int = 0
    batches_sent: int = 0
    records_sent: int = 0
    batches_pulled: int = 0
    records_pulled: int = 0
    error: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.marks or self.batches_sent or self.batches_pulled)


class Deadline:
    """The end of a slice."""

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._end = self._begun + seconds

    def share(self, part: float) -> "Deadline":
        """The moment at which a part of the whole time is used up."""
        found = Deadline(0)
        found._end = self._begun + part * (self._end - self._begun)
        return found

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._end
