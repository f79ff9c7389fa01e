"""Tests mirror the tree; ``architecture`` guards its shape, ``flows`` joins real instances, ``factories`` builds."""
