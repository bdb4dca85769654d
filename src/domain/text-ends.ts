// These functions use loops because a pattern such as /\/+$/ takes quadratic time: it starts again
// at each of the repeated characters.

/** Removes all repetitions of this character at the end of the text. */
export function withoutEnd (text: string, character: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === character) end--
  return text.slice(0, end)
}

/** Removes all repetitions of this character at both ends of the text. */
export function withoutEnds (text: string, character: string): string {
  let start = 0
  while (start < text.length && text[start] === character) start++
  return withoutEnd(text.slice(start), character)
}
