/** The parts of a schema that say which names an object may have. */
export interface NamedSchema {
  readonly properties?: Readonly<Record<string, NamedSchema>>
  readonly items?: NamedSchema
}

/** Longer names are not compared letter by letter: nobody mistypes so much. */
const COMPARED_MAX = 64

/**
 * The known name that an unknown one was probably meant for. A name that belongs deeper comes with
 * its path.
 */
export function meantName (
  unknown: string,
  names: readonly string[],
  root: NamedSchema
): string | undefined {
  return (
    nearestName(unknown, names) ??
    pathsIn(root)
      .find(path => isAlike(unknown, path.at(-1)!))
      ?.join('.')
  )
}

/**
 * The name that comes nearest to what was written: the same but for case and signs, else one that
 * it begins or ends, else the one with the fewest letters to change, at most every third.
 * Undefined when none is near.
 */
export function nearestName (written: string, names: readonly string[]): string | undefined {
  if (written.length > COMPARED_MAX) return undefined
  const text = plainName(written)
  const same = names.find(name => plainName(name) === text)
  if (same !== undefined || text.length < 2) return same
  const near = names
    .map(name => ({ name, changes: changesBetween(text, plainName(name)) }))
    .filter(({ changes }) => changes <= Math.max(1, Math.floor(text.length / 3)))
    .sort((a, b) => a.changes - b.changes)[0]?.name
  return near ?? (text.length < 3 ? undefined : names.find(name => isPart(text, plainName(name))))
}

function isPart (a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  return short.length >= 3 && (long.startsWith(short) || long.endsWith(short))
}

function isAlike (a: string, b: string): boolean {
  return a.length <= COMPARED_MAX && plainName(a) === plainName(b)
}

function plainName (name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/**
 * The paths of deeper names, e.g. `scaling.maxScale` for a `maxScale` beside `scaling`.
 * Nearest to the top first.
 */
function pathsIn (root: NamedSchema): string[][] {
  const paths: string[][] = []
  let level = [{ schema: root, path: [] as string[] }]
  while (level.length > 0) {
    level = level.flatMap(({ schema, path }) =>
      Object.entries({ ...schema.properties, ...schema.items?.properties }).map(
        ([name, schema]) => ({ schema, path: [...path, name] })
      )
    )
    paths.push(...level.map(({ path }) => path))
  }
  return paths
}

/** Counts the edits (add, drop, change, swap neighbours) that make `b` of `a`. */
function changesBetween (a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const kept = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(
        Math.min(kept, row[j]! + 1, next[j - 1]! + 1, isSwap ? before[j - 2]! + 1 : Infinity)
      )
    }
    ;[before, row] = [row, next]
  }
  return row[b.length]!
}
