import { createHmac } from 'node:crypto'
import { decodeJwt, type JWTPayload } from 'jose'
import t from 'tap'
import { createOidcIdentities, type OidcOptions } from '../../../src/adapters/oidc/oidc-tokens.js'
import { DomainError } from '../../../src/domain/errors.js'
import { AUDIENCE, openId, type OpenId } from '../../support/cluster/openid.js'

const never = new AbortController().signal

/** For tests that change nothing of it. */
const common = await openId(t)

/** `USER GROUP,GROUP`, or the fault and what it says. */
function login (
  { issuer }: OpenId,
  given: Partial<OidcOptions> = {}
): (token: string) => Promise<string> {
  const identities = createOidcIdentities({
    issuer,
    audiences: ['other', AUDIENCE],
    userClaim: 'sub',
    groupsClaim: 'groups',
    clockSkewSeconds: 30,
    ...given
  })
  return async token => {
    try {
      const { user, groups } = await identities.callerOf(token, never)
      return `${user} ${groups.join()}`
    } catch (error) {
      if (error instanceof DomainError) return `${error.fault}: ${error.message}`
      throw error
    }
  }
}

t.test('a token that the provider issued tells who its client is', async t => {
  const provider = await openId(t)
  provider.claims = { groups: ['risk', 'scorers'] }
  const token = await provider.token()
  t.match(decodeJwt(token), { iss: provider.issuer, aud: AUDIENCE, sub: 'a-client' })
  t.equal(await login(provider)(token), 'oidc:a-client oidc:risk,oidc:scorers')
})

t.test('the keys are fetched once for many tokens', async t => {
  const provider = await openId(t)
  const user = login(provider)
  const token = await provider.token()
  provider.requests.length = 0
  await Promise.all([1, 2, 3].map(async () => await user(token)))
  await user(await provider.forged({}))
  t.same(provider.requests, ['/.well-known/openid-configuration', '/jwks'])
})

t.test('the user and the groups are in the claims that the settings name', async t => {
  const provider = await openId(t)
  provider.claims = { user_name: 'Zoë "Z" O\'Neil', authorities: 'one-group' }
  t.equal(
    await login(provider, { userClaim: 'user_name', groupsClaim: 'authorities' })(
      await provider.token()
    ),
    'oidc:Zoë "Z" O\'Neil oidc:one-group'
  )
})

const good: ReadonlyArray<readonly [it: string, claims: () => JWTPayload]> = [
  ['a token without groups', () => ({})],
  ['a token that is made for several', () => ({ aud: ['x', AUDIENCE] })],
  ['a token that expired within the clock skew', () => ({ exp: seconds(-20) })],
  ['a token that begins within the clock skew', () => ({ nbf: seconds(20) })]
]
for (const [it, claims] of good) {
  t.test(`${it} is accepted`, async t => {
    t.equal(await login(common)(await common.forged(claims())), 'oidc:forged ')
  })
}

const bad: ReadonlyArray<
  readonly [it: string, claims: () => JWTPayload, why: RegExp, given?: Partial<OidcOptions>]
> = [
  ['of another issuer', () => ({ iss: 'https://other.example.com' }), /not of the issuer http/],
  ['for another audience', () => ({ aud: 'https://other.example.com' }),
    /not made for other or https:\/\/models/],
  ['without an audience', () => ({ aud: [] }), /not made for/],
  ['that has expired', () => ({ exp: seconds(-31) }), /it has expired/],
  ['that is not valid yet', () => ({ nbf: seconds(60) }), /its claim nbf/],
  ['without a user', () => ({}), /no claim user_name/, { userClaim: 'user_name' }],
  ['whose user is a number', () => ({ user_name: 7 }), /claim user_name is not a name/, {
    userClaim: 'user_name'
  }],
  ['whose user is empty', () => ({ sub: ' ' }), /claim sub is not a name/],
  ['whose user has a line end', () => ({ sub: 'ann\n{"level":"info"}' }),
    /claim sub is not a name/],
  ['whose user turns the text around', () => ({ sub: 'ann\u202Enna' }), /claim sub is not a name/],
  ['whose user is very long', () => ({ sub: 'a'.repeat(513) }), /claim sub is not a name/],
  ['whose groups are no texts', () => ({ groups: [{ name: 'g' }] }),
    /claim groups is not a list of names/],
  ['whose mail address was not verified',
    () => ({ email: 'ann@example.com', email_verified: false }), /not verified/, {
      userClaim: 'email'
    }]
]
for (const [it, claims, why, given] of bad) {
  t.test(`a token ${it} is refused`, async t => {
    const verdict = await login(common, given)(await common.forged(claims()))
    t.match(verdict, why)
    t.match(verdict, /^unauthenticated: /)
  })
}

t.test('a user without the prefix of this login can\'t be had: the cluster\'s own names stay the cluster\'s', async t => {
  t.equal(
    await login(common)(await common.forged({ sub: 'system:admin', groups: ['system:masters'] })),
    'oidc:system:admin oidc:system:masters'
  )
})

