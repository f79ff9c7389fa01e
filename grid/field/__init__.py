"""Field 现场: the phone of collectors and handlers, with a queue that survives without a network."""
