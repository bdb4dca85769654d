import type { Group } from '../catalog.js'
import type { Secret } from '../objects.js'
import { CORE_RESOURCES, RBAC, SECRETS } from '../resources.js'

const kindsOf = (group: string) =>
  CORE_RESOURCES.filter(resource => resource.group === group).map(resource =>
    resource === SECRETS ? { resource, admit: admitSecret } : { resource }
  )

/** Kubernetes' own groups. */
export const CORE_GROUPS: readonly Group[] = [
  { name: '', goPackage: 'io.k8s.api.core', kinds: kindsOf('') },
  { name: RBAC, goPackage: 'io.k8s.api.rbac', kinds: kindsOf(RBAC) }
]

/** Moves the texts of `stringData` into `data`, as base64. */
function admitSecret ({ stringData = {}, data = {}, type = 'Opaque', ...rest }: Secret) {
  const texts = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64')
  ])
  const object: Secret = { ...rest, data: { ...data, ...Object.fromEntries(texts) }, type }
  return { object, warnings: [] }
}