t.test('a token that is not signed is refused', async t => {
  const [, body = ''] = (await common.forged({})).split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  t.match(await login(common)(`${none}.${body}.`), /^unauthenticated: .*not signed by a key pair/)
})

t.test('a token signed with the public key as a shared secret is refused', async t => {
  const provider = await openId(t)
  const { keys: [jwk] } = await (await fetch(`${provider.issuer}/jwks`)).json() as {
    keys: Array<{ kid: string, n: string }>
  }
  const [, body = ''] = (await provider.forged({})).split('.')
  const head = Buffer.from(JSON.stringify({ alg: 'HS256', kid: jwk!.kid })).toString('base64url')
  for (const secret of [JSON.stringify(jwk), jwk!.n, Buffer.from(jwk!.n, 'base64url')]) {
    const signature = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')
    t.match(await login(provider)(`${head}.${body}.${signature}`),
      /^unauthenticated: .*not signed by a key pair/)
  }
})

t.test('a token of another provider\'s key is refused, also under the name of a known one', async t => {
  const [provider, other] = [await openId(t), await openId(t)]
  const { keys: [jwk] } = await (await fetch(`${provider.issuer}/jwks`)).json() as {
    keys: Array<{ kid: string }>
  }
  const user = login(provider)
  t.match(await user(await other.forged({ iss: provider.issuer })),
    /^unauthenticated: .*signature is none of/)
  t.match(await user(await other.forged({ iss: provider.issuer }, { kid: jwk!.kid })),
    /^unauthenticated: .*signature is none of/)
})

for (
  const token of ['nonsense', 'a.b.c', '..', `${Buffer.from('{}').toString('base64url')}.e30.x`]
) {
  t.test(`"${token}" is refused`, async t => {
    t.match(await login(common)(token), /^unauthenticated: /)
  })
}

t.test('after the provider has changed its key, new tokens are accepted at once and old ones no longer after the keys\' time', async t => {
  const provider = await openId(t)
  const user = login(provider, { cooldownMs: 0, freshMs: 0 })
  const old = await provider.token()
  t.equal(await user(old), 'oidc:a-client ')
  await provider.rotate()
  t.equal(await user(await provider.token()), 'oidc:a-client ')
  t.match(await user(old), /^unauthenticated: .*signature is none of/)
})

t.test('tokens of unknown keys make no more than one look for keys in the cooldown', async t => {
  const [provider, other] = [await openId(t), await openId(t)]
  const user = login(provider)
  t.equal(await user(await provider.token()), 'oidc:a-client ')
  provider.requests.length = 0
  for (let i = 0; i < 20; i++) {
    t.match(await user(await other.forged({ iss: provider.issuer }, { kid: `k${i}` })),
      /^unauthenticated/)
  }
  t.same(provider.requests, [])
})

const outages: ReadonlyArray<readonly [it: string, answer: OpenId['answerInstead']]> = [
  ['cuts its connections', request => {
    request.socket.destroy()
  }],
  ['answers with 500', (_request, response) => {
    response.writeHead(500).end()
  }],
  ['answers with a page', (_request, response) => {
    response.end('<html></html>')
  }]
]
for (const [it, answer] of outages) {
  t.test(`while the provider ${it} nobody new is refused for it: it is "login-unavailable", and goes on afterwards`, async t => {
    const provider = await openId(t)
    const user = login(provider)
    const token = await provider.token()
    provider.answerInstead = answer
    t.match(await user(token), /^login-unavailable: the keys of http/)
    provider.answerInstead = undefined
    t.equal(await user(token), 'oidc:a-client ')
  })

  t.test(`while the provider ${it} known keys go on, and unknown ones are "login-unavailable"`, async t => {
    const [provider, other] = [await openId(t), await openId(t)]
    const user = login(provider, { cooldownMs: 0, freshMs: 0 })
    const token = await provider.token()
    await user(token)
    provider.answerInstead = answer
    t.equal(await user(token), 'oidc:a-client ')
    t.match(await user(await other.forged({ iss: provider.issuer })), /^login-unavailable/)
  })
}

t.test('a discovery document of another issuer is not believed', async t => {
  const [provider, other] = [await openId(t), await openId(t)]
  const document = await (await fetch(`${other.issuer}/.well-known/openid-configuration`)).text()
  provider.answerInstead = (_request, response) => {
    response.end(document)
  }
  t.match(await login(provider)(await other.forged({ iss: provider.issuer })), /^login-unavailable/)
})

t.test('keys are also found by their own URL, without a discovery document', async t => {
  const provider = await openId(t)
  const token = await provider.forged({ iss: 'http://localhost/SASLogon/oauth/token' })
  t.equal(
    await login(provider, {
      issuer: 'http://localhost/SASLogon/oauth/token',
      jwksUrl: `${provider.issuer}/jwks`
    })(token),
    'oidc:forged '
  )
})

function seconds (fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow
}
