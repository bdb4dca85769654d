// Bodies as callers send them, from a grammar: most are sound, and some are not by a single sign.
import fc from 'fast-check'
import { csvBodies } from './csv-bodies.js'
import { jsonBodies } from './json-bodies.js'
import type { Body } from './wires.js'

export const bodies: fc.Arbitrary<Body> = fc.oneof(csvBodies, jsonBodies)
