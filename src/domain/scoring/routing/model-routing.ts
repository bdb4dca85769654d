import type { Model, Revision } from '../../models/model/model.js'
import type { ModelStore } from '../../models/model/model-store.js'
import { routingFor, type Routing, type RoutingSettings, type ScorerAccess } from './routing.js'
import {
  pairFor,
  targetsFor,
  type DataPath,
  type Pair,
  type Share,
  type Wanted
} from './targets.js'

/** The ports and settings that scoring needs. */
export interface ScoringPorts extends ScorerAccess {
  readonly models: ModelStore
  readonly dataPath: DataPath
}

type Settings = Omit<RoutingSettings, 'retrySafe'>

/** Which model a request is for, and where it wants its rows to go. */
export interface WantedRouting extends Settings {
  readonly model: string
  readonly wanted: Wanted
}

/**
 * Decides where a request's rows go and reads the signatures of these revisions. The result is a
 * snapshot taken at the request's start. Wakes a sleeping model.
 * @throws DomainError `model-not-found`, and the faults of `targetsFor` and Scorer.signature
 */
export function routingOfModel (
  ports: ScoringPorts,
  { model, wanted, ...settings }: WantedRouting,
  signal: AbortSignal
): Promise<Routing> {
  return snapshotRouting(ports, model, settings, signal, (model, revisions) =>
    targetsFor(model, revisions, ports.dataPath, wanted)
  )
}

/** Which model a comparison is for, and its two revisions. */
export interface WantedPair extends Pair, Settings {
  readonly model: string
}

/** Like `routingOfModel`, but each row has two routes: to the champion and to the challenger. */
export function pairOfModel (
  ports: ScoringPorts,
  { model, champion, challenger, ...settings }: WantedPair,
  signal: AbortSignal
): Promise<Routing> {
  return snapshotRouting(ports, model, settings, signal, (model, revisions) =>
    pairFor(model, revisions, ports.dataPath, { champion, challenger })
  )
}

async function snapshotRouting (
  ports: ScoringPorts,
  name: string,
  settings: Settings,
  signal: AbortSignal,
  choose: (model: Model, revisions: readonly Revision[]) => readonly Share[]
): Promise<Routing> {
  const { model, revisions } = await ports.models.readForScoring(name, signal)
  const { retrySafe } = model.spec
  return await routingFor(choose(model, revisions), { ...settings, retrySafe }, ports, signal)
}
