"""What intake does when something happened, and where it stands in the core."""

from grid.intake.services.entering import advise, through_the_door
from grid.selectors.advice import ADVISERS
from grid.services.door import TAKER

if through_the_door not in TAKER:
    TAKER.append(through_the_door)
if advise not in ADVISERS:
    ADVISERS.append(advise)
