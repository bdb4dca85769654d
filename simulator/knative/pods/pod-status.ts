import {
  timestamp,
  type Condition,
  type ContainerState,
  type ContainerStatus,
  type Pod
} from '../../kube/objects.js'

/** The state of a pod in the kubelet, from which `describePod` makes its status. */
export interface PodFacts {
  readonly phase: 'Pending' | 'Running' | 'Succeeded'
  /** the scheduler's decision; undefined: none yet */
  readonly scheduled: Condition | undefined
  /** the node has begun to start the pod */
  readonly onNode: boolean
  /** the network is ready and containers may start */
  readonly sandbox: boolean
  readonly startTime: string
  readonly image: string
  readonly imageID: string
  readonly restarts: number
  readonly user: {
    readonly state: ContainerState
    readonly last: ContainerState
    readonly ready: boolean
  }
  readonly queue: { readonly state: ContainerState; readonly ready: boolean }
  readonly ip: string
}

export const runningState = (): ContainerState => ({ running: { startedAt: timestamp() } })

export const waitingState = (reason: string, message?: string): ContainerState => ({
  waiting: { reason, ...(message !== undefined && { message }) }
})

/** The facts of a pod that was just created. */
export const newPodFacts = (image: string, imageID: string): PodFacts => ({
  phase: 'Pending',
  scheduled: undefined,
  onNode: false,
  sandbox: false,
  startTime: timestamp(),
  image,
  imageID,
  restarts: 0,
  user: { state: waitingState('ContainerCreating'), last: {}, ready: false },
  queue: { state: waitingState('ContainerCreating'), ready: false },
  ip: `10.244.0.${2 + Math.floor(Math.random() * 250)}`
})

export const QUEUE_IMAGE = 'dev.local/queue:v0.42.2'
const NODE_IP = '172.31.250.1'

/**
 * Makes the status of a Knative pod with two containers, the model's and queue-proxy. The pod is
 * ready when both are.
 */
export function describePod (facts: PodFacts): Pod['status'] {
  const { phase, scheduled, onNode } = facts
  const withProbeTimes = (condition: Condition) => ({
    ...condition,
    observedGeneration: 1,
    lastProbeTime: null,
    lastTransitionTime: facts.startTime
  })
  if (!onNode) return { phase, ...(scheduled && { conditions: [withProbeTimes(scheduled)] }) }
  return {
    phase,
    conditions: conditions(facts).map(withProbeTimes),
    containerStatuses: containerStatusesOf(facts),
    hostIP: NODE_IP,
    ...(facts.sandbox && { podIP: facts.ip, podIPs: [{ ip: facts.ip }] }),
    startTime: facts.startTime,
    qosClass: 'Burstable'
  } as Pod['status']
}

function conditions ({ phase, sandbox, user, queue }: PodFacts): Condition[] {
  const done = phase === 'Succeeded'
  const unready = [
    ...(user.ready ? [] : ['user-container']),
    ...(queue.ready ? [] : ['queue-proxy'])
  ]
  const readinessCondition = (type: string): Condition =>
    unready.length === 0
      ? { type, status: 'True' }
      : done
        ? { type, status: 'False', reason: 'PodCompleted' }
        : {
            type,
            status: 'False',
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`
          }
  return [
    { type: 'PodReadyToStartContainers', status: sandbox && !done ? 'True' : 'False' },
    { type: 'Initialized', status: 'True', ...(done && { reason: 'PodCompleted' }) },
    readinessCondition('Ready'),
    readinessCondition('ContainersReady'),
    { type: 'PodScheduled', status: 'True' }
  ]
}

function containerStatusesOf ({
  user,
  queue,
  image,
  imageID,
  restarts
}: PodFacts): ContainerStatus[] {
  const isStarted = (state: ContainerState) => state.running !== undefined
  const proxy = {
    name: 'queue-proxy',
    lastState: {},
    restartCount: 0,
    image: QUEUE_IMAGE,
    imageID: ''
  }
  const model = {
    name: 'user-container',
    lastState: user.last,
    restartCount: restarts,
    image,
    imageID: isStarted(user.state) ? imageID : ''
  }
  return [
    { ...proxy, state: queue.state, ready: queue.ready, started: isStarted(queue.state) },
    { ...model, state: user.state, ready: user.ready, started: isStarted(user.state) }
  ]
}
