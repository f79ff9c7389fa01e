"""Geocoding 地理编码: places with their names, addresses and points (GB/T 30428.3, 47678.4)."""
