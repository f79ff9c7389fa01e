"""Conversion of codes 编码换版: from one class standard to another, and back."""
