"""Files that accounting software imports: one module per software, batches that never give the same piece twice."""
