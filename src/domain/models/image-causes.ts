import type { Explanation } from './model.js'
import type { ObservedEvent, ObservedRevision } from './observation.js'
import { forPlatform, forYou, lastPart } from './wording.js'

/** Why an image can't be had, in the words of a registry, of Knative's look-up of its digest, or of the node that pulls it. */
export function imageCause (revision: ObservedRevision, message: string, missing: readonly string[]): Explanation {
  const { image } = revision
  if (/\b(401|403)\b|unauthorized|forbidden|denied|authorization failed/i.test(message)) return credentialsCause(revision, missing)
  if (/\b404\b|not found|NotFound|MANIFEST_UNKNOWN|NAME_UNKNOWN|no such manifest/.test(message) && !/no such host/.test(message)) {
    return forYou(`image not found: ${image}`, 'check its name and tag, or publish it')
  }
  if (/no such host|name resolution|connection refused|timeout|timed out|x509|certificate|unreachable|\b5\d\d\b/i.test(message)) {
    return {
      summary: `the registry of image ${image} can't be reached: ${lastPart(message)}`,
      remedy: 'check the host name in image; if it is right, ask the registry\'s owner',
      owner: 'registry owner',
      needsAction: true
    }
  }
  return forYou(`image ${image} can't be pulled: ${lastPart(message)}`, 'check the image reference')
}

/**
 * A secret that does not exist is told by the node, in an event. Knative, which looks up the digest of a tag before there is a pod, passes
 * over missing secrets and tells only that the registry refused; this service may not read secrets. So both are named then.
 */
function credentialsCause ({ image, pullSecrets }: ObservedRevision, missing: readonly string[]): Explanation {
  const registry = image.split('/', 1)[0] ?? image
  if (pullSecrets.length === 0) {
    return forYou(`the registry wants credentials for image ${image}, and no pull secret is named`,
      'name a pull secret in imagePullSecrets; the platform engineer can create one')
  }
  if (missing.length > 0) {
    return forPlatform(`the registry wants credentials for image ${image}, and ${secrets(missing)} does not exist`,
      `ask the platform engineer to create ${secrets(missing)} in the models' namespace with credentials for ${registry}, or correct imagePullSecrets`)
  }
  return forPlatform(`the registry refuses ${secrets(pullSecrets)} for image ${image}: it does not exist, or its credentials are wrong`,
    `ask the platform engineer to check that ${secrets(pullSecrets)} exists in the models' namespace and holds valid credentials for ${registry}`)
}

function secrets (names: readonly string[]): string {
  return `pull secret ${names.map(name => JSON.stringify(name)).join(', ')}`
}

/** Recorded: "Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed." */
export function missingSecrets (pod: string, events: readonly ObservedEvent[]): string[] {
  const told = events.filter(({ about, reason }) => about === pod && reason === 'FailedToRetrieveImagePullSecret')
  return [...new Set(told.flatMap(({ message }) => /\(([^)]*)\)/.exec(message)?.[1]?.split(', ') ?? []))]
}
