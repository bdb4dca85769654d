import type https from 'node:https'
import { withoutEnd } from '../../../domain/text-ends.js'
import { loadKubeConfig } from './kubeconfig.js'

/** Who this service is to the API server, and how it knows that server. */
export interface Credentials {
  readonly server: string
  /** For `tls.connect`; {} on plain HTTP. */
  readTls(): Promise<TlsOptions>
  /**
   * Headers such as `authorization`. Token files are read again every minute, since they rotate.
   */
  readHeaders(): Promise<Record<string, string>>
  /** Reads everything again, after the server has refused what was sent. */
  reload(): void
}

export interface TlsOptions {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** See `loadKubeConfig`. @throws Error in the words of `readConfig` */
export function openCredentials (kubeconfigFile: string | undefined): Credentials {
  let config = loadKubeConfig(kubeconfigFile)
  const server = config.getCurrentCluster()?.server
  if (server === undefined) {
    throw new Error(
      `bad configuration\n  KUBECONFIG${kubeconfigFile === undefined ? '' : `=${kubeconfigFile}`}: its current context names no cluster; choose one with kubectl config use-context`
    )
  }

  async function applyConfig (): Promise<https.RequestOptions> {
    const options: https.RequestOptions = {}
    await config.applyToHTTPSOptions(options)
    return options
  }
  return {
    server: withoutEnd(server, '/'),
    reload () {
      config = loadKubeConfig(kubeconfigFile)
    },
    async readTls () {
      const { ca, cert, key, servername, rejectUnauthorized } = await applyConfig()
      return Object.fromEntries(
        Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
          ([, value]) => value !== undefined
        )
      )
    },
    async readHeaders () {
      const { auth, headers = {} } = await applyConfig()
      const basic =
        typeof auth === 'string'
          ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` }
          : {}
      return Object.fromEntries(
        Object.entries({ ...basic, ...headers }).map(([name, value]) => [
          name.toLowerCase(),
          String(value).trim()
        ])
      )
    }
  }
}
