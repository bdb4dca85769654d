import type { PrivateImage } from '../contract.js'

/** Of a manifest, as Docker and OCI have it. */
const MANIFESTS =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json'

/**
 * Publishes tags in a registry (OCI distribution, with Basic credentials) that is at `url` for this
 * process and `host` for the nodes.
 */
export function publisher (
  url: string,
  host: string,
  user: string,
  password: string
): NonNullable<PrivateImage['publish']> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const manifest = (tag: string) => `${url}/v2/sr_hmeq_logreg/manifests/${tag}`
  return async (tag, version) => {
    const found = await fetch(manifest(version), { headers: { authorization, accept: MANIFESTS } })
    if (!found.ok) throw new Error(`${manifest(version)} answered ${found.status}`)
    const type = found.headers.get('content-type') ?? ''
    const put = await fetch(manifest(tag), {
      method: 'PUT',
      headers: { authorization, 'content-type': type },
      body: await found.text()
    })
    if (!put.ok) {
      throw new Error(`${manifest(tag)} could not be published: ${put.status} ${await put.text()}`)
    }
    return `${host}/sr_hmeq_logreg:${tag}`
  }
}
