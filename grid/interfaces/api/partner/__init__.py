"""Cases carried together with other platforms: operations by REST, and webhooks that come in."""
