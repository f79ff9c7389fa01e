"""Rules of places: how an address is read, what a name is known by, how well a place answers a text, where it lies.

Plain Python, no database. Source: GB/T 30428.3 (地理编码); the order of a standard address in the draft of GB/T
47678.4: province, city, county, street or town, community, street, door number, building, unit, room.
"""
