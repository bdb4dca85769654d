export interface ImageAllowList {
  allows (image: string): boolean
  /** As written, for messages. */
  readonly text: string
}

/**
 * Comma separated patterns; an image must match one of them as a whole. `*` stands for any characters, also slashes; alone it allows
 * everything. `registry.demo` and `registry.demo/` mean `registry.demo/*`, so that `registry.demo.evil/x` never matches; a repository
 * (`registry.demo/risk/tree`) allows all its tags and digests, with a tag or digest only that one.
 */
export function imageAllowList (text: string): ImageAllowList {
  const patterns = text.split(',').map(part => part.trim()).filter(part => part !== '').map(wholePattern)
  return { text, allows: image => patterns.some(pattern => pattern.test(image)) }
}

function wholePattern (part: string): RegExp {
  if (part.endsWith('*')) return pattern(part)
  if (part.endsWith('/')) return pattern(`${part}*`)
  if (!part.includes('/')) return pattern(`${part}/*`)
  const isTagged = /[:@][^/]*$/.test(part)
  return new RegExp(`${pattern(part).source.slice(0, -1)}${isTagged ? '' : '([:@].*)?'}$`)
}

function pattern (glob: string): RegExp {
  return new RegExp(`^${glob.split('*').map(literal => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)
}

const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d+)?/)?'
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const REFERENCE = new RegExp(`^${HOST}${COMPONENT}(?:/${COMPONENT})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$`)

/** [host[:port]/]path[:tag][@sha256:…], as registries have them. */
export function isImageReference (text: string): boolean {
  return REFERENCE.test(text)
}
