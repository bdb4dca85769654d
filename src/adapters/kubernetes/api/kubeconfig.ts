import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'

/** Where Kubernetes puts a pod's token. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Loads which cluster this service uses, and as whom. `files` is one path or a list, as in
 * kubectl's KUBECONFIG. When several files have the same name in them, the first file counts. Files
 * of a list that do not exist are skipped. When `files` is undefined, the service account of the
 * pod counts, and outside of a pod ~/.kube/config.
 * @throws Error in the words of `readConfig`, when there is no file or it can't be read
 */
export function loadKubeConfig (files: string | undefined): KubeConfig {
  const config = files === undefined ? loadDefault() : loadFiles(files)
  // On plain HTTP there is no certificate to check, but the client refuses such servers without
  // this mark.
  config.clusters = config.clusters.map(cluster =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster
  )
  return config
}

function loadDefault (): KubeConfig {
  if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(POD_TOKEN)) {
    const config = new KubeConfig()
    config.loadFromCluster()
    return config
  }
  const own = path.join(homedir(), '.kube', 'config')
  if (existsSync(own)) return readFile(own)
  throw new Error(
    `bad configuration\n  KUBECONFIG: is not set, this is no pod of a cluster, and there is no ${own}; set KUBECONFIG to the file that kubectl uses`
  )
}

function loadFiles (files: string): KubeConfig {
  const named = files.split(path.delimiter).filter(file => file !== '')
  const [first, ...others] = named.filter(file => existsSync(file)).map(readFile)
  if (first === undefined) {
    throw new Error(
      `bad configuration\n  KUBECONFIG=${files}: ${named.length > 1 ? 'none of these files exists' : 'there is no such file'}; set it to the file that kubectl uses`
    )
  }
  return others.reduce(withMissing, first)
}

/** Adds what only `more` has. */
function withMissing (config: KubeConfig, more: KubeConfig): KubeConfig {
  const addMissing = <T extends { readonly name: string }>(
    own: readonly T[],
    others: readonly T[]
  ) => [...own, ...others.filter(({ name }) => !own.some(one => one.name === name))]
  config.clusters = addMissing(config.clusters, more.clusters)
  config.users = addMissing(config.users, more.users)
  config.contexts = addMissing(config.contexts, more.contexts)
  if (!config.currentContext) config.currentContext = more.currentContext
  return config
}

function readFile (file: string): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromFile(file)
    // the client leaves out what an empty file lacks
    config.clusters ??= []
    config.users ??= []
    config.contexts ??= []
  } catch (error) {
    // only the first line, since a parser's message may quote the file
    throw new Error(
      `bad configuration\n  KUBECONFIG=${file}: can't be read as a kubeconfig (${(error as Error).message.split('\n', 1)[0]!.slice(0, 200)})`,
      { cause: error }
    )
  }
  return config
}
