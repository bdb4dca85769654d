import { once } from 'node:events'
import t from 'tap'
import type { Fault } from '../../../src/domain/errors.js'
import { Pools } from '../../../src/adapters/scr/pools.js'
import { ScrScorer } from '../../../src/adapters/scr/scr-scorer.js'
import { failsWith, never } from '../../domain/scoring/support.js'
import { ECHO, openScorer, startModel, type Answered, type ModelServer } from './model-server.js'

const ROW = { CLAGE: 94.3 }

const faults: ReadonlyArray<
  { it: string, answer: Parameters<typeof startModel>[1], fault: Fault, words: RegExp }
> = [
  {
    it: 'resets before its answer',
    answer: (_call, response) => {
      response.socket!.resetAndDestroy()
      return undefined
    },
    fault: 'model-cut-off',
    words: /ended before its answer did/
  },
  {
    it: 'closes before its answer',
    answer: (_call, response) => {
      response.socket!.destroy()
      return undefined
    },
    fault: 'model-cut-off',
    words: /ended before its answer did/
  },
  {
    it: 'resets after its headers',
    answer: (_call, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"data":',
        () => response.socket!.resetAndDestroy())
      return undefined
    },
    fault: 'model-cut-off',
    words: /ended before its answer did/
  },
  {
    it: 'ends within a body of known length',
    answer: (_call, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"data":{"P":1}}',
        () => response.socket!.end())
      return undefined
    },
    fault: 'model-cut-off',
    words: /ended before its answer did/
  },
  {
    it: 'ends within a chunked body',
    answer: (_call, response) => {
      response.writeHead(200).write('{"data":{"P":1}}', () => response.socket!.end())
      return undefined
    },
    fault: 'model-cut-off',
    words: /ended before its answer did/
  },
  {
    it: 'does not speak HTTP',
    answer: (_call, response) => {
      response.socket!.end('SSH-2.0-OpenSSH_9.6\r\n')
      return undefined
    },
    fault: 'model-answer-invalid',
    words: /does not speak HTTP/
  },
  {
    it: 'answers an empty 500',
    answer: () => ({ status: 500 }),
    fault: 'model-unavailable',
    words: /failed without a word/
  },
  {
    it: 'has its queue full',
    answer: () => ({ status: 503, text: 'pending request queue full\n' }),
    fault: 'model-overloaded',
    words: /queue full/
  },
  {
    it: 'is cut off by the activator',
    answer: () => ({ status: 504, text: 'activator request timeout' }),
    fault: 'model-timeout',
    words: /activator request timeout/
  },
  {
    it: 'answers HTML with 200',
    answer: () => ({ text: '<html><body>Welcome</body></html>' }),
    fault: 'row-answer-unreadable',
    words: /answered "<html><body>Welcome.*which is not JSON/
  },
  {
    it: 'answers nothing with 200',
    answer: () => ({}),
    fault: 'row-answer-unreadable',
    words: /answered nothing/
  },
  {
    it: 'answers more than a row can have',
    answer: () => ({ text: ' '.repeat(9 * 1024 * 1024) }),
    fault: 'model-answer-invalid',
    words: /too large for one row/
  }
]
for (const { it, answer, fault, words } of faults) {
  t.test(`a model that ${it} is ${fault}`, async t => {
    const { target } = await startModel(t, answer)
    await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()),
      fault, words)
  })
}

t.test('a model whose port is closed is unreachable', async t => {
  const { target, server } = await startModel(t, ECHO)
  server.close()
  await once(server, 'close')
  await failsWith(t, async () => await openScorer(t).score(target, undefined, ROW, never()),
    'model-unreachable', /ECONNREFUSED/)
})

t.test('a model that failed once scores the next row', async t => {
  let calls = 0
  const { target } = await startModel(t, (call, response): Answered | undefined => {
    if (++calls > 1) return ECHO(call)
    response.socket!.resetAndDestroy()
    return undefined
  })
  const scorer = openScorer(t)
  await failsWith(t, async () => await scorer.score(target, undefined, ROW, never()),
    'model-cut-off', /ended before/)
  t.same(Object.fromEntries(await scorer.score(target, undefined, ROW, never())), ROW)
})

