import type { KubeObject } from './objects.js'
import { columnsOf } from './printers.js'
import type { Resource } from './resources.js'

/** Whether the first type that `Accept` names is a table (`as=Table`), which kubectl prints; what it holds beside the cells. */
export function wantsTable (accept: string | undefined, query: URLSearchParams): { includeObject: string } | undefined {
  const [first = ''] = (accept ?? '').split(',')
  return /^\s*application\/json\b.*;\s*as=Table\b/.test(first) ? { includeObject: query.get('includeObject') || 'Metadata' } : undefined
}

type Meta = Readonly<Record<string, unknown>>

/** Objects of one resource as a Table of meta.k8s.io/v1. Later events of a watch leave out the columns. */
export function tableOf (resource: Resource, objects: readonly KubeObject[], metadata: Meta, includeObject: string, withColumns = true): object {
  const columns = columnsOf(resource)
  const shown = (object: KubeObject) => includeObject === 'None'
    ? null
    : includeObject === 'Object' ? object : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns
      ? columns.map(({ name, type = 'string', format = '', description = name, priority = 0 }) => ({ name, type, format, description, priority }))
      : null,
    rows: objects.map(object => ({ cells: columns.map(({ cell }) => cell(object)), object: shown(object) }))
  }
}
