"""Interfaces 对外接口: other platforms by REST and signed webhooks, Open311, OGC API Features."""
