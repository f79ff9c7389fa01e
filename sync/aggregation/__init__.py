"""Aggregation 数据汇聚: what each node must send, how good it is, and issues that go down and come back answered.

CJJ/T 312-2021's 数据汇聚系统; datasets JH03 and JH05; quality rules Q1 to Q9.
"""
