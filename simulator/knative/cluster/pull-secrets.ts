import type { Secret } from '../../kube/objects.js'
import { SECRETS } from '../../kube/resources.js'
import type { Store } from '../../kube/store/store.js'
import type { Revision } from '../objects.js'

/** The user and the password that a `-denied` image needs. */
export const REGISTRY_USER = 'scr'
export const REGISTRY_PASSWORD = 'scr-password'

export interface PullSecrets {
  /** one of the secrets has the right credentials for the image's registry */
  readonly valid: boolean
  /** names of secrets that the revision names but that do not exist */
  readonly missing: readonly string[]
}

export function readPullSecrets (
  store: Store,
  { metadata: { namespace }, spec }: Revision,
  image: string
): PullSecrets {
  const registry = image.split('/', 1)[0] ?? ''
  const named = (spec.imagePullSecrets ?? []).map(({ name }) => ({
    name,
    secret: store.get(SECRETS, namespace, name)
  }))
  return {
    valid: named.some(({ secret }) => secret !== undefined && opens(secret, registry)),
    missing: named.flatMap(({ name, secret }) => (secret === undefined ? [name] : []))
  }
}

/** `auth` is the base64 of `USER:PASSWORD`. */
interface Login {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
}
interface DockerConfig {
  readonly auths?: Readonly<Record<string, Login>>
}

function opens ({ data = {} }: Secret, registry: string): boolean {
  try {
    const config = JSON.parse(
      Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()
    ) as DockerConfig
    const { username, password, auth } =
      config.auths?.[registry] ?? config.auths?.[`https://${registry}`] ?? {}
    const given =
      auth === undefined ? `${username}:${password}` : Buffer.from(auth, 'base64').toString()
    return given === `${REGISTRY_USER}:${REGISTRY_PASSWORD}`
  } catch {
    return false
  }
}
