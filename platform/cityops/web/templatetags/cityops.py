"""Template tags of the design system: lights, figures, icons, bars."""

from django import template

register = template.Library()
