"""What the service is compared with: an asyncio client of the standard library, rows in flight on kept connections.

usage: many_in_flight.py HOST PORT PATH FILE IN_FLIGHT   (FILE: one JSON body a line)
"""
import asyncio
import json
import sys
import time

host, port, path, file, in_flight = sys.argv[1:]
with open(file, 'rb') as lines:
    bodies = lines.read().splitlines()
head = f'POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: '


async def caller(rows):
    reader, writer = await asyncio.open_connection(host, int(port))
    total = 0.0
    for body in rows:
        writer.write(f'{head}{len(body)}\r\n\r\n'.encode() + body)
        answer = await reader.readuntil(b'\r\n\r\n')
        assert answer.startswith(b'HTTP/1.1 200 '), answer
        at = answer.lower().index(b'content-length:') + len(b'content-length:')
        text = await reader.readexactly(int(answer[at:answer.index(b'\r\n', at)]))
        total += json.loads(text)['data']['SCORE']
    writer.close()
    return total


async def main():
    rows = iter(bodies)  # shared: whoever is free takes the next one
    started, cpu = time.perf_counter(), time.process_time()
    totals = await asyncio.gather(*(caller(rows) for _ in range(int(in_flight))))
    seconds = time.perf_counter() - started
    print(json.dumps({'rows': len(bodies), 'seconds': seconds, 'cpuSeconds': time.process_time() - cpu, 'sum': sum(totals)}))

asyncio.run(main())
