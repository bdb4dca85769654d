"""What the service is compared with: a CSV scored with rows in flight by aiohttp, the asyncio client that most programs use.

usage: with_aiohttp.py HOST PORT PATH CSV SCORED IN_FLIGHT
"""
import asyncio
import json
import sys
import time

import aiohttp

from table import outputs_of, read_rows, write_rows

host, port, path, file, scored, in_flight = sys.argv[1:]
url = f'http://{host}:{port}{path}'
headers = {'content-type': 'application/json', 'accept': 'application/json'}


async def caller(session, rows, results):
    for index, (cells, body) in rows:
        async with session.post(url, data=body, headers=headers) as response:
            text = await response.read()
            assert response.status == 200, text
        results[index] = [*cells, *outputs_of(text)]


async def score():
    rows = enumerate(read_rows(file))  # shared: whoever is free takes the next one
    results = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=int(in_flight))) as session:
        await asyncio.gather(*(caller(session, rows, results) for _ in range(int(in_flight))))
    return [results[index] for index in range(len(results))]


started, cpu = time.perf_counter(), time.process_time()
write_rows(scored, asyncio.run(score()))
print(json.dumps({'seconds': time.perf_counter() - started, 'cpuSeconds': time.process_time() - cpu}))
