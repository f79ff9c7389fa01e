"""综合评价: figures computed from records, each of which opens down to the case. (Indicator sets follow.)"""
