"""A report of a connectome as a network: tables and figures, as HTML, CSV and PNG."""
