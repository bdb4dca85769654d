import type { Right } from '../domain/access/access.js'

/** The Roles of deploy/rbac. Each has all rights of the one before it. */
export const ROLES = [
  'scr-modelops-viewer',
  'scr-modelops-scorer',
  'scr-modelops-deployer'
] as const
export type Role = (typeof ROLES)[number]

export interface Needed {
  /** All of these rights are needed. */
  readonly rights: readonly [Right, ...Right[]]
  /** The least Role that has these rights. */
  readonly role: Role
  /** On the model of each scoring that is asked for: the route decides, when it knows them. */
  readonly ofScorings?: true
}

const viewer = (...rights: [Right, ...Right[]]): Needed => ({ rights, role: 'scr-modelops-viewer' })
const scorer = (...rights: [Right, ...Right[]]): Needed => ({ rights, role: 'scr-modelops-scorer' })
const deployer = (...rights: [Right, ...Right[]]): Needed => ({
  rights,
  role: 'scr-modelops-deployer'
})

const ofScorings = (needed: Needed): Needed => ({ ...needed, ofScorings: true })

/**
 * The rights that a caller needs for each call, on the model of the path where there is one. The
 * service does not start when a route is missing here. docs/rights.md has the same table, which a
 * test compares.
 */
export const NEEDED: Readonly<Record<string, Needed>> = {
  'GET /models': viewer({ verb: 'list' }),
  'GET /models/:name': viewer({ verb: 'get' }),
  'GET /models/:name/revisions': viewer({ verb: 'get' }),
  'GET /models/:name/revisions/:revision': viewer({ verb: 'get' }),
  'GET /models/:name/traffic': viewer({ verb: 'get' }),
  'GET /models/:name/pods': viewer({ verb: 'get' }),
  'GET /models/:name/events': viewer({ verb: 'get' }),
  // these calls wake a sleeping model
  'GET /models/:name/signature': scorer({ verb: 'create', subresource: 'score' }),
  'GET /models/:name/snippets': scorer({ verb: 'create', subresource: 'score' }),
  'POST /models/:name/score': scorer({ verb: 'create', subresource: 'score' }),
  'POST /models/:name/compare': scorer({ verb: 'create', subresource: 'score' }),
  'GET /scorings': ofScorings(scorer({ verb: 'create', subresource: 'score' })),
  'GET /scorings/:id': ofScorings(scorer({ verb: 'create', subresource: 'score' })),
  // somebody else's needs `update` as well
  'DELETE /scorings/:id': ofScorings(scorer({ verb: 'create', subresource: 'score' })),
  'POST /models': deployer({ verb: 'create' }),
  // PUT may create or update, and which one is not known before
  'PUT /models/:name': deployer({ verb: 'update' }, { verb: 'create' }),
  'PATCH /models/:name': deployer({ verb: 'patch' }),
  'DELETE /models/:name': deployer({ verb: 'delete' }),
  'POST /models/:name/revisions': deployer({ verb: 'update' }),
  'DELETE /models/:name/revisions/:revision': deployer({ verb: 'delete' }),
  'PUT /models/:name/traffic': deployer({ verb: 'update' }),
  'POST /models/:name/promote': deployer({ verb: 'update' }),
  'POST /models/:name/rollback': deployer({ verb: 'update' }),
  // a model's log may hold rows
  'GET /models/:name/logs': deployer({ verb: 'get', subresource: 'log' })
}

const OPEN = new Set(['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /openapi.json'])

/** Undefined when no login is needed. @throws Error for a route that is not in the table */
export function neededFor (method: string, url: string): Needed | undefined {
  const call = `${method === 'HEAD' ? 'GET' : method} ${url}`
  if (OPEN.has(call) || /^GET \/docs(\/|$)/.test(call)) return undefined
  const needed = NEEDED[call]
  if (needed === undefined) {
    throw new Error(
      `${call} needs an entry in src/http/rights.ts: what must a caller be allowed for it?`
    )
  }
  return needed
}
