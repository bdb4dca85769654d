/** Somebody who has proved who they are. */
export interface Caller {
  /** As the cluster's bindings name it; callers known by an OpenID provider begin with `oidc:`. */
  readonly user: string
  readonly groups: readonly string[]
  /** Given by the cluster, and given back to it when it is asked what the caller may do. */
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
  /** Milliseconds since 1970; nobody is believed for longer, whatever is remembered. */
  readonly expiresAt?: number
}

/** One verb of the cluster on models, or on what belongs to them: in RBAC's terms on `services.serving.knative.dev` or a subresource of it. */
export interface Right {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete'
  /** `score` and `log` exist for rights only: the cluster itself serves no such thing. */
  readonly subresource?: 'score' | 'log'
}

export interface Identities {
  /**
   * Who this bearer token belongs to.
   * @throws DomainError `unauthenticated` for a token that is not accepted
   * @throws DomainError `login-unavailable`, `cluster-unreachable`, `cluster-busy` when nobody can tell
   */
  callerOf (token: string, signal: AbortSignal): Promise<Caller>
}

export interface Rights {
  /**
   * Whether the caller may do it, to this model or, without a name, to any.
   * @throws DomainError `login-unavailable`, `cluster-unreachable`, `cluster-busy` when nobody can tell
   */
  has (caller: Caller, right: Right, model: string | undefined, signal: AbortSignal): Promise<boolean>
}

export interface Access { readonly identities: Identities, readonly rights: Rights }

/** `create services/score`, as a Role has it. */
export function rightText ({ verb, subresource }: Right): string {
  return `${verb} services${subresource === undefined ? '' : `/${subresource}`}`
}
