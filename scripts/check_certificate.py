#!/usr/bin/env python3
"""Checks the certificates in files (- is standard input) that `fewmul verify --certificate` wrote.

docs/certificate.md says what a certificate is. The tensor (from the format; or the entries given),
the sum of all products u x v x w over the ring, and the SHA-256 of the canonical form are computed
anew and exactly, and compared with what is claimed. Exit code 0: all certificates are right, all
schemes hold; 1: some certificate is wrong, some scheme does not hold; 2: something is none.
"""
import hashlib
import json
import math
import sys
from fractions import Fraction

getattr(sys, "set_int_max_str_digits", id)(0)  # coefficients may have thousands of digits


class Wrong(Exception):
    """The certificate claims something that is not so."""


def natural(x):
    if type(x) is int and x >= 0:
        return x
    raise ValueError(f"{x!r} is no number from 0")


def number(x):
    """An integer, or a string of an integer or fraction; a Fraction only where it must be."""
    x = Fraction(*map(int, str(x).split("/")))
    return x.numerator if x.denominator == 1 else x


def read_tensor(tensor):
    """The shape, and the entries as {(i, j, k): value}."""
    if "format" in tensor:  # C = A B: entry (a_ij, b_jk, c_ik) is 1
        n, m, p = map(natural, tensor["format"])
        if tensor["name"] != f"{n}x{m}x{p}" or "entries" in tensor:
            raise Wrong("the tensor has two meanings")
        return (n * m, m * p, n * p), {(i * m + j, j * p + k, i * p + k): 1
                                       for i in range(n) for j in range(m) for k in range(p)}
    shape, entries = tuple(map(natural, tensor["shape"])), {}
    for i, j, k, value in tensor["entries"]:
        place = natural(i), natural(j), natural(k)
        if place in entries or any(x >= d for x, d in zip(place, shape)) or not number(value):
            raise Wrong(f"an entry {place} of the tensor is 0, outside or there twice")
        entries[place] = number(value)
    return shape, entries


def read_rows(rows, extent, rank, ring, p):
    """The rows of a factor matrix as lists of (index, value), by ascending index."""
    if len(rows) != rank:
        raise Wrong(f"a factor matrix has {len(rows)} rows, and the rank is {rank}")
    rows = [[(natural(index), number(value)) for index, value in row] for row in rows]
    for row in rows:
        if any(i >= j for i, j in zip([-1] + [i for i, _ in row], [i for i, _ in row] + [extent])):
            raise Wrong("a row has an index that is out of order or out of range")
        for _, x in row:
            if x == 0 or (ring != "q" and not isinstance(x, int)) \
                    or (ring == "zt" and x not in (-1, 1)) or (p and not 0 < x < p):
                raise Wrong(f"a coefficient {x} that {ring} does not have")
    return rows


def first_failure(factors, tensor, p):
    """The first place where the products do not add up to the tensor; None when they do."""
    scales = [math.lcm(*{x.denominator for row in rows for _, x in row}) for rows in factors]
    u, v, w = ([[(i, int(x * scale)) for i, x in row] for row in rows]
               for rows, scale in zip(factors, scales))
    scale, sums = math.prod(scales), {}  # (i, j) -> {k: scale * sum}
    for row_u, row_v, row_w in zip(u, v, w):
        for i, a in row_u:
            for j, b in row_v:
                line, ab = sums.setdefault((i, j), {}), a * b
                for k, c in row_w:
                    line[k] = line.get(k, 0) + ab * c
    found = {(i, j, k): x for (i, j), line in sums.items() for k, x in line.items() if x}
    for place in sorted(found.keys() | tensor.keys()):
        difference = found.get(place, 0) - scale * tensor.get(place, 0)
        if difference % p if p else difference:
            values = tensor.get(place, 0), Fraction(found.get(place, 0), scale)
            expected, actual = (str(x % p if p else x) for x in values)
            return {"at": list(place), "expected": expected, "actual": actual}


def primitive(row, p):
    """The row over its scalar (its first entry mod p, else the signed content), and the scalar."""
    first = row[0][1] if row else 1
    if p or not row:
        return [(i, x * pow(first, -1, p) % p) for i, x in row], first
    content = Fraction(math.gcd(*(x.numerator for _, x in row)) * (1 if first > 0 else -1),
                       math.lcm(*(x.denominator for _, x in row)))
    return [(i, x / content) for i, x in row], content


def scheme_hash(shape, tensor, ring, factors, p):
    products = []
    for u, v, w in zip(*factors):
        (u, a), (v, b) = primitive(u, p), primitive(v, p)
        products.append((u, v, [(k, x * a * b % p if p else x * a * b) for k, x in w]))
    text = ["tensor {} {} {}\n".format(*shape)]
    text += ["{} {} {} {}\n".format(*place, tensor[place]) for place in sorted(tensor)]
    text += [f"ring {ring}\nrank {len(products)}\n"]
    text += ["; ".join("".join(f"{i}:{x} " for i, x in row) for row in product) + "\n"
             for product in sorted(products)]
    return hashlib.sha256("".join(text).encode()).hexdigest()


def check(certificate):
    """What the certificate says and whether its scheme holds; Wrong when it says what is not so."""
    ring, rank, claim = certificate["ring"], natural(certificate["rank"]), certificate["valid"]
    p = int(ring[1:]) if ring[:1] == "f" else 0
    if certificate["certificate"] != 1 or ring not in ("zt", "z", "q", f"f{max(p, 2)}"):
        raise ValueError("a certificate of another version or ring")
    shape, tensor = read_tensor(certificate["tensor"])
    factors = [read_rows(certificate[axis], extent, rank, ring, p) for axis, extent in zip("uvw", shape)]
    failure = first_failure(factors, tensor, p)
    if claim is not (failure is None) or certificate.get("fails") != failure:
        raise Wrong("the scheme holds" if failure is None else
                    "at {at} the products should be {expected} and are {actual}".format(**failure))
    if scheme_hash(shape, tensor, ring, factors, p) != certificate["hash"]:
        raise Wrong("the hash is not that of the scheme")
    name = certificate["tensor"]["name"] if "format" in certificate["tensor"] else \
        f"{certificate['tensor']['name']!a}, the {len(tensor)} entries given"
    return f"{name}, rank {rank}, {'holds' if claim else 'does not hold'} over {ring}", claim


def main(paths):
    code = 0 if paths else print(__doc__) or 2
    for path in paths:
        try:
            lines = (sys.stdin if path == "-" else open(path)).read().splitlines() or [""]
            for count, line in enumerate(lines, 1):
                try:
                    text, holds = check(json.loads(line))
                    print(f"{path}:{count}: right: {text}")
                except Wrong as reason:
                    holds = False
                    print(f"{path}:{count}: WRONG: {reason}")
                code = max(code, 0 if holds else 1)
        except Exception as reason:  # whatever a file may have that is no certificate
            code = 2
            print(f"{path}: no certificate: {reason!r}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