t.test('a signal that fired before sends nothing', async t => {
  const { target, received } = await startModel(t, ECHO)
  await t.rejects(openScorer(t).score(target, undefined, ROW, AbortSignal.abort(new Error('left'))),
    { message: 'left' })
  t.equal(received.length, 0)
})

const slow: ReadonlyArray<readonly [it: string, answer: Parameters<typeof startModel>[1]]> = [
  ['never answers', () => undefined],
  ['never ends its answer', (_call, response) => {
    response.writeHead(200).write('{')
    return undefined
  }]
]
for (const [it, answer] of slow) {
  t.test(`a signal that fires while a model ${it} ends the call with its reason and closes the connection`, async t => {
    const { target, server } = await startModel(t, answer)
    const stop = new AbortController()
    const row = openScorer(t).score(target, undefined, ROW, stop.signal)
    await once(server, 'call')
    const left = once(server, 'left')
    stop.abort(new Error('left'))
    await t.rejects(row, { message: 'left' })
    await t.resolves(left)
  })
}

t.test('rows one after the other keep to a connection or two', async t => {
  const { target, sockets, received } = await startModel(t, ECHO)
  const scorer = openScorer(t)
  for (let row = 0; row < 20; row++) await scorer.score(target, undefined, ROW, never())
  t.equal(received.length, 21, 'one more to find out the form')
  t.ok(sockets() <= 2, `${sockets()} connections`)
})

t.test('there are never more connections than allowed, however many rows', async t => {
  const { target, sockets, received } = await startModel(t, ECHO)
  const scorer = openScorer(t, { connections: 3 })
  await Promise.all(
    Array.from({ length: 50 }, async () => await scorer.score(target, undefined, ROW, never()))
  )
  t.equal(received.length, 51, 'one more to find out the form')
  t.ok(sockets() <= 3, `${sockets()} connections`)
})

t.test('by way of a gateway the model\'s host goes into the Host header, over the gateway\'s connections', async t => {
  const gateway: ModelServer = await startModel(t, ECHO)
  const scorer = openScorer(t, { gatewayUrl: gateway.target.url, connections: 1 })
  for (const name of ['hmeq', 'credit']) {
    const url = `http://${name}.models.example.com`
    await scorer.score({ ...gateway.target, url, key: url }, undefined, ROW, never())
  }
  t.same(gateway.received.map(({ host }) => host),
    ['hmeq', 'hmeq', 'credit', 'credit'].map(name => `${name}.models.example.com`))
  t.equal(gateway.sockets(), 1)
})

t.test('closing the pools closes their connections and ends what runs', async t => {
  const { target, server } = await startModel(t, () => undefined)
  const pools = new Pools({ connections: 1 })
  const row = new ScrScorer(pools, () => {}).score(target, undefined, ROW, never())
  await once(server, 'call')
  const left = once(server, 'left')
  await pools.close()
  await failsWith(t, async () => await row, 'model-cut-off', /UND_ERR_DESTROYED/)
  await t.resolves(left)
})

t.test('each call is told once, with its status', async t => {
  const { target, server } = await startModel(t,
    call => call.body.includes('bad') ? { status: 400, text: '{"message":"no"}' } : ECHO(call))
  const pools = new Pools({ connections: 1 })
  t.teardown(async () => {
    await pools.close()
  })
  const told: string[] = []
  const scorer = new ScrScorer(pools, ({ model, revision, status }) => {
    told.push(`${model} ${revision} ${status}`)
  })
  await scorer.score(target, undefined, ROW, never())
  await scorer.score(target, undefined, { JOB: 'bad' }, never()).catch(() => {})
  server.close()
  server.closeAllConnections()
  await scorer.score(target, undefined, ROW, never()).catch(() => {})
  t.same(told, ['hmeq hmeq-1 200', 'hmeq hmeq-1 200', 'hmeq hmeq-1 400', 'hmeq hmeq-1 undefined'])
})
