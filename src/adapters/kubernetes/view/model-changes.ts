/**
 * Changes of one model as a pull: `next` resolves when there was one since the last time, and
 * rejects with the signal's reason.
 */
export interface ModelChanges {
  next(): Promise<void>
  end(): void
}

export function followChanges (
  onChange: (listener: (model: string) => void) => () => void,
  name: string,
  signal: AbortSignal
): ModelChanges {
  let hasChanged = false
  let wake = () => {}
  const stop = onChange(model => {
    if (model !== name) return
    hasChanged = true
    wake()
  })
  const abort = () => {
    wake()
  }
  signal.addEventListener('abort', abort)
  return {
    async next () {
      if (!hasChanged && !signal.aborted) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      signal.throwIfAborted()
      hasChanged = false
    },
    end () {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }
}
