"""What the service is compared with: a CSV scored row by row over one kept connection, with the standard library.

usage: one_row_a_call.py HOST PORT PATH CSV SCORED
"""
import http.client
import json
import sys
import time

from table import outputs_of, read_rows, write_rows

host, port, path, file, scored = sys.argv[1:]
headers = {'content-type': 'application/json', 'accept': 'application/json'}
connection = http.client.HTTPConnection(host, int(port))
connection.connect()


def score():
    for cells, body in read_rows(file):
        connection.request('POST', path, body, headers)
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        yield [*cells, *outputs_of(text)]


started, cpu = time.perf_counter(), time.process_time()
write_rows(scored, score())
print(json.dumps({'seconds': time.perf_counter() - started, 'cpuSeconds': time.process_time() - cpu}))
