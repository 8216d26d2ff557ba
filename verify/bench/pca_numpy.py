"""numpy's side of pca_bench: reads "n d k" and n d doubles row by row, then for each letter on its
input: f fits by covariance and eigh and answers the seconds as a double, c answers the components,
d x k doubles column by column."""
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
        start = time.perf_counter()
        components = fit(x, k)
        seconds = time.perf_counter() - start
        answer.write(struct.pack("d", seconds) if letter == b"f" else components.tobytes(order="F"))
        answer.flush()


main()
