"""The shell: navigation, home pages, design system, base templates, vector tiles, static files."""
