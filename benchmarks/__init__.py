"""Speed and memory of solweig: per stage, end to end, against the machine and against peers."""
