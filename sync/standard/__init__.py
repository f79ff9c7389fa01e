"""The data standard as data 数据标准: datasets, code lists, classes, disposal rules; versioned, with provenance.

Others import: ``models`` (ClassEntry, DisposalRule, Dataset), ``validation`` (the generated validator), ``selectors``.
"""
