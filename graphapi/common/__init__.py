"""Shared helpers: files, threads, HTTP, progress bars, warnings, colours and HTML pages."""
