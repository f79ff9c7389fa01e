"""Organisations 机构, people 人员, roles 角色, sign-in, API tokens, and who may see what.

Others import: ``scoping.ScopedQuerySet`` (the one rule of visibility), ``models``, ``permissions``.
"""
