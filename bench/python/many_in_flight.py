"""What the service is compared with: a CSV scored with rows in flight on kept connections, by asyncio's own streams.

usage: many_in_flight.py HOST PORT PATH CSV SCORED IN_FLIGHT
"""
import asyncio
import json
import sys
import time

from table import outputs_of, read_rows, write_rows

host, port, path, file, scored, in_flight = sys.argv[1:]
head = f'POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: '


async def caller(rows, results):
    reader, writer = await asyncio.open_connection(host, int(port))
    for index, (cells, body) in rows:
        writer.write(f'{head}{len(body)}\r\n\r\n'.encode() + body)
        answer = await reader.readuntil(b'\r\n\r\n')
        assert answer.startswith(b'HTTP/1.1 200 '), answer
        at = answer.lower().index(b'content-length:') + len(b'content-length:')
        text = await reader.readexactly(int(answer[at:answer.index(b'\r\n', at)]))
        results[index] = [*cells, *outputs_of(text)]
    writer.close()


async def score():
    rows = enumerate(read_rows(file))  # shared: whoever is free takes the next one
    results = {}
    await asyncio.gather(*(caller(rows, results) for _ in range(int(in_flight))))
    return [results[index] for index in range(len(results))]


started, cpu = time.perf_counter(), time.process_time()
write_rows(scored, asyncio.run(score()))
print(json.dumps({'seconds': time.perf_counter() - started, 'cpuSeconds': time.process_time() - cpu}))
