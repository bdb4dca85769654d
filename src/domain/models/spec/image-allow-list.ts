export interface ImageAllowList {
  allows(image: string): boolean
  /** The list as it was written, for messages. */
  readonly text: string
}

/**
 * Reads comma separated patterns. A whole image reference must match one of them. `*` stands for
 * any characters, also slashes; alone it allows everything. `registry.demo` and `registry.demo/`
 * mean `registry.demo/*`, so that `registry.demo.evil/x` never matches. A repository
 * (`registry.demo/risk/tree`) allows all its tags and digests; with a tag or digest it allows only
 * that one.
 */
export function parseImageAllowList (text: string): ImageAllowList {
  const rules = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(parseRule)
  return { text, allows: image => rules.some(allows => allows(image)) }
}

type Rule = (image: string) => boolean

function parseRule (part: string): Rule {
  if (part.endsWith('*')) return parseGlob(part)
  if (part.endsWith('/')) return parseGlob(`${part}*`)
  if (!part.includes('/')) return parseGlob(`${part}/*`)
  const name = part.slice(part.lastIndexOf('/'))
  if (name.includes(':') || name.includes('@')) return parseGlob(part)
  const rules = [part, `${part}:*`, `${part}@*`].map(parseGlob)
  return image => rules.some(allows => allows(image))
}

/**
 * Makes the rule of a pattern with `*`. It looks for each literal once, at its first place after
 * the literal before. A later place could only leave less room for the literals that follow. A
 * regular expression would try all places of all literals.
 */
function parseGlob (pattern: string): Rule {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return image => image === first
  return image => {
    if (!image.startsWith(first) || !image.endsWith(last)) return false
    let at = first.length
    for (const literal of others) {
      const found = image.indexOf(literal, at)
      if (found < 0) return false
      at = found + literal.length
    }
    return at <= image.length - last.length
  }
}

/** This is enough for a registry's name, a path of 255 characters, a tag of 128 and a digest. */
export const IMAGE_MAX = 800
const TAG_MAX = 128
const DIGEST_LENGTH = 64

const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d+)?/)?'
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const REFERENCE = new RegExp(
  `^${HOST}${COMPONENT}(?:/${COMPONENT})*(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@sha256:(?<digest>[a-f0-9]+))?$`
)

/** Whether the text is a reference as registries take it: [host[:port]/]path[:tag][@sha256:…]. */
export function isImageReference (text: string): boolean {
  const parts = text.length <= IMAGE_MAX ? REFERENCE.exec(text)?.groups : undefined
  if (parts === undefined) return false
  const { tag = '', digest } = parts
  return tag.length <= TAG_MAX && (digest === undefined || digest.length === DIGEST_LENGTH)
}
