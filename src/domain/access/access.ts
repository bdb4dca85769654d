/** A user who has proved who they are. */
export interface Caller {
  /** The name in the cluster's bindings. It begins with `oidc:` if an OpenID provider gave it. */
  readonly user: string
  readonly groups: readonly string[]
  /** The cluster gave these; they are sent back when it is asked what the caller may do. */
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
  /** In milliseconds since 1970. A remembered identity never counts for longer. */
  readonly expiresAt?: number
}

/**
 * A verb on models or on what belongs to them. In RBAC's terms the verb is on
 * `services.serving.knative.dev` or on a subresource of it.
 */
export interface Right {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete'
  /** `score` and `log` exist only as names in rights; the cluster serves no such subresources. */
  readonly subresource?: 'score' | 'log'
}

export interface Identities {
  /**
   * Finds the caller to whom this bearer token belongs.
   * @throws DomainError `unauthenticated` for a token that is not accepted
   * @throws DomainError `login-unavailable`, `cluster-unreachable`, `cluster-busy` when the token
   *   can't be checked now
   */
  callerOf(token: string, signal: AbortSignal): Promise<Caller>
}

export interface Rights {
  /**
   * Whether the caller has the right on this model or, without a name, on every model.
   * @throws DomainError `login-unavailable`, `cluster-unreachable`, `cluster-busy` when the right
   *   can't be checked now
   */
  has(
    caller: Caller,
    right: Right,
    model: string | undefined,
    signal: AbortSignal
  ): Promise<boolean>
}

export interface Access {
  readonly identities: Identities
  readonly rights: Rights
}

/** Writes a right as a Role has it, e.g. `create services/score`. */
export function rightText ({ verb, subresource }: Right): string {
  return `${verb} services${subresource === undefined ? '' : `/${subresource}`}`
}
