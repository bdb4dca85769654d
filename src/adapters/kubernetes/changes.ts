/** Changes of one model as a pull: `next` resolves when there was one since the last time, and rejects with the signal's reason. */
export function changesOf (onChange: (listener: (model: string) => void) => () => void, name: string, signal: AbortSignal) {
  let changed = false
  let wake = () => {}
  const stop = onChange(model => {
    if (model !== name) return
    changed = true
    wake()
  })
  const abort = () => { wake() }
  signal.addEventListener('abort', abort)
  return {
    async next () {
      if (!changed && !signal.aborted) await new Promise<void>(resolve => { wake = resolve })
      signal.throwIfAborted()
      changed = false
    },
    end () {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }
}
