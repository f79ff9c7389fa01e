"""Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): the public's reports from and to other systems."""
