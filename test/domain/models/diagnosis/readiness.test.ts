import t from 'tap'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import type {
  Condition,
  Observation,
  ObservedContainer,
  ObservedPod,
  ObservedRevision
} from '../../../../src/domain/models/diagnosis/observation.js'
import { statusOf } from '../../../../src/domain/models/diagnosis/readiness.js'

// Reasons and messages are those of a real cluster (Knative 1.15).
const is = (status: Condition['status'], reason = '', message = ''): Condition => ({
  status,
  reason,
  message
})
const waiting = is('Unknown', 'RevisionMissing',
  'Configuration "m" is waiting for a Revision to become ready.')

function container (name: string, more: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    name,
    ready: true,
    running: true,
    restarts: 0,
    waiting: undefined,
    ended: undefined,
    ...more
  }
}

function pod (
  more: Partial<ObservedPod> = {},
  model: Partial<ObservedContainer> = {}
): ObservedPod {
  const containers = [container('queue-proxy'), container('user-container', model)]
  const ready = more.unschedulable === undefined && containers.every(({ ready }) => ready)
  return {
    name: 'm-00001-deployment-x',
    revision: 'm-00001',
    running: true,
    ready,
    unschedulable: undefined,
    containers,
    ...more
  }
}

function revision (
  number: number,
  conditions: Record<string, Condition>,
  more: Partial<ObservedRevision> = {}
): ObservedRevision {
  return {
    name: `m-0000${number}`,
    image: `registry.demo/m:${number}`,
    pullSecrets: [],
    memoryLimit: undefined,
    probe: undefined,
    conditions,
    ...more
  }
}

/** A model whose first revision is being made. */
const starting: Observation = {
  name: 'm',
  generation: 1,
  observedGeneration: 1,
  deleting: false,
  ready: waiting,
  routesReady: waiting,
  latestCreatedRevision: 'm-00001',
  latestReadyRevision: undefined,
  url: undefined,
  traffic: [],
  desired: [{ latest: true, percent: 100 }],
  port: 8080,
  revisions: [revision(1, { Ready: is('Unknown', 'Deploying') })],
  pods: [],
  events: []
}
const serving: Observation = {
  ...starting,
  ready: is('True'),
  routesReady: is('True'),
  latestReadyRevision: 'm-00001',
  traffic: [{ revision: 'm-00001', latest: true, percent: 100 }],
  revisions: [revision(1, { Ready: is('True') })],
  pods: [pod()]
}
/** The first revision serves, a second one was asked for. */
const updating: Observation = {
  ...serving,
  generation: 2,
  observedGeneration: 2,
  ready: is('Unknown'),
  latestCreatedRevision: 'm-00002',
  revisions: [...serving.revisions, revision(2, { Ready: is('Unknown', 'Deploying') })]
}

const failedRevision = (
  type: string,
  reason: string,
  message: string,
  more: Partial<ObservedRevision> = {}
) => [
  revision(1, { Ready: is('False', reason, message), [type]: is('False', reason, message) }, more)
]
const unable = (message: string, pullSecrets: string[] = []) =>
  failedRevision('ContainerHealthy', 'ContainerMissing',
    `Unable to fetch image "registry.demo/m:1": failed to resolve image to digest: ${message}`, {
      pullSecrets
    })
const noneReady = is('False', 'RevisionMissing',
  'Configuration "m" does not have any ready Revision.')

