"""Small mechanisms that every part uses: files, threads, HTTP, progress, notices, colours, HTML."""
