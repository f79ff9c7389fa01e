"""Imports 导入: a foreign file, read by a mapping, checked as a whole, taken as a whole or refused row by row."""
