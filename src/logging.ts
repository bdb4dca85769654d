import type { LoggerOptions } from 'pino'

/**
 * Options of the service's logger. Each outcome is one line: a constant message, data in fields.
 * requestId user model revision rows rowsFailed bytesIn bytesOut attempt durationMs fault err.
 */
export function loggerOptions (level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: label => ({ level: label }) },
    // Errors of the Kubernetes client embed request headers and bodies: only type, message and
    // stack of an error are written, and these fields never, wherever they appear.
    redact: {
      paths: [
        'authorization',
        'token',
        '*.authorization',
        '*.token',
        'req.headers',
        'headers',
        '*.headers',
        'body',
        '*.body'
      ],
      censor: '[redacted]'
    },
    serializers: { err: plainError }
  }
}

function plainError (error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, fault } = error as Error & { code?: unknown; fault?: unknown }
  const cause =
    error.cause === undefined || depth >= 3 ? undefined : plainError(error.cause, depth + 1)
  // An ApiException's message ends with its headers and body.
  const message = error.message.split('\nBody:')[0]
  // A named fault is told by its message. Only unexpected errors get a stack.
  const stack =
    fault === undefined && depth === 0 ? error.stack?.split('\n').slice(1).join('\n') : undefined
  return { type: error.name, message, code, fault, stack, cause }
}
