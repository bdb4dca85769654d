import { withoutEnd } from '../../text-ends.js'
import { parseImageReference, withoutImage } from '../spec/image-reference.js'
import type { Explanation } from '../model/model.js'

/** Makes an explanation of a fault that only the model's owner can cure. */
export function forYou (summary: string, remedy: string): Explanation {
  return { summary, remedy, owner: 'you', needsAction: true }
}

export function forPlatform (summary: string, remedy: string): Explanation {
  return { summary, remedy, owner: 'platform engineer', needsAction: true }
}

/**
 * Finds the last line of a log that is about a failure. The very last line may be about something
 * else, since standard output and error arrive in no certain order. Words in the names of image and
 * model, as in `loan-denied:1.0`, do not count.
 */
export function findTellingLine (log: string, image: string, model: string): string {
  const isTelling = (line: string) =>
    /error|fatal|exception|fail|denied/i.test(withoutNames(line, image, model))
  const lines = log
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  return (lines.findLast(isTelling) ?? lines.at(-1) ?? '').slice(0, 300)
}

function withoutNames (line: string, image: string, model: string): string {
  const { repository } = parseImageReference(image)
  const base = repository.slice(repository.lastIndexOf('/') + 1)
  // A name that is a plain word stays, since the log may use that word.
  const names = [base, base.replaceAll('-', '_'), base.replaceAll('_', '-'), model].filter(name =>
    /[^a-z]/i.test(name)
  )
  return names.reduce((text, name) => text.replaceAll(name, ' '), withoutImage(line, image))
}

/** Takes the last three parts of a message "a: b: c: d", since these name what went wrong. */
export function takeLastParts (message: string): string {
  return joinLines(message)
    .split(/: (?=\S)/)
    .slice(-3)
    .join(': ')
    .slice(-300)
}

export function joinLines (message: string): string {
  return withoutEnd(message.replaceAll(/\s+/g, ' ').trim(), '.')
}
