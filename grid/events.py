"""What happened to cases, for listeners; sent after commit, carrying keys.

``case_registered``: ``case_pk``, ``by`` (the person's pk), ``role`` (CL_ROLE in which the person reported).
``case_moved``: ``case_pk``, ``action`` (``Action``), ``from_stage``, ``to_stage``, ``by`` (None for the system).
The sender is ``Case``.
"""

from django.dispatch import Signal

case_registered = Signal()
case_moved = Signal()
