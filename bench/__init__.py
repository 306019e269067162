"""What is measured; `make bench` prints it and writes bench/RESULTS.md."""
