import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose'
import Provider, { type Adapter } from 'oidc-provider'
import type { Test } from 'tap'

export const AUDIENCE = 'https://models.example.com'
const CLIENT = { id: 'a-client', secret: 'a-secret' }

/** Access tokens that are JWTs are kept nowhere. */
class Nothing implements Adapter {
  async upsert (): Promise<undefined> {}
  async find (): Promise<undefined> {}
  async findByUserCode (): Promise<undefined> {}
  async findByUid (): Promise<undefined> {}
  async consume (): Promise<undefined> {}
  async destroy (): Promise<undefined> {}
  async revokeByGrantId (): Promise<undefined> {}
}

/**
 * A real OpenID provider on this machine: it gives its one client JWT access tokens for AUDIENCE.
 */
export interface OpenId {
  readonly issuer: string
  /** The paths that were asked for. */
  readonly requests: string[]
  /** Claims of the tokens given from now on, beside the provider's own. */
  claims: Readonly<Record<string, unknown>>
  /** By client credentials, from the provider's token endpoint. */
  token(): Promise<string>
  /** With the provider's present key, but as the test says. */
  forged(claims: JWTPayload, header?: object): Promise<string>
  /** From now on it signs with another key, and publishes only that one. */
  rotate(): Promise<void>
  /** Every request gets this from now on; undefined: the provider answers again. */
  answerInstead: RequestListener | undefined
}

export async function openId (t: Test): Promise<OpenId> {
  let handler: RequestListener = () => {}
  let key: { privateKey: CryptoKey, kid: string }
  const server = createServer((request, response) => {
    provider.requests.push(request.url ?? '')
    return (provider.answerInstead ?? handler)(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: OpenId = {
    issuer,
    requests: [],
    claims: {},
    answerInstead: undefined,
    async token () {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE })
      })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${response.status} ${text}`)
      return (JSON.parse(text) as { access_token: string }).access_token
    },
    async forged (claims, header = {}) {
      const seconds = Math.floor(Date.now() / 1000)
      const whole = {
        iss: issuer,
        aud: AUDIENCE,
        sub: 'forged',
        iat: seconds,
        exp: seconds + 60,
        ...claims
      }
      return await new SignJWT(whole).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
        .sign(key.privateKey)
    },
    async rotate () {
      const { privateKey } = await generateKeyPair('RS256', { extractable: true })
      key = { privateKey, kid: `key-${Math.random()}` }
      const jwk = { ...await exportJWK(privateKey), kid: key.kid, alg: 'RS256', use: 'sig' }
      handler = new Provider(issuer, {
        jwks: { keys: [jwk] },
        // without these it warns on the output that the tests report on
        cookies: { keys: ['a-cookie-key'] },
        adapter: Nothing,
        ttl: { ClientCredentials: 300 },
        clients: [{
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: []
        }],
        extraTokenClaims: () => provider.claims,
        features: {
          devInteractions: { enabled: false },
          clientCredentials: { enabled: true },
          resourceIndicators: {
            enabled: true,
            getResourceServerInfo: () => ({
              scope: '',
              audience: AUDIENCE,
              accessTokenTTL: 300,
              accessTokenFormat: 'jwt',
              jwt: { sign: { alg: 'RS256' } }
            })
          }
        }
      }).callback()
    }
  }
  await provider.rotate()
  return provider
}
