"""Following a billed service order until its NFS-e is a PDF; cancelling it; its taxes."""
