"""What happened in the exchange, for listeners.

``records_taken_back``: ``dataset`` and ``rids`` of own records that a recovery brought back; sent inside its
transaction, so that numbers follow before anybody is given one.

``records_arrived``: ``datasets`` (a frozenset of codes) and ``producer`` of a batch that was applied; sent after
commit. The sender is ``Stream``.

``records_erased``: ``dataset``, ``rids`` and ``owner`` of records whose every stored version is wiped just now, within
the transaction; whoever keeps batches of its own wipes them too. The sender is ``Erasure``.
"""

from django.dispatch import Signal

records_taken_back = Signal()
records_arrived = Signal()
records_erased = Signal()
