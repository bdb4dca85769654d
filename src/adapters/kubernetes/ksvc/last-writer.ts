import { isDeepStrictEqual } from 'node:util'
import { REQUESTED_BY } from './ksvc-reading.js'
import { type Ksvc, MANAGER, type ManagedFields } from '../api/kube-objects.js'

/**
 * The generation that a write of this service makes. While the live one is not later, the caller in
 * REQUESTED_BY is the last writer of the spec.
 */
const REQUESTED_GENERATION = 'scr-modelops/requested-generation'
const LAST_MODIFIER = 'serving.knative.dev/lastModifier'

/**
 * `next` with the generation that it will have. A spec that differs from the live one makes a new
 * generation.
 */
export function withForetoldGeneration (next: Ksvc, live?: Ksvc): Ksvc {
  const { generation = 0 } = live?.metadata ?? {}
  const foretold = generation + (isDeepStrictEqual(next.spec, live?.spec) ? 0 : 1)
  const annotations = { ...next.metadata.annotations, [REQUESTED_GENERATION]: String(foretold) }
  return { ...next, metadata: { ...next.metadata, annotations } }
}

/**
 * The last writer is the caller of this service or, after a later write by another tool, the
 * account that Knative names. Knative names an account only for writes of the spec. After a later
 * write of labels or annotations the tool itself is named, e.g. `kubectl-label`.
 */
export function findLastWriter ({
  metadata: { annotations = {}, generation = 0, managedFields = [] }
}: Ksvc): string {
  const account = annotations[LAST_MODIFIER] ?? ''
  const caller = annotations[REQUESTED_BY]
  if (caller === undefined) return account
  const writers = managedFields.filter(({ subresource = '' }) => subresource === '')
  const own = writers.find(({ manager }) => manager === MANAGER)?.time ?? ''
  const others = writers.filter(({ manager }) => manager !== MANAGER)
  const later = others
    .filter(({ time = '' }) => own !== '' && time > own)
    .sort(compareTimes)
    .at(-1)
  const foretold = Number(annotations[REQUESTED_GENERATION] ?? NaN)
  // A webhook may add to a spec that this service left alone; times are whole seconds, so equal
  // ones decide nothing.
  if (generation > foretold) return others.some(({ time = '' }) => time >= own) ? account : caller
  if (later === undefined) return caller
  return Number.isNaN(foretold) ? account : (later.manager ?? account)
}

function compareTimes ({ time: a = '' }: ManagedFields, { time: b = '' }: ManagedFields): number {
  return a < b ? -1 : a > b ? 1 : 0
}
