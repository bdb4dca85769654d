import { createHash } from 'node:crypto'
import { timestamp, type KubeObject } from '../objects.js'
import { namespaceNotFound } from '../status-errors.js'
import type { ObjectList } from './list.js'

const started = timestamp()

/** Makes the objects of the namespaces, which are fixed. */
const makeNamespaces = (names: ReadonlySet<string>): KubeObject[] =>
  [...names].sort().map(name => {
    const uid = createHash('sha256')
      .update(name)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')
    const metadata = {
      name,
      uid,
      resourceVersion: '1',
      creationTimestamp: started,
      labels: { 'kubernetes.io/metadata.name': name }
    }
    return {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata,
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' }
    } as unknown as KubeObject
  })

/** Reads one namespace, or lists all. */
export function readNamespaces (
  names: ReadonlySet<string>,
  name: string | undefined,
  version: number
): KubeObject | ObjectList {
  const items = makeNamespaces(names)
  if (name === undefined) {
    return {
      kind: 'NamespaceList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version) },
      items
    }
  }
  const item = items.find(({ metadata }) => metadata.name === name)
  if (item === undefined) throw namespaceNotFound(name)
  return item
}
