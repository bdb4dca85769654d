import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/** One ready pod that serves requests: queue-proxy and the program behind it. */
export class Replica {
  active = 0
  readonly queue: Call[] = []
  readonly running = new Set<Call>()
  constructor (
    readonly name: string,
    readonly listener: RequestListener
  ) {}
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** the call was answered, or its client left */
  over: boolean
}

export interface BackendOptions {
  /** 0: no limit */
  readonly concurrency: number
  readonly timeoutMs: number
  /** target-burst-capacity is "0": requests wait in the activator only while there is no pod */
  readonly direct: boolean
  /** called when a request waits and there is no pod */
  readonly wake: () => void
}

/**
 * Brings requests to the pods of one revision. With the activator in the path, a request waits for
 * a pod with room. Without it, queue-proxy keeps 10 x concurrency requests per pod and refuses the
 * rest. All waiting ends after timeoutSeconds of the revision.
 */
export class Backend {
  readonly replicas: Replica[] = []
  readonly #waiting: Call[] = []
  #next = 0
  /** how many requests are running or waiting */
  inFlight = 0
  lastRequestAt = 0

  constructor (readonly options: BackendOptions) {}

  handle (request: IncomingMessage, response: ServerResponse): void {
    const call: Call = { request, response, over: false }
    this.inFlight += 1
    this.lastRequestAt = Date.now()
    const activator = !this.options.direct || this.replicas.length === 0
    // The text of queue-proxy's own timeout comes from Knative's source. All recordings have the
    // activator in the path.
    const timer = setTimeout(
      () => this.#refuse(call, 504, activator ? 'activator request timeout' : 'request timeout'),
      this.options.timeoutMs
    )
    response.once('close', () => {
      clearTimeout(timer)
      call.over = true
      this.inFlight -= 1
      this.lastRequestAt = Date.now()
    })
    if (activator) this.#activate(call)
    else this.#proxy(call)
  }

  add (replica: Replica): void {
    this.replicas.push(replica)
    this.#release()
  }

  /** Takes a pod out. It gets no new requests; running ones may finish. */
  remove (replica: Replica): void {
    const at = this.replicas.indexOf(replica)
    if (at >= 0) this.replicas.splice(at, 1)
  }

  /**
   * Ends the requests of a pod whose process is gone. A request without an answer yet gets a 502 or
   * 503. An answer that has begun breaks off (recorded).
   */
  kill (replica: Replica): void {
    this.remove(replica)
    for (const call of [...replica.running, ...replica.queue]) {
      if (call.response.headersSent) call.response.socket?.destroy()
      else if (this.options.direct) {
        this.#refuse(
          call,
          503,
          'upstream connect error or disconnect/reset before headers. reset reason: connection termination'
        )
      } else this.#refuse(call, 502, 'EOF\n')
    }
  }

  /** Refuses all waiting requests, because the revision is gone for good. */
  close (): void {
    for (const call of this.#waiting.splice(0)) this.#refuse(call, 404, '')
  }

  #activate (call: Call): void {
    const replica = this.#findRoom()
    if (replica !== undefined) return this.#run(replica, call)
    this.#waiting.push(call)
    if (this.replicas.length === 0) this.options.wake()
  }

  #proxy (call: Call): void {
    const replica = this.replicas[this.#next++ % this.replicas.length] as Replica
    const { concurrency } = this.options
    if (concurrency === 0 || replica.active < concurrency) return this.#run(replica, call)
    if (replica.queue.length < 10 * concurrency) replica.queue.push(call)
    else this.#refuse(call, 503, 'pending request queue full\n')
  }

  #findRoom (): Replica | undefined {
    const { concurrency } = this.options
    for (let i = 0; i < this.replicas.length; i++) {
      const replica = this.replicas[this.#next++ % this.replicas.length] as Replica
      if (concurrency === 0 || replica.active < concurrency) return replica
    }
    return undefined
  }

  #run (replica: Replica, call: Call): void {
    replica.active += 1
    replica.running.add(call)
    call.response.once('close', () => {
      replica.active -= 1
      replica.running.delete(call)
      const next = takeNext(replica.queue)
      if (next !== undefined) this.#run(replica, next)
      else if (this.#waiting.length > 0) this.#release()
    })
    // If a container cuts its connection before it answers, queue-proxy answers with 502.
    call.response.destroy = () => {
      if (call.response.headersSent) call.response.socket?.destroy()
      else this.#refuse(call, 502, 'EOF\n')
      return call.response
    }
    replica.listener(call.request, call.response)
  }

  #release (): void {
    while (this.#waiting.length > 0) {
      const replica = this.#findRoom()
      const call = replica && takeNext(this.#waiting)
      if (replica === undefined || call === undefined) return
      this.#run(replica, call)
    }
  }

  /**
   * Answers instead of the program and drops everything that the program still writes. An answer
   * that has begun stays as it is (recorded).
   */
  #refuse (call: Call, code: number, text: string): void {
    const { response } = call
    if (call.over || response.headersSent) return
    call.over = true
    response
      .writeHead(code, {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': text.length,
        ...(text.endsWith('\n') && { 'x-content-type-options': 'nosniff' })
      })
      .end(text)
    const ignore = () => response
    Object.assign(response, {
      writeHead: ignore,
      setHeader: ignore,
      end: ignore,
      write: () => true
    })
  }
}

/** Takes the first call that is not over. */
function takeNext (queue: Call[]): Call | undefined {
  let call = queue.shift()
  while (call?.over === true) call = queue.shift()
  return call
}
