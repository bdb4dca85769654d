/** The most names in one header. */
const NAMES_MAX = 50
const NAME_MAX_CHARS = 200
/** Clients take some kilobytes of headers, percent signs included. */
const LIST_MAX_CHARS = 4_000

/** Header values are Latin-1 without separators: other characters are percent encoded. */
export function headerText (name: string): string {
  return name
    .slice(0, NAME_MAX_CHARS)
    .toWellFormed()
    .replaceAll(/[^\w.$ -]/gu, character => encodeURIComponent(character))
}

/** Writes a list for a header. A long list is cut, with the number of names left out. */
export function headerList<T> (items: readonly T[], textOf: (item: T) => string): string {
  const texts: string[] = []
  let chars = 0
  for (const item of items.slice(0, NAMES_MAX)) {
    const text = textOf(item)
    chars += text.length
    if (chars > LIST_MAX_CHARS) break
    texts.push(text)
  }
  const more = items.length - texts.length
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}
