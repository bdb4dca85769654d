import type https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'

/** Who this service is to the API server, and how it knows that server. */
export interface Credentials {
  readonly server: string
  /** For `tls.connect`; {} on plain HTTP. */
  tls (): Promise<TlsOptions>
  /** `authorization` and the like. Token files are read again every minute, as they rotate. */
  headers (): Promise<Record<string, string>>
  /** Reads everything again: the server has just refused what we sent. */
  reload (): void
}

export interface TlsOptions {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** `kubeconfigFile` undefined: the service account of the pod. @throws Error when neither is there */
export function openCredentials (kubeconfigFile: string | undefined): Credentials {
  let config = load(kubeconfigFile)
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Error(`no cluster in the current context of ${kubeconfigFile ?? 'the pod'}`)

  async function applied (): Promise<https.RequestOptions> {
    const options: https.RequestOptions = {}
    await config.applyToHTTPSOptions(options)
    return options
  }
  return {
    server: server.replace(/\/+$/, ''),
    reload () { config = load(kubeconfigFile) },
    async tls () {
      const { ca, cert, key, servername, rejectUnauthorized } = await applied()
      return Object.fromEntries(Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined))
    },
    async headers () {
      const { auth, headers = {} } = await applied()
      const basic = typeof auth === 'string' ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}
      return Object.fromEntries(Object.entries({ ...basic, ...headers }).map(([name, value]) => [name.toLowerCase(), String(value).trim()]))
    }
  }
}

function load (kubeconfigFile: string | undefined): KubeConfig {
  const config = new KubeConfig()
  if (kubeconfigFile === undefined) config.loadFromCluster()
  else config.loadFromFile(kubeconfigFile)
  // On plain HTTP there is no certificate to check, but the client refuses such servers without this mark.
  config.clusters = config.clusters.map(cluster => cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster)
  return config
}
