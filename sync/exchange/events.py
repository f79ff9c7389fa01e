"""What happened in the exchange, for listeners; sent after commit.

``records_arrived``: ``datasets`` (a frozenset of codes) and ``producer`` of a batch that was applied. The sender is
``Stream``.
"""

from django.dispatch import Signal

records_arrived = Signal()
