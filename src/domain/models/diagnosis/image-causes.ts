import type { Explanation } from '../model/model.js'
import type { ObservedEvent, ObservedRevision } from './observation.js'
import { withoutImage } from '../spec/image-reference.js'
import { forPlatform, forYou, takeLastParts } from './wording.js'

/** Only so many characters of a message are read; no registry's message is longer. */
const MESSAGE_MAX = 10_000

interface Cause {
  readonly says: RegExp
  readonly explain: (
    revision: ObservedRevision,
    message: string,
    missing: readonly string[]
  ) => Explanation
}

/**
 * Causes in the order in which they are tried; the first that matches counts. Failures to reach a
 * registry come before its answers.
 */
const CAUSES: readonly Cause[] = [
  {
    says: /server gave HTTP response to HTTPS client/i,
    explain: ({ image }) =>
      forPlatform(
        `the registry of image ${image} speaks plain HTTP, and the cluster asks it by HTTPS`,
        'ask the platform engineer to let the cluster use this registry without TLS, or to give it a certificate'
      )
  },
  {
    says: /\b429\b|too ?many ?requests|rate limit/i,
    explain: ({ image }) =>
      forRegistry(
        `the registry takes no more requests for image ${image} for now (429)`,
        "deploy it again later with redeploy=true; if it comes back, ask the registry's owner for a higher limit, or " +
          'for an account to name in imagePullSecrets'
      )
  },
  { says: /no such host/i, explain: explainUnreachable },
  {
    says: /server misbehaving|name resolution|dial (tcp|udp): lookup\b/i,
    explain: ({ image }, message) =>
      forPlatform(
        `the name of the registry of image ${image} can't be looked up: ${takeLastParts(message)}`,
        "ask the platform engineer whether the cluster's name service (DNS) works"
      )
  },
  {
    says: /deadline exceeded|time-?out|timed out|request canceled/i,
    explain: ({ image }, message) =>
      forPlatform(
        `the registry of image ${image} did not answer in time: ${takeLastParts(message)}`,
        'deploy it again with redeploy=true; if it stays so, ask the platform engineer whether the cluster reaches the registry'
      )
  },
  {
    says: /connection (refused|reset)|broken pipe|\bEOF\b|network is|no route to host|unreachable|x509|certificate|tls:|\b5\d\d\b/i,
    explain: explainUnreachable
  },
  {
    says: /\b(401|403)\b|unauthorized|forbidden|denied|authorization failed|no basic auth|authentication required/i,
    explain: (revision, _, missing) => explainCredentials(revision, missing)
  },
  {
    says: /\b404\b|not found|NotFound|MANIFEST_UNKNOWN|NAME_UNKNOWN|manifest unknown|no such manifest/,
    explain: ({ image }) =>
      forYou(`image not found: ${image}`, 'check its name and tag, or publish it')
  }
]

/**
 * Explains why an image can't be pulled. The message comes from a registry, from Knative's look-up
 * of the digest, or from the node that pulls the image.
 */
export function explainImage (
  revision: ObservedRevision,
  message: string,
  missing: readonly string[]
): Explanation {
  const { image } = revision
  const told = message.slice(0, MESSAGE_MAX)
  const said = withoutImage(told, image)
  return (
    CAUSES.find(({ says }) => says.test(said))?.explain(revision, told, missing) ??
    forYou(`image ${image} can't be pulled: ${takeLastParts(told)}`, 'check the image reference')
  )
}

function explainUnreachable ({ image }: ObservedRevision, message: string): Explanation {
  return forRegistry(
    `the registry of image ${image} can't be reached: ${takeLastParts(message)}`,
    "check the host name in image; if it is right, ask the registry's owner"
  )
}

function forRegistry (summary: string, remedy: string): Explanation {
  return { summary, remedy, owner: 'registry owner', needsAction: true }
}

/**
 * Explains a refusal by the registry. The node reports a secret that does not exist in an event.
 * But Knative looks up the digest of a tag before there is a pod. It skips missing secrets and
 * reports only that the registry refused. This service may not read secrets, so it then names both
 * possible causes.
 */
function explainCredentials (
  { image, pullSecrets }: ObservedRevision,
  missing: readonly string[]
): Explanation {
  const registry = image.split('/', 1)[0] ?? image
  if (pullSecrets.length === 0) {
    return forYou(
      `the registry wants credentials for image ${image}, and no pull secret is named`,
      'name a pull secret in imagePullSecrets; the platform engineer can create one'
    )
  }
  if (missing.length > 0) {
    return forPlatform(
      `the registry wants credentials for image ${image}, and ${quoteSecrets(missing)} does not exist`,
      `ask the platform engineer to create ${quoteSecrets(missing)} in the models' namespace with credentials for ${registry}, or correct imagePullSecrets`
    )
  }
  return forPlatform(
    `the registry refuses ${quoteSecrets(pullSecrets)} for image ${image}: it does not exist, or its credentials are wrong`,
    `ask the platform engineer to check that ${quoteSecrets(pullSecrets)} exists in the models' namespace and holds valid credentials for ${registry}`
  )
}

function quoteSecrets (names: readonly string[]): string {
  return `pull secret ${names.map(name => JSON.stringify(name)).join(', ')}`
}

/**
 * Reads the names of missing secrets from events. Recorded on a cluster: "Unable to retrieve some
 * image pull secrets (a, b); attempting to pull the image may not succeed."
 */
export function findMissingSecrets (pod: string, events: readonly ObservedEvent[]): string[] {
  const told = events.filter(
    ({ about, reason }) => about === pod && reason === 'FailedToRetrieveImagePullSecret'
  )
  return [...new Set(told.flatMap(({ message }) => readParentheses(message)?.split(', ') ?? []))]
}

function readParentheses (text: string): string | undefined {
  const start = text.indexOf('(')
  const end = text.indexOf(')', start)
  return start < 0 || end < 0 ? undefined : text.slice(start + 1, end)
}
