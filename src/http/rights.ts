import type { Right } from '../domain/access/access.js'

/** The Roles of deploy/rbac, each with all of the one before it. */
export const ROLES = ['scr-modelops-viewer', 'scr-modelops-scorer', 'scr-modelops-deployer'] as const
export type Role = typeof ROLES[number]

export interface Needed {
  /** All of them. */
  readonly rights: readonly [Right, ...Right[]]
  /** The least Role that has them. */
  readonly role: Role
}

const viewer = (...rights: [Right, ...Right[]]): Needed => ({ rights, role: 'scr-modelops-viewer' })
const scorer = (...rights: [Right, ...Right[]]): Needed => ({ rights, role: 'scr-modelops-scorer' })
const deployer = (...rights: [Right, ...Right[]]): Needed => ({ rights, role: 'scr-modelops-deployer' })

/**
 * What a caller needs for each call; a route that is missing here ends the start. On the model of the path where there is one.
 * docs/rights.md has the same table (a test compares them).
 */
export const NEEDED: Readonly<Record<string, Needed>> = {
  'GET /models': viewer({ verb: 'list' }),
  'GET /models/:name': viewer({ verb: 'get' }),
  'GET /models/:name/revisions': viewer({ verb: 'get' }),
  'GET /models/:name/revisions/:revision': viewer({ verb: 'get' }),
  'GET /models/:name/traffic': viewer({ verb: 'get' }),
  'GET /models/:name/pods': viewer({ verb: 'get' }),
  'GET /models/:name/events': viewer({ verb: 'get' }),
  // these wake a sleeping model
  'GET /models/:name/signature': scorer({ verb: 'create', subresource: 'score' }),
  'POST /models/:name/score': scorer({ verb: 'create', subresource: 'score' }),
  'POST /models/:name/compare': scorer({ verb: 'create', subresource: 'score' }),
  'POST /models': deployer({ verb: 'create' }),
  // it may do either, and which one is not known before
  'PUT /models/:name': deployer({ verb: 'update' }, { verb: 'create' }),
  'PATCH /models/:name': deployer({ verb: 'patch' }),
  'DELETE /models/:name': deployer({ verb: 'delete' }),
  'POST /models/:name/revisions': deployer({ verb: 'update' }),
  'DELETE /models/:name/revisions/:revision': deployer({ verb: 'delete' }),
  'PUT /models/:name/traffic': deployer({ verb: 'update' }),
  'POST /models/:name/promote': deployer({ verb: 'update' }),
  'POST /models/:name/rollback': deployer({ verb: 'update' }),
  // what a model prints may hold rows
  'GET /models/:name/logs': deployer({ verb: 'get', subresource: 'log' })
}

const OPEN = new Set(['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /openapi.json'])

/** Undefined: no login needed. @throws Error for a route that nobody has decided on */
export function neededFor (method: string, url: string): Needed | undefined {
  const call = `${method === 'HEAD' ? 'GET' : method} ${url}`
  if (OPEN.has(call) || /^GET \/docs(\/|$)/.test(call)) return undefined
  const needed = NEEDED[call]
  if (needed === undefined) throw new Error(`${call} needs an entry in src/http/rights.ts: what must a caller be allowed for it?`)
  return needed
}
