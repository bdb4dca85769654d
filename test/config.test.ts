import t from 'tap'
import { readConfig } from '../src/config.js'

const NEEDED = { AUTH_MODE: 'none', IMAGE_ALLOW_LIST: '*' }

function refusal (env: Record<string, string>): string {
  try {
    readConfig(env)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

t.test('what has to be said is named where it is not', async t => {
  t.equal(refusal({}),
    'bad configuration\n  AUTH_MODE is not set: must be kubernetes (tokens of the cluster), oidc (tokens of an OpenID provider) or none ' +
      '(no login: whoever reaches the service may do everything)\n' +
      '  IMAGE_ALLOW_LIST is not set: must list the images that may be deployed, e.g. registry.example.com/models/*; * allows all')
})

t.test('all faults are in one message, each with its value and what is allowed', async t => {
  const message = refusal({
    ...NEEDED,
    PORT: '70000',
    LOG_LEVEL: 'loud',
    DATA_PATH: 'both',
    AUTH_MODE: 'basic'
  })
  for (
    const words of ['PORT=70000: must be <= 65535', 'LOG_LEVEL=loud: must be trace, debug',
      'DATA_PATH=both: must be revision or route', 'AUTH_MODE=basic: must be kubernetes']
  ) {
    t.ok(message.includes(words), `"${words}" in ${message}`)
  }
  t.equal(message.split('\n').length, 5, message)
})

const bad: ReadonlyArray<readonly [name: string, value: string]> = [
  ['PORT', 'abc'],
  ['PORT', '80.5'],
  ['PORT', 'true'],
  ['PORT', '8080x'],
  ['PORT', '-1'],
  ['PORT', '0x50'],
  ['PORT', ' '],
  ['MAX_UPLOAD_BYTES', '1.5'],
  ['MAX_UPLOAD_BYTES', '0'],
  ['MAX_UPLOAD_BYTES', '1GB'],
  ['HOLD_SECONDS', '50s'],
  ['MAX_CONCURRENCY', '0'],
  ['MAX_CONCURRENCY', '1e3'],
  ['DRAIN_SECONDS', 'Infinity'],
  ['NAMESPACE', 'Models'],
  ['SCORING_GATEWAY_URL', 'gateway:80'],
  ['SCORING_GATEWAY_URL', 'http://gateway/path'],
  ['PUBLIC_URL', 'scr.example.com'],
  ['PUBLIC_URL', 'https://scr.example.com/?a=b'],
  ['PUBLIC_URL', 'https://scr.example.com/$(id)'],
  ['PUBLIC_URL', 'https://user@scr.example.com'],
  ['REPLICA_ADDRESSES', 'replicas'],
  ['REPLICA_ADDRESSES', 'http://replicas:8080'],
  ['REPLICA_ADDRESSES', 'a:80,b:70000'],
  ['LOG_LEVEL', 'INFO']
]
for (const [name, value] of bad) {
  t.test(`${name}=${value} is refused`, async t => {
    t.match(refusal({ ...NEEDED, [name]: value }), `bad configuration\n  ${name}=${value}: `)
  })
}

t.test('an empty setting counts as unset', async t => {
  t.equal(readConfig({ ...NEEDED, PORT: '', SCORING_GATEWAY_URL: '', DATA_PATH: '' }).port, 8080)
  t.match(refusal({ ...NEEDED, AUTH_MODE: '' }), /AUTH_MODE is not set/)
})

t.test('settings of others are left alone', async t => {
  t.same(readConfig({ ...NEEDED, HOME: '/root', PATH: '1' }), readConfig(NEEDED))
})

t.test('a number is a number, and a text that looks like one stays text', async t => {
  const { holdMs, namespace } = readConfig({ ...NEEDED, HOLD_SECONDS: '0', NAMESPACE: '007' })
  t.same([holdMs, namespace], [0, '007'])
})

const paths: ReadonlyArray<readonly [env: Record<string, string>, path: string]> = [
  [{}, 'revision'],
  [{ SCORING_GATEWAY_URL: 'http://gateway' }, 'route'],
  [{ SCORING_GATEWAY_URL: 'http://gateway:8080/', DATA_PATH: 'revision' }, 'revision'],
  [{ DATA_PATH: 'route' }, 'route']
]
for (const [env, path] of paths) {
  t.test(`the data path is ${path} with ${JSON.stringify(env)}`, async t => {
    t.equal(readConfig({ ...NEEDED, ...env }).dataPath, path)
  })
}

t.test('the public address has no slash at its end', async t => {
  const addressOf = (PUBLIC_URL: string) => readConfig({ ...NEEDED, PUBLIC_URL }).publicUrl
  t.equal(addressOf(''), undefined)
  t.equal(addressOf('https://scr.example.com/'), 'https://scr.example.com')
  t.equal(addressOf('http://[::1]:8080/a/b'), 'http://[::1]:8080/a/b')
})

t.test('settings can\'t be changed later', async t => {
  t.equal(Object.isFrozen(readConfig(NEEDED)), true)
})

const OIDC = {
  ...NEEDED,
  AUTH_MODE: 'oidc',
  OIDC_ISSUER: 'https://login.example.com/realm',
  OIDC_AUDIENCE: 'scr-modelops'
}

t.test('an OpenID login needs an issuer and an audience, and has defaults for the rest', async t => {
  t.equal(refusal({ ...NEEDED, AUTH_MODE: 'oidc' }),
    'bad configuration\n  OIDC_ISSUER is not set: AUTH_MODE=oidc needs it\n  OIDC_AUDIENCE is not set: AUTH_MODE=oidc needs it')
  t.match(readConfig(OIDC).auth, { userClaim: 'sub', groupsClaim: 'groups', clockSkewSeconds: 30 })
})

const oidc: ReadonlyArray<readonly [name: string, value: string]> = [
  ['OIDC_ISSUER', 'http://login.example.com'],
  ['OIDC_ISSUER', 'login.example.com'],
  ['OIDC_ISSUER', 'https://login.example.com?x=1'],
  ['OIDC_AUDIENCE', 'a,,b'],
  ['OIDC_AUDIENCE', ' '],
  ['OIDC_JWKS_URL', 'http://localhost.example.com/keys'],
  ['OIDC_CLOCK_SKEW_SECONDS', '601']
]
for (const [name, value] of oidc) {
  t.test(`${name}=${value} is refused`, async t => {
    t.match(refusal({ ...OIDC, [name]: value }), `bad configuration\n  ${name}=${value}: `)
  })
}

const accepted = {
  OIDC_ISSUER: 'http://localhost:3000/SASLogon/oauth/token',
  OIDC_AUDIENCE: 'a,https://b.example.com/',
  OIDC_JWKS_URL: 'https://login.example.com/keys'
}
for (const [name, value] of Object.entries(accepted)) {
  t.test(`${name}=${value} is accepted`, async t => {
    t.equal(refusal({ ...OIDC, [name]: value }), 'accepted')
  })
}

const useless: ReadonlyArray<readonly [mode: object, name: string]> = [
  [{ AUTH_MODE: 'none' }, 'OIDC_ISSUER'],
  [{ AUTH_MODE: 'kubernetes' }, 'OIDC_AUDIENCE'],
  [{ AUTH_MODE: 'none' }, 'TOKEN_AUDIENCES'],
  [OIDC, 'TOKEN_AUDIENCES']
]
for (const [mode, name] of useless) {
  const env = { ...NEEDED, ...mode } as typeof NEEDED
  t.test(`${name} with AUTH_MODE=${env.AUTH_MODE} is refused: it would have no effect`, async t => {
    t.match(refusal({ ...env, [name]: 'https://x.example.com' }),
      `has no effect with AUTH_MODE=${env.AUTH_MODE}`)
  })
}

t.test('lists are lists, and seconds are milliseconds', async t => {
  const { auth, imagePullSecrets, upload, holdMs, rowTimeoutMs, drainMs } = readConfig({
    ...OIDC,
    OIDC_AUDIENCE: 'a,b',
    IMAGE_PULL_SECRETS: ' one , two'
  })
  t.same([auth.mode === 'oidc' && auth.audiences, imagePullSecrets], [['a', 'b'], ['one', 'two']])
  t.same([upload.idleMs, holdMs, rowTimeoutMs, drainMs], [60_000, 50_000, 610_000, 25_000])
})

t.test('a mode has its own settings and no others', async t => {
  t.same(readConfig(NEEDED).auth, { mode: 'none' })
  t.same(readConfig({ ...NEEDED, AUTH_MODE: 'kubernetes' }).auth, {
    mode: 'kubernetes',
    audiences: []
  })
  t.same(readConfig({ ...NEEDED, AUTH_MODE: 'kubernetes', TOKEN_AUDIENCES: 'a,b' }).auth, {
    mode: 'kubernetes',
    audiences: ['a', 'b']
  })
})
