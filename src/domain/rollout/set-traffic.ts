import { invalidFields } from '../errors.js'
import type { ModelStore } from '../models/model/model-store.js'
import type { Outcome } from '../models/wait-for-model.js'
import { findTableFaults } from '../traffic/table-rules.js'
import { isSameTable, type TrafficTable } from '../traffic/traffic.js'
import { changeModel, type RolloutOptions } from './change-model.js'

/** Replaces the whole table. @throws `request-invalid` naming the wrong rows */
export async function setTraffic (
  models: ModelStore,
  name: string,
  table: TrafficTable,
  options: RolloutOptions,
  signal: AbortSignal
): Promise<Outcome> {
  return await changeModel(
    models,
    name,
    ({ model, revisions }) => {
      const faults = findTableFaults(table, name, revisions)
      if (faults.length > 0) throw invalidFields(faults)
      return isSameTable(table, model.desired) ? {} : { table }
    },
    options,
    signal
  )
}
