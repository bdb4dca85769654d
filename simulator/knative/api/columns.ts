import type { Column } from '../../kube/catalog.js'
import { NAME } from '../../kube/clients/printers.js'

interface WithStatus {
  readonly status?: {
    readonly conditions?: ReadonlyArray<{
      readonly type: string
      readonly status: string
      readonly reason?: string
    }>
    readonly [field: string]: unknown
  }
}

/**
 * Makes a column of a custom resource. Its definition names a field by JSONPath. The cell of a
 * missing field is null.
 */
const jsonPathColumn = (
  name: string,
  text: string,
  cell: Column['cell'],
  type: 'string' | 'integer' = 'string'
): Column => ({
  name,
  type,
  description: `Custom resource definition column (in JSONPath format): ${text}`,
  cell
})

const statusColumn = (name: string, field: string, type: 'string' | 'integer' = 'string') =>
  jsonPathColumn(
    name,
    `.status.${field}`,
    object => ((object as WithStatus).status?.[field] ?? null) as string | number | null,
    type
  )

const readyColumn = (field: 'status' | 'reason') =>
  jsonPathColumn(
    field === 'status' ? 'Ready' : 'Reason',
    `.status.conditions[?(@.type=='Ready')].${field}`,
    object =>
      (object as WithStatus).status?.conditions?.find(({ type }) => type === 'Ready')?.[field] ??
      null
  )

const labelColumn = (name: string, key: string) =>
  jsonPathColumn(
    name,
    `.metadata.labels['serving\\.knative\\.dev/${key}']`,
    ({ metadata }) => metadata.labels?.[`serving.knative.dev/${key}`] ?? null
  )

const LATEST = [
  statusColumn('LatestCreated', 'latestCreatedRevisionName'),
  statusColumn('LatestReady', 'latestReadyRevisionName')
]
const READY = [readyColumn('status'), readyColumn('reason')]

export const SERVICE_COLUMNS = [NAME, statusColumn('URL', 'url'), ...LATEST, ...READY]
export const CONFIGURATION_COLUMNS = [NAME, ...LATEST, ...READY]
export const ROUTE_COLUMNS = [NAME, statusColumn('URL', 'url'), ...READY]
export const REVISION_COLUMNS = [
  NAME,
  labelColumn('Config Name', 'configuration'),
  labelColumn('Generation', 'configurationGeneration'),
  ...READY,
  statusColumn('Actual Replicas', 'actualReplicas', 'integer'),
  statusColumn('Desired Replicas', 'desiredReplicas', 'integer')
]
