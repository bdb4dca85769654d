/**
 * A reference as registries read it. `repository` has Docker Hub's default names filled in, so that
 * two spellings of the same repository are equal.
 */
export interface ImageReference {
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** Only so many characters are read; no registry takes a longer reference. */
const REFERENCE_MAX = 1_000

export function parseImageReference (image: string): ImageReference {
  const [name = '', digest] = image.slice(0, REFERENCE_MAX).split('@')
  const colon = name.lastIndexOf(':')
  const isTagged = colon > name.lastIndexOf('/')
  return {
    repository: completeName(isTagged ? name.slice(0, colon) : name),
    tag: isTagged ? name.slice(colon + 1) : undefined,
    digest
  }
}

/** Whether both name the same repository of the same registry. */
export function isSameRepository (a: string, b: string): boolean {
  return parseImageReference(a).repository === parseImageReference(b).repository
}

export function isByDigest (image: string): boolean {
  return image.includes('@')
}

const HUB = 'index.docker.io'

function completeName (name: string): string {
  const [host = '', ...path] = name.split('/')
  const hasHost = path.length > 0 && (/[.:]/.test(host) || host === 'localhost')
  const [registry, rest] = hasHost
    ? [host === 'docker.io' ? HUB : host, path]
    : [HUB, [host, ...path]]
  return [registry, ...(registry === HUB && rest.length === 1 ? ['library', ...rest] : rest)].join(
    '/'
  )
}

/**
 * Removes the names of the image from a message, since words in a name or tag (`loan-denied:1.0`,
 * `2.0.401`) are no causes. Addresses, digests and the ports of hosts look like statuses and are
 * removed too.
 */
export function withoutImage (message: string, image: string): string {
  const { repository, tag, digest } = parseImageReference(image)
  const path = repository
    .split('/')
    .slice(1)
    .join('/')
    .replace(/^library\//, '')
  const [host = ''] = repository.split('/')
  const named = [
    image,
    image.split('@')[0]!,
    `${repository}:${tag}`,
    `docker.io/${path}`,
    repository,
    `manifests/${tag}`,
    `manifests ${tag}`,
    digest ?? image
  ]
  const told = [...named, ...(path.includes('/') || /[^a-z]/.test(path) ? [path] : []), host]
  return told
    .reduce(
      (text, name) => withoutName(text, name),
      message.replaceAll(/\bhttps?:\/\/[^\s"']+/g, ' ')
    )
    .replaceAll(/\bsha256:[0-9a-f]+/g, ' ')
    .replaceAll(/\b:\d{1,5}\b/g, ' ')
}

/** Removes a name where it stands as a whole word, with a tag that may follow it. */
function withoutName (text: string, name: string): string {
  if (name.length < 2) return text
  const pieces = text.split(name)
  const isPart = (before: string, after: string) => /[\w.-]$/.test(before) || /^[\w-]/.test(after)
  return pieces.reduce((before, after) =>
    isPart(before, after) ? before + name + after : `${before} ${after.replace(/^:\w[\w.-]*/, ' ')}`
  )
}
