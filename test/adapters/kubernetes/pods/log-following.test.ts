import t, { type Test } from 'tap'
import {
  followLogs,
  type FollowedLogs
} from '../../../../src/adapters/kubernetes/pods/log-following.js'
import type { Pod } from '../../../../src/adapters/kubernetes/api/kube-objects.js'

// Each waits for the same time as a cluster might take to say that a container ended.
t.jobs = 3

const running = {
  metadata: { name: 'm-1' },
  spec: { containers: [{ name: 'user-container' }] },
  status: {
    containerStatuses: [{ name: 'user-container', restartCount: 0, state: { running: {} } }]
  }
} as unknown as Pod

async function * of (...lines: string[]): AsyncGenerator<string> {
  yield * lines
}

/**
 * What a reader sees whose pod's log ends twice although it runs: after `first`, and after one more
 * line. `tails`: what was asked for.
 */
async function seen (
  t: Test,
  ...first: string[]
): Promise<{ text: string, tails: Array<number | undefined> }> {
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const tails: Array<number | undefined> = []
  const following: FollowedLogs = {
    listPods: async () => [running],
    awaitChange: async () => await new Promise(() => {}),
    open: async (_pod, tail) => {
      tails.push(tail)
      return tails.length === 1 ? of(...first) : of('the server listens\n')
    },
    begun: new Map()
  }
  let text = ''
  for await (const line of followLogs(following, stop.signal)) {
    text += line
    if (line.includes('listens')) break
  }
  return { text, tails }
}

t.test('a log that ended before it had a line is read again from its beginning', async t => {
  t.same(await seen(t), { text: 'the server listens\n', tails: [undefined, undefined] })
})

t.test('so is one that the kubelet did not find', async t => {
  const line = 'unable to retrieve container logs for containerd://1f2e\n'
  t.same(await seen(t, line), {
    text: `${line}the server listens\n`,
    tails: [undefined, undefined]
  })
})

t.test('a log that breaks off goes on with what comes, and says that lines may be missing', async t => {
  t.same(await seen(t, 'one\n'), {
    text: 'one\n-- the log of m-1 was interrupted: lines may be missing here\nthe server listens\n',
    tails: [undefined, 0]
  })
})
