import { DomainError } from '../../../src/domain/errors.js'
import type { Model, Revision } from '../../../src/domain/models/model/model.js'
import type { Current } from '../../../src/domain/models/model/model-store.js'
import { completeSpec, type GivenSpec } from '../../../src/domain/models/spec/new-spec.js'
import type {
  DesiredTarget,
  TrafficTarget,
  PinnedTable,
  TrafficTable
} from '../../../src/domain/traffic/traffic.js'

/** Tables as people say them: "a=90:blue b=10", "latest=100". */
export function table (text: string): TrafficTable {
  return text.split(' ').filter(row => row !== '').map((row): DesiredTarget => {
    const [, revision = '', percent, tag] = /^([^=]+)=(\d+)(?::(.+))?$/.exec(row) ?? []
    const more = { percent: Number(percent), ...(tag === undefined ? {} : { tag }) }
    return revision === 'latest' ? { latest: true, ...more } : { latest: false, revision, ...more }
  })
}

export function pinned (text: string): PinnedTable {
  return table(text) as PinnedTable
}

export function textOf (rows: TrafficTable): string {
  return rows.map(row =>
    `${row.latest ? 'latest' : row.revision}=${row.percent}${
      row.tag === undefined ? '' : `:${row.tag}`
    }`
  ).join(' ')
}

export function totalOf (rows: TrafficTable): number {
  return rows.reduce((sum, { percent }) => sum + percent, 0)
}

/** What `work` says, or the fault that it throws. */
export function textOrFault (work: () => string): string {
  try {
    return work()
  } catch (error) {
    if (error instanceof DomainError) return `${error.fault}: ${error.message}`
    throw error
  }
}

/** `ready` null: not decided yet. */
export function revision (name: string, number: number, ready: boolean | null = true): Revision {
  return {
    name,
    uid: name,
    number,
    image: `registry.demo/m:${number}`,
    createdAt: '2026-01-01T00:00:00Z',
    appPath: 'm',
    ready: ready ?? undefined,
    containerConcurrency: 0,
    rowsPerPod: 10,
    timeoutSeconds: 300,
    replicas: 1,
    innerUrl: `http://${name}.models.svc.cluster.local`
  }
}

export interface Scene {
  readonly name?: string
  readonly desired: string
  /** What serves; default: what is desired. */
  readonly serves?: string
  readonly history?: readonly string[]
  readonly revisions?: readonly Revision[]
  /** The newest one; null: the cluster has not named it yet. Default: the last of the revisions. */
  readonly latest?: string | null
  readonly image?: string
  readonly resources?: GivenSpec['resources']
}

/** A model in the middle of its life, with its revisions m-00001, m-00002 … */
export function scene (
  {
    name = 'm',
    desired,
    serves,
    history = [],
    revisions = [revision('m-00001', 1)],
    latest,
    image = 'registry.demo/m:1',
    resources = {}
  }: Scene
): Current {
  const newest = latest === undefined ? revisions.at(-1)?.name : latest ?? undefined
  const ready = revisions.findLast(({ ready }) => ready === true)?.name
  const traffic = table(serves ?? desired).map((row): TrafficTarget => ({
    ...row,
    revision: row.latest ? ready ?? '' : row.revision
  }))
  const model: Model = {
    name,
    spec: completeSpec(name, { image, resources }),
    status: {
      phase: 'Ready',
      ready: true,
      explanation: { summary: 'as it is', remedy: 'wait', owner: 'nobody', needsAction: false },
      replicas: 1,
      ...(newest === undefined ? {} : { latestCreatedRevision: newest }),
      ...(ready === undefined ? {} : { latestReadyRevision: ready })
    },
    traffic,
    desired: table(desired),
    history: history.map(pinned),
    generation: 1,
    createdAt: '2026-01-01T00:00:00Z',
    createdBy: 'ada',
    updatedBy: 'ada',
    version: '0'
  }
  return { model, revisions, templateImage: image }
}
