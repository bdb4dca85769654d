import type { Explanation } from './model.js'

/** What only the model's owner can cure. */
export function forYou (summary: string, remedy: string): Explanation {
  return { summary, remedy, owner: 'you', needsAction: true }
}

export function forPlatform (summary: string, remedy: string): Explanation {
  return { summary, remedy, owner: 'platform engineer', needsAction: true }
}

/** The last line that speaks of a failure; standard output and error arrive in no certain order. */
export function tellingLine (log: string): string {
  const lines = log.split('\n').map(line => line.trim()).filter(line => line !== '')
  return (lines.findLast(line => /error|fatal|exception|fail|denied/i.test(line)) ?? lines.at(-1) ?? '').slice(0, 300)
}

/** Of "a: b: c" the innermost reasons, which name what went wrong. */
export function lastPart (message: string): string {
  return oneLine(message).split(/: (?=\S)/).slice(-3).join(': ').slice(-300)
}

export function oneLine (message: string): string {
  return message.replaceAll(/\s+/g, ' ').trim().replace(/\.+$/, '')
}
