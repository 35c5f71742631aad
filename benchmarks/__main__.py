"""`python -m benchmarks`: see benchmarks/latency.py."""

from benchmarks.latency import main

raise SystemExit(main())
