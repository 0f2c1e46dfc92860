"""`make bench`: prints each benchmark's figures and the ratio that matters."""

from bench import comparing, storing

if __name__ == "__main__":
    for benchmark in (comparing, storing):
        print(f"\n{(benchmark.__doc__ or '').strip()}")
        for line in benchmark.figures():
            print(f"  {line}")