const cases: ReadonlyArray<{ it: string, seen: Observation, to: string }> = [
  {
    it: 'has no status at all yet',
    seen: { ...starting, observedGeneration: -1, ready: undefined },
    to: 'Deploying nobody: the cluster has not taken up the last change yet'
  },
  {
    it: 'waits for its first revision',
    seen: starting,
    to: 'Deploying nobody: revision m-00001 is starting'
  },
  { it: 'serves on a pod', seen: serving, to: 'Ready nobody: serves as asked for on 1 pod' },
  {
    it: 'is asleep',
    seen: { ...serving, pods: [] },
    to:
      'Ready nobody: asleep: no pod runs while nobody scores; the first call wakes it and takes longer'
  },
  {
    it: 'still shows the Ready of the generation before',
    seen: { ...serving, generation: 2 },
    to: 'Deploying nobody: the cluster has not taken up the last change yet'
  },
  {
    it: 'is being deleted',
    seen: { ...serving, deleting: true },
    to: 'Deleting nobody: the model is being deleted; what runs ends within about half a minute'
  },
  {
    it: 'rolls out a second revision',
    seen: updating,
    to: 'Deploying nobody: revision m-00002 is starting'
  },
  {
    it: 'serves with other traffic than asked for',
    seen: { ...serving, desired: [{ latest: false, revision: 'm-00002', percent: 100 }] },
    to: 'Deploying nobody: traffic is moving: m-00001 serves until the table asked for is in force'
  },
  {
    it: 'follows the latest, which an older revision still serves',
    seen: { ...serving, latestCreatedRevision: 'm-00002' },
    to: 'Deploying nobody: traffic is moving: m-00001 serves until the table asked for is in force'
  },
  {
    it: 'moves traffic to its second revision by and by',
    seen: {
      ...updating,
      ready: is('Unknown', 'RolloutInProgress',
        'A gradual rollout of the latest revision(s) is in progress.'),
      revisions: [...serving.revisions, revision(2, { Ready: is('True') })],
      traffic: [{ revision: 'm-00001', latest: true, percent: 60 }, {
        revision: 'm-00002',
        latest: true,
        percent: 40
      }]
    },
    to:
      'Deploying nobody: traffic is moving: m-00001 has 60 %, m-00002 has 40 % until the table asked for is in force'
  },
  {
    it: 'has a second revision that crashes while the first one serves',
    seen: {
      ...updating,
      pods: [pod(),
        pod({ name: 'p2', revision: 'm-00002' }, {
          ready: false,
          restarts: 2,
          waiting: { reason: 'CrashLoopBackOff', message: 'back-off' },
          ended: { reason: 'Error', exitCode: 3, log: 'boom' }
        })]
    },
    to:
      'Degraded you!: m-00001 goes on serving; the container keeps ending at its start with exit code 3; its log says: boom'
  },
  {
    it: 'has an image that the registry does not know',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: unable(
        'HEAD http://registry.demo/v2/m/manifests/1: unexpected status code 404 Not Found (HEAD responses have no body, use GET for details)'
      )
    },
    to: 'Failed you!: image not found: registry.demo/m:1'
  },
  {
    it: 'needs a pull secret',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: unable(
        'HEAD http://registry.demo/v2/m/manifests/1: unexpected status code 401 Unauthorized (HEAD responses have no body, use GET for details)'
      )
    },
    to:
      'Failed you!: the registry wants credentials for image registry.demo/m:1, and no pull secret is named'
  },
  {
    it: 'has a pull secret that is refused',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: unable('unexpected status code 401 Unauthorized', ['regcred'])
    },
    to:
      'Failed platform engineer!: the registry refuses pull secret "regcred" for image registry.demo/m:1: it does not exist, or its credentials are wrong'
  },
  {
    it: 'has a pull secret that does not exist, as the node tells',
    seen: {
      ...starting,
      revisions: [
        revision(1, { Ready: is('Unknown', 'Deploying') }, { pullSecrets: ['regcred', 'other'] })
      ],
      pods: [pod({ running: false }, {
        ready: false,
        running: false,
        waiting: {
          reason: 'ImagePullBackOff',
          message:
            'Back-off pulling image "registry.demo/m:1": ErrImagePull: pulling from host registry.demo failed with status code [manifests 1]: 401 Unauthorized'
        }
      })],
      events: [{
        about: 'm-00001-deployment-x',
        reason: 'FailedToRetrieveImagePullSecret',
        message:
          'Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.'
      }]
    },
    to:
      'Failed platform engineer!: the registry wants credentials for image registry.demo/m:1, and pull secret "regcred" does not exist'
  },
  {
    it: 'names a registry that does not exist',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: unable(
        'Get "https://registry.nowhere.example/v2/": dial tcp: lookup registry.nowhere.example on 172.31.250.1:53: no such host'
      )
    },
    to:
      'Failed registry owner!: the registry of image registry.demo/m:1 can\'t be reached: dial tcp: lookup registry.nowhere.example on 172.31.250.1:53: no such host'
  },
  {
    it: 'can\'t be pulled by its digest, while the ksvc only waits',
    seen: {
      ...starting,
      pods: [pod({ running: false }, {
        ready: false,
        running: false,
        waiting: {
          reason: 'ImagePullBackOff',
          message:
            'Back-off pulling image "registry.demo/m:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image: registry.demo/m:1: not found'
        }
      })]
    },
    to: 'Failed you!: image not found: registry.demo/m:1'
  },
  {
    it: 'ended once at its start',
    seen: {
      ...starting,
      pods: [
        pod({}, {
          ready: false,
          ended: {
            reason: 'Error',
            exitCode: 1,
            log: 'starting version=1 PORT=8080\nERROR: The model could not be loaded\n'
          }
        })
      ]
    },
    to:
      'Deploying you: the container ended at its start with exit code 1; its log says: ERROR: The model could not be loaded'
  },
  {
    it: 'keeps crashing; the telling line need not be the last one',
    seen: {
      ...starting,
      pods: [
        pod({}, {
          ready: false,
          restarts: 1,
          waiting: { reason: 'CrashLoopBackOff', message: '' },
          ended: {
            reason: 'Error',
            exitCode: 1,
            log: 'ERROR: The model could not be loaded\nstarting version=1 PORT=8080\n'
          }
        })
      ]
    },
    to:
      'Failed you!: the container keeps ending at its start with exit code 1; its log says: ERROR: The model could not be loaded'
  },
  {
    it: 'crashed, and its pods are gone after the deadline',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: failedRevision('ContainerHealthy', 'ExitCode1',
        'Container failed with: ERROR: no licence')
    },
    to:
      'Failed you!: the container keeps ending at its start with exit code 1; its log says: ERROR: no licence'
  },
  {
    it: 'needs more memory than it may have',
    seen: {
      ...starting,
      revisions: [revision(1, { Ready: is('Unknown', 'Deploying') }, { memoryLimit: '96Mi' })],
      pods: [
        pod({}, {
          ready: false,
          restarts: 1,
          ended: { reason: 'OOMKilled', exitCode: 137, log: '' }
        })
      ]
    },
    to:
      'Failed you!: the container needed more memory than its limit of 96Mi and was ended by the system (OOMKilled)'
  },
  {
    it: 'was killed, and its pods are gone after the deadline',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: failedRevision('ContainerHealthy', 'ExitCode137', 'Container failed with: loading')
    },
    to:
      'Failed you!: the container keeps ending at its start with exit code 137 (killed, mostly for more memory than its limit); its log says: loading'
  },
  {
    it: 'is ready but for the ingress',
    seen: {
      ...serving,
      traffic: [],
      ready: is('Unknown', 'IngressNotConfigured', 'Ingress has not yet been reconciled.'),
      routesReady: is('Unknown', 'IngressNotConfigured', 'Ingress has not yet been reconciled.')
    },
    to:
      'Deploying platform engineer: the model is ready, but the cluster\'s ingress has not taken up its address yet: Ingress has not yet been reconciled'
  },
  {
    it: 'starts its second revision after the first one failed',
    seen: {
      ...starting,
      ready: noneReady,
      routesReady: noneReady,
      latestCreatedRevision: 'm-00002',
      revisions: [...unable('401 Unauthorized'), revision(2, { Ready: is('Unknown', 'Deploying') })]
    },
    to: 'Deploying nobody: revision m-00002 is starting'
  },
  {
    it: 'wakes',
    seen: { ...serving, pods: [pod({ ready: false, containers: [] })] },
    to: 'Ready nobody: wakes: a pod is starting, and what is scored meanwhile waits for it'
  },
  {
    it: 'is Ready to the cluster while its only pod crashes again and again',
    seen: {
      ...serving,
      pods: [
        pod({}, {
          ready: false,
          restarts: 3,
          waiting: { reason: 'CrashLoopBackOff', message: '' },
          ended: { reason: 'Error', exitCode: 3, log: 'boom' }
        })
      ]
    },
    to:
      'Degraded you!: no pod is ready to score: the container keeps ending with exit code 3; its log says: boom'
  },
  {
    it: 'crashed earlier and answers again, which the cluster has not noticed',
    seen: {
      ...serving,
      ready: is('False', 'RevisionFailed'),
      revisions: failedRevision('ContainerHealthy', 'ExitCode3', 'Container failed with: boom')
    },
    to:
      'Degraded you: m-00001 goes on serving; the container ended at its start with exit code 3; its log says: boom'
  },
  {
    it: 'reads a secret that does not exist',
    seen: {
      ...starting,
      pods: [
        pod({ running: false }, {
          ready: false,
          running: false,
          waiting: { reason: 'CreateContainerConfigError', message: 'secret "nosuch" not found' }
        })
      ]
    },
    to: 'Failed you!: the container\'s environment can\'t be made: secret "nosuch" not found'
  },
  {
    it: 'has a command that does not exist',
    seen: {
      ...starting,
      pods: [
        pod({}, {
          ready: false,
          running: false,
          waiting: {
            reason: 'RunContainerError',
            message: 'exec: "/nosuch": no such file or directory: unknown'
          }
        })
      ]
    },
    to:
      'Failed you!: the container can\'t be started: exec: "/nosuch": no such file or directory: unknown'
  },
  {
    it: 'fits on no node',
    seen: {
      ...starting,
      pods: [
        pod({
          running: false,
          unschedulable: '0/1 nodes are available: 1 Insufficient cpu.',
          containers: []
        })
      ]
    },
    to:
      'Failed platform engineer!: no node has room for the model: 0/1 nodes are available: 1 Insufficient cpu'
  },
  {
    it: 'exceeds the quota',
    seen: {
      ...starting,
      ready: noneReady,
      revisions: failedRevision('ResourcesAvailable', 'FailedCreate',
        'pods "m-00001-deployment-x" is forbidden: exceeded quota: q, requested: requests.cpu=125m')
    },
    to:
      'Failed platform engineer!: the quota of the namespace is used up: pods "m-00001-deployment-x" is forbidden: exceeded quota: q, requested: requests.cpu=125m'
  },
  {
    it: 'runs and does not answer its probe',
    seen: {
      ...starting,
      pods: [
        pod({
          containers: [container('queue-proxy', { ready: false }), container('user-container')]
        })
      ],
      events: [{
        about: 'm-00001-deployment-x',
        reason: 'Unhealthy',
        message: 'Readiness probe failed: HTTP probe failed with statuscode: 503'
      }]
    },
    to: 'Deploying you: the container runs, but nothing answers on port 8080'
  },
  {
    it: 'has a readiness probe that fails',
    seen: {
      ...starting,
      revisions: [revision(1, { Ready: is('Unknown', 'Deploying') }, { probe: 'GET /unready' })],
      pods: [
        pod({
          ready: false,
          containers: [container('queue-proxy', { ready: false }), container('user-container')]
        })
      ],
      events: [{
        about: 'm-00001-deployment-x',
        reason: 'Unhealthy',
        message: 'Readiness probe failed: HTTP probe failed with statuscode: 503'
      }]
    },
    to:
      'Deploying you: the container runs, but its readiness probe fails (GET /unready on port 8080)'
  },
  {
    it: 'did not answer before the deadline',
    seen: {
      ...starting,
      ready: is('False', 'RevisionFailed', ''),
      revisions: failedRevision('ResourcesAvailable', 'ProgressDeadlineExceeded',
        'ReplicaSet "m-00001" has timed out progressing.'),
      pods: [pod({ ready: false })]
    },
    to:
      'Failed you!: revision m-00001 did not become ready within the time allowed for its start: nothing answers on port 8080'
  },
  {
    it: 'names a revision in its traffic that does not exist',
    seen: {
      ...serving,
      ready: is('False', 'RevisionMissing', 'Revision "m-00009" referenced in traffic not found.'),
      desired: [{ latest: false, revision: 'm-00009', percent: 100 }]
    },
    to:
      'Degraded you!: m-00001 goes on serving; the traffic table names revision m-00009, which does not exist'
  },
  {
    it: 'fails for a reason that only the cluster knows',
    seen: {
      ...serving,
      traffic: [],
      routesReady: is('False', 'ErrorConfig'),
      ready: is('False', 'ErrorConfig', 'domain name error: must be no more than 63 characters.')
    },
    to: 'Failed you!: the cluster says: domain name error: must be no more than 63 characters'
  }
]
for (const { it, seen, to } of cases) {
  t.test(`a model that ${it}`, async t => {
    const { phase, explanation: { summary, owner, needsAction } } = statusOf(seen)
    t.equal(`${phase} ${owner}${needsAction ? '!' : ''}: ${summary}`, to)
  })
}

const condition = fc.record({
  status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
  reason: fc.string(),
  message: fc.string()
})

t.test('no model is ready while the status speaks of an older generation', async t => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), condition, condition,
        (generation, observedGeneration, ready, routesReady) => {
          const { ready: told, phase } = statusOf({
            ...serving,
            generation,
            observedGeneration,
            ready,
            routesReady
          })
          assert.equal(told, generation === observedGeneration && ready.status === 'True')
          assert.equal(phase === 'Ready', told)
        })
    )
  })
})

t.test('every explanation says what to do', async t => {
  t.same(cases.filter(({ seen }) => statusOf(seen).explanation.remedy === '').map(({ it }) => it),
    [])
})

t.test('pods that do not take requests are no replicas, also while they crash in a loop', async t => {
  const crashing = pod({}, {
    ready: false,
    restarts: 2,
    waiting: { reason: 'CrashLoopBackOff', message: '' }
  })
  t.equal(
    statusOf({ ...serving, pods: [pod(), pod({ running: false, ready: false }), crashing] })
      .replicas,
    1
  )
})
