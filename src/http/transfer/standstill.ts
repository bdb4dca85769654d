import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { DomainError } from '../../domain/errors.js'
import { onClose } from '../on-close.js'

// Finds callers who stand still, in sending or in reading.

/**
 * Fewer bytes a second count as standing still. A caller who sends or takes one byte now and then
 * would otherwise hold its place for ever.
 */
const LEAST_RATE = 500
/** Checks within the time that a caller may stand still. */
const LOOKS = 10

/** What was seen of a caller. */
export interface Flow {
  /** Bytes that have moved so far. */
  readonly bytes: number
  /** True while the service waits for the caller and nobody else. */
  readonly isCallers: boolean
}

/**
 * Calls `act` once, when the service has waited for a caller for `idleMs` on end and less than 500
 * bytes a second have moved in that time. The function returned ends the checks.
 */
export function onStandstill (idleMs: number, look: () => Flow, act: () => void): () => void {
  const least = (LEAST_RATE * idleMs) / 1000
  let bytes = look().bytes
  let sinceMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const flow = look()
    if (!flow.isCallers || flow.bytes - bytes >= least) {
      bytes = flow.bytes
      sinceMs = nowMs
    } else if (nowMs - sinceMs >= idleMs) {
      clearInterval(timer)
      act()
    }
  }, idleMs / LOOKS)
  return () => {
    clearInterval(timer)
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body as a stream, and Fastify's parsers leave it alone. */
    readsOwnBody?: boolean
  }
}

/** Requests whose body stood still for too long. */
const stalled = new WeakSet<IncomingMessage>()

/**
 * Whether a request's body stood still for too long, so that nobody waits for the rest of it.
 */
export function hasStalled (request: IncomingMessage): boolean {
  return stalled.has(request)
}

/**
 * Calls `act` when the body of a request stands still, until that has come whole or the function
 * returned was called.
 */
export function onBodyStandstill (
  request: IncomingMessage,
  idleMs: number,
  act: (fault: DomainError) => void
): () => void {
  const stop = onStandstill(
    idleMs,
    () => flowIn(request),
    () => {
      stalled.add(request)
      act(new DomainError('upload-stalled', `the upload stood still for ${idleMs / 1000} s`))
    }
  )
  // a destroyed request emits no more events
  if (request.destroyed) stop()
  else request.once('close', stop)
  return stop
}

/** While bytes wait to be read here, it is not the caller who holds up the rest. */
function flowIn ({ socket, complete, readableLength }: IncomingMessage): Flow {
  return { bytes: socket.bytesRead, isCallers: !complete && readableLength === 0 }
}

/**
 * Guards a body that Fastify's own parser reads: it ends with DomainError `upload-stalled` when it
 * stands still.
 */
export function guardBody (
  request: IncomingMessage,
  payload: Readable,
  idleMs: number
): Readable {
  const guarded = new PassThrough()
  const stop = onBodyStandstill(request, idleMs, fault => {
    payload.unpipe(guarded)
    guarded.destroy(fault)
  })
  // a pipeline would destroy the request, and with it the connection that the answer needs
  payload
    .once('error', (error: Error) => {
      guarded.destroy(error)
    })
    .pipe(guarded)
  return guarded.once('close', stop)
}

/**
 * Resets the connection of a caller that does not take its answer, which would otherwise hold disk
 * and memory for as long as it likes. A clean end could be taken for the answer's own end.
 */
export function resetUnread ({ raw, request }: FastifyReply, idleMs: number): void {
  const stop = onStandstill(
    idleMs,
    () => flowOut(raw),
    () => {
      request.log.warn(
        { fault: 'answer-unread' },
        'the caller does not take its answer: connection reset'
      )
      raw.socket?.resetAndDestroy()
    }
  )
  onClose(raw, stop)
}

/**
 * An answer with nothing to send, or one behind another on its connection, does not wait for the
 * caller.
 */
function flowOut ({ socket }: ServerResponse): Flow {
  if (socket === null) return { bytes: 0, isCallers: false }
  return { bytes: bytesSent(socket), isCallers: socket.writableLength > 0 }
}

interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}

/**
 * Bytes that the system has taken. Node's public counters only move when all of a large piece is
 * gone, so this reads the handle's, as Node's own time-out does.
 */
function bytesSent (socket: Socket): number {
  const { bytesWritten, writeQueueSize } =
    (socket as Socket & { readonly _handle?: Handle | null })._handle ?? {}
  if (bytesWritten === undefined || writeQueueSize === undefined) {
    return socket.bytesWritten - socket.writableLength
  }
  return bytesWritten - writeQueueSize
}
