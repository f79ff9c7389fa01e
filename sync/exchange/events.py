"""What happened in the exchange, for listeners.

``records_taken_back``: ``dataset`` and ``rids`` of own records that a recovery brought back; sent inside its
transaction, so that numbers follow before anybody is given one.

``records_arrived``: ``datasets`` (a frozenset of codes) and ``producer`` of a batch that was applied; sent after
commit. The sender is ``Stream``.
"""

from django.dispatch import Signal

records_taken_back = Signal()
records_arrived = Signal()
