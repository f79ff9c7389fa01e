"""Tables of the front-end database 前置库 between two networks; a gateway copies ``out_*`` to ``in_*`` beyond.

The gateway changes no row, and rows may come twice or in any order. ``taken_at`` and ``result`` are the reader's.
"""

BATCH = """
    sender text NOT NULL, receiver text NOT NULL, producer text NOT NULL, flow text NOT NULL, scope text NOT NULL,
    lane text NOT NULL, audience text NOT NULL, epoch_id uuid NOT NULL, from_seq bigint NOT NULL,
    to_seq bigint NOT NULL, packed bytea NOT NULL, put_at timestamptz NOT NULL DEFAULT now()"""
RECEIPT = """
    sender text NOT NULL, receiver text NOT NULL, sha text NOT NULL, text bytea NOT NULL, signature bytea NOT NULL,
    put_at timestamptz NOT NULL DEFAULT now()"""
NOTICE = """
    sender text NOT NULL, receiver text NOT NULL, number bigint NOT NULL, manifest bytea NOT NULL,
    signature bytea NOT NULL, put_at timestamptz NOT NULL DEFAULT now()"""
KEYS = {
    "batch": "sender, receiver, producer, flow, scope, lane, audience, epoch_id, from_seq",
    "receipt": "sender, receiver, sha",
    "notice": "sender, receiver, number",
}
TAKEN = ", taken_at timestamptz, result text NOT NULL DEFAULT ''"


def tables() -> list[str]:
    """The statements that make the tables where they are missing."""
    made = []
    for name, columns in (("batch", BATCH), ("receipt", RECEIPT), ("notice", NOTICE)):
        key = KEYS[name]
        made.append(f"CREATE TABLE IF NOT EXISTS out_{name} ({columns}, PRIMARY KEY ({key}))")
        made.append(f"CREATE TABLE IF NOT EXISTS in_{name} ({columns}{TAKEN}, PRIMARY KEY ({key}))")
    return made
