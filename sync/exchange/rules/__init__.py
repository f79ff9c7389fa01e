"""The rules of the exchange as plain Python: chain, envelope, signatures, who may send what."""
