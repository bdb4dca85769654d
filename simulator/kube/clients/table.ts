import type { Catalog } from '../catalog.js'
import type { KubeObject } from '../objects.js'
import type { Resource } from '../resource.js'
import { columnsOf } from './printers.js'

/**
 * Reads whether kubectl wants a table, from `as=Table` in the first type of `Accept`; undefined if
 * it does not. The query says what rows hold beside their cells.
 */
export function parseTableOptions (
  accept: string | undefined,
  query: URLSearchParams
): { includeObject: string } | undefined {
  const [first = ''] = (accept ?? '').split(',')
  return /^\s*application\/json\b.*;\s*as=Table\b/.test(first)
    ? { includeObject: query.get('includeObject') || 'Metadata' }
    : undefined
}

type Meta = Readonly<Record<string, unknown>>

/**
 * Makes a Table of meta.k8s.io/v1 from objects of one resource. Only the first event of a watch has
 * the columns.
 */
export function makeTable (
  catalog: Catalog,
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: Meta,
  includeObject: string,
  withColumns = true
): object {
  const columns = columnsOf(catalog, resource)
  const showObject = (object: KubeObject) =>
    includeObject === 'None'
      ? null
      : includeObject === 'Object'
        ? object
        : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns
      ? columns.map(({ name, type = 'string', format = '', description = name, priority = 0 }) => ({
        name,
        type,
        format,
        description,
        priority
      }))
      : null,
    rows: objects.map(object => ({
      cells: columns.map(({ cell }) => cell(object)),
      object: showObject(object)
    }))
  }
}
