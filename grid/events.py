"""What happened to cases, for listeners; sent after commit, carrying keys.

``case_registered``: ``case_pk``. ``case_moved``: ``case_pk``, ``action`` (``Action``), ``from_stage``, ``to_stage``,
``by`` (person's pk or None for the system). The sender is ``Case``.
"""

from django.dispatch import Signal

case_registered = Signal()
case_moved = Signal()
