"""What the service is compared with: rows posted one after the other over one kept connection.

usage: one_row_a_call.py HOST PORT PATH FILE   (FILE: one JSON body a line)
"""
import http.client
import json
import sys
import time

host, port, path, file = sys.argv[1:]
with open(file, 'rb') as lines:
    bodies = lines.read().splitlines()
headers = {'content-type': 'application/json', 'accept': 'application/json'}
connection = http.client.HTTPConnection(host, int(port))
connection.connect()
total = 0.0
started, cpu = time.perf_counter(), time.process_time()
for body in bodies:
    connection.request('POST', path, body, headers)
    response = connection.getresponse()
    text = response.read()
    assert response.status == 200, text
    total += json.loads(text)['data']['SCORE']
seconds = time.perf_counter() - started
print(json.dumps({'rows': len(bodies), 'seconds': seconds, 'cpuSeconds': time.process_time() - cpu, 'sum': total}))
