"""What two nodes can hold against each other: all batches of a link and both sides' receipts, for the verifier."""

from django.conf import settings
from django.db import transaction

from cityops.foundation import audit
from sync.exchange.models import Batch, Receipt
from sync.roads.rules import bundle as form
from sync.roads.services.exporting import Load, link_to, sealed, streams_for, streams_from


@transaction.atomic
def evidence(peer_code: str) -> tuple[Load, bytes]:
    """Every batch of a link that is kept here, with the receipts of both ends, as the bytes of a signed export.

    A batch whose body is past its keeping is left out. Raises NotThere, Refused.
    """
    link = link_to(peer_code)
    load = Load()
    found = [*streams_for(link), *streams_from(link)]
    for batch in Batch.objects.filter(stream__in=found).order_by("stream_id", "epoch_no", "from_seq"):
        try:
            load.add_batch(batch)
        except LookupError:
            continue
    makers = [settings.CITYOPS_NODE, peer_code]
    for receipt in Receipt.objects.filter(stream__in=found, receiver_code__in=makers).order_by("pk"):
        load.add_receipt(receipt)
    data = sealed(link, 1, load, protocol=form.EVIDENCE)
    audit.record("bundle.evidence", kind="Link", key=peer_code, after={"sha": form.described("-", data).sha})
    return load, data
