"""The ground of the API: root, schema and its pages, keys for repeated writes, ETags, strict input."""
