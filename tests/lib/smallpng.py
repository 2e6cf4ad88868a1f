#!/usr/bin/python3
"""smallpng.py FILE...: rewrites screenshots with a palette of at most 256 colours, which makes them a third as large."""
import struct
import sys
import zlib


def chunks(data):
    at = 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at:at + 4])
        yield data[at + 4:at + 8], data[at + 8:at + 8 + size]
        at += size + 12


def rows(data):
    """Width and the pixels, a bytes of RGB or RGBA a row."""
    found = list(chunks(data))
    width, height, depth, kind = struct.unpack(">IIBB", found[0][1][:10])
    assert depth == 8 and kind in (2, 6), "8 bits, RGB or RGBA"
    step = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(body for name, body in found if name == b"IDAT"))
    size, before, out = width * step, bytearray(width * step), []
    for y in range(height):
        method, line = raw[y * (size + 1)], bytearray(raw[y * (size + 1) + 1:(y + 1) * (size + 1)])
        for i in range(size):
            left = line[i - step] if i >= step else 0
            up, corner = before[i], before[i - step] if i >= step else 0
            if method == 1:
                line[i] = (line[i] + left) & 255
            elif method == 2:
                line[i] = (line[i] + up) & 255
            elif method == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif method == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                line[i] = (line[i] + near[2]) & 255
        out.append([tuple(line[x:x + 3]) for x in range(0, size, step)])
        before = line
    return width, out


def palette(pixels):
    """The 256 colours that are there most often, and for each colour the number of the nearest of them."""
    counts = {}
    for row in pixels:
        for colour in row:
            counts[colour] = counts.get(colour, 0) + 1
    best = sorted(counts, key=counts.get, reverse=True)[:256]
    number = {colour: i for i, colour in enumerate(best)}
    for r, g, b in counts:
        if (r, g, b) not in number:
            number[(r, g, b)] = min(range(len(best)), key=lambda i: (best[i][0] - r) ** 2 + (best[i][1] - g) ** 2 + (best[i][2] - b) ** 2)
    return best, number


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def shrink(path):
    with open(path, "rb") as file:
        width, pixels = rows(file.read())
    best, number = palette(pixels)
    raw = b"".join(b"\0" + bytes(number[colour] for colour in row) for row in pixels)
    head = struct.pack(">IIBBBBB", width, len(pixels), 8, 3, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"PLTE", b"".join(bytes(c) for c in best)) +
                   chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        shrink(name)
