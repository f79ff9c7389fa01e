"""Models of interfaces: partners with their secrets, the cases they share with us, what goes out, what comes in."""

from grid.interfaces.models.partners import Partner, PartnerCase, PartnerSecret
from grid.interfaces.models.traffic import PartnerCall, PartnerNotice, WebhookDelivery

__all__ = ["Partner", "PartnerCall", "PartnerCase", "PartnerNotice", "PartnerSecret", "WebhookDelivery"]
