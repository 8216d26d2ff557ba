"""numpy's side of pca_bench: reads "n d k" and n d doubles row by row, then for each letter on its
input: f fits by covariance and eigh and answers the seconds as a double, short fits repeated for
5 ms so that waking up does not count; c answers the components, d x k doubles column by column."""
import os
import struct
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy  # noqa: E402


def fit(x, k):
    centred = x - x.mean(axis=0)
    _, vectors = numpy.linalg.eigh(centred.T @ centred / (len(x) - 1))
    return vectors[:, ::-1][:, :k]


def main():
    ask, answer = sys.stdin.buffer, sys.stdout.buffer
    n, d, k = (int(word) for word in ask.readline().split())
    x = numpy.frombuffer(ask.read(n * d * 8)).reshape(n, d).copy()
    while letter := ask.read(1):
        if letter == b"f":
            start, seconds, fits = time.perf_counter(), 0, 0
            while fits == 0 or seconds < 5e-3:
                fit(x, k)
                fits += 1
                seconds = time.perf_counter() - start
            answer.write(struct.pack("d", seconds / fits))
        else:
            answer.write(fit(x, k).tobytes(order="F"))
        answer.flush()


main()
